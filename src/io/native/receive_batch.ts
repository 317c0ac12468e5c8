import { EAGAIN, EINTR } from "./errors.ts";
import type { Libc } from "./libc.ts";
import { NativeMemory, writeAddress } from "./memory.ts";
import { ADDRESS_WORDS, AF_INET, INTERFACE_WORD, LOCAL_WORD, portOf, SOCKADDR_WORDS } from "./socket_address.ts";

/** Datagrams that one call receives at most. */
export const BATCH_LENGTH = 64;
/** Bytes for a datagram: longer ones are not for us. */
export const RECEIVE_SLOT_SIZE = 2048;

const MSG_TRUNC = 0x20;
const MSG_DONTWAIT = 0x40;

/** struct mmsghdr (recvmmsg(2)) of a 64-bit machine, in words. */
const HEADER_WORDS = 16;
const NAME = 0;
const NAME_LENGTH = 2;
const VECTOR = 4;
const VECTOR_LENGTH = 6;
const CONTROL = 8;
const CONTROL_LENGTH = 10;
const FLAGS = 12;
const LENGTH = 14;

/** Words of sockaddr_in without its padding. */
const IPV4_WORDS = 2;
/** struct iovec: a pointer and a length. */
const VECTOR_WORDS = 4;
/** Room for one control message with the address that was addressed. */
const CONTROL_WORDS = 16;
/** In cmsghdr: level, type, and behind it the data. */
const CONTROL_LEVEL = 2;
const CONTROL_TYPE = 3;
const CONTROL_DATA = 4;

export const IPPROTO_IP = 0;
export const IPPROTO_IPV6 = 41;
export const IP_PKTINFO = 8;
export const IPV6_PKTINFO = 50;

/** One recvmmsg(2) into fixed slots, or several behind one another. What `receive` receives overwrites them. */
export class ReceiveBatch {
  /** Datagrams since the last `receive`, the useless among them counted too. */
  count = 0;
  /** Datagrams that did not fit into a slot, or that no answer can go to. They are dropped. */
  refused = 0;
  /** Calls that failed. The error is about an earlier send, or passes. */
  errors = 0;
  /** ADDRESS_WORDS words for each datagram: where it came from, and the address that it was sent to, where known. */
  readonly addresses: Uint32Array;
  readonly #libc: Libc;
  readonly #slots: Uint8Array[] = [];
  readonly #headers: NativeMemory;
  /** To the headers from each index on. */
  readonly #headerPointers: readonly Deno.PointerValue[];
  readonly #controls: Uint32Array;
  /** Everything that the headers point to. */
  readonly #memory: readonly NativeMemory[];

  constructor(libc: Libc) {
    const memory = (byteLength: number) => new NativeMemory(libc, byteLength * BATCH_LENGTH);
    const data = memory(RECEIVE_SLOT_SIZE);
    const names = memory(4 * ADDRESS_WORDS);
    const controls = memory(4 * CONTROL_WORDS);
    const vectors = memory(4 * VECTOR_WORDS);
    this.#libc = libc;
    this.#headers = memory(4 * HEADER_WORDS);
    this.#headerPointers = Array.from({ length: BATCH_LENGTH }, (_, i) => {
      const from = this.#headers.bytes.subarray(4 * HEADER_WORDS * i);
      return libc.call.pointerTo(from, from, 0n);
    });
    this.#memory = [data, names, controls, vectors];
    this.addresses = names.words;
    this.#controls = controls.words;
    for (let i = 0; i < BATCH_LENGTH; i++) {
      this.#slots.push(data.bytes.subarray(i * RECEIVE_SLOT_SIZE, (i + 1) * RECEIVE_SLOT_SIZE));
      writeAddress(vectors.words, i * VECTOR_WORDS, data.address + i * RECEIVE_SLOT_SIZE);
      vectors.words[i * VECTOR_WORDS + 2] = RECEIVE_SLOT_SIZE;
      this.#pointHeader(i);
      this.#resetHeader(i);
    }
  }

  /** Receives what waits at a socket, BATCH_LENGTH datagrams at most, and returns how many. Does not block. */
  receive(fd: number): number {
    for (let i = 0; i < this.count; i++) this.#resetHeader(i);
    this.count = 0;
    return this.receiveMore(fd);
  }

  /** Receives what has come meanwhile, behind what is there, and returns how many there are now. */
  receiveMore(fd: number): number {
    const before = this.count;
    if (before === BATCH_LENGTH) return before;
    const room = BATCH_LENGTH - before;
    const count = this.#libc.call.recvmmsg(fd, this.#headerPointers[before], room, MSG_DONTWAIT, null);
    if (count < 0) {
      const errno = this.#libc.errno();
      if (errno !== EAGAIN && errno !== EINTR) this.errors++;
      return before;
    }
    this.count = before + count;
    for (let i = before; i < this.count; i++) this.#completeAddress(i);
    return this.count;
  }

  /** The slot of a datagram, which begins at its index 0. */
  bytes(index: number): Uint8Array {
    return this.#slots[index];
  }

  length(index: number): number {
    return this.#headers.words[index * HEADER_WORDS + LENGTH];
  }

  /** Whether the datagram is whole and can be answered; counts it where not. */
  accepts(index: number): boolean {
    const truncated = (this.#headers.words[index * HEADER_WORDS + FLAGS] & MSG_TRUNC) !== 0;
    if (!truncated && portOf(this.addresses, index * ADDRESS_WORDS) !== 0) return true;
    this.refused++;
    return false;
  }

  #pointHeader(index: number): void {
    const [, names, controls, vectors] = this.#memory;
    const { words } = this.#headers;
    const header = index * HEADER_WORDS;
    writeAddress(words, header + NAME, names.address + 4 * ADDRESS_WORDS * index);
    writeAddress(words, header + VECTOR, vectors.address + 4 * VECTOR_WORDS * index);
    words[header + VECTOR_LENGTH] = 1;
    writeAddress(words, header + CONTROL, controls.address + 4 * CONTROL_WORDS * index);
  }

  /** The kernel wrote how much it used. */
  #resetHeader(index: number): void {
    const { words } = this.#headers;
    const header = index * HEADER_WORDS;
    words[header + NAME_LENGTH] = 4 * SOCKADDR_WORDS;
    words[header + CONTROL_LENGTH] = 4 * CONTROL_WORDS;
  }

  /** Puts this machine's own address behind the sender's, and 0 into each word that the family does not use. */
  #completeAddress(index: number): void {
    const words = this.addresses;
    const at = index * ADDRESS_WORDS;
    const isIpv4 = (words[at] & 0xffff) === AF_INET;
    for (let i = isIpv4 ? IPV4_WORDS : LOCAL_WORD; i < ADDRESS_WORDS; i++) words[at + i] = 0;
    if (this.#headers.words[index * HEADER_WORDS + CONTROL_LENGTH] === 0) return;
    const control = index * CONTROL_WORDS;
    const level = this.#controls[control + CONTROL_LEVEL];
    const type = this.#controls[control + CONTROL_TYPE];
    if (level === IPPROTO_IP && type === IP_PKTINFO) {
      // struct in_pktinfo: the interface, the local address, the destination of the header.
      words[at + LOCAL_WORD] = this.#controls[control + CONTROL_DATA + 1];
    } else if (level === IPPROTO_IPV6 && type === IPV6_PKTINFO) {
      this.#copyIpv6(at, control + CONTROL_DATA);
    }
  }

  /** struct in6_pktinfo: the local address, the interface. Only link-local addresses need the interface to answer. */
  #copyIpv6(at: number, data: number): void {
    for (let i = 0; i < 4; i++) this.addresses[at + LOCAL_WORD + i] = this.#controls[data + i];
    if (isLinkLocal(this.#controls[data])) this.addresses[at + INTERFACE_WORD] = this.#controls[data + 4];
  }
}

/** fe80::/10 (RFC 4291 section 2.5.6); the word is in network byte order. */
function isLinkLocal(word: number): boolean {
  return (word & 0xff) === 0xfe && (word & 0xc000) === 0x8000;
}
