import { type ServerMessage, serverMessageSchema } from "../../signaling/messages.ts";
import { within } from "./within.ts";

const REPLY_MS = 10_000;
const OFFER_ID = 1;

/** A refusal, by the protocol's code, or `unreachable`, or `no-answer`. */
export class SignalingError extends Error {
  override readonly name = "SignalingError";
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export interface SignalingOptions {
  /** A token (JWT); left out, none is shown. */
  readonly token?: string | undefined;
  /** As a page of this origin would send it; left out, none. */
  readonly origin?: string;
  /** Trusts what HTTPS shows. */
  readonly client?: Deno.HttpClient | undefined;
}

type Welcome = Extract<ServerMessage, { type: "welcome" }>;

/** The WebSocket of one peer, alone in a room of its own. */
export class Signaling {
  readonly #socket: WebSocket;
  readonly #closed: Promise<unknown>;
  /** The first error that came, perhaps before anything was asked. */
  readonly #refused = Promise.withResolvers<ServerMessage>();
  #take: (message: ServerMessage) => void = () => {};

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    this.#closed = new Promise((resolve) => socket.onclose = resolve);
    socket.onmessage = ({ data }) => {
      const message = parse(data);
      if (message?.type === "error") this.#refused.resolve(message);
      else if (message !== undefined) this.#take(message);
    };
  }

  /** Rejects with a SignalingError where the server cannot be reached, or is none for WebSockets. */
  static async open(url: URL, { token, origin, client }: SignalingOptions): Promise<Signaling> {
    const headers = {
      ...(origin !== undefined && { Origin: origin }),
      ...(token !== undefined && { Authorization: `Bearer ${token}` }),
    };
    const socket = new WebSocket(url, { headers, ...(client !== undefined && { client }) });
    // Before anything can come: who may not be here is told at once.
    const signaling = new Signaling(socket);
    const opened = new Promise<string>((resolve) => {
      socket.onopen = () => resolve("");
      socket.onerror = (event) => resolve(event instanceof ErrorEvent ? event.message : "it failed");
    });
    const failure = await within(REPLY_MS, opened) ?? `no answer within ${REPLY_MS / 1000} s`;
    if (failure === "") return signaling;
    if (socket.readyState !== WebSocket.CLOSED) await signaling.close();
    throw new SignalingError("unreachable", failure);
  }

  /** Rejects with a SignalingError. */
  async join(roomId: string): Promise<Welcome> {
    const reply = await this.#ask({ type: "join", roomId, name: "doctor" }, ({ type }) => type === "welcome");
    return reply as Welcome;
  }

  /** Gives the answer's SDP. Rejects with a SignalingError. */
  async offer(sdp: string): Promise<string> {
    const reply = await this.#ask({ type: "offer", sdp, id: OFFER_ID }, ({ type }) => type === "answer");
    return (reply as Extract<ServerMessage, { type: "answer" }>).sdp;
  }

  /** Leaves. */
  async close(): Promise<void> {
    this.#socket.close(1000);
    await within(REPLY_MS, this.#closed);
  }

  async #ask(message: object, isReply: (message: ServerMessage) => boolean): Promise<ServerMessage> {
    const replied = Promise.withResolvers<ServerMessage>();
    this.#take = (reply) => {
      if (isReply(reply)) replied.resolve(reply);
    };
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
    const ended = this.#closed.then(() => undefined);
    const reply = await within(REPLY_MS, Promise.race([replied.promise, this.#refused.promise, ended]));
    if (reply === undefined) throw new SignalingError("no-answer", "nothing came, or the WebSocket was closed");
    if (reply.type === "error") throw new SignalingError(reply.code, reply.message);
    return reply;
  }
}

/** Undefined for what is no message of the protocol: a newer server may have more of them. */
function parse(data: unknown): ServerMessage | undefined {
  try {
    return serverMessageSchema.safeParse(JSON.parse(String(data))).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
