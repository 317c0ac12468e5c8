import type { DatagramHandler, DatagramSocket, Sockets } from "../../src/io/sockets.ts";
import type { SocketHandle } from "../../src/media/messages.ts";
import type { RemoteAddress } from "../../src/webrtc/datagram.ts";

/** Opens sockets in the isolate that uses them: each receives at once, and gives its port back when it is closed. */
export function openAttached(sockets: Sockets, hostname: string, handler: DatagramHandler): DatagramSocket {
  const handle = sockets.openSocket(hostname);
  try {
    return new AttachedSocket(sockets, handle, handler);
  } catch (error) {
    sockets.closeSocket(handle);
    throw error;
  }
}

class AttachedSocket implements DatagramSocket {
  readonly port: number;
  readonly #sockets: Sockets;
  readonly #handle: SocketHandle;
  readonly #socket: DatagramSocket;

  constructor(sockets: Sockets, handle: SocketHandle, handler: DatagramHandler) {
    this.port = handle.port;
    this.#sockets = sockets;
    this.#handle = handle;
    this.#socket = sockets.attachSocket(handle, handler);
  }

  get dropped(): number {
    return this.#socket.dropped;
  }

  slot(): Uint8Array | undefined {
    return this.#socket.slot();
  }

  commit(length: number, to: RemoteAddress): void {
    this.#socket.commit(length, to);
  }

  claimUfrag(ufrag: string): void {
    this.#socket.claimUfrag(ufrag);
  }

  close(): void {
    this.#socket.close();
    this.#sockets.closeSocket(this.#handle);
  }
}
