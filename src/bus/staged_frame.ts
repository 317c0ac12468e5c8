import { MAX_FRAME_LENGTH } from "../media/media_bus.ts";
import { writeUint16 } from "../rtp/bytes.ts";
import { ArrayParts } from "./array_parts.ts";
import { LENGTH_BYTES } from "./direct_datagram.ts";
import { writeFrame } from "./frame_bytes.ts";

/** A frame behind its length, and room for the longest body's array as it is. */
const CAPACITY = LENGTH_BYTES + 32 + MAX_FRAME_LENGTH;

/** A frame on its way into the datagrams for several nodes, behind its length. */
export class StagedFrame {
  /** Bytes of both. */
  length = 0;
  readonly #whole = new ArrayParts(new Uint8Array(new ArrayBuffer(CAPACITY)));
  readonly #rest = new ArrayParts(new Uint8Array(new ArrayBuffer(CAPACITY)));

  /** As `MediaBus.send`, of a frame that is not too long. */
  take(head: Uint8Array, headLength: number, body: Uint8Array, bodyOffset: number, bodyLength: number): void {
    writeUint16(this.#whole.bytes, 0, headLength + bodyLength);
    this.length = writeFrame(this.#whole.bytes, LENGTH_BYTES, head, headLength, body, bodyOffset, bodyLength);
  }

  /** Copies `count` bytes from `from` on. */
  copy(from: number, count: number, out: Uint8Array, at: number): void {
    if (from === 0) return this.#whole.copy(0, count, out, at);
    this.#rest.bytes.set(this.#whole.bytes);
    this.#rest.copy(from, count, out, at);
  }
}
