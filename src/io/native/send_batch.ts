import type { Libc } from "./libc.ts";
import { NativeMemory, writeAddress } from "./memory.ts";
import { IP_PKTINFO, IPPROTO_IP, IPPROTO_IPV6, IPV6_PKTINFO } from "./receive_batch.ts";
import { AF_INET, type SocketAddress } from "./socket_address.ts";

/** Messages that one call sends at most. */
export const MAX_MESSAGES = 128;

export const SOL_UDP = 17;
export const UDP_SEGMENT = 103;
const MSG_DONTWAIT = 0x40;

/** struct mmsghdr (sendmmsg(2)) of a 64-bit machine, in words. */
const HEADER_WORDS = 16;
const NAME = 0;
const NAME_LENGTH = 2;
const VECTOR = 4;
const VECTOR_LENGTH = 6;
const CONTROL = 8;
const CONTROL_LENGTH = 10;

const NAME_WORDS = 8;
const VECTOR_WORDS = 4;
/** Room for the two control messages: the address to send from (24 + 16 bytes at most) and the segment size (24). */
const CONTROL_WORDS = 16;
/** Bytes of struct cmsghdr; data begins behind it. */
const CONTROL_HEADER = 16;

/** One sendmmsg(2): messages of one datagram, or of a run of datagrams to one address (UDP GSO, udp(7)). */
export class SendBatch {
  messages = 0;
  readonly #libc: Libc;
  readonly #headers: NativeMemory;
  readonly #names: NativeMemory;
  readonly #controls: NativeMemory;
  readonly #vectors: NativeMemory;
  readonly #datagrams = new Uint8Array(MAX_MESSAGES);

  constructor(libc: Libc) {
    this.#libc = libc;
    this.#headers = new NativeMemory(libc, 4 * HEADER_WORDS * MAX_MESSAGES);
    this.#names = new NativeMemory(libc, 4 * NAME_WORDS * MAX_MESSAGES);
    this.#controls = new NativeMemory(libc, 4 * CONTROL_WORDS * MAX_MESSAGES);
    this.#vectors = new NativeMemory(libc, 4 * VECTOR_WORDS * MAX_MESSAGES);
    const { words } = this.#headers;
    for (let i = 0; i < MAX_MESSAGES; i++) {
      const header = i * HEADER_WORDS;
      writeAddress(words, header + NAME, this.#names.address + 4 * NAME_WORDS * i);
      writeAddress(words, header + VECTOR, this.#vectors.address + 4 * VECTOR_WORDS * i);
      words[header + VECTOR_LENGTH] = 1;
      writeAddress(words, header + CONTROL, this.#controls.address + 4 * CONTROL_WORDS * i);
    }
  }

  /** Messages that still find room. */
  get room(): number {
    return MAX_MESSAGES - this.messages;
  }

  clear(): void {
    this.messages = 0;
  }

  /**
   * Adds a message to `to`: `count` datagrams, 255 at most, in the `length` bytes at `offset` of the memory, each of `size`
   * bytes and the last of what is left. `fromLocal` sends it from the address of this machine that `to` addressed, where
   * that is known.
   */
  add(
    to: SocketAddress,
    memory: NativeMemory,
    offset: number,
    length: number,
    count: number,
    size: number,
    fromLocal: boolean,
  ): void {
    const index = this.messages++;
    const { words } = this.#headers;
    const header = index * HEADER_WORDS;
    words[header + NAME_LENGTH] = to.writeSockaddr(this.#names.words, index * NAME_WORDS);
    writeAddress(this.#vectors.words, index * VECTOR_WORDS, memory.address + offset);
    this.#vectors.words[index * VECTOR_WORDS + 2] = length;
    this.#datagrams[index] = count;
    const control = index * CONTROL_WORDS;
    const local = fromLocal ? this.#writeLocal(control, to) : 0;
    const segment = count > 1 ? this.#writeSegmentSize(control + local, size) : 0;
    words[header + CONTROL_LENGTH] = 4 * (local + segment);
  }

  /** Datagrams of a message. */
  datagramsOf(message: number): number {
    return this.#datagrams[message];
  }

  /** Sends the messages, and returns how many were taken; -1 where the first of them was refused. Does not block. */
  send(fd: number): number {
    return this.#libc.call.sendmmsg(fd, this.#headers.pointer, this.messages, MSG_DONTWAIT);
  }

  /** Writes IP_PKTINFO or IPV6_PKTINFO (ip(7), ipv6(7)); returns its words. */
  #writeLocal(at: number, to: SocketAddress): number {
    if (!to.hasLocal) return 0;
    const length = CONTROL_HEADER + to.writeLocal(this.#controls.words, at + CONTROL_HEADER / 4);
    if (to.family === AF_INET) this.#writeControlHeader(at, length, IPPROTO_IP, IP_PKTINFO);
    else this.#writeControlHeader(at, length, IPPROTO_IPV6, IPV6_PKTINFO);
    // Control messages begin at multiples of 8 bytes.
    return ((length + 7) & ~7) / 4;
  }

  #writeSegmentSize(at: number, segmentSize: number): number {
    this.#writeControlHeader(at, CONTROL_HEADER + 2, SOL_UDP, UDP_SEGMENT);
    this.#controls.words[at + 4] = segmentSize;
    return 6;
  }

  #writeControlHeader(at: number, length: number, level: number, type: number): void {
    const { words } = this.#controls;
    words[at] = length;
    words[at + 1] = 0;
    words[at + 2] = level;
    words[at + 3] = type;
  }
}
