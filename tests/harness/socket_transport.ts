import type { ConnectionTransport } from "puppeteer-core";

/** The WebSocket by which a browser is driven. Puppeteer's own is still closing when it has been told to. */
export class SocketTransport implements ConnectionTransport {
  onmessage?: (message: string) => void;
  onclose?: () => void;
  /** Resolves when it is closed. */
  readonly closed: Promise<void>;
  readonly #socket: WebSocket;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    socket.onmessage = ({ data }) => this.onmessage?.(data);
    socket.onclose = () => {
      this.onclose?.();
      resolve();
    };
  }

  /** Throws an Error where nobody answers at the endpoint. */
  static async open(endpoint: string): Promise<SocketTransport> {
    const socket = new WebSocket(endpoint);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    socket.onopen = () => resolve();
    socket.onerror = () => reject(new Error(`nobody answers at ${endpoint}`));
    await promise;
    socket.onerror = null;
    return new SocketTransport(socket);
  }

  send(message: string): void {
    this.#socket.send(message);
  }

  close(): void {
    this.#socket.close();
  }
}
