import { SLOT_SIZE } from "../../webrtc/datagram.ts";
import { FRAME_HEADROOM } from "../../webrtc/frame_reader.ts";
import { FRAMES_AT_ONCE } from "../tcp/tcp_connection.ts";
import type { Libc } from "./libc.ts";
import { NativeMemory, writeAddress } from "./memory.ts";

/** Bytes that one call receives at most, some 200 checks, which take 1.4 ms: then other sockets have their turn. */
const RECEIVE_SIZE = 16 * 1024;
const RECEIVE_SIZE_ARGUMENT = BigInt(RECEIVE_SIZE);
/** What was received together with what was kept from before (see TcpConnection.handOver) fits in front of the slots. */
const SLOTS = FRAME_HEADROOM + RECEIVE_SIZE + FRAME_HEADROOM;

const MSG_DONTWAIT = 0x40;
/** A connection that has ended is an error of the call, not a signal. */
const MSG_NOSIGNAL = 0x4000;

/** struct msghdr (sendmsg(2)) of a 64-bit machine, in words. */
const HEADER_WORDS = 14;
const VECTOR = 4;
const VECTOR_LENGTH = 6;

/** What the TCP connections of one loop share: where they receive, slots for the frames of a batch, and one message. */
export class TcpMemory {
  /** Received is at FRAME_HEADROOM, behind it are the slots. */
  readonly bytes: Uint8Array;
  readonly #libc: Libc;
  readonly #slots: readonly Uint8Array[];
  readonly #receivePointer: Deno.PointerValue;
  readonly #header: NativeMemory;
  readonly #vector: NativeMemory;

  constructor(libc: Libc) {
    this.#libc = libc;
    const memory = new NativeMemory(libc, SLOTS + FRAMES_AT_ONCE * SLOT_SIZE);
    this.bytes = memory.bytes;
    this.#slots = Array.from({ length: FRAMES_AT_ONCE }, (_, index) => {
      const start = SLOTS + index * SLOT_SIZE;
      return memory.bytes.subarray(start, start + SLOT_SIZE);
    });
    const received = memory.bytes.subarray(FRAME_HEADROOM);
    this.#receivePointer = libc.call.pointerTo(received, received, 0n);
    this.#header = new NativeMemory(libc, 4 * HEADER_WORDS);
    this.#vector = new NativeMemory(libc, 16);
    writeAddress(this.#header.words, VECTOR, this.#vector.address);
    this.#header.words[VECTOR_LENGTH] = 1;
  }

  /** Receives what waits to `bytes[FRAME_HEADROOM ...]`; returns how much, 0 at the end of the stream, -1 for an error. */
  receive(fd: number): number {
    return Number(this.#libc.call.recv(fd, this.#receivePointer, RECEIVE_SIZE_ARGUMENT, MSG_DONTWAIT));
  }

  /** Copies a frame into the slot at `index`, without a view of it, which would be an allocation. */
  frame(index: number, offset: number, length: number): Uint8Array {
    this.bytes.copyWithin(SLOTS + index * SLOT_SIZE, offset, offset + length);
    return this.#slots[index];
  }

  /** Sends `memory.bytes[start, end)` by one call; returns how much the kernel took, -1 for an error. */
  send(fd: number, memory: NativeMemory, start: number, end: number): number {
    const { words } = this.#vector;
    writeAddress(words, 0, memory.address + start);
    words[2] = end - start;
    return Number(this.#libc.call.sendmsg(fd, this.#header.pointer, MSG_DONTWAIT | MSG_NOSIGNAL));
  }
}
