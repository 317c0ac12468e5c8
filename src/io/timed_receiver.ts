import type { DatagramReceiver } from "../media/media_socket.ts";
import type { RemoteAddress } from "../webrtc/datagram.ts";
import type { DatagramHandler } from "./sockets.ts";

/**
 * Gives what a socket receives to `receiver` with the time; what a batch caused leaves at its end. `now` and `flush` should
 * be the same ones for all sockets of an isolate: each socket's own would be out of the cache whenever something comes.
 */
export class TimedReceiver implements DatagramHandler {
  readonly #receiver: DatagramReceiver;
  readonly #now: () => number;
  readonly #flush: () => void;

  constructor(receiver: DatagramReceiver, now: () => number, flush: () => void) {
    this.#receiver = receiver;
    this.#now = now;
    this.#flush = flush;
  }

  handleDatagram(bytes: Uint8Array, length: number, from: RemoteAddress): void {
    this.#receiver.handleDatagram(bytes, length, from, this.#now());
  }

  endBatch(): void {
    this.#receiver.endBatch(this.#now());
    this.#flush();
  }
}
