import type { Kind } from "./types.ts";

/**
 * Sums over all tracks of one kind that are or were in one isolate: they never go back, whoever leaves. Upstream is from
 * publishers to the server, downstream from the server to subscribers. Bytes are those of payloads, without padding.
 */
export class TrackCounters {
  /** RTP packets of publishers, without those sent again by RTX. */
  packetsReceived = 0;
  bytesReceived = 0;
  /** RTP packets to subscribers, without those sent again by RTX. */
  packetsSent = 0;
  bytesSent = 0;
  /** Packets that the transport of a subscriber could not take. */
  packetsDropped = 0;
  /** Missing when a receiver report was due, whether they came later, or by RTX, or not. */
  lostUpstream = 0;
  /** Lost by the reports of subscribers. */
  lostDownstream = 0;
  /** Packets of publishers that came by RTX and had not come before. */
  recoveredUpstream = 0;
  /** Packets sent again by RTX because a subscriber asked. */
  resentDownstream = 0;
  /** RTCP packets that ask for lost packets (RFC 4585 section 6.2.1): the server's to publishers, and subscribers'. */
  nacksUpstream = 0;
  nacksDownstream = 0;
  /** Requests for a key frame by PLI (RFC 4585 section 6.3.1): the server's to publishers, and subscribers'. */
  plisUpstream = 0;
  plisDownstream = 0;
  /** Requests for a key frame by FIR (RFC 5104 section 4.3.1). */
  firsUpstream = 0;
  firsDownstream = 0;
}

/** The sums of one isolate, by kind. */
export type MediaCounters = Readonly<Record<Kind, TrackCounters>>;

export function newMediaCounters(): MediaCounters {
  return { audio: new TrackCounters(), video: new TrackCounters() };
}
