import { MAX_PUBLISHED_TRACKS } from "../webrtc/negotiation.ts";

/** How much of the server clients may have. Infinity is no limit. */
export interface Limits {
  /** Rooms that there are at once. */
  readonly maxRooms: number;
  /** Peers of one room. */
  readonly maxPeers: number;
  /** Tracks that one peer publishes; 32 at most. */
  readonly maxTracks: number;
  /** Bits per second that one peer sends: its RTP packets, without what SRTP, UDP and IP add. */
  readonly maxBitrateIn: number;
  /** Bits per second of RTP that one peer is sent, without what is sent again. */
  readonly maxBitrateOut: number;
  /** Microphones of one room that are forwarded at once: the loudest. */
  readonly loudest: number;
  /** Joins of one network (networkOf) in a minute, which may also come at once. */
  readonly joinsPerMinute: number;
  /** WebSocket handshakes, and requests to WHIP and WHEP, of one network in a minute, which may also come at once. */
  readonly requestsPerMinute: number;
  /** WebSockets that are open at once. */
  readonly maxConnections: number;
  /** Those of one network. */
  readonly maxConnectionsPerAddress: number;
  /** Seconds in which a WebSocket has to join. */
  readonly joinTimeout: number;
}

/** What a peer may have. */
export type PeerLimits = Pick<Limits, "maxTracks" | "maxBitrateIn" | "maxBitrateOut" | "loudest">;

/**
 * More than a server of this kind carries, and less than what fills its memory. No browser sends half of that bitrate. A
 * join costs the server some milliseconds: ten a second of one network are a tenth of a core, and a lecture hall behind
 * one address is in within a minute. Each of them may send ten more requests meanwhile: WHIP clients trickle candidates.
 */
export const DEFAULT_LIMITS: Limits = {
  maxRooms: 1000,
  maxPeers: 5000,
  maxTracks: MAX_PUBLISHED_TRACKS,
  maxBitrateIn: 50_000_000,
  maxBitrateOut: Infinity,
  // Nobody follows more than three voices at once; the others are for who falls in, laughs, or forgot to mute.
  loudest: 5,
  joinsPerMinute: 600,
  requestsPerMinute: 6000,
  maxConnections: 10_000,
  maxConnectionsPerAddress: 2000,
  joinTimeout: 10,
};
