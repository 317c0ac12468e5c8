/** What the isolates of `crossing.ts` say to each other. */

/** Words of the tally that both isolates and the main one see. */
export const TALLY = { received: 0, lost: 1, samples: 2, stop: 3, words: 4 } as const;
export const MAX_SAMPLES = 1 << 18;

export interface NodeStart {
  readonly role: "receive" | "send";
  /** The rings of both; without them it is a BroadcastBus. */
  readonly rings?: readonly SharedArrayBuffer[];
  /** Where a sender of the ring wakes the receiver. */
  readonly wakeFd?: number;
  readonly prefix: string;
  /** Int32Array: TALLY, and behind it latencies in microseconds. */
  readonly tally: SharedArrayBuffer;
}

/** What a sender is asked for. */
export interface Order {
  /** Frames a second, and how many of them are flushed together. */
  readonly rate: number;
  readonly batch: number;
  /** Bytes of a packet. */
  readonly length: number;
  readonly durationMs: number;
  /** False: it keeps the time, and sends nothing. */
  readonly sends: boolean;
}
