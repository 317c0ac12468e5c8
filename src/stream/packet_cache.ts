import type { RtpPacket } from "../rtp/packet.ts";
import { sequenceDiff } from "../rtp/sequence.ts";

/** Bytes kept of a video stream: 2 s of 4 Mbit/s. A shared screen sends 2.5 Mbit/s, which takes 670 kB. */
export const VIDEO_CACHE_BYTES = 1024 * 1024;
/** So many packets of 500 bytes fill the bytes: where they are longer, the bytes are the bound. */
export const VIDEO_CACHE_SLOTS = 2048;
/** An older packet is not sent again: no receiver waits for it any more. */
export const MAX_PACKET_AGE_MS = 2000;
/** A longer packet is not kept; no network carries it. */
export const MAX_PACKET_LENGTH = 2048;
/** The buffer consists of pages, which are written and written over one after the other. */
export const PAGE_BYTES = 16 * 1024;

/** A generation that no page has. */
const NOT_STORED = 0;

/**
 * The newest packets of one incoming stream, each once, for all who may ask for them again: bounded in bytes, in
 * sequence numbers and in time. A packet is kept as it came, without its padding (RFC 4588 section 4 wants it removed).
 *
 * Nothing is allocated for a packet. A page is added only while the oldest one holds packets that are not too old yet,
 * so that the memory follows the bit rate up to its bound.
 */
export class PacketCache {
  readonly #maxPages: number;
  readonly #pages: Uint8Array[] = [];
  // By page.
  /** Which page is written after this one: the one that has been left alone for longest. */
  readonly #nextPages: Uint16Array;
  /** How many times the page has been begun. */
  readonly #generations: Uint32Array;
  /** When the last packet went into the page. */
  readonly #writtenMs: Float64Array;
  readonly #mask: number;
  // By sequence number modulo the slots. The slots are those of the newest number and of the numbers before it.
  readonly #slotPages: Uint16Array;
  /** The generation of the page that holds the packet, NOT_STORED where none does. */
  readonly #slotGenerations: Uint32Array;
  readonly #offsets: Uint16Array;
  readonly #lengths: Uint16Array;
  readonly #storedMs: Float64Array;
  /** The page that is being written, -1 before the first one. */
  #page = -1;
  #offset = PAGE_BYTES;
  #ssrc = -1;
  #newest = 0;
  #loaded: Uint8Array | undefined;

  /** Keeps `slots` packets at most, a power of two, in `maxBytes` bytes at most, which are at least one page. */
  constructor(maxBytes: number, slots: number) {
    this.#maxPages = Math.max(1, Math.floor(maxBytes / PAGE_BYTES));
    this.#nextPages = new Uint16Array(this.#maxPages);
    this.#generations = new Uint32Array(this.#maxPages);
    this.#writtenMs = new Float64Array(this.#maxPages);
    this.#mask = slots - 1;
    this.#slotPages = new Uint16Array(slots);
    this.#slotGenerations = new Uint32Array(slots);
    this.#offsets = new Uint16Array(slots);
    this.#lengths = new Uint16Array(slots);
    this.#storedMs = new Float64Array(slots);
  }

  /** The stream whose packets are kept; -1 where there are none. */
  get ssrc(): number {
    return this.#ssrc;
  }

  /** The newest one kept since the cache began; of no meaning where `ssrc` is -1. */
  get newestSequenceNumber(): number {
    return this.#newest;
  }

  /** Bytes that are there for packets at present. */
  get byteLength(): number {
    return this.#pages.length * PAGE_BYTES;
  }

  /**
   * Keeps a packet, late ones too. One that is there already stays as it is. A packet of another SSRC, or one as many
   * numbers away from the newest as there are slots, begins the cache anew.
   */
  store(packet: RtpPacket, nowMs: number): void {
    const length = packet.headerLength + packet.payloadLength;
    if (length > MAX_PACKET_LENGTH) return;
    const { sequenceNumber } = packet;
    const distance = sequenceDiff(sequenceNumber, this.#newest);
    if (packet.ssrc !== this.#ssrc || Math.abs(distance) > this.#mask) this.#start(packet);
    else if (distance > 0) this.#advance(sequenceNumber, distance);
    const slot = sequenceNumber & this.#mask;
    if (this.#isStored(slot)) return;
    if (this.#offset + length > PAGE_BYTES) this.#turnPage(nowMs);
    this.#copy(packet, length);
    this.#slotPages[slot] = this.#page;
    this.#slotGenerations[slot] = this.#generations[this.#page];
    this.#offsets[slot] = this.#offset;
    this.#lengths[slot] = length;
    this.#storedMs[slot] = nowMs;
    this.#writtenMs[this.#page] = nowMs;
    this.#offset += length;
  }

  /** The slot of a packet, -1 where it is not there or older than `maxAgeMs`. Valid until the next `store`. */
  find(sequenceNumber: number, nowMs: number, maxAgeMs = MAX_PACKET_AGE_MS): number {
    const behind = sequenceDiff(this.#newest, sequenceNumber);
    if (behind < 0 || behind > this.#mask) return -1;
    const slot = sequenceNumber & this.#mask;
    return this.#isStored(slot) && nowMs - this.#storedMs[slot] <= maxAgeMs ? slot : -1;
  }

  /** Bytes of the packet in `slot`, which `find` gave. */
  lengthOf(slot: number): number {
    return this.#lengths[slot];
  }

  /**
   * Points `view` at a copy of the packet in `slot`, which `find` gave. The copy may be written over and lasts until
   * the next `load`. False, with the view unusable, where there is none.
   */
  load(slot: number, view: RtpPacket): boolean {
    if (slot < 0 || !this.#isStored(slot)) return false;
    // Made for the first packet that is asked for: most streams never lose one.
    this.#loaded ??= new Uint8Array(MAX_PACKET_LENGTH);
    copyBytes(this.#loaded, 0, this.#pages[this.#slotPages[slot]], this.#offsets[slot], this.#lengths[slot]);
    return view.parse(this.#loaded, this.#lengths[slot]);
  }

  /** Forgets all packets. */
  clear(): void {
    this.#ssrc = -1;
    this.#slotGenerations.fill(NOT_STORED);
  }

  #start(packet: RtpPacket): void {
    this.clear();
    this.#ssrc = packet.ssrc;
    this.#newest = packet.sequenceNumber;
  }

  /** The slots of the numbers up to this one hold packets from before the window: they are forgotten. */
  #advance(sequenceNumber: number, distance: number): void {
    for (let ahead = 1; ahead <= distance; ahead++) {
      this.#slotGenerations[(this.#newest + ahead) & this.#mask] = NOT_STORED;
    }
    this.#newest = sequenceNumber;
  }

  #isStored(slot: number): boolean {
    const generation = this.#slotGenerations[slot];
    return generation !== NOT_STORED && generation === this.#generations[this.#slotPages[slot]];
  }

  /** Goes on in the oldest page; where that is still of use, and the bound is not reached, in a new one. */
  #turnPage(nowMs: number): void {
    const oldest = this.#page < 0 ? -1 : this.#nextPages[this.#page];
    const isNeeded = oldest < 0 || nowMs - this.#writtenMs[oldest] <= MAX_PACKET_AGE_MS;
    this.#page = isNeeded && this.#pages.length < this.#maxPages ? this.#addPage(oldest) : oldest;
    this.#generations[this.#page]++;
    this.#offset = 0;
  }

  /** Puts a page between the present one and the one that comes next. */
  #addPage(next: number): number {
    const page = this.#pages.push(new Uint8Array(PAGE_BYTES)) - 1;
    this.#nextPages[page] = Math.max(next, 0);
    if (this.#page >= 0) this.#nextPages[this.#page] = page;
    return page;
  }

  #copy(packet: RtpPacket, length: number): void {
    const { bytes } = packet;
    const page = this.#pages[this.#page];
    // What lies behind the packet in its array may come along: to copy the array as it is takes no loop and no
    // `subarray`, and nothing of value stands further on in the page.
    if (this.#offset + bytes.length <= PAGE_BYTES) page.set(bytes, this.#offset);
    else copyBytes(page, this.#offset, bytes, 0, length);
    // The P bit: what is kept has no padding.
    page[this.#offset] &= 0xdf;
  }
}

function copyBytes(out: Uint8Array, offset: number, source: Uint8Array, sourceOffset: number, length: number): void {
  for (let i = 0; i < length; i++) out[offset + i] = source[sourceOffset + i];
}
