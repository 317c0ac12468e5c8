import type { SrtpCipher } from "../../webrtc/srtp/cipher.ts";
import { blank, type CipherMemory, LENGTH, NONCE, TEXT } from "./cipher_memory.ts";

export const AEAD_TAG_LENGTH = 16;
export const NONCE_LENGTH = 12;

/** What all ciphers of a library have in common: its functions, and what each call is given, made once. */
export interface AeadLibrary<Functions> {
  readonly functions: Functions;
  readonly memory: CipherMemory;
  readonly nonce: Deno.PointerValue;
  readonly nonceLength: Deno.PointerValue;
  readonly tagLength: Deno.PointerValue;
  /** Where a length is read and written. */
  readonly lengthAt: Deno.PointerValue;
}

export function aeadLibrary<Functions>(functions: Functions, memory: CipherMemory): AeadLibrary<Functions> {
  return {
    functions,
    memory,
    nonce: memory.at(NONCE),
    nonceLength: memory.size(NONCE_LENGTH),
    tagLength: memory.size(AEAD_TAG_LENGTH),
    lengthAt: memory.at(LENGTH),
  };
}

/**
 * A function that seals or opens in one call: a context, and the addresses and lengths of everything, ten in all. As
 * pointers every one of them is 64 bits wide; an i32 that goes by the stack would leave half of a size_t as it was.
 */
export const ONE_CALL = {
  parameters: [
    "pointer",
    "pointer",
    "pointer",
    "pointer",
    "pointer",
    "pointer",
    "pointer",
    "pointer",
    "pointer",
    "pointer",
  ],
  result: "i32",
} as const satisfies Deno.ForeignFunction;

/**
 * AEAD_AES_128_GCM and AEAD_AES_256_GCM (RFC 7714) over a native library. What it cannot seal it fills with zeros. A
 * library's cipher extends it, so that both are one object: each subscriber has one, and each is out of the cache.
 */
export abstract class AeadCipher implements SrtpCipher {
  readonly ivLength = NONCE_LENGTH;
  readonly tagLength = AEAD_TAG_LENGTH;
  /** The nonce, and what is opened, lie here. */
  protected readonly memory: CipherMemory;
  #closed = false;

  readonly iv: Uint8Array;

  constructor(memory: CipherMemory) {
    this.memory = memory;
    this.iv = memory.nonce;
  }

  /**
   * Encrypts `length` bytes at `source` to `text` and puts the tag behind it, which is where `tag` points; authenticates
   * the `frontLength` bytes at `front` as well. False where the library reports an error.
   */
  protected abstract sealText(
    source: Deno.PointerValue,
    length: number,
    front: Deno.PointerValue,
    frontLength: number,
    text: Deno.PointerValue,
    tag: Deno.PointerValue,
  ): boolean;

  /** Decrypts `length` bytes at `source`, with the tag behind them, to the text. False where the tag is wrong. */
  protected abstract openText(source: number, length: number, frontLength: number): boolean;

  /** Gives the context with the key back. */
  protected abstract free(): void;

  seal(
    iv: Uint8Array,
    packet: Uint8Array,
    headerLength: number,
    source: Uint8Array,
    sourceOffset: number,
    length: number,
    trailer: Uint8Array | undefined,
    tagOffset: number,
  ): void {
    const { memory } = this;
    const end = tagOffset + AEAD_TAG_LENGTH;
    if (this.#closed || !memory.hasRoom(headerLength, length)) return blank(packet, headerLength, end);
    // Within one array the library would read what it writes.
    const at = source === packet
      ? memory.at(memory.takeSource(source, sourceOffset, length))
      : memory.source(source, sourceOffset, length);
    memory.takeNonce(iv);
    const isWhole = trailer === undefined && tagOffset === headerLength + length && end <= packet.length;
    const isSealed = isWhole && memory.canPointInto(packet)
      ? this.#sealInPlace(headerLength, at, length)
      : this.#sealAside(packet, headerLength, at, length, trailer, tagOffset);
    if (!isSealed) blank(packet, headerLength, end);
  }

  open(
    iv: Uint8Array,
    packet: Uint8Array,
    headerLength: number,
    length: number,
    trailer: Uint8Array | undefined,
    tagOffset: number,
  ): boolean {
    const { memory } = this;
    if (this.#closed || !memory.hasRoom(headerLength, length)) return false;
    const frontLength = memory.takeFront(packet, headerLength, trailer);
    const at = memory.takeSource(packet, headerLength, length);
    memory.copyIn(at + length, packet, tagOffset, AEAD_TAG_LENGTH);
    memory.takeNonce(iv);
    if (!this.openText(at, length, frontLength)) return false;
    memory.copyText(packet, headerLength, length);
    return true;
  }

  #sealInPlace(headerLength: number, source: Deno.PointerValue, length: number): boolean {
    const { memory } = this;
    return this.sealText(
      source,
      length,
      memory.inPacket(0),
      headerLength,
      memory.inPacket(headerLength),
      memory.inPacket(headerLength + length),
    );
  }

  #sealAside(
    packet: Uint8Array,
    headerLength: number,
    source: Deno.PointerValue,
    length: number,
    trailer: Uint8Array | undefined,
    tagOffset: number,
  ): boolean {
    const { memory } = this;
    const frontLength = memory.takeFront(packet, headerLength, trailer);
    const front = memory.at(TEXT - frontLength);
    if (!this.sealText(source, length, front, frontLength, memory.at(TEXT), memory.at(TEXT + length))) return false;
    memory.copyText(packet, headerLength, length);
    memory.copyOut(TEXT + length, packet, tagOffset, AEAD_TAG_LENGTH);
    return true;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.free();
  }
}
