import { writeUint16 } from "../rtp/bytes.ts";
import type { RemoteAddress } from "./datagram.ts";
import { parseIpAddress } from "./ip_address.ts";
import {
  ATTRIBUTE,
  BINDING_ERROR,
  BINDING_SUCCESS,
  MAGIC_COOKIE,
  type StunMessage,
  TRANSACTION_ID_OFFSET,
} from "./stun.ts";
import { beginMessage, endMessage, writeAscii, writeAttribute } from "./stun_writer.ts";

/** No response is longer: the buffer that takes one has at least so many bytes. */
export const MAX_RESPONSE_LENGTH = 128;

const IPV4_FAMILY = 1;
const IPV6_FAMILY = 2;

/** Error codes (RFC 8489 section 14.8, RFC 8445 section 16.2) and their reason phrases. */
const REASONS = {
  400: "Bad Request",
  420: "Unknown Attribute",
  487: "Role Conflict",
} as const;

export type StunErrorCode = keyof typeof REASONS;

/**
 * Writes the success response to `request`, which came from `from` (RFC 8445 section 7.3.1.2), and returns its length;
 * 0, with nothing to send, where `from` is no IP address or the buffer is too small.
 */
export function writeBindingSuccess(
  buffer: Uint8Array,
  request: StunMessage,
  from: RemoteAddress,
  password: string,
): number {
  const address = parseIpAddress(from.hostname);
  if (address === undefined || buffer.length < MAX_RESPONSE_LENGTH) return 0;
  const offset = beginMessage(buffer, BINDING_SUCCESS, request.bytes, TRANSACTION_ID_OFFSET);
  return endMessage(buffer, writeXorMappedAddress(buffer, offset, address, from.port), password);
}

/**
 * Writes an error response to `request` and returns its length, 0 where the buffer is too small. Code 420 names the
 * unknown attributes of `request` (RFC 8489 section 6.3.1).
 */
export function writeBindingError(
  buffer: Uint8Array,
  request: StunMessage,
  code: StunErrorCode,
  password: string,
): number {
  if (buffer.length < MAX_RESPONSE_LENGTH) return 0;
  let offset = beginMessage(buffer, BINDING_ERROR, request.bytes, TRANSACTION_ID_OFFSET);
  offset = writeErrorCode(buffer, offset, code);
  if (code === 420) offset = writeUnknownAttributes(buffer, offset, request);
  return endMessage(buffer, offset, password);
}

/** `address` is 4 or 16 bytes. The header must be written: its cookie and transaction id mask the address. */
export function writeXorMappedAddress(buffer: Uint8Array, offset: number, address: Uint8Array, port: number): number {
  const end = writeAttribute(buffer, offset, ATTRIBUTE.XOR_MAPPED_ADDRESS, 4 + address.length);
  buffer[offset + 5] = address.length === 4 ? IPV4_FAMILY : IPV6_FAMILY;
  writeUint16(buffer, offset + 6, port ^ (MAGIC_COOKIE >>> 16));
  for (let i = 0; i < address.length; i++) buffer[offset + 8 + i] = address[i] ^ buffer[4 + i];
  return end;
}

function writeErrorCode(buffer: Uint8Array, offset: number, code: StunErrorCode): number {
  const reason = REASONS[code];
  const end = writeAttribute(buffer, offset, ATTRIBUTE.ERROR_CODE, 4 + reason.length);
  buffer[offset + 6] = Math.floor(code / 100);
  buffer[offset + 7] = code % 100;
  writeAscii(buffer, offset + 8, reason);
  return end;
}

function writeUnknownAttributes(buffer: Uint8Array, offset: number, request: StunMessage): number {
  const end = writeAttribute(buffer, offset, ATTRIBUTE.UNKNOWN_ATTRIBUTES, 2 * request.unknownCount);
  for (let i = 0; i < request.unknownCount; i++) {
    writeUint16(buffer, offset + 4 + 2 * i, request.unknownAttributes[i]);
  }
  return end;
}
