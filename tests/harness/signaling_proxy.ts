/** The port that clients are to be told of instead of a port of the server. */
export type MapPort = (serverPort: number) => number;

/** Close codes: none was given (RFC 6455 section 7.1.5); the connection behind is gone (IANA's registry). */
const NO_STATUS = 1005;
const BAD_GATEWAY = 1014;

const CANDIDATES = /^(a=candidate:\S+ 1 udp \d+) \S+ (\d+) typ host.*\r\n(?:a=candidate:.*\r\n)*/gim;

/** An answer whose candidates, which share one port, are one: that port as mapped, on the loopback interface. */
export function divertCandidates(sdp: string, mapPort: MapPort): string {
  return sdp.replace(CANDIDATES, (_, start, port) => `${start} 127.0.0.1 ${mapPort(Number(port))} typ host\r\n`);
}

/**
 * Stands between browsers and a server's page and signaling, and tells them in every answer to send media elsewhere. What
 * the server's WebSocket does the browser's does too, and the other way round.
 */
export class SignalingProxy implements AsyncDisposable {
  readonly #target: string;
  readonly #mapPort: MapPort;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #bridges = new Set<Promise<void>>();

  /** `target` is the server's origin, as in `http://localhost:8080`. */
  constructor(target: string, mapPort: MapPort) {
    this.#target = target;
    this.#mapPort = mapPort;
    const options = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
    this.#server = Deno.serve(options, (request) => this.#handle(request));
  }

  /** The origin of the page. Its name makes it a secure context, which may use cameras. */
  get url(): string {
    return `http://localhost:${this.#server.addr.port}`;
  }

  /** Ends when its clients have gone: their connections are not cut. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#bridges);
    await this.#server.shutdown();
  }

  async #handle(request: Request): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    const url = `${this.#target}${pathname}${search}`;
    if (request.headers.get("upgrade") === "websocket") return this.#upgrade(request, url.replace(/^http/, "ws"));
    return await fetch(url, { method: request.method, redirect: "manual" });
  }

  #upgrade(request: Request, url: string): Response {
    const { socket: client, response } = Deno.upgradeWebSocket(request);
    const bridge = this.#bridge(client, new WebSocket(url)).finally(() => this.#bridges.delete(bridge));
    this.#bridges.add(bridge);
    return response;
  }

  /** Until both are closed. */
  async #bridge(client: WebSocket, server: WebSocket): Promise<void> {
    const opened = [client, server].map((socket) => new Promise((resolve) => socket.onopen = resolve));
    const closed = [client, server].map((socket) => new Promise<CloseEvent>((resolve) => socket.onclose = resolve));
    const early: string[] = [];
    client.onmessage = ({ data }) => early.push(data);
    await Promise.race([Promise.all(opened), ...closed]);
    for (const message of early) server.send(message);
    client.onmessage = ({ data }) => server.send(data);
    server.onmessage = ({ data }) => client.send(this.#divert(String(data)));
    closed[0].then(() => server.close());
    closed[1].then((event) => closeAs(client, event));
    await Promise.all(closed);
  }

  #divert(text: string): string {
    const message = JSON.parse(text);
    if (message.type !== "answer") return text;
    return JSON.stringify({ ...message, sdp: divertCandidates(message.sdp, this.#mapPort) });
  }
}

/** Closes a server's end of a WebSocket as another one was closed. */
function closeAs(socket: WebSocket, { code, reason, wasClean }: CloseEvent): void {
  if (!wasClean) socket.close(BAD_GATEWAY);
  else if (code === NO_STATUS) socket.close();
  else socket.close(code, reason);
}
