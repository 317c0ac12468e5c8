import { type BusReceiver, MAX_FRAME_LENGTH, type MediaBus, type NodeId } from "../../src/media/media_bus.ts";
import type { RandomSource } from "../../src/sfu/random.ts";

const HEAD_BYTES = 16;
const ROOM = "room";

/** What is known of a node by its frames. */
interface Sender {
  /** Which one of those that have taken its place it is. */
  life: number;
  /** The number that its next frame has, by what came and what was told as lost. */
  next: number;
  /** That of the frame before. */
  last: number;
}

/**
 * Sends frames of any length, each with its sender's life, its number for its target, and a checksum, and checks what
 * comes of others: that it is whole and in order, and that nothing comes of a node any more once the one that has taken
 * its place is heard.
 */
export class BusTraffic implements BusReceiver {
  /** By node, how many frames it was sent. */
  readonly sent: number[] = [];
  received = 0;
  lost = 0;
  /** The first thing that was wrong. */
  fault: string | undefined;
  /** Frames before which not as many were told as lost as were missing. */
  miscounted = 0;
  readonly #bus: MediaBus;
  readonly #random: RandomSource;
  readonly #head = new Uint8Array(HEAD_BYTES);
  readonly #headView = new DataView(this.#head.buffer);
  readonly #body = new Uint8Array(MAX_FRAME_LENGTH);
  readonly #senders: (Sender | undefined)[] = [];

  constructor(bus: MediaBus, random: RandomSource, life = 0) {
    this.#bus = bus;
    this.#random = random;
    this.#headView.setUint32(8, life);
    bus.deliverTo(this);
    bus.join(ROOM);
  }

  /** Sends 1 to 32 frames to each of `nodes` and flushes. */
  sendBurst(nodes: readonly NodeId[]): void {
    for (let count = this.#random.uint32() % 32; count >= 0; count--) {
      for (const node of nodes) this.#send(node);
    }
    this.#bus.flush();
  }

  handleFrame(from: NodeId, bytes: Uint8Array, length: number): void {
    this.received++;
    const view = new DataView(bytes.buffer, bytes.byteOffset, length);
    const [number, check, life] = [view.getUint32(0), view.getInt32(4), view.getUint32(8)];
    if (check !== checksum(number, bytes, HEAD_BYTES, length)) this.fault ??= `frame ${number} is not whole`;
    const sender = this.#senders[from] ??= { life, next: number, last: number - 1 };
    if (life < sender.life) this.fault ??= `node ${from} was heard in life ${life} after ${sender.life}`;
    if (life === sender.life && number <= sender.last) this.fault ??= `frame ${number} came after ${sender.last}`;
    if (life === sender.life && number !== sender.next) this.miscounted++;
    this.#senders[from] = { life, next: number + 1, last: number };
  }

  handleLoss(from: NodeId, count: number): void {
    this.lost += count;
    const sender = this.#senders[from];
    if (sender !== undefined) sender.next += count;
  }

  endBatch(): void {}

  #send(node: NodeId): void {
    const number = this.sent[node] ?? 0;
    const length = this.#random.uint32() % (MAX_FRAME_LENGTH - HEAD_BYTES + 1);
    for (let i = 0; i < length; i += 16) this.#body[i] = this.#random.uint32();
    this.#headView.setUint32(0, number);
    this.#headView.setInt32(4, checksum(number, this.#body, 0, length));
    this.#bus.send(ROOM, 1 << node, this.#head, HEAD_BYTES, this.#body, 0, length);
    this.sent[node] = number + 1;
  }
}

function checksum(number: number, bytes: Uint8Array, start: number, end: number): number {
  let hash = number | 0;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193);
  return hash;
}
