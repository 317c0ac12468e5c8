import type { RemoteAddress } from "../webrtc/datagram.ts";

/** Takes what the socket receives, batch by batch. Neither method may throw. */
export interface NodeDatagramHandler {
  /** Takes one datagram, `bytes[0, length)`, of an array of a slot's size or little more. The bytes may be changed. */
  handleDatagram(bytes: Uint8Array, length: number): void;
  /** The batch, of one datagram or more, is complete. */
  endBatch(): void;
}

/**
 * The UDP socket by which a node talks to all others. Nothing here blocks, throws or awaits; what is queued leaves when the
 * sockets are flushed. Where the queue is full its oldest datagram gives way.
 */
export interface NodeSocket {
  readonly port: number;
  /** Datagrams that the queue had no room for, or that the kernel refused. */
  readonly dropped: number;
  /** An address as `commit` takes it; undefined where this socket cannot send there. */
  resolve(address: RemoteAddress): RemoteAddress | undefined;
  /** A free slot of SLOT_SIZE bytes, to be filled and committed at once. Undefined where nothing can be queued: drop. */
  slot(): Uint8Array | undefined;
  /** Queues the first `length` bytes of the slot that `slot()` gave last. `to` comes from `resolve`. */
  commit(length: number, to: RemoteAddress): void;
  /** What was flushed still goes out. Nothing is received any more. */
  close(): void;
}
