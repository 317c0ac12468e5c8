import { type ClientMessage, type ServerMessage, serverMessageSchema } from "../../src/signaling/messages.ts";
import { Journal } from "./journal.ts";

type MessageType = ServerMessage["type"];
type MessageOf<T extends MessageType> = Extract<ServerMessage, { type: T }>;

/** The client's end of a signaling WebSocket. Whatever the server sends must be a message of the protocol. */
export class SignalingSocket implements AsyncDisposable {
  readonly messages = new Journal<ServerMessage>();
  /** The close event, once it came. */
  readonly closed: Promise<CloseEvent>;
  readonly #socket: WebSocket;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.messages.add(serverMessageSchema.parse(JSON.parse(data)));
    this.closed = new Promise((resolve) => socket.onclose = resolve);
  }

  /** Throws where the server cannot be reached. A token goes the way that browsers have. */
  static async open(url: string, token?: string): Promise<SignalingSocket> {
    return await SignalingSocket.#opened(new WebSocket(url, token === undefined ? [] : protocolsOf(token)));
  }

  /** As `open`, with what browsers cannot set: fields, another address to come from. */
  static async openWith(url: string, options: WebSocketOptions): Promise<SignalingSocket> {
    return await SignalingSocket.#opened(new WebSocket(url, options));
  }

  /** As `open`, with the token where browsers cannot put it. */
  static openWithField(url: string, token: string): Promise<SignalingSocket> {
    return SignalingSocket.openWith(url, { headers: { Authorization: `Bearer ${token}` } });
  }

  static async #opened(socket: WebSocket): Promise<SignalingSocket> {
    const signaling = new SignalingSocket(socket);
    await new Promise<void>((resolve, reject) => {
      socket.onopen = () => resolve();
      socket.onerror = (event) => reject(event instanceof ErrorEvent ? event.error : event);
    });
    // A connection that is cut off says so in its close event as well.
    socket.onerror = null;
    return signaling;
  }

  /** What the server took of the subprotocols that were offered. */
  get protocol(): string {
    return this.#socket.protocol;
  }

  send(message: ClientMessage): void {
    this.sendRaw(JSON.stringify(message));
  }

  sendRaw(data: string | Uint8Array<ArrayBuffer>): void {
    this.#socket.send(data);
  }

  /** The first message of this type that fits, be it here already or still to come. */
  receive<T extends MessageType>(
    type: T,
    fits: (message: MessageOf<T>) => boolean = () => true,
    deadlineMs?: number,
  ): Promise<MessageOf<T>> {
    const matches = (message: ServerMessage): message is MessageOf<T> => isOfType(message, type) && fits(message);
    return this.messages.find(matches, `a message ${type}`, deadlineMs);
  }

  /** All messages of this type so far. */
  received<T extends MessageType>(type: T): MessageOf<T>[] {
    return this.messages.entries.filter((message) => isOfType(message, type));
  }

  /** Resolves once the server has answered the close, or the connection is gone. */
  async close(code = 1000): Promise<CloseEvent> {
    this.#socket.close(code);
    return await this.closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** Rule P71. */
function protocolsOf(token: string): string[] {
  return ["switchboard", `switchboard.bearer.${token}`];
}

function isOfType<T extends MessageType>(message: ServerMessage, type: T): message is MessageOf<T> {
  return message.type === type;
}
