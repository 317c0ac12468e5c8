import { readUint16 } from "../rtp/bytes.ts";
import { SLOT_SIZE } from "./datagram.ts";

/** Bytes of a frame's length, which stands in front of it. */
export const FRAME_HEADER_LENGTH = 2;
/** Bytes to leave free in front of what is received: what is kept of a frame that began before is put there. */
export const FRAME_HEADROOM = FRAME_HEADER_LENGTH + SLOT_SIZE;
/** Who sends more empty frames in a row sends nothing. */
const MAX_EMPTY_FRAMES = 64;

const EMPTY = new Uint8Array(0);

/**
 * Cuts the stream of one TCP connection into its frames: datagrams, each behind its length in 16 bits (RFC 4571
 * section 2). Empty frames are passed over. Allocates once at most, for what a frame has left over.
 */
export class FrameReader {
  /** Where the frame that `next` has found begins, in the buffer given to `begin`, and its bytes. */
  offset = 0;
  length = 0;
  /** A frame longer than SLOT_SIZE came, or nothing but empty ones: what is behind it is not read. */
  isBroken = false;
  #buffer: Uint8Array = EMPTY;
  #next = 0;
  #end = 0;
  /** The beginning of a frame that is not complete. */
  #rest: Uint8Array | undefined;
  #restLength = 0;
  #emptyFrames = 0;

  /** Begins to read what was received to `buffer[start, end)`. The FRAME_HEADROOM bytes in front are written to. */
  begin(buffer: Uint8Array, start: number, end: number): void {
    this.#buffer = buffer;
    this.#next = start - this.#restLength;
    this.#end = end;
    if (this.#rest !== undefined) copy(this.#rest, 0, buffer, this.#next, this.#restLength);
    this.#restLength = 0;
  }

  /** Finds the next frame; false where none is complete, and what is there of one is kept for the next `begin`. */
  next(): boolean {
    while (!this.isBroken && this.#end - this.#next >= FRAME_HEADER_LENGTH) {
      const length = readUint16(this.#buffer, this.#next);
      const offset = this.#next + FRAME_HEADER_LENGTH;
      this.#emptyFrames = length === 0 ? this.#emptyFrames + 1 : 0;
      this.isBroken = length > SLOT_SIZE || this.#emptyFrames > MAX_EMPTY_FRAMES;
      if (this.isBroken || offset + length > this.#end) break;
      this.#next = offset + length;
      if (length === 0) continue;
      this.offset = offset;
      this.length = length;
      return true;
    }
    if (!this.isBroken) this.#keep();
    this.#buffer = EMPTY;
    this.#next = 0;
    this.#end = 0;
    return false;
  }

  #keep(): void {
    this.#restLength = this.#end - this.#next;
    if (this.#restLength === 0) return;
    this.#rest ??= new Uint8Array(FRAME_HEADROOM);
    copy(this.#buffer, this.#next, this.#rest, 0, this.#restLength);
  }
}

/** Byte by byte: `set` wants a view, which would be an allocation. */
function copy(from: Uint8Array, at: number, to: Uint8Array, offset: number, length: number): void {
  for (let i = 0; i < length; i++) to[offset + i] = from[at + i];
}
