import { type BrokerLink, BrokerLinkError, type BrokerLinkSink, type ConnectBroker } from "./broker_link.ts";
import { BrokerSocket } from "./broker_socket.ts";
import type { BrokerTarget } from "./broker_target.ts";
import { type RespHandler, RespReader } from "./resp_reader.ts";

/** How Redis begins what it says to who may not be there. */
const REFUSAL = /^(?:WRONGPASS|NOAUTH|NOPERM|DENIED)\b/;
/** In its answer to HELLO, where each word has its length in front. */
const VERSION = /\bversion\r\n\$\d+\r\n([^\r]+)/;
const [CR, LF] = [13, 10];
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Makes connections to a Redis server, of version 6 or later: by RESP3 one connection publishes and is subscribed. */
export function connectRedis(target: BrokerTarget): ConnectBroker {
  const { host, port, isEncrypted, caCertificate } = target;
  return async (sink, signal) => {
    try {
      const socket = await BrokerSocket.open(host, port, signal);
      if (isEncrypted) await socket.startTls({ ca: caCertificate });
      return await RedisLink.begin(socket, sink, target);
    } catch (error) {
      if (error instanceof BrokerLinkError) throw error;
      throw new BrokerLinkError(error instanceof Error ? error.message : String(error), { isRefusal: false });
    }
  };
}

class RedisLink implements BrokerLink, RespHandler {
  software = "Redis";
  readonly #socket: BrokerSocket;
  readonly #sink: BrokerLinkSink;
  readonly #reader = new RespReader(this);
  readonly #pings: (() => void)[] = [];
  /** What becomes of the beginning; afterwards all is told to the sink. */
  readonly #begun = Promise.withResolvers<void>();
  #hasBegun = false;
  #isClosed = false;

  private constructor(socket: BrokerSocket, sink: BrokerLinkSink) {
    this.#socket = socket;
    this.#sink = sink;
  }

  /** Says who we are. Rejects, and closes the socket, where the server does not take us. */
  static async begin(socket: BrokerSocket, sink: BrokerLinkSink, { username, password }: BrokerTarget) {
    const link = new RedisLink(socket, sink);
    const credentials = password === undefined ? [] : ["AUTH", username ?? "default", password];
    socket.send(command("HELLO", "3", ...credentials, "SETNAME", "switchboard"));
    void link.#readAll();
    try {
      await link.#begun.promise;
      return link;
    } catch (error) {
      await link.close();
      throw error;
    }
  }

  publish(subject: string, message: Uint8Array): boolean {
    if (this.#socket.isClosed) return false;
    this.#socket.send(publication(subject, message));
    return true;
  }

  subscribe(subject: string): void {
    this.#socket.send(command("SUBSCRIBE", subject));
  }

  unsubscribe(subject: string): void {
    this.#socket.send(command("UNSUBSCRIBE", subject));
  }

  ping(answered: () => void): void {
    this.#pings.push(answered);
    this.#socket.send(command("PING"));
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#socket.close();
    return Promise.resolve();
  }

  handleMessage(subject: string, message: Uint8Array): void {
    this.#sink.handleMessage(subject, message);
  }

  handleStatus(text: string): void {
    if (text === "PONG") this.#pings.shift()?.();
  }

  handleError(text: string): void {
    if (this.#hasBegun) this.#sink.handleComplaint(text);
    else this.#begun.reject(new BrokerLinkError(text, { isRefusal: REFUSAL.test(text) }));
  }

  /** Also of the first one, who the server is. */
  handleOther(reply: Uint8Array): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    this.software = `Redis ${VERSION.exec(decoder.decode(reply))?.[1] ?? "of an unknown version"}`;
    this.#begun.resolve();
  }

  async #readAll(): Promise<void> {
    let isProtocol = true;
    while (isProtocol) {
      const length = await this.#socket.read(this.#reader.space);
      if (length === 0) break;
      isProtocol = this.#reader.handleBytes(length);
    }
    this.#socket.close();
    if (this.#isClosed) return;
    const { failure } = this.#socket;
    const reason = isProtocol ? failure?.message ?? "the connection was closed" : "it speaks another protocol";
    if (this.#hasBegun) this.#sink.handleLost(reason);
    else this.#begun.reject(new BrokerLinkError(reason, { isRefusal: false }));
  }
}

/** An array of bulk strings. */
function command(...words: string[]): Uint8Array {
  const bulks = words.map((word) => `$${encoder.encode(word).length}\r\n${word}\r\n`);
  return encoder.encode(`*${words.length}\r\n${bulks.join("")}`);
}

/** PUBLISH as one frame, with a copy of the message; subjects are ASCII. */
function publication(subject: string, message: Uint8Array): Uint8Array {
  const head = `*3\r\n$7\r\nPUBLISH\r\n$${subject.length}\r\n${subject}\r\n$${message.length}\r\n`;
  const end = head.length + message.length;
  const frame = new Uint8Array(end + 2);
  encoder.encodeInto(head, frame);
  frame.set(message, head.length);
  frame[end] = CR;
  frame[end + 1] = LF;
  return frame;
}
