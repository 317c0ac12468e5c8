/** An encoding that sends nothing for so long has stopped: one screen that stands still sends once a second. */
const SILENCE_MS = 1500;
/** So many frames of each of the others mean the same, after this time at least. */
const FRAMES = 10;
const MIN_SILENCE_MS = 400;
const CHECK_MS = 100;

/** Whether one of several encodings of a track is sent, as far as can be told by its packets and those of the others. */
export class Activity {
  isActive = false;
  #lastPacketMs = -Infinity;
  /** Of all encodings, when the last packet of this one came. */
  #framesThen = 0;
  #nextCheckMs = Infinity;

  /** Packets came; `frames` have been ended by all encodings until now. True where the encoding begins, or goes on. */
  handlePackets(frames: number, nowMs: number): boolean {
    this.#lastPacketMs = nowMs;
    this.#framesThen = frames;
    if (this.isActive) return false;
    this.isActive = true;
    this.#nextCheckMs = nowMs + MIN_SILENCE_MS;
    return true;
  }

  /** The publisher says that it has stopped. True where that is news. */
  stop(): boolean {
    const wasActive = this.isActive;
    this.isActive = false;
    this.#nextCheckMs = Infinity;
    return wasActive;
  }

  nextTimeout(): number {
    return this.#nextCheckMs;
  }

  /** `others` are the other encodings that are active. True where this one has stopped. */
  handleTimeout(frames: number, others: number, nowMs: number): boolean {
    if (nowMs < this.#nextCheckMs) return false;
    const silentMs = nowMs - this.#lastPacketMs;
    const isOvertaken = others > 0 && frames - this.#framesThen >= FRAMES * others;
    if (silentMs >= SILENCE_MS || (silentMs >= MIN_SILENCE_MS && isOvertaken)) return this.stop();
    this.#nextCheckMs = Math.max(this.#lastPacketMs + MIN_SILENCE_MS, nowMs + CHECK_MS);
    return false;
  }
}
