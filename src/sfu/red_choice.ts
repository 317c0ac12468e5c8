import { RED_VIEW } from "./redundancy.ts";
import type { Codec } from "./types.ts";

/** 2%: what a decoder conceals without anybody hearing it. In 256ths, as reports have it. */
const LOSSY = 5;
/** After the last report of loss: what is lost once is lost again. */
const HOLD_MS = 20_000;

/** Whether a subscriber may ever get RED of a track that it receives by this codec. */
export function mayTakeRed({ redPayloadType, mimeType }: Codec): boolean {
  return redPayloadType !== undefined && mimeType === "audio/opus";
}

/**
 * Whether one subscriber of an Opus track gets RED (RFC 2198). Where both sides have negotiated it, always: the publisher
 * has spent the bits, and what is lost on the way up is repaired by it too. Where the subscriber alone has it, as long as
 * its reports tell of loss: redundancy doubles the bits, and a way without loss has no use for it.
 */
export class RedChoice {
  takesRed: boolean;
  readonly #published: Codec;
  readonly #received: Codec;
  readonly #mayChange: boolean;
  #lossyMs = -Infinity;

  constructor(published: Codec, received: Codec) {
    this.#published = published;
    this.#received = received;
    const takes = mayTakeRed(received);
    this.takesRed = takes && published.redPayloadType !== undefined;
    this.#mayChange = takes && !this.takesRed;
  }

  /** Of the packets that it takes, as `Redundancy` gives them. */
  get sourcePayloadType(): number {
    return this.takesRed ? RED_VIEW : this.#published.payloadType;
  }

  /** Under which they go out. */
  get payloadType(): number {
    const { payloadType, redPayloadType = payloadType } = this.#received;
    return this.takesRed ? redPayloadType : payloadType;
  }

  /** Of the blocks within them. */
  get blockPayloadType(): number {
    return this.#received.payloadType;
  }

  /** Takes the fraction lost of a report block (RFC 3550 section 6.4.1), in 256ths. */
  handleReport(fractionLost: number, nowMs: number): void {
    if (!this.#mayChange) return;
    if (fractionLost >= LOSSY) this.#lossyMs = nowMs;
    this.takesRed = nowMs - this.#lossyMs < HOLD_MS;
  }
}
