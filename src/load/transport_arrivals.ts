import { readUint16 } from "../rtp/bytes.ts";
import { type Arrivals, TransportFeedbackWriter } from "../rtp/rtcp/transport_feedback_writer.ts";
import { TRANSPORT_WIDE_ID } from "./formats.ts";

const EXTENSION_FLAG = 0x10;
const EXTENSION_AT = 12;
const ONE_BYTE_PROFILE = 0xbede;
/** Packets that can wait for feedback: powers of two. */
const CAPACITY = 2048;
const US_OF_TICK = 250;

/** When the packets of one transport came, for feedback on them. Nothing is allocated for a packet. */
export class TransportArrivals implements Arrivals {
  readonly #writer = new TransportFeedbackWriter();
  readonly #ticks = new Int32Array(CAPACITY);
  readonly #came = new Uint8Array(CAPACITY);
  /** The first that was not reported, and how many there are from there to the newest that came. */
  #base = -1;
  #count = 0;

  /** Takes an SRTP packet; one without a number is passed over, and so is one that was reported as missing. */
  handleRtp(bytes: Uint8Array, nowUs: number): void {
    const number = transportNumber(bytes);
    if (number < 0) return;
    if (this.#base < 0) this.#base = number;
    const ahead = (number - this.#base) & 0xffff;
    if (ahead >= CAPACITY) return;
    this.#ticks[number % CAPACITY] = Math.floor(nowUs / US_OF_TICK);
    this.#came[number % CAPACITY] = 1;
    this.#count = Math.max(this.#count, ahead + 1);
  }

  /** Writes feedback on what came, and returns its bytes; 0 where nothing waits for it. */
  write(out: Uint8Array, senderSsrc: number, mediaSsrc: number): number {
    if (this.#count === 0) return 0;
    const length = this.#writer.write(out, 0, senderSsrc, mediaSsrc, this.#base, this.#count, this);
    const told = length === 0 ? this.#count : this.#writer.statusCount;
    for (let i = 0; i < told; i++) this.#came[(this.#base + i) % CAPACITY] = 0;
    this.#base = (this.#base + told) & 0xffff;
    this.#count -= told;
    return length;
  }

  has(sequenceNumber: number): boolean {
    return this.#came[sequenceNumber % CAPACITY] === 1;
  }

  ticksOf(sequenceNumber: number): number {
    return this.#ticks[sequenceNumber % CAPACITY];
  }
}

/** The number of a packet in the one-byte form (RFC 8285 section 4.2), which small elements are sent in; else -1. */
function transportNumber(bytes: Uint8Array): number {
  if ((bytes[0] & EXTENSION_FLAG) === 0 || readUint16(bytes, EXTENSION_AT) !== ONE_BYTE_PROFILE) return -1;
  const end = EXTENSION_AT + 4 + readUint16(bytes, EXTENSION_AT + 2) * 4;
  for (let at = EXTENSION_AT + 4; at < end;) {
    const length = bytes[at] === 0 ? 0 : (bytes[at] & 0x0f) + 1;
    if (bytes[at] >> 4 === TRANSPORT_WIDE_ID && length === 2) return readUint16(bytes, at + 1);
    at += 1 + length;
  }
  return -1;
}
