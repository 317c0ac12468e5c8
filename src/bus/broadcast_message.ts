import { MAX_FRAME_BATCH, MAX_FRAME_LENGTH, MAX_NODES, type NodeId } from "../media/media_bus.ts";
import { writeFrame } from "./frame_bytes.ts";
import { countBelow, lowestNode } from "./node_set.ts";

// A message, all numbers in network order:
//   u32 MAGIC, u32 check of what stands behind it up to the bytes of the frames,
//   u32 session, u32 the nodes that it is for, u16 node that sends, u16 frames,
//   u32 for each node that it is for, lowest first: how many frames that node was sent before in this session,
//   u32 nodes and u32 length for each frame, zeros up to a multiple of 8, and the bytes of all frames.

/** Begins each message: what else is posted is not ours. Its last byte is the version. */
const MAGIC = 0x53776201;
const CHECKED_OFFSET = 8;
const HEADER_BYTES = 20;
const COUNT_BYTES = 4;
const INDEX_BYTES = 8;

/** Bytes of frames in a message at most, and of the array for them: the last frame's array may be copied as it is. */
export const MAX_MESSAGE_BYTES = 60_000;
const CAPACITY = MAX_MESSAGE_BYTES + MAX_FRAME_LENGTH;
const FIRST_CAPACITY = 4096;

/** The frames that wait for the next message. */
export class OutgoingMessage {
  count = 0;
  readonly #targets = new Int32Array(MAX_FRAME_BATCH);
  readonly #lengths = new Int32Array(MAX_FRAME_BATCH);
  /** Made longer as it is needed: most rooms never fill a message. */
  #bytes = new Uint8Array(FIRST_CAPACITY);
  #length = 0;

  hasRoom(length: number): boolean {
    return this.count < MAX_FRAME_BATCH && this.#length + length <= MAX_MESSAGE_BYTES;
  }

  /** As `MediaBus.send`, of a frame for which there is room. */
  add(
    to: number,
    head: Uint8Array,
    headLength: number,
    body: Uint8Array,
    bodyOffset: number,
    bodyLength: number,
  ): void {
    const length = headLength + bodyLength;
    this.#targets[this.count] = to;
    this.#lengths[this.count] = length;
    this.count++;
    while (this.#length + length > this.#bytes.length) this.#grow();
    this.#length = writeFrame(this.#bytes, this.#length, head, headLength, body, bodyOffset, bodyLength);
  }

  /**
   * The frames as a message, behind which there are none. `counts` tells by node how many frames were sent before, and is
   * counted on.
   *
   * The memory is shared: what is not is copied on its way byte by byte, by Deno 2.9 in 50 ns for each.
   */
  take(from: NodeId, session: number, counts: Int32Array): SharedArrayBuffer {
    const addressed = this.#targets.subarray(0, this.count).reduce((all, to) => all | to, 0);
    const indexOffset = HEADER_BYTES + COUNT_BYTES * countBelow(addressed, MAX_NODES);
    const bytesOffset = bytesOffsetOf(indexOffset, this.count);
    const message = new Uint8Array(new SharedArrayBuffer(bytesOffset + this.#length));
    const view = new DataView(message.buffer);
    view.setUint32(0, MAGIC);
    view.setUint32(8, session);
    view.setUint32(12, addressed);
    view.setUint16(16, from);
    view.setUint16(18, this.count);
    let offset = HEADER_BYTES;
    for (let rest = addressed; rest !== 0; rest &= rest - 1, offset += COUNT_BYTES) {
      view.setInt32(offset, counts[lowestNode(rest)]);
    }
    for (let i = 0; i < this.count; i++) {
      view.setInt32(indexOffset + INDEX_BYTES * i, this.#targets[i]);
      view.setInt32(indexOffset + INDEX_BYTES * i + 4, this.#lengths[i]);
      for (let rest = this.#targets[i]; rest !== 0; rest &= rest - 1) counts[lowestNode(rest)]++;
    }
    view.setInt32(4, checkOf(view, bytesOffset));
    message.set(this.#bytes.subarray(0, this.#length), bytesOffset);
    this.count = 0;
    this.#length = 0;
    return message.buffer;
  }

  #grow(): void {
    const bytes = new Uint8Array(Math.min(2 * this.#bytes.length, CAPACITY));
    bytes.set(this.#bytes);
    this.#bytes = bytes;
  }
}

/** A message as it came. */
export class IncomingMessage {
  from = 0;
  session = 0;
  count = 0;
  #addressed = 0;
  #indexOffset = 0;
  #bytesOffset = 0;
  #bytes = new Uint8Array(0);
  #view = new DataView(this.#bytes.buffer);

  /** False, and of no use, where it is no message of a bus: anybody may post to a channel. */
  parse(data: unknown): boolean {
    if (!(data instanceof SharedArrayBuffer) || data.byteLength < HEADER_BYTES) return false;
    // A copy: others have the memory as well, and may write.
    this.#bytes = new Uint8Array(data).slice();
    this.#view = new DataView(this.#bytes.buffer);
    this.session = this.#view.getUint32(8);
    this.#addressed = this.#view.getInt32(12);
    this.from = this.#view.getUint16(16);
    this.count = this.#view.getUint16(18);
    this.#indexOffset = HEADER_BYTES + COUNT_BYTES * countBelow(this.#addressed, MAX_NODES);
    this.#bytesOffset = bytesOffsetOf(this.#indexOffset, this.count);
    return this.#view.getUint32(0) === MAGIC && this.from < MAX_NODES && this.count <= MAX_FRAME_BATCH &&
      this.#bytesOffset <= this.#bytes.length && this.#view.getInt32(4) === checkOf(this.#view, this.#bytesOffset) &&
      this.#isIndexTrue();
  }

  isFor(node: NodeId): boolean {
    return (this.#addressed & (1 << node)) !== 0;
  }

  /** How many frames `node`, which it is for, was sent before. */
  countBefore(node: NodeId): number {
    return this.#view.getInt32(HEADER_BYTES + COUNT_BYTES * countBelow(this.#addressed, node));
  }

  /** Calls back for each frame that is for `node`, with where it is; returns how many there were. */
  forEachFrame(node: NodeId, handle: (bytes: Uint8Array, offset: number, length: number) => void): number {
    let offset = this.#bytesOffset;
    let handled = 0;
    for (let i = 0; i < this.count; i++) {
      const length = this.#lengthOf(i);
      if ((this.#targetsOf(i) & (1 << node)) !== 0) {
        handle(this.#bytes, offset, length);
        handled++;
      }
      offset += length;
    }
    return handled;
  }

  /** Whether lengths and nodes of the frames are those of the whole. */
  #isIndexTrue(): boolean {
    let end = this.#bytesOffset;
    let addressed = 0;
    for (let i = 0; i < this.count; i++) {
      const length = this.#lengthOf(i);
      if (length > MAX_FRAME_LENGTH) return false;
      end += length;
      addressed |= this.#targetsOf(i);
    }
    return end === this.#bytes.length && addressed === this.#addressed && addressed >= 0;
  }

  #targetsOf(frame: number): number {
    return this.#view.getInt32(this.#indexOffset + INDEX_BYTES * frame);
  }

  #lengthOf(frame: number): number {
    return this.#view.getUint32(this.#indexOffset + INDEX_BYTES * frame + 4);
  }
}

function bytesOffsetOf(indexOffset: number, count: number): number {
  return (indexOffset + INDEX_BYTES * count + 7) & ~7;
}

/** FNV-1a by words: enough to tell a message from what only looks like one. */
function checkOf(view: DataView, end: number): number {
  let hash = 0x811c9dc5 | 0;
  for (let offset = CHECKED_OFFSET; offset < end; offset += 4) {
    hash = Math.imul(hash ^ view.getInt32(offset), 0x01000193);
    hash ^= hash >>> 15;
  }
  return hash;
}
