/** What the load answers. */

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

/** Packets of the whole run, as who sends and receives RTP counts them: nothing is left out that came twice or too late. */
export interface Totals {
  /** Of publishers, without retransmissions. */
  readonly published: number;
  /** At subscribers: those by RTX, and all others. */
  readonly arrivedByRtx: number;
  readonly arrived: number;
  /** Of those that arrived, the ones that were dropped on purpose. */
  readonly dropped: number;
  /** Datagrams that the kernel did not take from this process. */
  readonly refused: number;
}
