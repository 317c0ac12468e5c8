import { MAX_FRAME_LENGTH } from "../media/media_bus.ts";
import { writeFrame } from "./frame_bytes.ts";

// A message, all numbers in network order:
//   u32 MAGIC, u32 session, u32 how many frames went before on this subject in this session, u16 frames,
//   u16 length of the sender's name, and the name in ASCII; u16 length of each frame, and the frame.

/** Begins each message: what else is published is not ours. Its last byte is the version. */
const MAGIC = 0x53776e01;
const SESSION = 4;
const BEFORE = 8;
const COUNT = 12;
const NAME_LENGTH = 14;
const HEADER_BYTES = 16;
const LENGTH_BYTES = 2;

/** A message with so many bytes of frames is full. */
export const MAX_MESSAGE_BYTES = 12_000;
const FIRST_CAPACITY = 8192;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The frames that wait for the next message on one subject. */
export class NodeMessageWriter {
  count = 0;
  readonly #headerLength: number;
  #bytes = new Uint8Array(FIRST_CAPACITY);
  #view = new DataView(this.#bytes.buffer);
  #length: number;
  #before = 0;

  /** `session` tells these numbers from others that the subject had before. */
  constructor(session: number, name: string) {
    this.#headerLength = HEADER_BYTES + encoder.encodeInto(name, this.#bytes.subarray(HEADER_BYTES)).written;
    this.#length = this.#headerLength;
    this.#view.setUint32(0, MAGIC);
    this.#view.setUint32(SESSION, session);
    this.#view.setUint16(NAME_LENGTH, this.#headerLength - HEADER_BYTES);
  }

  hasRoom(length: number): boolean {
    return this.#length - this.#headerLength + length <= MAX_MESSAGE_BYTES;
  }

  /** As `MediaBus.send`, of a frame for which there is room. */
  add(head: Uint8Array, headLength: number, body: Uint8Array, bodyOffset: number, bodyLength: number): void {
    // What lies behind a body in its array is copied as well where there is room, which is faster.
    if (this.#length + LENGTH_BYTES + 2 * MAX_FRAME_LENGTH > this.#bytes.length) this.#grow();
    this.#view.setUint16(this.#length, headLength + bodyLength);
    this.#length = writeFrame(
      this.#bytes,
      this.#length + LENGTH_BYTES,
      head,
      headLength,
      body,
      bodyOffset,
      bodyLength,
    );
    this.count++;
  }

  /** The message, until the next frame is added. */
  message(): Uint8Array {
    this.#view.setUint32(BEFORE, this.#before);
    this.#view.setUint16(COUNT, this.count);
    return this.#bytes.subarray(0, this.#length);
  }

  /** The message is on its way, or was not taken: then others are not told that it was lost. */
  next(isSent: boolean): void {
    if (isSent) this.#before = (this.#before + this.count) >>> 0;
    this.count = 0;
    this.#length = this.#headerLength;
  }

  #grow(): void {
    const bytes = new Uint8Array(2 * this.#bytes.length);
    bytes.set(this.#bytes);
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }
}

/** Reads messages, one after the other, by one instance. */
export class NodeMessageReader {
  session = 0;
  before = 0;
  count = 0;
  name = "";
  #bytes: Uint8Array = new Uint8Array(0);
  #view = new DataView(this.#bytes.buffer);
  #framesOffset = 0;

  /** False, and of no use, where it is no message of a node. It stays as it is until it is read. */
  parse(message: Uint8Array): boolean {
    if (message.length < HEADER_BYTES) return false;
    this.#bytes = message;
    this.#view = new DataView(message.buffer, message.byteOffset, message.byteLength);
    this.session = this.#view.getUint32(SESSION);
    this.before = this.#view.getUint32(BEFORE);
    this.count = this.#view.getUint16(COUNT);
    this.#framesOffset = HEADER_BYTES + this.#view.getUint16(NAME_LENGTH);
    if (this.#view.getUint32(0) !== MAGIC || this.#framesOffset > message.length) return false;
    this.name = decoder.decode(message.subarray(HEADER_BYTES, this.#framesOffset));
    return this.#isWhole();
  }

  /** Calls back for each frame, with where it is. */
  forEachFrame(handle: (bytes: Uint8Array, offset: number, length: number) => void): void {
    let at = this.#framesOffset;
    for (let i = 0; i < this.count; i++) {
      const length = this.#view.getUint16(at);
      handle(this.#bytes, at + LENGTH_BYTES, length);
      at += LENGTH_BYTES + length;
    }
  }

  #isWhole(): boolean {
    let at = this.#framesOffset;
    for (let i = 0; i < this.count; i++) {
      if (at + LENGTH_BYTES > this.#bytes.length) return false;
      const length = this.#view.getUint16(at);
      if (length > MAX_FRAME_LENGTH) return false;
      at += LENGTH_BYTES + length;
    }
    return at === this.#bytes.length;
  }
}

/** How far the messages of one sender on one subject have got. */
export class ReceivedMessages {
  #session: number | undefined;
  #next = 0;

  /** Takes note of a message; returns how many frames were lost before it, and -1 where it was here already. */
  handle({ session, before, count }: NodeMessageReader): number {
    const lost = session === this.#session ? (before - this.#next) | 0 : 0;
    if (lost < 0) return -1;
    this.#session = session;
    this.#next = (before + count) >>> 0;
    return lost;
  }
}
