import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { createCertificate } from "../../src/io/dtls/certificate.ts";
import type { Handler } from "../../src/server/listener.ts";
import { madeTlsCertificate } from "../../src/server/tls_certificate.ts";
import { TlsListener, type TlsListenerOptions } from "../../src/server/tls_listener.ts";

function certificate() {
  const made = createCertificate(Date.now(), ["localhost", "127.0.0.1"]);
  return { pem: made.certPem, tls: madeTlsCertificate(made, Date.now()) };
}

export const OLD = certificate();
export const NEW = certificate();
export const LONG_TEXT = "0123456789".repeat(100_000);

/** More than what the kernel keeps of a connection whose client does not read. */
export const MUCH = new Uint8Array(64_000_000);

/** Echoes WebSocket messages, but one that asks for much; else says who asks, or a long text. */
export const HANDLER: Handler = (request, { remoteAddr }) => {
  if (request.headers.get("upgrade") === "websocket") {
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onmessage = ({ data }) => socket.send(data === "much" ? MUCH : `echo of ${data}`);
    return response;
  }
  if (request.url.endsWith("/much")) return new Response(MUCH);
  return new Response(request.url.endsWith("/long") ? LONG_TEXT : `port ${remoteAddr.port}`);
};

export interface Served {
  readonly listener: TlsListener;
  readonly port: number;
  readonly url: string;
}

/** Runs a test against a listener that shows the old certificate. */
export async function serveTls(test: (served: Served) => Promise<void>, options: Partial<TlsListenerOptions> = {}) {
  let port = 0;
  const listener = new TlsListener(HANDLER, {
    hostname: "127.0.0.1",
    port: 0,
    certificate: OLD.tls,
    onListen: (address) => port = address.port,
    ...options,
  });
  try {
    await test({ listener, port, url: `https://localhost:${port}` });
  } finally {
    await listener.shutdown();
  }
}

/** Connections that were accepted and are not closed. */
export function countConnections() {
  const count = { open: 0 };
  const listen = (options: Deno.TcpListenOptions) => {
    const listener = Deno.listen(options);
    const accept = listener.accept.bind(listener);
    listener.accept = async () => {
      const connection = await accept();
      const close = connection.close.bind(connection);
      count.open++;
      connection.close = () => {
        count.open--;
        close();
      };
      return connection;
    };
    return listener;
  };
  return { count, listen };
}

/** A client that trusts the old certificate, and whose bytes are on their way at once. */
export async function connectTls(port: number): Promise<Deno.TlsConn> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  connection.setNoDelay();
  return await Deno.startTls(connection, { hostname: "localhost", caCerts: [OLD.pem] });
}

export async function send(connection: Deno.Conn, text: string): Promise<void> {
  await connection.write(new TextEncoder().encode(text));
}

/** Reads until that has come, of which each character is a byte. */
export async function readUntil(connection: Deno.Conn, wanted: RegExp): Promise<void> {
  const buffer = new Uint8Array(10_000);
  for (let text = ""; !wanted.test(text);) {
    const length = await connection.read(buffer);
    assert.notEqual(length, null, `the end, after ${text}`);
    text += String.fromCharCode(...buffer.subarray(0, length ?? 0));
  }
}

/** Headers of a WebSocket's handshake. */
export const UPGRADE = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
  "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";

export function request(path: string, headers = ""): string {
  return `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`;
}

/** Lets the event loop turn until it holds. */
export async function turnUntil(condition: () => boolean): Promise<void> {
  while (!condition()) await setImmediate();
}

/** Asks again on a connection that is kept. */
export async function askAgain(connection: Deno.Conn): Promise<void> {
  await send(connection, request("/"));
  await readUntil(connection, /port \d+$/);
}
