import { readUint16 } from "../../rtp/bytes.ts";
import { MAGIC_COOKIE, paddedLength, STUN_HEADER_LENGTH, type StunMessage } from "../../webrtc/stun.ts";
import { parseIpAddress } from "../../webrtc/ip_address.ts";
import type { Endpoint } from "./path.ts";

const IPV4_FAMILY = 1;
const decoder = new TextDecoder();

/** The value of the first attribute of that type (RFC 8489 section 14); undefined where there is none. */
export function attributeOf({ bytes, length }: StunMessage, type: number): Uint8Array | undefined {
  for (let offset = STUN_HEADER_LENGTH; offset < length;) {
    const valueLength = readUint16(bytes, offset + 2);
    if (readUint16(bytes, offset) === type) return bytes.slice(offset + 4, offset + 4 + valueLength);
    offset += 4 + paddedLength(valueLength);
  }
  return undefined;
}

export function textOf(message: StunMessage, type: number): string | undefined {
  const value = attributeOf(message, type);
  return value && decoder.decode(value);
}

/** Reads an attribute of the form of XOR-MAPPED-ADDRESS (RFC 8489 section 14.2); undefined where it has not that form. */
export function xorAddressOf(message: StunMessage, type: number): Endpoint | undefined {
  const value = attributeOf(message, type);
  if (value === undefined || value.length !== (value[1] === IPV4_FAMILY ? 8 : 20)) return undefined;
  const bytes = value.slice(4).map((byte, i) => byte ^ message.bytes[4 + i]);
  return { address: addressText(bytes), port: readUint16(value, 2) ^ (MAGIC_COOKIE >>> 16) };
}

/** The value of such an attribute, for a message with this transaction id. Throws a TypeError for what is no IP address. */
export function xorAddress({ address, port }: Endpoint, transactionId: Uint8Array): Uint8Array {
  const bytes = parseIpAddress(address);
  if (bytes === undefined) throw new TypeError(`${address} is no IP address`);
  const mask = Uint8Array.of(0x21, 0x12, 0xa4, 0x42, ...transactionId);
  const masked = bytes.map((byte, i) => byte ^ mask[i]);
  const maskedPort = port ^ (MAGIC_COOKIE >>> 16);
  return Uint8Array.of(0, bytes.length === 4 ? IPV4_FAMILY : 2, maskedPort >>> 8, maskedPort & 0xff, ...masked);
}

function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  const groups = Array.from({ length: 8 }, (_, i) => readUint16(bytes, 2 * i).toString(16));
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}
