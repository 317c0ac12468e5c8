import type { QualityReport } from "../sfu/quality.ts";
import type { PeerId, PublishedTrack, Speakers, TrackId } from "../sfu/types.ts";
import type { SlotFilling } from "../webrtc/slots.ts";
import type { LeaveReason } from "./join_outcome.ts";

/** What a peer's signaling, of whatever kind, is told. */
export interface ParticipantObserver {
  peerJoined(id: PeerId, name: string | undefined, identity: string | undefined): void;
  peerLeft(id: PeerId): void;
  trackPublished(peerId: PeerId, track: PublishedTrack, isMuted: boolean): void;
  trackUnpublished(peerId: PeerId, trackId: TrackId): void;
  /** Nothing of a track is forwarded any more, or it is again; with the MID where it is one of the peer itself. */
  trackMuted(track: PublishedTrack, isMuted: boolean, mid: string | undefined): void;
  /** Whoever runs the server says something to the client, in its own words. */
  messageSent(message: unknown): void;
  /** Whether the client hears now what is said to it. */
  isHeard(): boolean;
  transportConnected(): void;
  /** The peer sends more than these bits per second, which are all that it may, and packets are dropped. */
  bitrateExceeded(maxBitrateIn: number): void;
  /** Others speak now than before; see `room.speakers`. */
  speakersChanged(speakers: Speakers): void;
  /** What the peer gets of its tracks, and why. */
  qualityChanged(report: QualityReport): void;
  /** Of a track that the peer publishes on an m-line these simulcast encodings are received, by RID; no others. */
  layersWanted(trackId: TrackId, mid: string, active: readonly string[]): void;
  /** Slots of the peer hold another track now, or none. */
  slotsChanged(slots: readonly SlotFilling[]): void;
  /** The peer has something to do at a time, where it had nothing: see `nextTimeout`. */
  timeWanted(): void;
  /** The server failed on this peer's media: signaling says so, and has the peer leave. */
  failed(detail: string): void;
  /**
   * What carries this peer's media has failed. The peer may be resumed, and stays for a while; signaling has it leave where
   * nobody could.
   */
  mediaLost(detail: string): void;
  /** Another connection speaks for the peer from now on. Nothing is told afterwards. */
  superseded(): void;
  /** The peer has left its room, and why. Told once; nothing is told afterwards. */
  left(reason: LeaveReason, detail: string): void;
}
