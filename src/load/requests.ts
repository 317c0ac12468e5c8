/** What the load is asked for. */

export interface VideoRate {
  readonly bitsPerSecond: number;
  readonly fps: number;
  /** Whoever joins can begin with any frame. */
  readonly onlyKeyFrames?: boolean;
}

/** Adds publishers, subscribers and participants to each of the rooms `firstRoom` (0) to `rooms` - 1. */
export interface JoinRequest {
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
  /** Whether each video has several encodings; `video` says what the best one has. */
  readonly simulcast?: boolean;
  /** Joins that are under way at once. */
  readonly concurrency: number;
}

/** A burst of subscribers into room 0, one second into a window in which what flowed before is measured. */
export interface BurstRequest {
  readonly subscribers: number;
  readonly ms: number;
  /** Joins that are under way at once; left out, all of them. */
  readonly concurrency?: number;
}

/**
 * Subscribers that join room 1, and leave once they receive, as fast as the server takes them, while what flowed before
 * is measured.
 */
export interface ChurnRequest {
  readonly ms: number;
  /** Joins that are under way at once. */
  readonly concurrency: number;
}
