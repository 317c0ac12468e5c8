import { SLOT_SIZE } from "../../webrtc/datagram.ts";

// Offsets in the memory. Header and payload of a packet are each shorter than SLOT_SIZE.
/** What a library reads: a payload, or a packet, and what is put behind it. */
const SOURCE = 0;
/** Associated data ends where the text begins. */
const FRONT_LENGTH = SLOT_SIZE + 64;
/** What a library writes: the encrypted or decrypted bytes, and what comes behind them. */
export const TEXT = SOURCE + 2 * SLOT_SIZE + 64 + FRONT_LENGTH;
/** 16 bytes at most. */
export const NONCE = TEXT + SLOT_SIZE + 64;
/** A size_t that a library reads or writes. */
export const LENGTH = NONCE + 16;
/** 64 bytes, as many as the longest digest has. */
export const DIGEST = LENGTH + 8;
const KEY = DIGEST + 64;
const END = KEY + 64;
/** A packet that is written in one place so many times in a row is worth pointers of its own. */
const POINT_AFTER = 64;
/** Arrays that can be pointed into as sources: all that one call receives into, and more. */
const MAX_SOURCES = 256;
/** Payloads begin no further behind than a header with a long extension; what does is copied. */
const MAX_SOURCE_OFFSET = 64;

/**
 * The C library's memcpy under the names of what it is good for here: copying nothing, it gives back the address that it
 * was given. A narrow --allow-ffi refuses Deno.UnsafePointer. Every library depends on the C library, so each has it.
 */
export const ADDRESS_SYMBOLS = {
  addressOf: { name: "memcpy", parameters: ["buffer", "buffer", "usize"], result: "usize" },
  pointerOf: { name: "memcpy", parameters: ["usize", "usize", "usize"], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

type AddressFunctions = Deno.StaticForeignLibraryInterface<typeof ADDRESS_SYMBOLS>;

/** An array that stays where it is, and the pointers that were made into its first bytes. */
interface Source {
  readonly base: number;
  readonly pointers: (Deno.PointerValue | undefined)[];
}

/**
 * The memory that a cipher library sees, one for all its ciphers: what it reads is copied in, what it has made is copied
 * out. To copy 1200 bytes takes 0.03 us and no allocation; to point into a packet would take a `subarray`. The exceptions
 * are a packet that is written in the same place as the one before it, as all are that leave by native sockets, and the
 * payload of one that was received, which is read for every subscriber. Pointers and sizes are objects that are made once
 * for each value: a number as a 64-bit argument costs 0.2 us.
 */
export class CipherMemory {
  // A buffer of its own: V8 keeps short typed arrays in its heap, where they move.
  readonly #bytes = new Uint8Array(new ArrayBuffer(END));
  readonly #words = new Uint32Array(this.#bytes.buffer);
  /** The nonce of AEAD, 12 bytes. */
  readonly nonce = new Uint8Array(this.#bytes.buffer, NONCE, 12);
  readonly #functions: AddressFunctions;
  readonly #base: number;
  readonly #pointers: (Deno.PointerValue | undefined)[] = new Array(END).fill(undefined);
  readonly #sizes: (Deno.PointerValue | undefined)[] = new Array(2 * SLOT_SIZE + 64).fill(undefined);
  readonly #texts: (Uint8Array | undefined)[] = new Array(SLOT_SIZE + 64).fill(undefined);

  #lastPacket: Uint8Array | undefined;
  #timesInARow = 0;
  /** The packet that can be pointed into, its address, and the pointers that were made into it. */
  #packet: Uint8Array | undefined;
  #packetBase = 0;
  #packetPointers: (Deno.PointerValue | undefined)[] = [];

  readonly #sources = new Map<Uint8Array, Source>();

  constructor(functions: AddressFunctions) {
    this.#functions = functions;
    this.#base = this.#addressOf(this.#bytes);
  }

  /** Whether a packet's parts have room: each is shorter than SLOT_SIZE. */
  hasRoom(headerLength: number, length: number): boolean {
    // SLOT_SIZE is a power of two.
    return (headerLength | length) >>> 0 < SLOT_SIZE;
  }

  /** The address of the byte at `offset`. */
  at(offset: number): Deno.PointerValue {
    const known = this.#pointers[offset];
    return known !== undefined ? known : (this.#pointers[offset] = this.#pointer(this.#base + offset));
  }

  /**
   * Whether `packet` can be pointed into. It pays where it is the same one again and again; and V8 may move short arrays,
   * but none that is as long as a slot.
   */
  canPointInto(packet: Uint8Array): boolean {
    if (packet === this.#packet) return true;
    this.#timesInARow = packet === this.#lastPacket ? this.#timesInARow + 1 : 0;
    this.#lastPacket = packet;
    if (this.#timesInARow < POINT_AFTER || packet.length < SLOT_SIZE) return false;
    this.#pointInto(packet);
    return true;
  }

  /** The address of the byte at `offset` of the packet that can be pointed into. */
  inPacket(offset: number): Deno.PointerValue {
    const known = this.#packetPointers[offset];
    return known !== undefined ? known : (this.#packetPointers[offset] = this.#pointer(this.#packetBase + offset));
  }

  /** `value` as an argument of type size_t. */
  size(value: number): Deno.PointerValue {
    const known = this.#sizes[value];
    return known !== undefined ? known : (this.#sizes[value] = this.#pointer(value));
  }

  /**
   * The address of `bytes[offset, offset + length)`, or of a copy where the array is short, so that V8 may move it. The
   * library must not write there.
   */
  source(bytes: Uint8Array, offset: number, length: number): Deno.PointerValue {
    const isFixed = bytes.length >= SLOT_SIZE && offset < MAX_SOURCE_OFFSET && offset + length <= bytes.length;
    if (!isFixed) return this.at(this.takeSource(bytes, offset, length));
    const source = this.#sources.get(bytes) ?? this.#addSource(bytes);
    if (source === undefined) return this.at(this.takeSource(bytes, offset, length));
    const { base, pointers } = source;
    const known = pointers[offset];
    return known !== undefined ? known : (pointers[offset] = this.#pointer(base + offset));
  }

  /** Takes `bytes[offset, offset + length)` as the source, and returns where it lies. */
  takeSource(bytes: Uint8Array, offset: number, length: number): number {
    if (bytes.length > SLOT_SIZE || offset + length > bytes.length) {
      this.copyIn(SOURCE, bytes, offset, length);
      return SOURCE;
    }
    // The whole array takes no loop and no `subarray`.
    this.#bytes.set(bytes, SOURCE);
    return SOURCE + offset;
  }

  /** Takes header and trailer as associated data, in front of the text. Returns the length of both. */
  takeFront(packet: Uint8Array, headerLength: number, trailer: Uint8Array | undefined): number {
    const length = headerLength + (trailer === undefined ? 0 : trailer.length);
    this.copyIn(TEXT - length, packet, 0, headerLength);
    this.append(TEXT - length + headerLength, trailer);
    return length;
  }

  takeNonce(iv: Uint8Array): void {
    if (iv !== this.nonce) this.copyIn(NONCE, iv, 0, iv.length);
  }

  /** Copies a few bytes in. */
  copyIn(at: number, bytes: Uint8Array, offset: number, length: number): void {
    for (let i = 0; i < length; i++) this.#bytes[at + i] = bytes[offset + i];
  }

  /** Copies a trailer in, and returns how long it is. */
  append(at: number, trailer: Uint8Array | undefined): number {
    if (trailer === undefined) return 0;
    this.copyIn(at, trailer, 0, trailer.length);
    return trailer.length;
  }

  /** Copies a few bytes out. */
  copyOut(at: number, bytes: Uint8Array, offset: number, length: number): void {
    for (let i = 0; i < length; i++) bytes[offset + i] = this.#bytes[at + i];
  }

  /** Copies the text, and what stands behind it, out: `length` bytes in all. */
  copyText(bytes: Uint8Array, offset: number, length: number): void {
    bytes.set(this.#texts[length] ??= new Uint8Array(this.#bytes.buffer, TEXT, length), offset);
  }

  /** Compares bytes, in a time that does not tell where they differ. */
  equals(at: number, bytes: Uint8Array, offset: number, length: number): boolean {
    let difference = 0;
    for (let i = 0; i < length; i++) difference |= bytes[offset + i] ^ this.#bytes[at + i];
    return difference === 0;
  }

  /** Writes a size_t, below 2^31: its upper half stays 0. */
  setSize(at: number, value: number): void {
    this.#words[at >> 2] = value;
  }

  /** Writes the address of the byte at `offset`. */
  setAddress(at: number, offset: number): void {
    const address = this.#base + offset;
    this.#words[at >> 2] = address;
    this.#words[(at >> 2) + 1] = address / 2 ** 32;
  }

  /** Reads an address. */
  pointerIn(at: number): Deno.PointerValue {
    return this.#pointer(this.#words[at / 4] + this.#words[at / 4 + 1] * 2 ** 32);
  }

  /** Gives `use` the place of a copy of a key, which is wiped afterwards. */
  withKey<Result>(key: Uint8Array, use: (at: number) => Result): Result {
    this.#bytes.set(key, KEY);
    try {
      return use(KEY);
    } finally {
      this.#bytes.fill(0, KEY, KEY + key.length);
    }
  }

  /** What receives does so into the same arrays again and again: the first ones are used most. Others are copied. */
  #addSource(bytes: Uint8Array): Source | undefined {
    if (this.#sources.size >= MAX_SOURCES) return undefined;
    const pointers = new Array<undefined>(MAX_SOURCE_OFFSET).fill(undefined);
    const source: Source = { base: this.#addressOf(bytes), pointers };
    this.#sources.set(bytes, source);
    return source;
  }

  #pointInto(packet: Uint8Array): void {
    this.#packet = packet;
    this.#packetBase = this.#addressOf(packet);
    this.#packetPointers = new Array<undefined>(packet.length).fill(undefined);
  }

  #addressOf(bytes: Uint8Array): number {
    return Number(this.#functions.addressOf(bytes, bytes, 0n));
  }

  #pointer(address: number): Deno.PointerValue {
    return this.#functions.pointerOf(BigInt(address), 0n, 0n);
  }
}

/** What a cipher does that cannot encrypt: zeros, with a wrong tag, go out, and nothing in the clear. */
export function blank(packet: Uint8Array, headerLength: number, end: number): void {
  packet.fill(0, headerLength, end);
}
