import type { BusReceiver, MediaBus, NodeId } from "../../src/media/media_bus.ts";

export interface ReceivedFrame {
  readonly from: NodeId;
  readonly bytes: Uint8Array;
}

/** Keeps copies of what comes by a bus, and in which batches. */
export class BusJournal implements BusReceiver {
  readonly frames: ReceivedFrame[] = [];
  /** How many frames were lost of each node. */
  readonly lost = new Map<NodeId, number>();
  /** Frames in each batch. */
  readonly batches: number[] = [];
  #inBatch = 0;

  handleFrame(from: NodeId, bytes: Uint8Array, length: number): void {
    this.frames.push({ from, bytes: bytes.slice(0, length) });
    this.#inBatch++;
  }

  handleLoss(from: NodeId, count: number): void {
    this.lost.set(from, (this.lost.get(from) ?? 0) + count);
  }

  endBatch(): void {
    this.batches.push(this.#inBatch);
    this.#inBatch = 0;
  }

  /** The frames of `from` as text, one character for each byte. */
  textsOf(from: NodeId): string[] {
    return this.frames.filter((frame) => frame.from === from).map(({ bytes }) => textOf(bytes));
  }
}

export function textOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

const NO_BODY = new Uint8Array(0);

/** Sends a frame that is only a head: a text of ASCII, or bytes. */
export function sendFrame(bus: MediaBus, roomId: string, to: number, frame: string | Uint8Array): boolean {
  const head = typeof frame === "string" ? new TextEncoder().encode(frame) : frame;
  return bus.send(roomId, to, head, head.length, NO_BODY, 0, 0);
}
