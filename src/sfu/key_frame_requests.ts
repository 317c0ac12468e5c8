import { KeyFrameGate } from "../stream/key_frame_gate.ts";
import type { TrackCounters } from "./track_counters.ts";
import type { Codec } from "./types.ts";

/** Asks the publisher of a stream for a key frame. */
export interface KeyFrameFeedback {
  sendPictureLossIndication(mediaSsrc: number): void;
  /** `sequenceNumber`, 8 bits, is another one than in the last request of this stream. */
  sendFullIntraRequest(mediaSsrc: number, sequenceNumber: number): void;
}

export interface KeyFrameRequestsOptions {
  readonly codec: Codec;
  readonly feedback: KeyFrameFeedback;
  readonly counters: TrackCounters;
}

/** Asks for key frames of one encoding, as often as its gate lets a request through, by what was negotiated (rule B117). */
export class KeyFrameRequests {
  readonly #options: KeyFrameRequestsOptions;
  readonly #gate = new KeyFrameGate();
  #firSequenceNumber = 0;

  constructor(options: KeyFrameRequestsOptions) {
    this.#options = options;
  }

  /** Somebody needs a key frame of the stream: asked for at once, or with the next request that the gate lets through. */
  request(mediaSsrc: number, nowMs: number): void {
    if (this.#options.codec.keyFrameRequest === undefined) return;
    if (this.#gate.request(nowMs)) this.#send(mediaSsrc);
  }

  /** A key frame has come. */
  handleKeyFrame(): void {
    this.#gate.keyFrameReceived();
  }

  /** Nobody receives what would come, or nobody is there to send it. */
  cancel(): void {
    this.#gate.cancel();
  }

  nextTimeout(): number {
    return this.#gate.nextTimeout();
  }

  handleTimeout(mediaSsrc: number, nowMs: number): void {
    if (this.#gate.handleTimeout(nowMs)) this.#send(mediaSsrc);
  }

  #send(mediaSsrc: number): void {
    const { codec, feedback, counters } = this.#options;
    if (codec.keyFrameRequest === "pli") {
      counters.plisUpstream++;
      return feedback.sendPictureLossIndication(mediaSsrc);
    }
    counters.firsUpstream++;
    // A repeated number is passed over by who has had the first (RFC 5104 section 3.5.1.1): the key frame that answered
    // that one may be what is lost.
    this.#firSequenceNumber = (this.#firSequenceNumber + 1) & 0xff;
    feedback.sendFullIntraRequest(mediaSsrc, this.#firSequenceNumber);
  }
}
