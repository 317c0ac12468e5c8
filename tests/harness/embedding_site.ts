const SCRIPT = new URL("guest_page.js", import.meta.url);

/** What a test needs to serve the site. */
export const SITE_PERMISSIONS = { read: [SCRIPT], net: ["127.0.0.1"] } satisfies Deno.PermissionOptionsObject;

/** A WebSocket on which the site says nothing. */
export interface SilentSocket {
  /** Resolves when the client has closed it. */
  readonly closed: Promise<void>;
}

/** A web site of its own origin, whose page embeds the SDK of the server that its query names. */
export class EmbeddingSite implements AsyncDisposable {
  readonly #server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => this.#answer(request),
  );

  /** Resolves when a client has sent something to the WebSocket below `/silent`, which is never answered. */
  readonly silentSocket: Promise<SilentSocket>;
  readonly #heard: (socket: SilentSocket) => void;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<SilentSocket>();
    this.silentSocket = promise;
    this.#heard = resolve;
  }

  /** The page, which is to import the SDK from the server. */
  pageOf(server: string): URL {
    return new URL(`/?${server}`, this.origin);
  }

  /** A page without the SDK. */
  get blankPage(): URL {
    return new URL("/blank", this.origin);
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/silent") return this.#beSilent(request);
    if (pathname === "/guest_page.js") {
      return new Response(await Deno.readTextFile(SCRIPT), { headers: { "Content-Type": "text/javascript" } });
    }
    const script = pathname === "/blank" ? "" : '<script type="module" src="guest_page.js"></script>';
    const page = `<!DOCTYPE html><link rel="icon" href="data:,"><body>${script}`;
    return new Response(page, { headers: { "Content-Type": "text/html" } });
  }

  #beSilent(request: Request): Response {
    const { socket, response } = Deno.upgradeWebSocket(request);
    const closed = new Promise<void>((resolve) => socket.onclose = () => resolve());
    socket.onmessage = () => this.#heard({ closed });
    return response;
  }
}
