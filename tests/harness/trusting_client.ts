import { X509Certificate } from "node:crypto";
import { connect } from "node:tls";

/** Runs a test with an HTTP client that trusts these certificates alone, and makes a new connection for each request. */
export async function withClient<T>(caCerts: string[], run: (client: Deno.HttpClient) => Promise<T>): Promise<T> {
  using client = Deno.createHttpClient({ caCerts, poolMaxIdlePerHost: 0, http2: false });
  return await run(client);
}

/** What a new HTTPS connection is answered. Rejects where no certificate of these vouches for the server. */
export async function get(url: string, caCerts: string[]): Promise<string> {
  return await withClient(caCerts, async (client) => await (await fetch(url, { client })).text());
}

/** A WebSocket by TLS, which is open. */
export async function openWebSocket(url: string, client: Deno.HttpClient): Promise<WebSocket> {
  const socket = new WebSocket(url, { client });
  await new Promise<void>((resolve, reject) => {
    socket.onopen = () => resolve();
    socket.onerror = (event) => reject(new Error(event instanceof ErrorEvent ? event.message : "it failed"));
  });
  return socket;
}

/** The answer to a message. */
export function ask(socket: WebSocket, text: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    socket.onmessage = ({ data }) => resolve(data);
    socket.onclose = ({ code }) => reject(new Error(`closed with ${code}`));
    socket.send(text);
  });
}

/** Closes it and waits for the closing handshake. */
export async function closeWebSocket(socket: WebSocket): Promise<number> {
  return await new Promise((resolve) => {
    socket.onclose = ({ code }) => resolve(code);
    socket.close(1000);
  });
}

/** The certificate that a server on this machine shows, whoever vouches for it. */
export async function shownCertificate(port: number): Promise<X509Certificate> {
  const socket = connect({ host: "localhost", port, rejectUnauthorized: false });
  await new Promise<void>((resolve, reject) => socket.once("secureConnect", resolve).once("error", reject));
  const certificate = new X509Certificate(socket.getPeerCertificate().raw);
  socket.destroy();
  return certificate;
}
