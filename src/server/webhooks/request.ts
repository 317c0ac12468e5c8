import { closeConnection } from "../../bus/close_connection.ts";
import { StatusReader } from "../../webhooks/status_reader.ts";

/** Bytes that are read of a response at most. */
const MAX_RESPONSE_BYTES = 64 * 1024;
const PORTS: Readonly<Record<string, number>> = { "http:": 80, "https:": 443 };

export interface PostRequest {
  readonly url: URL;
  /** The IP address to connect to, whatever the name in the URL may lead to by now. */
  readonly address: string;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body: string;
  /** Certificate authorities in PEM to be trusted besides the usual ones. */
  readonly caCertificate?: string | undefined;
}

/** The host of a URL as TLS and resolvers know it: IPv6 addresses without brackets. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, "$1");
}

/**
 * Sends one request, on a connection of its own, and gives the status of the response, of which nothing else is read. So it
 * follows no redirect, and a body costs nothing, however long it is or takes. Rejects where there is no connection, no trust
 * or no HTTP; `signal` ends it in whatever state it is.
 */
export async function post(request: PostRequest, signal: AbortSignal): Promise<number> {
  const { url, address, caCertificate } = request;
  const port = Number(url.port || PORTS[url.protocol]);
  const tcp = await Deno.connect({ hostname: address, port, signal });
  let connection: Deno.Conn = tcp;
  const close = () => closeConnection(connection);
  signal.addEventListener("abort", close);
  try {
    if (url.protocol === "https:") {
      const caCerts = caCertificate === undefined ? [] : [caCertificate];
      connection = await Deno.startTls(tcp, { hostname: hostOf(url), caCerts, alpnProtocols: ["http/1.1"] });
    }
    signal.throwIfAborted();
    await writeAll(connection, requestBytes(request));
    return await readStatus(connection);
  } finally {
    signal.removeEventListener("abort", close);
    close();
  }
}

function requestBytes({ url, headers, body }: PostRequest): Uint8Array {
  const encoder = new TextEncoder();
  const fields = {
    "Host": url.host,
    "User-Agent": "Switchboard",
    "Content-Type": "application/json",
    "Content-Length": `${encoder.encode(body).length}`,
    "Connection": "close",
    ...headers,
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return encoder.encode(`POST ${url.pathname}${url.search} HTTP/1.1\r\n${lines.join("")}\r\n${body}`);
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

async function readStatus(connection: Deno.Conn): Promise<number> {
  const reader = new StatusReader();
  const buffer = new Uint8Array(4096);
  for (let total = 0; total < MAX_RESPONSE_BYTES;) {
    const length = await connection.read(buffer);
    if (length === null) throw new TypeError("the connection has ended before there was an answer");
    total += length;
    const status = reader.read(buffer.subarray(0, length));
    if (status === "invalid") throw new TypeError("the answer is no HTTP");
    if (status !== undefined) return status;
  }
  throw new TypeError(`the answer has no status within ${MAX_RESPONSE_BYTES} bytes`);
}
