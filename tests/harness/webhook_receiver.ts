import { createHmac } from "node:crypto";
import { closeConnection } from "../../src/bus/close_connection.ts";
import { Journal } from "./journal.ts";

/** Of 32 bytes. */
export const WEBHOOK_SECRET = `whsec_${new Uint8Array(32).fill(7).toBase64()}`;

/** One request as it came. */
export interface ReceivedWebhook {
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
  readonly id: string;
  readonly type: string;
  readonly roomId: string;
  /** How many were on their way when it was there, itself included. */
  readonly atOnce: number;
}

/** What a receiver does with a request; resolves once it has nothing more to do with the connection. */
export type Behaviour = (connection: Deno.Conn, received: ReceivedWebhook) => Promise<void>;

/** Listens on loopback, notes each request, and does with it what a test wants. */
export class WebhookReceiver implements AsyncDisposable {
  readonly received = new Journal<ReceivedWebhook>();
  behaviour: Behaviour = answer(204);
  readonly #listener: Deno.Listener<Deno.Conn<Deno.NetAddr>, Deno.NetAddr>;
  readonly #scheme: string;
  readonly #connections = new Set<Deno.Conn>();
  readonly #running: Promise<unknown>[] = [];
  #atOnce = 0;

  /** By https where a certificate and its key are given. */
  constructor(pem?: { readonly certPem: string; readonly keyPem: string }) {
    const address = { hostname: "127.0.0.1", port: 0 };
    this.#scheme = pem === undefined ? "http" : "https";
    this.#listener = pem === undefined
      ? Deno.listen(address)
      : Deno.listenTls({ ...address, cert: pem.certPem, key: pem.keyPem });
    this.#running.push(this.#accept());
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  url(path = "/hook", host = "127.0.0.1"): string {
    return `${this.#scheme}://${host}:${this.port}${path}`;
  }

  /** Of one room, in the order in which they came. */
  typesOf(roomId: string): string[] {
    return this.received.entries.filter((entry) => entry.roomId === roomId).map(({ type }) => type);
  }

  async #accept(): Promise<void> {
    for await (const connection of this.#listener) {
      this.#connections.add(connection);
      this.#running.push(this.#serve(connection));
    }
  }

  async #serve(connection: Deno.Conn): Promise<void> {
    this.#atOnce++;
    try {
      const received = await readRequest(connection, this.#atOnce);
      if (received === undefined) return;
      this.received.add(received);
      await this.behaviour(connection, received);
    } catch (error) {
      // Who has sent the request has gone, or, by TLS, does not trust.
      if (!isEnd(error)) throw error;
    } finally {
      this.#atOnce--;
      this.#connections.delete(connection);
      closeConnection(connection);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#connections) closeConnection(connection);
    await Promise.all(this.#running);
  }
}

function isEnd(error: unknown): boolean {
  const { errors } = Deno;
  const ends = [errors.BrokenPipe, errors.ConnectionReset, errors.BadResource, errors.Interrupted, errors.InvalidData];
  return [...ends, errors.UnexpectedEof].some((type) => error instanceof type);
}

async function readRequest(connection: Deno.Conn, atOnce: number): Promise<ReceivedWebhook | undefined> {
  const buffer = new Uint8Array(64 * 1024);
  let length = 0;
  for (;;) {
    const count = await connection.read(buffer.subarray(length));
    if (count === null) return undefined;
    length += count;
    const text = new TextDecoder().decode(buffer.subarray(0, length));
    const [head, body] = text.split("\r\n\r\n", 2);
    const headers = new Headers(
      head.split("\r\n").slice(1).map((line): [string, string] => {
        const at = line.indexOf(": ");
        return [line.slice(0, at), line.slice(at + 2)];
      }),
    );
    if (body === undefined || new TextEncoder().encode(body).length < Number(headers.get("content-length"))) continue;
    const { id, type, data } = JSON.parse(body);
    return { path: head.split(" ")[1], headers, body, id, type, roomId: data.roomId, atOnce };
  }
}

/** Whether a request is signed by the secret. */
export function isSigned({ headers, body }: ReceivedWebhook, secret = WEBHOOK_SECRET): boolean {
  const key = Uint8Array.fromBase64(secret.slice("whsec_".length));
  const signed = `${headers.get("webhook-id")}.${headers.get("webhook-timestamp")}.${body}`;
  return headers.get("webhook-signature") === `v1,${createHmac("sha256", key).update(signed).digest("base64")}`;
}

async function write(connection: Deno.Conn, text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

/** Answers at once; `rest` is what stands behind the status line. */
export function answer(status: number, rest = "Content-Length: 0\r\n\r\n"): Behaviour {
  return (connection) => write(connection, `HTTP/1.1 ${status} Whatever\r\n${rest}`);
}

/** Answers by something else than a status. */
export function say(text: string): Behaviour {
  return (connection) => write(connection, text);
}

/** Says a text, and a part of it again and again until the other side goes. */
export function sayForever(text: string, part: string): Behaviour {
  return async (connection) => {
    await write(connection, text);
    for (;;) await write(connection, part);
  };
}

/** Sends a byte of an answer at a time. */
export function trickle(delayMs: number): Behaviour {
  return async (connection) => {
    for (const character of "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") {
      await write(connection, character);
      await new Promise((resolve) => setTimeout(resolve, delayMs));
    }
  };
}

/** Says nothing until the other side goes. */
export const stall: Behaviour = async (connection) => {
  while (await connection.read(new Uint8Array(16)) !== null);
};

/** Goes without an answer. */
export const hangUp: Behaviour = () => Promise.resolve();
