import type { NodeDatagramHandler, NodeSocket } from "../../src/bus/node_socket.ts";
import { type RemoteAddress, SLOT_SIZE } from "../../src/webrtc/datagram.ts";

/** A datagram on its way. */
export interface Datagram {
  readonly from: string;
  readonly to: string;
  readonly bytes: Uint8Array;
}

/** Where a receiver may put it: as the slots of sockets are. */
const RECEIVE_BYTES = SLOT_SIZE;

/** The sockets of nodes and what is between them: datagrams wait until they are delivered, and a test may change them. */
export class DatagramNetwork {
  /** What was sent since the start. */
  readonly sent: Datagram[] = [];
  /** Sockets have no room for what is sent. */
  isFull = false;
  /** What becomes of what waits: left out, lost, twice, in another order. */
  change: (waiting: readonly Datagram[]) => readonly Datagram[] = (waiting) => waiting;
  readonly #handlers = new Map<string, NodeDatagramHandler>();
  #waiting: Datagram[] = [];

  /** A socket of IPv4 at an address of its own, port 1. */
  open(hostname: string, handler: NodeDatagramHandler): NodeSocket {
    const slot = new Uint8Array(SLOT_SIZE);
    this.#handlers.set(hostname, handler);
    return {
      port: 1,
      dropped: 0,
      resolve: (address) => address.hostname.includes(":") ? undefined : address,
      slot: () => this.isFull ? undefined : slot,
      commit: (length: number, to: RemoteAddress) => {
        const datagram = { from: hostname, to: to.hostname, bytes: slot.slice(0, length) };
        this.sent.push(datagram);
        this.#waiting.push(datagram);
      },
      close: () => {
        if (this.#handlers.get(hostname) === handler) this.#handlers.delete(hostname);
      },
    };
  }

  /** As if somebody had sent it. */
  inject(to: string, bytes: Uint8Array): void {
    this.#waiting.push({ from: "stranger", to, bytes });
  }

  /** Delivers what waits, and what comes of that, a batch for each node at a time. */
  deliver(): void {
    while (this.#waiting.length > 0) {
      const datagrams = this.change(this.#waiting.splice(0));
      for (const to of new Set(datagrams.map((datagram) => datagram.to))) {
        const handler = this.#handlers.get(to);
        for (const { bytes } of datagrams.filter((datagram) => datagram.to === to)) {
          const slot = new Uint8Array(RECEIVE_BYTES);
          slot.set(bytes.subarray(0, RECEIVE_BYTES));
          handler?.handleDatagram(slot, bytes.length);
        }
        handler?.endBatch();
      }
    }
  }
}
