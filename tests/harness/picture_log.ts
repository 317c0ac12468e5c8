import type { PayloadPart } from "./media_payload.ts";

/** One packet of a video stream, as far as a decoder's buffer cares. */
export interface VideoPart {
  /** Padding is a packet without a payload: a number, and nothing else. */
  readonly part: PayloadPart | "padding";
  /** The last packet of its frame. */
  readonly marker: boolean;
  /** The frame's number at its source. */
  readonly frame: number;
}

/** A frame that could be decoded, and when. */
export interface Picture {
  readonly frame: number;
  readonly atMs: number;
  readonly isKeyFrame: boolean;
}

/**
 * A decoder without layers and without patience for order: a frame is shown as soon as all of it and all before it is
 * there. After a gap it goes on at the next key frame that is complete.
 */
export class PictureLog {
  readonly shown: Picture[] = [];
  /** By extended sequence number, from `next` on. */
  readonly #parts = new Map<number, VideoPart>();
  #next: number | undefined;

  /** The extended sequence number that the decoder waits for; undefined before the first picture. */
  get next(): number | undefined {
    return this.#next;
  }

  add(sequenceNumber: number, part: VideoPart, nowMs: number): void {
    if (this.#next !== undefined && sequenceNumber < this.#next) return;
    this.#parts.set(sequenceNumber, part);
    const keyFrame = this.#keyFrameStart(sequenceNumber);
    if (keyFrame !== undefined && this.#endOfFrame(keyFrame) !== undefined) this.#skipTo(keyFrame);
    while (this.#next !== undefined && this.#show(this.#next, nowMs));
  }

  /** The longest time without a new picture from `fromMs`, or the first picture if that is later, to `toMs`. */
  longestFreezeMs(fromMs: number, toMs: number): number {
    const times = this.shown.map(({ atMs }) => atMs).filter((atMs) => atMs >= fromMs && atMs <= toMs);
    if (times.length === 0) return toMs - fromMs;
    const start = Math.max(fromMs, this.shown[0].atMs);
    const steps = [...times, toMs].map((atMs, i) => atMs - (i === 0 ? start : times[i - 1]));
    return Math.max(...steps);
  }

  /** Shows the frame that begins at `start`; false where that is not complete. */
  #show(start: number, nowMs: number): boolean {
    const first = this.#parts.get(start);
    if (first?.part === "padding") {
      this.#skipTo(start + 1);
      return true;
    }
    const end = this.#endOfFrame(start);
    if (end === undefined || first === undefined) return false;
    this.shown.push({ frame: first.frame, atMs: nowMs, isKeyFrame: first.part === "keyFrameStart" });
    this.#skipTo(end + 1);
    return true;
  }

  #skipTo(sequenceNumber: number): void {
    this.#next = sequenceNumber;
    for (const known of this.#parts.keys()) if (known < sequenceNumber) this.#parts.delete(known);
  }

  /** Where the key frame begins that a packet is part of, if all packets up to there have come. */
  #keyFrameStart(sequenceNumber: number): number | undefined {
    for (let at = sequenceNumber;; at--) {
      const part = this.#parts.get(at)?.part;
      if (part === "keyFrameStart") return at;
      if (part !== "continuation" && part !== "padding") return undefined;
    }
  }

  /** The last packet of the frame that begins at `start`, if all of it has come. */
  #endOfFrame(start: number): number | undefined {
    for (let at = start;; at++) {
      const part = this.#parts.get(at);
      if (part === undefined) return undefined;
      if (part.marker) return at;
    }
  }
}
