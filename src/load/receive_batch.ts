import type { Libc } from "../io/native/libc.ts";
import { NativeMemory, writeAddress } from "../io/native/memory.ts";
import { microseconds } from "./time.ts";

/** Datagrams that one call receives at most. */
const BATCH_LENGTH = 64;
const SLOT_SIZE = 2048;
const MSG_DONTWAIT = 0x40;

/** struct mmsghdr (recvmmsg(2)) of a 64-bit machine, in words. */
const HEADER_WORDS = 16;
const VECTOR = 4;
const VECTOR_LENGTH = 6;
const CONTROL = 8;
const CONTROL_LENGTH = 10;
const LENGTH = 14;
/** struct iovec: a pointer and a length. */
const VECTOR_WORDS = 4;
/** One control message: struct cmsghdr, then struct timespec. */
const CONTROL_WORDS = 8;
const CONTROL_DATA = 4;

/**
 * One recvmmsg(2) into fixed slots, with the time at which the kernel received each datagram (SO_TIMESTAMPNS): what this
 * process has to do before it looks at a datagram must not count as the server's latency. It wants no addresses, which
 * the server's own ReceiveBatch is about.
 */
export class ReceiveBatch {
  readonly #libc: Libc;
  readonly #slots: Uint8Array[] = [];
  readonly #headers: NativeMemory;
  readonly #controls: NativeMemory;
  /** Everything that the headers point to. */
  readonly #memory: readonly NativeMemory[];
  #count = 0;

  constructor(libc: Libc) {
    const memory = (byteLength: number) => new NativeMemory(libc, byteLength * BATCH_LENGTH);
    const data = memory(SLOT_SIZE);
    const vectors = memory(4 * VECTOR_WORDS);
    this.#libc = libc;
    this.#headers = memory(4 * HEADER_WORDS);
    this.#controls = memory(4 * CONTROL_WORDS);
    this.#memory = [data, vectors];
    for (let i = 0; i < BATCH_LENGTH; i++) {
      const header = i * HEADER_WORDS;
      this.#slots.push(data.bytes.subarray(i * SLOT_SIZE, (i + 1) * SLOT_SIZE));
      writeAddress(vectors.words, i * VECTOR_WORDS, data.address + i * SLOT_SIZE);
      vectors.words[i * VECTOR_WORDS + 2] = SLOT_SIZE;
      writeAddress(this.#headers.words, header + VECTOR, vectors.address + 4 * VECTOR_WORDS * i);
      this.#headers.words[header + VECTOR_LENGTH] = 1;
      writeAddress(this.#headers.words, header + CONTROL, this.#controls.address + 4 * CONTROL_WORDS * i);
      this.#headers.words[header + CONTROL_LENGTH] = 4 * CONTROL_WORDS;
    }
  }

  /** Receives what waits at a socket, BATCH_LENGTH datagrams at most, and returns how many. Does not block. */
  receive(fd: number): number {
    // The kernel wrote how much it used.
    for (let i = 0; i < this.#count; i++) this.#headers.words[i * HEADER_WORDS + CONTROL_LENGTH] = 4 * CONTROL_WORDS;
    const count = this.#libc.call.recvmmsg(fd, this.#headers.pointer, BATCH_LENGTH, MSG_DONTWAIT, null);
    return this.#count = Math.max(0, count);
  }

  /** The slot of a datagram, which begins at its index 0. The next `receive` overwrites it. */
  bytes(index: number): Uint8Array {
    return this.#slots[index];
  }

  length(index: number): number {
    return this.#headers.words[index * HEADER_WORDS + LENGTH];
  }

  /** Microseconds since 1970; `orElse` where the kernel gave no time. */
  receivedUs(index: number, orElse: number): number {
    const isStamped = this.#headers.words[index * HEADER_WORDS + CONTROL_LENGTH] === 4 * CONTROL_WORDS;
    return isStamped ? microseconds(this.#controls.words, index * CONTROL_WORDS + CONTROL_DATA) : orElse;
  }
}
