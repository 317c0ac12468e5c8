import { type ClientMessage, type ServerMessage, serverMessageSchema } from "../signaling/messages.ts";

const REPLY_TIMEOUT_MS = 20_000;

type MessageOf<T extends ServerMessage["type"]> = Extract<ServerMessage, { type: T }>;

/** What is waited for: the type of a message, and who wants it. */
interface Awaited {
  readonly type: ServerMessage["type"];
  readonly resolve: (message: ServerMessage) => void;
  readonly reject: (reason: Error) => void;
}

/** A client of this project's signaling WebSocket that asks one thing at a time. What the server says unasked is passed over. */
export class SignalingClient {
  readonly #socket: WebSocket;
  readonly #closed: Promise<void>;
  #awaited: Awaited | undefined;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#handle(String(data));
    this.#closed = new Promise((resolve) =>
      socket.onclose = ({ code, reason }) => {
        this.#awaited?.reject(new Error(`the server closed the WebSocket: ${code} ${reason}`));
        resolve();
      }
    );
  }

  /** Throws where the server cannot be reached, or refuses. */
  static async open(url: string, token: string | undefined): Promise<SignalingClient> {
    const socket = token === undefined
      ? new WebSocket(url)
      : new WebSocket(url, { headers: { Authorization: `Bearer ${token}` } });
    const client = new SignalingClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.onopen = () => resolve();
      socket.onerror = (event) =>
        reject(new Error(`${url}: ${event instanceof ErrorEvent ? event.message : "refused"}`));
    });
    // A connection that is cut off says so in its close event as well.
    socket.onerror = null;
    return client;
  }

  /** Sends, and waits for the reply of this type. Throws where an error comes instead, the WebSocket closes, or nothing comes in time. */
  async ask<T extends "welcome" | "answer">(message: ClientMessage, type: T): Promise<MessageOf<T>> {
    const { promise, resolve, reject } = Promise.withResolvers<ServerMessage>();
    this.#awaited = { type, resolve, reject };
    const deadline = setTimeout(() => reject(new Error(`no ${type} came`)), REPLY_TIMEOUT_MS);
    this.#send(message);
    try {
      return await promise as MessageOf<T>;
    } finally {
      clearTimeout(deadline);
      this.#awaited = undefined;
    }
  }

  /** A server that has closed the WebSocket knows it. */
  leave(): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#send({ type: "leave" });
  }

  async close(): Promise<void> {
    if (this.#socket.readyState !== WebSocket.CLOSED) this.#socket.close();
    await this.#closed;
  }

  #send(message: ClientMessage): void {
    this.#socket.send(JSON.stringify(message));
  }

  #handle(data: string): void {
    const message: { readonly type?: unknown } = JSON.parse(data);
    const awaited = this.#awaited;
    if (awaited === undefined || (message.type !== awaited.type && message.type !== "error")) return;
    const parsed = serverMessageSchema.parse(message);
    if (parsed.type === "error") awaited.reject(new Error(`${parsed.code}: ${parsed.message}`));
    else awaited.resolve(parsed);
  }
}
