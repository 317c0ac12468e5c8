/** Where a datagram came from or goes to. */
export interface RemoteAddress {
  readonly hostname: string;
  readonly port: number;
  /** Left out: UDP. With TCP each connection is an address of its own, and this object stands for it. */
  readonly transport?: "udp" | "tcp";
  /** With TCP: the connection has ended. */
  readonly isClosed?: boolean;
}

export function sameAddress(a: RemoteAddress, b: RemoteAddress): boolean {
  if (a.transport === "tcp" || b.transport === "tcp") return a === b;
  return a.port === b.port && a.hostname === b.hostname;
}

/** Bytes of a send slot: an Ethernet MTU and what SRTP may add. */
export const SLOT_SIZE = 2048;

/**
 * The sending side of one peer's UDP socket and TCP connections, as the pure layers see it. Nothing here blocks, throws
 * or awaits; what is queued leaves when the I/O side flushes, once for each batch that it received.
 */
export interface DatagramSender {
  /**
   * A free slot of SLOT_SIZE bytes, to be filled and committed before any other of the isolate is asked for. A queue that is full drops
   * its oldest datagram for the new one. Undefined where nothing can be queued at all: drop, do not wait.
   */
  slot(): Uint8Array | undefined;
  /** Queues the first `length` bytes of the slot that the last `slot()` gave. */
  commit(length: number, to: RemoteAddress): void;
  /** STUN requests to this ufrag of the server are this peer's as well. Peers that share a port are told apart by it. */
  claimUfrag(ufrag: string): void;
}
