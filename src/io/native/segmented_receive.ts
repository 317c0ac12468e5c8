import { ArrayParts } from "../../bus/array_parts.ts";
import { SLOT_SIZE } from "../../webrtc/datagram.ts";
import { trySetOption } from "./bind_socket.ts";
import type { Libc } from "./libc.ts";
import { NativeMemory, writeAddress } from "./memory.ts";
import { SOL_UDP } from "./send_batch.ts";

/** Messages that one call receives at most. */
const MAX_MESSAGES = 8;
/** As long as a message can be. */
const MESSAGE_BYTES = 65536;
const UDP_GRO = 104;

const MSG_TRUNC = 0x20;
const MSG_DONTWAIT = 0x40;

/** struct mmsghdr (recvmmsg(2)) of a 64-bit machine, in words. */
const HEADER_WORDS = 16;
const VECTOR = 4;
const VECTOR_LENGTH = 6;
const CONTROL = 8;
const CONTROL_LENGTH = 10;
const FLAGS = 12;
const LENGTH = 14;
/** struct iovec: a pointer and a length. */
const VECTOR_WORDS = 4;
/** One control message with a number: header, data, and what aligns it. */
const CONTROL_WORDS = 6;
const CONTROL_LEVEL = 2;
const CONTROL_TYPE = 3;
const CONTROL_DATA = 4;

/** Has the kernel hand over a run of datagrams as it came, or as it put it together, where it can (UDP GRO, udp(7)). */
export function receiveRuns(libc: Libc, fd: number): void {
  trySetOption(libc, fd, SOL_UDP, UDP_GRO, 1);
}

/** One recvmmsg(2) of messages, each of one datagram or of a run of them, all of one length but the last. */
export class SegmentedReceive {
  readonly #libc: Libc;
  readonly #headers: NativeMemory;
  readonly #controls: NativeMemory;
  /** What the headers point to. */
  readonly #vectors: NativeMemory;
  readonly #messages: readonly ArrayParts[];

  constructor(libc: Libc) {
    const data = new NativeMemory(libc, MESSAGE_BYTES * MAX_MESSAGES);
    const vectors = this.#vectors = new NativeMemory(libc, 4 * VECTOR_WORDS * MAX_MESSAGES);
    this.#libc = libc;
    this.#headers = new NativeMemory(libc, 4 * HEADER_WORDS * MAX_MESSAGES);
    this.#controls = new NativeMemory(libc, 4 * CONTROL_WORDS * MAX_MESSAGES);
    const { words } = this.#headers;
    this.#messages = Array.from({ length: MAX_MESSAGES }, (_, i) => {
      const header = i * HEADER_WORDS;
      writeAddress(vectors.words, i * VECTOR_WORDS, data.address + i * MESSAGE_BYTES);
      vectors.words[i * VECTOR_WORDS + 2] = MESSAGE_BYTES;
      writeAddress(words, header + VECTOR, vectors.address + 4 * VECTOR_WORDS * i);
      words[header + VECTOR_LENGTH] = 1;
      writeAddress(words, header + CONTROL, this.#controls.address + 4 * CONTROL_WORDS * i);
      return new ArrayParts(data.bytes.subarray(i * MESSAGE_BYTES, (i + 1) * MESSAGE_BYTES), SLOT_SIZE);
    });
  }

  /** Receives what waits at a socket, MAX_MESSAGES at most, and returns how many. Does not block. */
  receive(fd: number): number {
    const { words } = this.#headers;
    for (let i = 0; i < MAX_MESSAGES; i++) words[i * HEADER_WORDS + CONTROL_LENGTH] = 4 * CONTROL_WORDS;
    // An error is about an earlier send, or passes.
    return Math.max(this.#libc.call.recvmmsg(fd, this.#headers.pointer, MAX_MESSAGES, MSG_DONTWAIT, null), 0);
  }

  /** Bytes of a message; 0 where it was cut short. */
  length(message: number): number {
    const { words } = this.#headers;
    const header = message * HEADER_WORDS;
    return (words[header + FLAGS] & MSG_TRUNC) === 0 ? words[header + LENGTH] : 0;
  }

  /** Bytes of each datagram of the message but the last, which may have fewer. */
  size(message: number): number {
    const control = message * CONTROL_WORDS;
    const { words } = this.#controls;
    const isRun = this.#headers.words[message * HEADER_WORDS + CONTROL_LENGTH] !== 0 &&
      words[control + CONTROL_LEVEL] === SOL_UDP && words[control + CONTROL_TYPE] === UDP_GRO;
    return isRun ? words[control + CONTROL_DATA] : this.length(message);
  }

  /** Copies a datagram of `count` bytes, SLOT_SIZE at most, to `out`. What stands in front of it is lost. */
  copy(message: number, from: number, count: number, out: Uint8Array): void {
    this.#messages[message].copy(from, count, out, 0);
  }
}
