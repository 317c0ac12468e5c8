/** Where a datagram came from or goes to. */
export interface RemoteAddress {
  readonly hostname: string;
  readonly port: number;
}

export function sameAddress(a: RemoteAddress, b: RemoteAddress): boolean {
  return a.port === b.port && a.hostname === b.hostname;
}

/** Bytes of a send slot: an Ethernet MTU and what SRTP may add. */
export const SLOT_SIZE = 2048;

/**
 * The sending side of one UDP socket, as the pure layers see it. Nothing here blocks, throws or
 * awaits; what is queued leaves when the I/O side flushes, once for each batch that it received.
 */
export interface DatagramSender {
  /** The next free slot of the bounded queue, SLOT_SIZE bytes, or undefined where the queue is full: drop, do not wait. */
  slot(): Uint8Array | undefined;
  /** Queues the first `length` bytes of the slot that the last `slot()` gave. */
  commit(length: number, to: RemoteAddress): void;
}
