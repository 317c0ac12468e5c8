import { writeUint16, writeUint32 } from "../rtp/bytes.ts";

/** draft-ietf-opsawg-pcapng. All numbers are big-endian, which the magic number says. */
const SECTION_HEADER_BLOCK = 0x0a0d0d0a;
const INTERFACE_DESCRIPTION_BLOCK = 1;
const INTERFACE_STATISTICS_BLOCK = 5;
const ENHANCED_PACKET_BLOCK = 6;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const BLOCK_OVERHEAD = 12;
const PACKET_OVERHEAD = 20;

/** Packets begin with an IP header. */
const LINKTYPE_RAW = 101;

const OPTION_END = 0;
const OPTION_COMMENT = 1;
const SHB_USER_APPLICATION = 4;
const EPB_FLAGS = 2;
const ISB_DROPPED = 5;
const INBOUND = 1;
const OUTBOUND = 2;

const IP_HEADER_LENGTH = 20;
const UDP_HEADER_LENGTH = 8;
/** Bytes in front of each packet. */
const HEADERS_LENGTH = IP_HEADER_LENGTH + UDP_HEADER_LENGTH;
const UDP = 17;
const TIME_TO_LIVE = 64;

/** Of documentation (RFC 5737): whose packets they are need not be told to whoever gets the file. */
const CLIENT = { address: [192, 0, 2, 1], port: 50_000 };
const SERVER = { address: [192, 0, 2, 2], port: 5004 };

const encoder = new TextEncoder();

/** A packet as Wireshark shows it. */
export interface PcapngPacket {
  /** Unix time in microseconds. */
  readonly unixUs: number;
  /** From the server to its client. */
  readonly isSent: boolean;
  /** Bytes of the whole RTP or RTCP packet. */
  readonly length: number;
  /** Its beginning, or all of it. */
  readonly bytes: Uint8Array;
}

/** What a file begins with: a section, of which `comment` is shown, and the one interface that its packets went by. */
export function pcapngHeader(comment: string): Uint8Array<ArrayBuffer> {
  const section = new Uint8Array(16);
  writeUint32(section, 0, BYTE_ORDER_MAGIC);
  // Version 1.0, and a section of unknown length.
  writeUint16(section, 4, 1);
  section.fill(0xff, 8);
  const told = [
    option(OPTION_COMMENT, encoder.encode(comment)),
    option(SHB_USER_APPLICATION, encoder.encode("Switchboard")),
  ];
  const description = new Uint8Array(8);
  writeUint16(description, 0, LINKTYPE_RAW);
  return joined([
    block(SECTION_HEADER_BLOCK, [section, ...told, option(OPTION_END)]),
    block(INTERFACE_DESCRIPTION_BLOCK, [description]),
  ]);
}

/** The block of one packet, behind IPv4 and UDP headers that are made up. Its times are in microseconds. */
export function pcapngPacket({ unixUs, isSent, length, bytes }: PcapngPacket): Uint8Array<ArrayBuffer> {
  const head = new Uint8Array(PACKET_OVERHEAD);
  writeTime(head, 4, unixUs);
  writeUint32(head, 12, HEADERS_LENGTH + bytes.length);
  writeUint32(head, 16, HEADERS_LENGTH + length);
  const flags = new Uint8Array(4);
  writeUint32(flags, 0, isSent ? OUTBOUND : INBOUND);
  const data = padded([udpHeaders(isSent, length), bytes]);
  return block(ENHANCED_PACKET_BLOCK, [head, data, option(EPB_FLAGS, flags), option(OPTION_END)]);
}

/** The end of a file: how many packets it leaves out. */
export function pcapngEnd(unixUs: number, missed: number): Uint8Array<ArrayBuffer> {
  const head = new Uint8Array(12);
  writeTime(head, 4, unixUs);
  const dropped = new Uint8Array(8);
  writeUint32(dropped, 4, missed);
  return block(INTERFACE_STATISTICS_BLOCK, [head, option(ISB_DROPPED, dropped), option(OPTION_END)]);
}

/** The length of `pcapngEnd`. */
export const PCAPNG_END_LENGTH = pcapngEnd(0, 0).length;

function udpHeaders(isSent: boolean, length: number): Uint8Array {
  const [from, to] = isSent ? [SERVER, CLIENT] : [CLIENT, SERVER];
  const bytes = new Uint8Array(HEADERS_LENGTH);
  bytes[0] = 0x45;
  writeUint16(bytes, 2, HEADERS_LENGTH + length);
  bytes[8] = TIME_TO_LIVE;
  bytes[9] = UDP;
  bytes.set(from.address, 12);
  bytes.set(to.address, 16);
  writeUint16(bytes, 10, checksum(bytes.subarray(0, IP_HEADER_LENGTH)));
  writeUint16(bytes, 20, from.port);
  writeUint16(bytes, 22, to.port);
  // With a checksum of 0 there is none (RFC 768), and none would fit what is left out.
  writeUint16(bytes, 24, UDP_HEADER_LENGTH + length);
  return bytes;
}

/** RFC 1071, of an even number of bytes. */
function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += bytes[i] * 256 + bytes[i + 1];
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** Two halves of 32 bits, the higher one first. */
function writeTime(bytes: Uint8Array, offset: number, unixUs: number): void {
  writeUint32(bytes, offset, Math.floor(unixUs / 2 ** 32));
  writeUint32(bytes, offset + 4, unixUs % 2 ** 32);
}

function option(code: number, value: Uint8Array = new Uint8Array(0)): Uint8Array {
  const head = new Uint8Array(4);
  writeUint16(head, 0, code);
  writeUint16(head, 2, value.length);
  return padded([head, value]);
}

function block(type: number, parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const length = parts.reduce((sum, part) => sum + part.length, BLOCK_OVERHEAD);
  const bytes = new Uint8Array(length);
  writeUint32(bytes, 0, type);
  writeUint32(bytes, 4, length);
  bytes.set(joined(parts), 8);
  writeUint32(bytes, length - 4, length);
  return bytes;
}

/** To a multiple of four bytes. */
function padded(parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return joined([...parts, new Uint8Array(-length & 3)]);
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}
