import { SendHistory } from "./send_history.ts";

/** What holds the estimate where it is, for people. */
export type EstimateLimit =
  /** Nothing was measured yet. */
  | "start"
  /** The queue of a link grew, or did not yet refuse more. */
  | "delay"
  /** Packets were lost in a way that less would mend. */
  | "loss"
  /** A probe found as much, and no more. */
  | "probe"
  /** More packets are under way than the link carries: less is given until they have arrived. */
  | "queue"
  /** The subscriber does not tell any more what arrives. */
  | "silence"
  /** The subscriber allows no more (REMB). */
  | "remb"
  /** Little was sent: nobody knows what else would fit. */
  | "application"
  /** As little, or as much, as is ever allowed. */
  | "minimum"
  | "maximum";

export interface EstimatorOptions {
  readonly startBitsPerSecond?: number;
  readonly minBitsPerSecond?: number;
  readonly maxBitsPerSecond?: number;
  readonly nowMs: number;
}

/**
 * Estimates what one subscriber's way carries, from what it reports of the packets that were sent to it. Bytes are those
 * of RTP packets with their headers, as on the wire without UDP and IP; rates are in bits per second of those.
 */
export class BandwidthEstimator {
  readonly #history = new SendHistory();
  #bitsPerSecond: number;

  constructor({ startBitsPerSecond = 300_000 }: EstimatorOptions) {
    this.#bitsPerSecond = startBitsPerSecond;
  }

  /** What may be sent. */
  get bitsPerSecond(): number {
    return this.#bitsPerSecond;
  }

  /** Of the packets of the last second or so: 0 to 1. */
  get lossFraction(): number {
    return 0;
  }

  get limitedBy(): EstimateLimit {
    return "start";
  }

  /** A packet goes out: returns its transport-wide sequence number (0 to 65535). Allocates nothing. */
  handleSent(bytes: number, nowMs: number): number {
    return this.#history.add(bytes, 0, nowMs);
  }

  /** The same for what is sent because of `probeBytesDue`. */
  handleProbeSent(bytes: number, nowMs: number): number {
    return this.#history.add(bytes, 0, nowMs);
  }

  /** A transport-wide feedback packet begins: its results follow, in the order of sequence numbers. */
  beginFeedback(_nowMs: number): void {}

  /**
   * A packet was received. `arrivalTicks` is the receiver's time in units of 250 microseconds, as feedback packets have
   * it, modulo 2^32, as a signed number: small integers cost no allocation.
   */
  handleReceived(_sequenceNumber: number, _arrivalTicks: number): void {}

  /** A packet was not received, or not yet. */
  handleMissing(_sequenceNumber: number): void {}

  endFeedback(): void {}

  /** A block of a receiver report about `packets` packets; counts where there is no transport-wide feedback. */
  handleReportBlock(_fractionLost256: number, _packets: number, _nowMs: number): void {}

  handleRemb(_bitsPerSecond: number, _nowMs: number): void {}

  handleRoundTrip(_ms: number): void {}

  /** Another address was selected: nothing is known of the way there. */
  handleRouteChange(_nowMs: number): void {}

  /** What all tracks together could use at the most; probes do not go far beyond it. Infinity at first; 0: no probes. */
  setWanted(_bitsPerSecond: number, _nowMs: number): void {}

  /** When `handleTimeout`, or `probeBytesDue`, is to be asked next at the latest; Infinity for never. */
  nextTimeout(): number {
    return Infinity;
  }

  handleTimeout(_nowMs: number): void {}

  /** Bytes that a probe lacks at this moment; 0 for none. What is sent for it is told by `handleProbeSent`. */
  probeBytesDue(_nowMs: number): number {
    return 0;
  }
}
