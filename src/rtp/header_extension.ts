import { readUint16, writeUint16 } from "./bytes.ts";
import type { RtpPacket } from "./packet.ts";

/** The profile of the one-byte form (RFC 8285 section 4.2). */
const ONE_BYTE_PROFILE = 0xbede;
/** The profile of the two-byte form, without its application bits (RFC 8285 section 4.3). */
const TWO_BYTE_PROFILE = 0x1000;
const MAX_ONE_BYTE_ID = 14;
const MAX_ONE_BYTE_LENGTH = 16;
const MAX_TWO_BYTE_LENGTH = 255;
/** A transport-wide sequence number that is not known yet. */
const NO_NUMBER = new Uint8Array(2);

// An element is named by the offset of its data. Both forms keep the length in the byte before the data, so that this
// one number is all the state a walk needs.

/** The data offset of the first element with this id, -1 where there is none. Its length: `elementLength`. */
export function findExtension(packet: RtpPacket, id: number): number {
  let element = firstElement(packet);
  while (element >= 0 && elementId(packet, element) !== id) element = nextElement(packet, element);
  return element;
}

/** The data offset of the first element, -1 where there is none. A malformed element ends the walk. */
function firstElement(packet: RtpPacket): number {
  return elementAt(packet, packet.extensionOffset);
}

/** The data offset of the element behind `element`, -1 at the end. */
function nextElement(packet: RtpPacket, element: number): number {
  return elementAt(packet, element + elementLength(packet, element));
}

/** The id of an element: 1-14 in the one-byte form, 1-255 in the two-byte form. */
function elementId(packet: RtpPacket, element: number): number {
  return packet.extensionProfile === ONE_BYTE_PROFILE ? packet.bytes[element - 1] >> 4 : packet.bytes[element - 2];
}

/** Bytes of data of an element: 1-16 in the one-byte form, 0-255 in the two-byte form. */
export function elementLength(packet: RtpPacket, element: number): number {
  const field = packet.bytes[element - 1];
  return packet.extensionProfile === ONE_BYTE_PROFILE ? (field & 0x0f) + 1 : field;
}

/**
 * Writes the header extension of a forwarded packet at `out[offset]` and returns its bytes, profile and length
 * included; 0, with the X bit to be left clear, where it has no element. `idMap` gives the id that the
 * subscriber negotiated for each of the publisher's ids, 0 to leave the element out; the publisher's MID maps to 0,
 * because a MID element of our own is written where `midId` is not 0. So does the publisher's transport-wide sequence
 * number: where `transportId` is not 0 there is room for one of our own, which `writeTransportSequenceNumber` fills in. The
 * one-byte form is used where all elements fit it. Elements that do not fit into `out` are left out.
 */
export function writeExtensions(
  out: Uint8Array,
  offset: number,
  packet: RtpPacket,
  idMap: Uint8Array,
  midId: number,
  mid: Uint8Array,
  transportId = 0,
): number {
  const twoByte = transportId > MAX_ONE_BYTE_ID || needsTwoByteForm(packet, idMap, midId, mid);
  const start = offset + 4;
  // The block is a whole number of words, so a last part of `out` that is no whole word cannot be used.
  const end = start + ((out.length - start) & ~3);
  let position = start;
  // In front, where it is found without a walk; the number comes once the length of the packet is known.
  if (transportId !== 0) position = writeElement(out, position, end, twoByte, transportId, NO_NUMBER, 0, 2);
  // Then the MID: the subscriber needs it more than what may not fit behind it.
  if (midId !== 0) position = writeElement(out, position, end, twoByte, midId, mid, 0, mid.length);
  for (let element = firstElement(packet); element >= 0; element = nextElement(packet, element)) {
    const id = mappedId(idMap, elementId(packet, element));
    if (id === 0) continue;
    position = writeElement(out, position, end, twoByte, id, packet.bytes, element, elementLength(packet, element));
  }
  if (position === start) return 0;
  while (((position - start) & 3) !== 0) out[position++] = 0;
  writeUint16(out, offset, twoByte ? TWO_BYTE_PROFILE : ONE_BYTE_PROFILE);
  writeUint16(out, offset + 2, (position - start) >> 2);
  return position - offset;
}

/**
 * The transport-wide sequence number of a packet (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 2), -1 where
 * it has none under this id.
 */
export function readTransportSequenceNumber(packet: RtpPacket, id: number): number {
  const element = findExtension(packet, id);
  return element >= 0 && elementLength(packet, element) >= 2 ? readUint16(packet.bytes, element) : -1;
}

/** Fills in the number for which `writeExtensions` has left room at `out[offset]`. */
export function writeTransportSequenceNumber(out: Uint8Array, offset: number, sequenceNumber: number): void {
  const isOneByte = readUint16(out, offset) === ONE_BYTE_PROFILE;
  writeUint16(out, offset + (isOneByte ? 5 : 6), sequenceNumber);
}

/** The data offset of the first whole element whose header is at `offset` or behind padding there, else -1. */
function elementAt(packet: RtpPacket, offset: number): number {
  if (packet.extensionProfile === ONE_BYTE_PROFILE) return oneByteElementAt(packet, offset);
  if ((packet.extensionProfile & 0xfff0) === TWO_BYTE_PROFILE) return twoByteElementAt(packet, offset);
  return -1;
}

function oneByteElementAt(packet: RtpPacket, offset: number): number {
  const end = packet.extensionOffset + packet.extensionLength;
  const header = skipPadding(packet.bytes, offset, end);
  if (header >= end) return -1;
  // Id 15 ends the walk, and so does id 0 with a length (RFC 8285 section 4.2).
  const id = packet.bytes[header] >> 4;
  if (id === 0 || id === 15) return -1;
  return header + 2 + (packet.bytes[header] & 0x0f) <= end ? header + 1 : -1;
}

function twoByteElementAt(packet: RtpPacket, offset: number): number {
  const end = packet.extensionOffset + packet.extensionLength;
  const header = skipPadding(packet.bytes, offset, end);
  if (header + 2 > end) return -1;
  return header + 2 + packet.bytes[header + 1] <= end ? header + 2 : -1;
}

function skipPadding(bytes: Uint8Array, offset: number, end: number): number {
  while (offset < end && bytes[offset] === 0) offset++;
  return offset;
}

function needsTwoByteForm(packet: RtpPacket, idMap: Uint8Array, midId: number, mid: Uint8Array): boolean {
  if (midId !== 0 && !fitsOneByteForm(midId, mid.length)) return true;
  for (let element = firstElement(packet); element >= 0; element = nextElement(packet, element)) {
    const id = mappedId(idMap, elementId(packet, element));
    if (id !== 0 && !fitsOneByteForm(id, elementLength(packet, element))) return true;
  }
  return false;
}

/** Ids behind the end of the map are those of no extension. */
function mappedId(idMap: Uint8Array, id: number): number {
  return id < idMap.length ? idMap[id] : 0;
}

function fitsOneByteForm(id: number, length: number): boolean {
  return id <= MAX_ONE_BYTE_ID && length > 0 && length <= MAX_ONE_BYTE_LENGTH;
}

/** Writes one element at `position` and returns where it ends; `position` itself where it does not fit. */
function writeElement(
  out: Uint8Array,
  position: number,
  end: number,
  twoByte: boolean,
  id: number,
  source: Uint8Array,
  sourceOffset: number,
  length: number,
): number {
  const data = position + (twoByte ? 2 : 1);
  if (length > MAX_TWO_BYTE_LENGTH || data + length > end) return position;
  if (twoByte) {
    out[position] = id;
    out[position + 1] = length;
  } else {
    out[position] = (id << 4) | (length - 1);
  }
  // Elements are short: a loop costs less than the `subarray` that `set` would need.
  for (let i = 0; i < length; i++) out[data + i] = source[sourceOffset + i];
  return data + length;
}
