/** In 32-bit words. */
const BEATS = 0;
const ENDED = 1;
/** Of the pulse; the rest has a bit for each descriptor. */
const HEADER_BYTES = 64;
/** Linux gives a process no more (fs.nr_open), unless its administrator has raised that. */
const MAX_DESCRIPTORS = 1 << 20;

/** What a worker's owner sees of it at any time, also once it is no more. Of pages without a bit the kernel has one. */
export function createWorkerState(): SharedArrayBuffer {
  return new SharedArrayBuffer(HEADER_BYTES + MAX_DESCRIPTORS / 8);
}

/** Tells that the worker goes on: it beats at each turn of its loop, and within one at each peer's batch. */
export class Pulse {
  readonly #words: Int32Array<SharedArrayBuffer>;

  constructor(state: SharedArrayBuffer) {
    this.#words = new Int32Array(state, 0, HEADER_BYTES / 4);
  }

  get beats(): number {
    return Atomics.load(this.#words, BEATS);
  }

  /** Throws where the worker's owner has ended it: another one may have taken its place. */
  beat(): void {
    Atomics.add(this.#words, BEATS, 1);
    if (this.isEnded) throw new Error("the worker was ended");
  }

  /** What the worker has open is its owner's from then on. */
  get isEnded(): boolean {
    return Atomics.load(this.#words, ENDED) !== 0;
  }

  end(): void {
    Atomics.store(this.#words, ENDED, 1);
  }
}

/**
 * The descriptors that a worker has opened: a runtime that ends a thread does not close them. Written by the worker, read
 * by its owner once that is no more.
 */
export class DescriptorLedger {
  readonly #bits: Uint8Array<SharedArrayBuffer>;

  constructor(state: SharedArrayBuffer) {
    this.#bits = new Uint8Array(state, HEADER_BYTES);
  }

  add(fd: number): void {
    if (fd < MAX_DESCRIPTORS) this.#bits[fd >> 3] |= 1 << (fd & 7);
  }

  remove(fd: number): void {
    if (fd < MAX_DESCRIPTORS) this.#bits[fd >> 3] &= ~(1 << (fd & 7));
  }

  /** All that it has, which it has no more. */
  take(): number[] {
    const open: number[] = [];
    for (const [at, bits] of this.#bits.entries()) {
      if (bits === 0) continue;
      for (let bit = 0; bit < 8; bit++) if ((bits >> bit & 1) === 1) open.push(8 * at + bit);
      this.#bits[at] = 0;
    }
    return open;
  }
}
