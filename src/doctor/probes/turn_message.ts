import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { writeUint16 } from "../../rtp/bytes.ts";
import { ATTRIBUTE, STUN_HEADER_LENGTH } from "../../webrtc/stun.ts";
import { beginMessage, endMessage, TRAILER_LENGTH, writeAttribute } from "../../webrtc/stun_writer.ts";
import type { Framing } from "./path.ts";

/** Message types: each method with its class (RFC 8656 section 17). */
export const TURN = {
  ALLOCATE: 0x0003,
  ALLOCATE_SUCCESS: 0x0103,
  REFRESH: 0x0004,
  SEND_INDICATION: 0x0016,
  DATA_INDICATION: 0x0017,
  CREATE_PERMISSION: 0x0008,
  CREATE_PERMISSION_SUCCESS: 0x0108,
} as const;

/** Attribute types (RFC 8656 section 18). */
export const TURN_ATTRIBUTE = {
  LIFETIME: 0x000d,
  XOR_PEER_ADDRESS: 0x0012,
  DATA: 0x0013,
  XOR_RELAYED_ADDRESS: 0x0016,
  REQUESTED_TRANSPORT: 0x0019,
} as const;

/** The value of REQUESTED-TRANSPORT that asks for UDP: its protocol number, and three bytes that mean nothing. */
export const UDP = Uint8Array.of(17, 0, 0, 0);
/** The value of LIFETIME that ends an allocation. */
export const NO_TIME = new Uint8Array(4);

export type Attribute = readonly [type: number, value: Uint8Array];

/** What a server asks for with each request (RFC 8489 section 9.2). */
export interface LongTermCredentials {
  readonly username: string;
  readonly password: string;
  readonly realm: string;
  readonly nonce: string;
}

/** A request or an indication, which has no credentials. */
export function writeTurnMessage(
  type: number,
  transactionId: Uint8Array,
  attributes: readonly Attribute[],
  credentials?: LongTermCredentials,
): Uint8Array {
  const all = credentials === undefined ? attributes : [...attributes, ...credentialAttributes(credentials)];
  const room = all.reduce((sum, [, value]) => sum + 4 + value.length + 3, STUN_HEADER_LENGTH + TRAILER_LENGTH);
  const buffer = new Uint8Array(room);
  let offset = beginMessage(buffer, type, transactionId, 0);
  for (const [attribute, value] of all) {
    const end = writeAttribute(buffer, offset, attribute, value.length);
    buffer.set(value, offset + 4);
    offset = end;
  }
  writeUint16(buffer, 2, offset - STUN_HEADER_LENGTH);
  const length = credentials === undefined ? offset : endMessage(buffer, offset, keyOf(credentials));
  return buffer.subarray(0, length);
}

/**
 * The key of MESSAGE-INTEGRITY (RFC 8489 section 9.2.2), in the form that short-term passwords have: a character for each
 * byte.
 */
export function keyOf({ username, realm, password }: LongTermCredentials): string {
  return createHash("md5").update(`${username}:${realm}:${password}`).digest("latin1");
}

function credentialAttributes({ username, realm, nonce }: LongTermCredentials): Attribute[] {
  return [
    [ATTRIBUTE.USERNAME, Buffer.from(username)],
    [ATTRIBUTE.REALM, Buffer.from(realm)],
    [ATTRIBUTE.NONCE, Buffer.from(nonce)],
  ];
}

/** STUN messages tell their own length (RFC 8656 section 3.1): channels, which do so otherwise, are not asked for. */
export const SELF_DELIMITED: Framing = {
  frame: (datagram) => datagram,
  frameLength: (bytes) => bytes.length < 4 ? 0 : STUN_HEADER_LENGTH + bytes[2] * 256 + bytes[3],
  datagram: (frame) => frame,
};
