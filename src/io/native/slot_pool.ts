import { SLOT_SIZE } from "../../webrtc/datagram.ts";
import type { Libc } from "./libc.ts";
import { NativeMemory } from "./memory.ts";
import { ADDRESS_WORDS, SocketAddress } from "./socket_address.ts";

/** Slots of a page, 128 kB. */
const PAGE_SLOTS = 64;
const PAGE_SHIFT = 6;
/** Stands for the destination of a slot that is not in use. */
const NOWHERE = new SocketAddress(new Uint32Array(ADDRESS_WORDS));

/**
 * The send slots of all sockets. Those in use are those that wait to be sent, so an idle socket holds none, and the few
 * that are used again and again stay in the processor's cache. Pages are allocated when first needed, and kept.
 */
export class SlotPool {
  /** Bytes of the datagram in each slot. */
  readonly lengths: Uint16Array;
  /** Where the datagram in each slot goes. */
  readonly destinations: SocketAddress[] = [];
  readonly #libc: Libc;
  readonly #pages: NativeMemory[] = [];
  readonly #views: Uint8Array[] = [];
  readonly #maxSlots: number;
  /** A stack: the slot that was given back last is taken first. */
  readonly #free: Uint16Array;
  #freeCount = 0;

  /** `maxSlots` is a multiple of PAGE_SLOTS, below 2^16. */
  constructor(libc: Libc, maxSlots: number) {
    this.#libc = libc;
    this.#maxSlots = maxSlots;
    this.lengths = new Uint16Array(maxSlots);
    this.#free = new Uint16Array(maxSlots);
  }

  /** Slots that are taken. */
  get used(): number {
    return this.#views.length - this.#freeCount;
  }

  /** Slots that memory is there for. */
  get allocated(): number {
    return this.#views.length;
  }

  /** Takes a slot; -1 where all are in use. */
  take(): number {
    if (this.#freeCount === 0 && !this.#addPage()) return -1;
    return this.#free[--this.#freeCount];
  }

  give(slot: number): void {
    this.destinations[slot] = NOWHERE;
    this.#free[this.#freeCount++] = slot;
  }

  /** The slot's memory, SLOT_SIZE bytes. */
  bytes(slot: number): Uint8Array {
    return this.#views[slot];
  }

  address(slot: number): number {
    return this.#pages[slot >>> PAGE_SHIFT].address + (slot & (PAGE_SLOTS - 1)) * SLOT_SIZE;
  }

  #addPage(): boolean {
    const first = this.#views.length;
    if (first === this.#maxSlots) return false;
    const page = new NativeMemory(this.#libc, PAGE_SLOTS * SLOT_SIZE);
    this.#pages.push(page);
    for (let i = 0; i < PAGE_SLOTS; i++) {
      this.#views.push(page.bytes.subarray(i * SLOT_SIZE, (i + 1) * SLOT_SIZE));
      this.destinations.push(NOWHERE);
      this.#free[this.#freeCount++] = first + PAGE_SLOTS - 1 - i;
    }
    return true;
  }
}
