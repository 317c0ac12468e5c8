import { CHUNK_SIZE } from "./chunk_pool.ts";
import { ADDRESS_WORDS, SocketAddress } from "./socket_address.ts";

/** Datagrams of one message: what the kernel takes at most (UDP_MAX_SEGMENTS). Their bytes have their limit in a chunk. */
const MAX_SEGMENTS = 64;
/** Stands for the destination of a run that is not in use. */
const NOWHERE = new SocketAddress(new Uint32Array(ADDRESS_WORDS));

/**
 * Datagrams that wait, one behind the other in a chunk, to one address: all of one length, save the last, which may be
 * shorter. Where the kernel segments they are one message (UDP GSO, udp(7)).
 */
export class DatagramRun {
  /** The next one of its queue, or of those not in use. */
  next: DatagramRun | undefined;
  to = NOWHERE;
  chunk = 0;
  /** Where the first one begins and the last one ends in the chunk. */
  start = 0;
  end = 0;
  /** Bytes of the first one. */
  size = 0;
  count = 0;
  /** The kernel refused it as one message. */
  goesSingly = false;
  #isEnded = false;

  /** Begins with a datagram of `length` bytes at `start` of the chunk. */
  begin(to: SocketAddress, chunk: number, start: number, length: number): void {
    this.next = undefined;
    this.to = to;
    this.chunk = chunk;
    this.start = start;
    this.end = start + length;
    this.size = length;
    this.count = 1;
    this.goesSingly = false;
    this.#isEnded = false;
  }

  /** Whether a datagram of `length` bytes may be added. */
  takes(to: SocketAddress, length: number): boolean {
    return to === this.to && length <= this.size && this.end + length <= CHUNK_SIZE && !this.#isEnded &&
      this.count < MAX_SEGMENTS;
  }

  add(length: number): void {
    this.end += length;
    this.count++;
    this.#isEnded = length < this.size;
  }

  /** Takes the first `count` datagrams off, fewer than there are. */
  drop(count: number): void {
    this.start += count * this.size;
    this.count -= count;
    if (this.count === 1) this.size = this.end - this.start;
  }

  /** Bytes of the datagram at `index`. */
  lengthOf(index: number): number {
    return index < this.count - 1 ? this.size : this.end - this.start - index * this.size;
  }

  release(): void {
    this.to = NOWHERE;
    this.next = undefined;
  }
}
