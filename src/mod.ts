/**
 * Switchboard as a library: `createSwitchboard()` gives a handler for Deno.serve that serves the signaling WebSocket,
 * the page with its browser SDK, and /healthz.
 *
 * ```ts
 * import { createSwitchboard } from "./src/mod.ts";
 *
 * const switchboard = createSwitchboard();
 * Deno.serve({ port: 3000 }, switchboard.fetch);
 * ```
 */
import { type BackendChoice, chooseBackend } from "./io/choose_backend.ts";
import { systemClock } from "./io/clock.ts";
import { cryptoRandom } from "./io/random.ts";
import { type Stats, Switchboard } from "./io/switchboard.ts";
import { CODEC_NAMES, type CodecName, MIME_TYPES } from "./server/codecs.ts";
import { createApp } from "./server/http.ts";
import { upgradeSignaling } from "./server/websocket.ts";

export type { BackendChoice, CodecName, Stats };

/** What an embedder may set. Everything has a default. */
export interface CreateOptions {
  /** Address that the UDP sockets bind to; 0.0.0.0, which is also the default, means all. */
  readonly hostname?: string;
  /** IP addresses to put into ICE candidates instead of the machine's own, for 1:1 NAT. */
  readonly announce?: readonly string[];
  readonly backend?: BackendChoice;
  /** Codecs that rooms allow; the order says nothing. Default: all of them. */
  readonly codecs?: readonly CodecName[];
}

/** A running server, without its HTTP listener. */
export interface SwitchboardServer {
  /** The handler for Deno.serve. */
  fetch(request: Request, info: Deno.ServeHandlerInfo<Deno.NetAddr>): Response | Promise<Response>;
  /** Which backend runs, and why. */
  readonly backend: { readonly name: string; readonly reason: string };
  /** What is alive at present. */
  stats(): Stats;
  /** Tells every client, ends every peer, and gives back all sockets and timers. */
  close(): Promise<void>;
}

/** Makes a server. Throws nothing; a peer that cannot get a socket is told, and the others stay. */
export function createSwitchboard(options: CreateOptions = {}): SwitchboardServer {
  const { backend, reason } = chooseBackend(options.backend ?? "auto");
  const switchboard = new Switchboard({
    backend,
    clock: systemClock,
    random: cryptoRandom,
    hostname: options.hostname ?? "0.0.0.0",
    announce: options.announce ?? [],
    codecs: (options.codecs ?? CODEC_NAMES).map((name) => MIME_TYPES[name]),
  });
  const health = () => ({ status: "ok", backend: backend.name, backendReason: reason, ...switchboard.stats });
  const app = createApp({ staticRoot: new URL("../static/", import.meta.url), health });
  return {
    fetch(request, info) {
      // Deno puts the Host header into the URL, which then may be none.
      const url = URL.parse(request.url);
      if (url === null) return new Response("The Host header is not valid\n", { status: 400 });
      if (url.pathname !== "/ws") return app.fetch(request);
      return upgradeSignaling(request, info.remoteAddr, (connection) => switchboard.connect(connection));
    },
    backend: { name: backend.name, reason },
    stats: () => switchboard.stats,
    close: () => switchboard.close(),
  };
}
