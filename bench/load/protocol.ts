/** What the load process is asked and what it answers: JSON, one line each. A request that fails gets a `Failure`. */
export type Request =
  | { readonly type: "open"; readonly target: Target }
  | JoinRequest
  | { readonly type: "measure"; readonly ms: number }
  | { readonly type: "publish"; readonly video: VideoRate }
  /** Publishers send no media until `resume`; connections stay. */
  | { readonly type: "pause" }
  | { readonly type: "resume" }
  | MeasureJoinsRequest
  | MeasureChurnRequest
  /** Those of the last join leave. */
  | { readonly type: "leave" }
  | { readonly type: "close" };

/** A server that speaks WHIP and WHEP on this machine, or the reference in C. */
export type Target =
  /** `token`, where the server asks for one, is that of every peer. */
  | { readonly kind: "http"; readonly url: string; readonly token?: string }
  | { readonly kind: "reference"; readonly port: number };

export interface VideoRate {
  readonly bitsPerSecond: number;
  readonly fps: number;
  /** Whoever joins can begin with any frame. */
  readonly onlyKeyFrames?: boolean;
}

/** Adds publishers, subscribers and participants to each of the rooms `firstRoom` (0) to `rooms` - 1. */
export interface JoinRequest {
  readonly type: "join";
  readonly firstRoom?: number;
  readonly rooms: number;
  /** For each room; they publish what `video` and `audio` say. */
  readonly publishers: number;
  /** For each room; each takes every track that the room has by then. */
  readonly subscribers: number;
  /** For each room; each joins by WebSocket, with an offer of Chromium's to publish sound and pictures and to receive them. */
  readonly participants?: number;
  readonly video: VideoRate | null;
  readonly audio: boolean;
  /** Joins that are under way at once. */
  readonly concurrency: number;
}

/** A burst of subscribers into room 0, one second into a window in which what flowed before is measured. */
export interface MeasureJoinsRequest {
  readonly type: "measureJoins";
  readonly subscribers: number;
  readonly ms: number;
  /** Joins that are under way at once; left out, all of them. */
  readonly concurrency?: number;
}

/**
 * Subscribers that join room 1, and leave once they receive, as fast as the server takes them, while what flowed before
 * is measured.
 */
export interface MeasureChurnRequest {
  readonly type: "measureChurn";
  readonly ms: number;
  /** Joins that are under way at once. */
  readonly concurrency: number;
}

export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export interface JoinReply {
  readonly joined: number;
  readonly failed: number;
  /** From the POST to the first packet of each track; of a publisher, to the end of its handshake. */
  readonly joinMs: Percentiles;
  /** Lines for the reference's stdin. */
  readonly reference: readonly string[];
  /** Why the first of the failed did. */
  readonly problem?: string;
}

export interface MeasureReply {
  readonly seconds: number;
  /** Packets that publishers sent, without retransmissions. */
  readonly published: number;
  /** Each packet once, however it came. */
  readonly received: number;
  /** Not there half a second after a later packet was, in spite of NACK; or too many at once to be waited for. */
  readonly lost: number;
  /** Came by RTX. */
  readonly recovered: number;
  readonly duplicates: number;
  readonly reordered: number;
  /** Packets that were decrypted and compared with what was sent: one in 97, and all that came by RTX. */
  readonly checked: number;
  /** Of these, those that were not authentic, of another track, damaged, or out of order. */
  readonly bad: number;
  /** Of one packet in 97, however it came: from the publisher's send call to the kernel's receive queue. */
  readonly latencyMs: Percentiles;
  /** Tracks of subscribers on which nothing came, or nothing any more in the half second behind the window. */
  readonly silent: number;
  /** Packets that subscribers asked for by NACK, each request counted. */
  readonly nacks: number;
  /** Frames that publishers left out because this process was late: it was overloaded. */
  readonly skippedFrames: number;
  readonly loadCpuMicroseconds: number;
}

export type MeasureJoinsReply = MeasureReply & JoinReply;

export interface Failure {
  readonly error: string;
}
