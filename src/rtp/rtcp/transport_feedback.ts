import { readInt32, readUint16 } from "../bytes.ts";
import { FORMAT_TRANSPORT_WIDE, TRANSPORT_FEEDBACK } from "./packet_types.ts";
import type { RtcpReader } from "./rtcp_reader.ts";

/** Units of 250 us, in which arrivals are told, in one of a reference time: 64 ms. */
export const TICKS_OF_REFERENCE = 256;

/** What a status chunk says of a packet (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1.1). */
export const NOT_RECEIVED = 0;
export const SMALL_DELTA = 1;
export const LARGE_DELTA = 2;
const RESERVED = 3;

/** Of header, SSRCs, base, status count, reference time and feedback count. */
const HEADER_LENGTH = 20;
const CHUNK_LENGTH = 2;
/** Packets that a vector of one-bit or two-bit symbols speaks of. */
const ONE_BIT_SYMBOLS = 14;
const TWO_BIT_SYMBOLS = 7;

/**
 * Walks one transport-wide feedback packet (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1), status by
 * status in the order of sequence numbers. One instance is reused for every packet; nothing is allocated.
 */
export class TransportFeedbackReader {
  /** Packets that are spoken of, received or not. */
  statusCount = 0;
  /** Of the feedback packets of one receiver, modulo 256. */
  feedbackCount = 0;
  /** Of the present packet. */
  sequenceNumber = 0;
  received = false;
  /**
   * When it came, where it was received: in units of 250 us of the receiver's clock, modulo 2^32 as a signed number, which
   * wraps as the reference time does.
   */
  arrivalTicks = 0;
  #bytes: Uint8Array = new Uint8Array(0);
  #left = 0;
  #chunkAt = 0;
  #deltaAt = 0;
  #chunk = 0;
  /** Symbols of the present chunk that are to come. */
  #symbols = 0;

  /**
   * Points before the first status of the packet that `reader` is at. False, with the fields unusable, where that is no
   * transport-wide feedback, or one that does not hold what it says: then none of it can be trusted.
   */
  reset(reader: RtcpReader): boolean {
    const { bytes, offset, length } = reader;
    if (reader.packetType !== TRANSPORT_FEEDBACK || reader.count !== FORMAT_TRANSPORT_WIDE) return false;
    if (length < HEADER_LENGTH) return false;
    const statusCount = readUint16(bytes, offset + 14);
    const chunks = offset + HEADER_LENGTH;
    const deltas = deltasAt(bytes, chunks, offset + length, statusCount);
    if (deltas < 0) return false;
    this.#bytes = bytes;
    this.statusCount = statusCount;
    this.arrivalTicks = readInt32(bytes, offset + 16) & -TICKS_OF_REFERENCE;
    this.feedbackCount = bytes[offset + 19];
    this.sequenceNumber = (readUint16(bytes, offset + 12) - 1) & 0xffff;
    this.#left = statusCount;
    this.#chunkAt = chunks;
    this.#deltaAt = deltas;
    this.#symbols = 0;
    return true;
  }

  /** Goes to the next packet; false at the end. */
  next(): boolean {
    if (this.#left === 0) return false;
    this.#left--;
    if (this.#symbols === 0) this.#nextChunk();
    this.#symbols--;
    this.sequenceNumber = (this.sequenceNumber + 1) & 0xffff;
    const symbol = symbolAt(this.#chunk, this.#symbols);
    this.received = symbol !== NOT_RECEIVED;
    if (symbol === SMALL_DELTA) this.arrivalTicks = (this.arrivalTicks + this.#bytes[this.#deltaAt++]) | 0;
    else if (symbol === LARGE_DELTA) this.arrivalTicks = (this.arrivalTicks + this.#largeDelta()) | 0;
    return true;
  }

  #nextChunk(): void {
    this.#chunk = readUint16(this.#bytes, this.#chunkAt);
    this.#chunkAt += CHUNK_LENGTH;
    this.#symbols = symbolCount(this.#chunk);
  }

  #largeDelta(): number {
    const delta = readUint16(this.#bytes, this.#deltaAt) << 16 >> 16;
    this.#deltaAt += 2;
    return delta;
  }
}

/**
 * Where the deltas begin behind the chunks at `position`, for `count` statuses; -1 where chunks or deltas run past `end`,
 * or a chunk has a symbol without a meaning or says nothing.
 */
function deltasAt(bytes: Uint8Array, position: number, end: number, count: number): number {
  let deltaBytes = 0;
  for (let left = count; left > 0;) {
    if (position + CHUNK_LENGTH > end) return -1;
    const chunk = readUint16(bytes, position);
    const symbols = Math.min(symbolCount(chunk), left);
    const bytesOfChunk = deltaBytesOf(chunk, symbols);
    if (symbols === 0 || bytesOfChunk < 0) return -1;
    deltaBytes += bytesOfChunk;
    left -= symbols;
    position += CHUNK_LENGTH;
  }
  return position + deltaBytes <= end ? position : -1;
}

/** Bytes of the deltas of the first `symbols` packets of a chunk; -1 where the symbol of one is reserved. */
function deltaBytesOf(chunk: number, symbols: number): number {
  if (isRunLength(chunk)) {
    const symbol = runSymbol(chunk);
    return symbol === RESERVED ? -1 : symbol * symbols;
  }
  let bytes = 0;
  const last = symbolCount(chunk) - symbols;
  for (let index = symbolCount(chunk) - 1; index >= last; index--) {
    const symbol = symbolAt(chunk, index);
    if (symbol === RESERVED) return -1;
    // A symbol is the number of bytes that its delta takes.
    bytes += symbol;
  }
  return bytes;
}

function symbolCount(chunk: number): number {
  if (isRunLength(chunk)) return chunk & 0x1fff;
  return isOneBit(chunk) ? ONE_BIT_SYMBOLS : TWO_BIT_SYMBOLS;
}

/** The symbol behind which `index` others of its chunk come. */
function symbolAt(chunk: number, index: number): number {
  if (isRunLength(chunk)) return runSymbol(chunk);
  return isOneBit(chunk) ? (chunk >> index) & 1 : (chunk >> (index * 2)) & 3;
}

function isRunLength(chunk: number): boolean {
  return (chunk & 0x8000) === 0;
}

function runSymbol(chunk: number): number {
  return (chunk >> 13) & 3;
}

function isOneBit(chunk: number): boolean {
  return (chunk & 0x4000) === 0;
}
