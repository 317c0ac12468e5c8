import { readUint16, readUint32, writeUint16, writeUint32 } from "../rtp/bytes.ts";

/** Some packets of one peer, in the order in which they came and went. */
export interface CapturedBatch {
  /** Of the capture: what is on its way when one ends may come when the next one has begun. */
  readonly number: number;
  /** When it is told, in milliseconds of the isolate that has the media, from an arbitrary start. */
  readonly toldMs: number;
  /** As `readCaptured` reads them. */
  readonly bytes: Uint8Array;
  /** Packets since the batch before that it leaves out: nobody took those before it. */
  readonly missed: number;
  /** None comes behind it. */
  readonly isLast?: true;
}

/** A captured packet, RTP or RTCP. */
export interface CapturedPacket {
  /** How long before the batch was told, in microseconds. */
  readonly ageUs: number;
  /** From the server to its client. */
  readonly isSent: boolean;
  /** Bytes of the whole packet, in the clear. */
  readonly length: number;
  /** Its beginning, or all of it. */
  readonly bytes: Uint8Array;
}

/** In the 16 bits of a length, which is less. */
const SENT_FLAG = 0x8000;
const RECORD_HEADER_LENGTH = 8;

/**
 * Packets on their way from the media to whoever captures them: each has 32 bits of microseconds, of the writer's time; 16 of
 * its length, the first one for its direction; 16 of how much of it follows.
 */
export class CaptureWriter {
  readonly #bytes: Uint8Array;
  #length = 0;

  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity);
  }

  /** Bytes that were written. */
  get length(): number {
    return this.#length;
  }

  /** Whether there is room for a packet of which `captured` bytes are kept. */
  hasRoom(captured: number): boolean {
    return this.#length + RECORD_HEADER_LENGTH + captured <= this.#bytes.length;
  }

  /** Begins a packet, whose bytes are to be appended: so many that there is room for, `captured` in all. */
  begin(nowMs: number, isSent: boolean, length: number, captured: number): void {
    writeUint32(this.#bytes, this.#length, microseconds(nowMs));
    writeUint16(this.#bytes, this.#length + 4, length | (isSent ? SENT_FLAG : 0));
    writeUint16(this.#bytes, this.#length + 6, captured);
    this.#length += RECORD_HEADER_LENGTH;
  }

  append(source: Uint8Array, offset: number, length: number): void {
    this.#bytes.set(source.subarray(offset, offset + length), this.#length);
    this.#length += length;
  }

  /** A copy of what was written; the next packet is the first again. */
  take(): Uint8Array {
    const bytes = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    return bytes;
  }
}

/** The packets of a batch; none behind one that is not whole. */
export function* readCaptured({ toldMs, bytes }: CapturedBatch): Generator<CapturedPacket> {
  const toldUs = microseconds(toldMs);
  let offset = 0;
  while (offset + RECORD_HEADER_LENGTH <= bytes.length) {
    const flagged = readUint16(bytes, offset + 4);
    const begin = offset + RECORD_HEADER_LENGTH;
    const end = begin + readUint16(bytes, offset + 6);
    if (end > bytes.length) return;
    yield {
      ageUs: (toldUs - readUint32(bytes, offset)) >>> 0,
      isSent: (flagged & SENT_FLAG) !== 0,
      length: flagged & ~SENT_FLAG,
      bytes: bytes.subarray(begin, end),
    };
    offset = end;
  }
}

/** Modulo 2^32. */
function microseconds(ms: number): number {
  return Math.floor(ms * 1000) % 2 ** 32 >>> 0;
}
