import { readUint16, readUint32, writeUint16 } from "../rtp/bytes.ts";
import { crc32 } from "./crc32.ts";
import { DIGEST_LENGTH, hmacSha1 } from "./hmac_sha1.ts";

export const STUN_HEADER_LENGTH = 20;
export const MAGIC_COOKIE = 0x2112a442;
export const TRANSACTION_ID_OFFSET = 8;
export const TRANSACTION_ID_LENGTH = 12;
/** Bytes of a MESSAGE-INTEGRITY attribute with its header. */
export const INTEGRITY_LENGTH = 24;
/** Bytes of a FINGERPRINT attribute with its header. */
export const FINGERPRINT_LENGTH = 8;

/** Message types: the method Binding with each class (RFC 8489 section 5). */
export const BINDING_REQUEST = 0x0001;
export const BINDING_INDICATION = 0x0011;
export const BINDING_SUCCESS = 0x0101;
export const BINDING_ERROR = 0x0111;

/** Attribute types (RFC 8489 section 18.3, RFC 8445 section 20.1). */
export const ATTRIBUTE = {
  MAPPED_ADDRESS: 0x0001,
  USERNAME: 0x0006,
  MESSAGE_INTEGRITY: 0x0008,
  ERROR_CODE: 0x0009,
  UNKNOWN_ATTRIBUTES: 0x000a,
  REALM: 0x0014,
  NONCE: 0x0015,
  XOR_MAPPED_ADDRESS: 0x0020,
  PRIORITY: 0x0024,
  USE_CANDIDATE: 0x0025,
  FINGERPRINT: 0x8028,
  ICE_CONTROLLED: 0x8029,
  ICE_CONTROLLING: 0x802a,
} as const;

/** The most unknown attributes that a message's view lists: what is answered stays small whatever was asked. */
export const MAX_UNKNOWN_ATTRIBUTES = 8;

/** XORed to the CRC, so that it is not that of another protocol in the same datagram (RFC 8489 section 14.7). */
const FINGERPRINT_XOR = 0x5354554e;
const COLON = 0x3a;
const EMPTY = new Uint8Array(0);

/** The value of the FINGERPRINT attribute that begins at `offset`; the header's length must already count it. */
export function fingerprint(bytes: Uint8Array, offset: number): number {
  return (crc32(bytes, offset) ^ FINGERPRINT_XOR) >>> 0;
}

/**
 * The value of the MESSAGE-INTEGRITY attribute that begins at `offset` (RFC 8489 section 14.5), for short-term
 * credentials; valid until the next call. `head` is the message's first 4 bytes with a length that ends behind the
 * attribute.
 */
export function messageIntegrity(head: Uint8Array, bytes: Uint8Array, offset: number, password: string): Uint8Array {
  return hmacSha1(password, head, bytes, head.length, offset);
}

/**
 * A view of one STUN message (RFC 8489): `parse` notes what ICE asks for; nothing is copied, so one instance is reused
 * for every message. What stands behind MESSAGE-INTEGRITY is not authenticated and, FINGERPRINT aside, not read.
 * Where an attribute comes twice the first counts (section 14).
 */
export class StunMessage {
  /** The buffer that holds the message, which starts at index 0. */
  bytes: Uint8Array = EMPTY;
  length = 0;
  /** Method and class, as in BINDING_REQUEST. */
  type = 0;
  /** Where the text of USERNAME begins; 0 where there is none. */
  usernameOffset = 0;
  usernameLength = 0;
  /** The value of PRIORITY; -1 where there is none. */
  priority = -1;
  useCandidate = false;
  iceControlled = false;
  iceControlling = false;
  /** The code of ERROR-CODE (300-699); 0 where there is none. */
  errorCode = 0;
  /** Where the MESSAGE-INTEGRITY attribute begins; 0 where there is none. */
  integrityOffset = 0;
  hasFingerprint = false;
  /** Types of the comprehension-required attributes that this code does not know; the first `unknownCount` are valid. */
  readonly unknownAttributes: Uint16Array = new Uint16Array(MAX_UNKNOWN_ATTRIBUTES);
  unknownCount = 0;

  readonly #head = new Uint8Array(4);

  /**
   * Points this view at `bytes[0, length)`; false, with the view unusable, where that is no STUN message: a wrong
   * cookie or length, an attribute that runs past the end or has not its type's length, a wrong FINGERPRINT.
   */
  parse(bytes: Uint8Array, length: number): boolean {
    if (length < STUN_HEADER_LENGTH || length > bytes.length || length % 4 !== 0) return false;
    if (bytes[0] > 3 || readUint16(bytes, 2) !== length - STUN_HEADER_LENGTH) return false;
    if (readUint32(bytes, 4) !== MAGIC_COOKIE) return false;
    this.#reset(bytes, length);
    let offset = STUN_HEADER_LENGTH;
    // Both are multiples of 4, so inside the loop an attribute's header lies within the message.
    while (offset < length) {
      const valueLength = readUint16(bytes, offset + 2);
      const end = offset + 4 + paddedLength(valueLength);
      if (end > length || !this.#readAttribute(offset, valueLength)) return false;
      offset = end;
    }
    return true;
  }

  /** Whether USERNAME is `ufrag`, a colon and anything behind. */
  isAddressedTo(ufrag: string): boolean {
    const { bytes, usernameOffset } = this;
    if (this.usernameLength <= ufrag.length || bytes[usernameOffset + ufrag.length] !== COLON) return false;
    for (let i = 0; i < ufrag.length; i++) {
      if (bytes[usernameOffset + i] !== ufrag.charCodeAt(i)) return false;
    }
    return true;
  }

  /** Whether a MESSAGE-INTEGRITY is there and was made with `password` (RFC 8489 section 9.1). */
  hasValidIntegrity(password: string): boolean {
    const offset = this.integrityOffset;
    if (offset === 0) return false;
    const head = this.#head;
    writeUint16(head, 0, this.type);
    writeUint16(head, 2, offset + INTEGRITY_LENGTH - STUN_HEADER_LENGTH);
    const expected = messageIntegrity(head, this.bytes, offset, password);
    // In a time that does not tell where they differ.
    let difference = 0;
    for (let i = 0; i < DIGEST_LENGTH; i++) difference |= expected[i] ^ this.bytes[offset + 4 + i];
    return difference === 0;
  }

  #reset(bytes: Uint8Array, length: number): void {
    this.bytes = bytes;
    this.length = length;
    this.type = readUint16(bytes, 0);
    this.usernameOffset = 0;
    this.usernameLength = 0;
    this.priority = -1;
    this.useCandidate = false;
    this.iceControlled = false;
    this.iceControlling = false;
    this.errorCode = 0;
    this.integrityOffset = 0;
    this.hasFingerprint = false;
    this.unknownCount = 0;
  }

  /** Notes the attribute whose header is at `offset`; false where it makes the message invalid. */
  #readAttribute(offset: number, length: number): boolean {
    const type = readUint16(this.bytes, offset);
    if (type === ATTRIBUTE.FINGERPRINT) return this.#readFingerprint(offset, length);
    if (this.integrityOffset !== 0) return true;
    switch (type) {
      case ATTRIBUTE.USERNAME:
        return this.#readUsername(offset + 4, length);
      case ATTRIBUTE.MESSAGE_INTEGRITY:
        this.integrityOffset = offset;
        return length === INTEGRITY_LENGTH - 4;
      case ATTRIBUTE.ERROR_CODE:
        return this.#readErrorCode(offset + 4, length);
      case ATTRIBUTE.PRIORITY:
        return this.#readPriority(offset + 4, length);
      case ATTRIBUTE.USE_CANDIDATE:
        this.useCandidate = true;
        return length === 0;
      case ATTRIBUTE.ICE_CONTROLLED:
        this.iceControlled = true;
        return length === 8;
      case ATTRIBUTE.ICE_CONTROLLING:
        this.iceControlling = true;
        return length === 8;
      default:
        this.#noteUnknown(type);
        return true;
    }
  }

  /** It must be the last attribute, so the header's length is already the one that it was computed with. */
  #readFingerprint(offset: number, length: number): boolean {
    this.hasFingerprint = true;
    return length === 4 && offset + FINGERPRINT_LENGTH === this.length &&
      readUint32(this.bytes, offset + 4) === fingerprint(this.bytes, offset);
  }

  #readUsername(offset: number, length: number): boolean {
    if (this.usernameOffset === 0) {
      this.usernameOffset = offset;
      this.usernameLength = length;
    }
    return true;
  }

  #readPriority(offset: number, length: number): boolean {
    if (length !== 4) return false;
    if (this.priority === -1) this.priority = readUint32(this.bytes, offset);
    return true;
  }

  #readErrorCode(offset: number, length: number): boolean {
    if (length < 4) return false;
    if (this.errorCode === 0) this.errorCode = (this.bytes[offset + 2] & 0x07) * 100 + this.bytes[offset + 3];
    return true;
  }

  #noteUnknown(type: number): void {
    if (type >= 0x8000 || isKnownButUnused(type) || this.unknownCount === MAX_UNKNOWN_ATTRIBUTES) return;
    this.unknownAttributes[this.unknownCount++] = type;
  }
}

/** Bytes of an attribute's value with the padding behind it (RFC 8489 section 14). */
export function paddedLength(length: number): number {
  return (length + 3) & ~3;
}

/** Attributes of RFC 8489 that mean nothing in a check: they are ignored, not refused (section 6.3). */
function isKnownButUnused(type: number): boolean {
  return type === ATTRIBUTE.MAPPED_ADDRESS || type === ATTRIBUTE.UNKNOWN_ATTRIBUTES || type === ATTRIBUTE.REALM ||
    type === ATTRIBUTE.NONCE || type === ATTRIBUTE.XOR_MAPPED_ADDRESS;
}
