import { writeUint16, writeUint32 } from "../bytes.ts";
import { FORMAT_TRANSPORT_WIDE, TRANSPORT_FEEDBACK } from "./packet_types.ts";
import { writeRtcpHeader } from "./rtcp_header.ts";
import { LARGE_DELTA, NOT_RECEIVED, SMALL_DELTA, TICKS_OF_REFERENCE } from "./transport_feedback.ts";

const HEADER_LENGTH = 20;
const CHUNK_LENGTH = 2;
const ONE_BIT_SYMBOLS = 14;
const TWO_BIT_SYMBOLS = 7;
const MAX_RUN = 0x1fff;
/** Statuses that one packet speaks of at the most. */
const MAX_STATUSES = 1024;

/** When packets came, for the writer. */
export interface Arrivals {
  /** Whether the packet of this transport-wide sequence number came. */
  has(sequenceNumber: number): boolean;
  /** When it came, in units of 250 us: 32 bits, signed, which wrap as the reference time does. */
  ticksOf(sequenceNumber: number): number;
}

const symbols = new Uint8Array(MAX_STATUSES);

/**
 * Writes transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1). One instance is for one
 * receiver of it, as the packets are counted.
 */
export class TransportFeedbackWriter {
  /** Statuses that the last packet speaks of: those behind are for the next. */
  statusCount = 0;
  #feedbackCount = 0;

  /**
   * Writes feedback on the packets from `base` on, `count` at most and as far as they fit, and returns its bytes; 0, with
   * nothing written, where not one that came fits. It ends with the last one that came, and before one that came more than
   * 8 s earlier or later than the one before it, which no delta can say.
   */
  write(
    out: Uint8Array,
    offset: number,
    senderSsrc: number,
    mediaSsrc: number,
    base: number,
    count: number,
    arrivals: Arrivals,
  ): number {
    const start = referenceOf(arrivals, base, count);
    const statuses = this.statusCount = fill(arrivals, base, count, start, out.length - offset);
    if (statuses === 0) return 0;
    const chunks = offset + HEADER_LENGTH;
    const deltas = writeChunks(out, chunks, statuses);
    let end = writeDeltas(out, deltas, arrivals, base, statuses, start);
    while (((end - offset) & 3) !== 0) out[end++] = 0;
    writeRtcpHeader(out, offset, FORMAT_TRANSPORT_WIDE, TRANSPORT_FEEDBACK, end - offset, senderSsrc);
    writeUint32(out, offset + 8, mediaSsrc);
    writeUint16(out, offset + 12, base);
    writeUint16(out, offset + 14, statuses);
    writeUint32(out, offset + 16, start | this.#feedbackCount);
    this.#feedbackCount = (this.#feedbackCount + 1) & 0xff;
    return end - offset;
  }
}

/** The time that the deltas are counted from: the first packet that came is less than 64 ms behind. */
function referenceOf(arrivals: Arrivals, base: number, count: number): number {
  let first = 0;
  while (first < count - 1 && !arrivals.has((base + first) & 0xffff)) first++;
  return arrivals.ticksOf((base + first) & 0xffff) & -TICKS_OF_REFERENCE;
}

/** Fills `symbols` and returns for how many packets: the last of them came. */
function fill(arrivals: Arrivals, base: number, count: number, start: number, room: number): number {
  let end = 0;
  let deltaBytes = 0;
  let before = start;
  for (let i = 0; i < count && i < MAX_STATUSES; i++) {
    const sequenceNumber = (base + i) & 0xffff;
    symbols[i] = NOT_RECEIVED;
    if (!arrivals.has(sequenceNumber)) continue;
    const ticks = arrivals.ticksOf(sequenceNumber);
    const delta = (ticks - before) | 0;
    if (delta < -0x8000 || delta > 0x7fff) break;
    symbols[i] = delta >= 0 && delta <= 0xff ? SMALL_DELTA : LARGE_DELTA;
    deltaBytes += symbols[i];
    // As if every chunk were a two-bit vector, which takes the most, and with padding.
    const chunkBytes = Math.ceil((i + 1) / TWO_BIT_SYMBOLS) * CHUNK_LENGTH;
    if (HEADER_LENGTH + chunkBytes + deltaBytes + 3 > room) break;
    before = ticks;
    end = i + 1;
  }
  return end;
}

/** Returns where the chunks for `symbols[0, count)` end. */
function writeChunks(out: Uint8Array, position: number, count: number): number {
  for (let i = 0; i < count; position += CHUNK_LENGTH) {
    const run = runFrom(i, count);
    const vector = hasLargeDelta(i, Math.min(i + ONE_BIT_SYMBOLS, count)) ? TWO_BIT_SYMBOLS : ONE_BIT_SYMBOLS;
    if (run >= vector || i + run === count) {
      writeUint16(out, position, (symbols[i] << 13) | run);
      i += run;
    } else {
      writeUint16(out, position, vectorAt(i, count, vector));
      i += Math.min(vector, count - i);
    }
  }
  return position;
}

function runFrom(start: number, count: number): number {
  let end = start + 1;
  while (end < count && end - start < MAX_RUN && symbols[end] === symbols[start]) end++;
  return end - start;
}

function hasLargeDelta(start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (symbols[i] === LARGE_DELTA) return true;
  return false;
}

/** A vector chunk of `size` symbols; those behind `count` are 0, and not counted. */
function vectorAt(start: number, count: number, size: number): number {
  const bits = size === ONE_BIT_SYMBOLS ? 1 : 2;
  let chunk = size === ONE_BIT_SYMBOLS ? 0x8000 : 0xc000;
  for (let i = 0; i < size && start + i < count; i++) chunk |= symbols[start + i] << ((size - 1 - i) * bits);
  return chunk;
}

/** Returns where the deltas end. */
function writeDeltas(
  out: Uint8Array,
  position: number,
  arrivals: Arrivals,
  base: number,
  count: number,
  start: number,
): number {
  let before = start;
  for (let i = 0; i < count; i++) {
    if (symbols[i] === NOT_RECEIVED) continue;
    const ticks = arrivals.ticksOf((base + i) & 0xffff);
    const delta = (ticks - before) | 0;
    before = ticks;
    if (symbols[i] === SMALL_DELTA) {
      out[position++] = delta;
    } else {
      writeUint16(out, position, delta);
      position += 2;
    }
  }
  return position;
}
