import { writeUint16, writeUint32 } from "../rtp/bytes.ts";
import {
  ATTRIBUTE,
  fingerprint,
  FINGERPRINT_LENGTH,
  INTEGRITY_LENGTH,
  MAGIC_COOKIE,
  messageIntegrity,
  paddedLength,
  STUN_HEADER_LENGTH,
  TRANSACTION_ID_LENGTH,
  TRANSACTION_ID_OFFSET,
} from "./stun.ts";

/** Bytes that `endMessage` adds. */
export const TRAILER_LENGTH = INTEGRITY_LENGTH + FINGERPRINT_LENGTH;

/**
 * Writes the header of a STUN message (RFC 8489 section 5) with the transaction id at `source[sourceOffset]`, and
 * returns where the first attribute goes. The buffer's room is the caller's to check, here and below.
 */
export function beginMessage(buffer: Uint8Array, type: number, source: Uint8Array, sourceOffset: number): number {
  writeUint16(buffer, 0, type);
  writeUint32(buffer, 4, MAGIC_COOKIE);
  for (let i = 0; i < TRANSACTION_ID_LENGTH; i++) buffer[TRANSACTION_ID_OFFSET + i] = source[sourceOffset + i];
  return STUN_HEADER_LENGTH;
}

/** Writes an attribute's header and zeroed value at `offset`; the value goes to `offset + 4`. Returns where the next goes. */
export function writeAttribute(buffer: Uint8Array, offset: number, type: number, length: number): number {
  const end = offset + 4 + paddedLength(length);
  writeUint16(buffer, offset, type);
  writeUint16(buffer, offset + 2, length);
  buffer.fill(0, offset + 4, end);
  return end;
}

/** Writes `text`, which must be ASCII, at `offset`. */
export function writeAscii(buffer: Uint8Array, offset: number, text: string): void {
  for (let i = 0; i < text.length; i++) buffer[offset + i] = text.charCodeAt(i);
}

/** Writes MESSAGE-INTEGRITY and FINGERPRINT at `offset`, where the attributes end. Returns the message's length. */
export function endMessage(buffer: Uint8Array, offset: number, password: string): number {
  const fingerprintOffset = offset + INTEGRITY_LENGTH;
  const end = fingerprintOffset + FINGERPRINT_LENGTH;
  writeUint16(buffer, 2, fingerprintOffset - STUN_HEADER_LENGTH);
  writeAttribute(buffer, offset, ATTRIBUTE.MESSAGE_INTEGRITY, INTEGRITY_LENGTH - 4);
  buffer.set(messageIntegrity(buffer.subarray(0, 4), buffer, offset, password), offset + 4);
  writeUint16(buffer, 2, end - STUN_HEADER_LENGTH);
  writeAttribute(buffer, fingerprintOffset, ATTRIBUTE.FINGERPRINT, FINGERPRINT_LENGTH - 4);
  writeUint32(buffer, fingerprintOffset + 4, fingerprint(buffer, fingerprintOffset));
  return end;
}
