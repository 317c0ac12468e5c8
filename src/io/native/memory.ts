import type { Libc } from "./libc.ts";

const TWO_TO_32 = 2 ** 32;

/** Memory that the kernel may read and write: zeroed, at an address that stays, for as long as this object lives. */
export class NativeMemory {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The same memory in 32-bit words, little-endian as the machines are that Deno runs on. */
  readonly words: Uint32Array<ArrayBuffer>;
  /** Below 2^48, so a number holds it. */
  readonly address: number;
  /** Passed to a call this costs less than the array. */
  readonly pointer: Deno.PointerValue;

  constructor(libc: Libc, byteLength: number) {
    // Deno may keep a small typed array without a buffer of its own inside its heap, where it is moved.
    const buffer = new ArrayBuffer(byteLength);
    this.bytes = new Uint8Array(buffer);
    this.words = new Uint32Array(buffer);
    this.address = Number(libc.call.addressOf(this.bytes, this.bytes, 0n));
    this.pointer = libc.call.pointerTo(this.bytes, this.bytes, 0n);
  }
}

/** Writes a pointer into two words of a C structure. */
export function writeAddress(words: Uint32Array, index: number, address: number): void {
  words[index] = address;
  words[index + 1] = address / TWO_TO_32;
}
