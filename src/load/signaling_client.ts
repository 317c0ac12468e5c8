import { type Clock, systemClock } from "../io/clock.ts";
import { type ClientMessage, type ServerMessage, serverMessageSchema } from "../signaling/messages.ts";
import { within } from "./within.ts";

const REPLY_TIMEOUT_MS = 20_000;
/** For the close frame of a server that hangs, which never comes. */
const CLOSE_TIMEOUT_MS = 2_000;

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
  readonly #clock: Clock;
  readonly #closed: Promise<void>;
  #awaited: Awaited | undefined;
  /** Undefined as long as the WebSocket is not closed. */
  #gone: Error | undefined;

  private constructor(socket: WebSocket, clock: Clock) {
    this.#socket = socket;
    this.#clock = clock;
    socket.onmessage = ({ data }) => this.#handle(String(data));
    this.#closed = new Promise((resolve) =>
      socket.onclose = ({ code, reason }) => {
        this.#gone = new Error(`the server closed the WebSocket: ${code} ${reason}`);
        this.#awaited?.reject(this.#gone);
        resolve();
      }
    );
  }

  /** Throws where the server cannot be reached, refuses, or says nothing. */
  static async open(url: string, token: string | undefined, clock = systemClock): Promise<SignalingClient> {
    const socket = token === undefined
      ? new WebSocket(url)
      : new WebSocket(url, { headers: { Authorization: `Bearer ${token}` } });
    const client = new SignalingClient(socket, clock);
    const opened = new Promise<void>((resolve, reject) => {
      socket.onopen = () => resolve();
      socket.onerror = (event) =>
        reject(new Error(`${url}: ${event instanceof ErrorEvent ? event.message : "refused"}`));
    });
    try {
      await within(clock, REPLY_TIMEOUT_MS, opened, `${url}: nothing came`);
    } catch (error) {
      socket.close();
      throw error;
    } finally {
      // A connection that is cut off says so in its close event as well.
      socket.onerror = null;
    }
    return client;
  }

  /** Sends, and waits for the reply of this type. Throws where an error comes instead, the WebSocket closes, or nothing comes in time. */
  async ask<T extends "welcome" | "answer">(message: ClientMessage, type: T): Promise<MessageOf<T>> {
    const { promise, resolve, reject } = Promise.withResolvers<ServerMessage>();
    this.#awaited = { type, resolve, reject };
    this.#send(message);
    try {
      return await within(this.#clock, REPLY_TIMEOUT_MS, promise, `no ${type} came`) as MessageOf<T>;
    } finally {
      this.#awaited = undefined;
    }
  }

  /** Throws where the server has closed the WebSocket before. */
  leave(): void {
    if (this.#gone !== undefined) throw this.#gone;
    if (this.#socket.readyState === WebSocket.OPEN) this.#send({ type: "leave" });
  }

  /** Throws where the server does not close the WebSocket in its turn. */
  async close(): Promise<void> {
    if (this.#socket.readyState !== WebSocket.CLOSED) this.#socket.close();
    await within(this.#clock, CLOSE_TIMEOUT_MS, this.#closed, "the server does not close the WebSocket");
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
