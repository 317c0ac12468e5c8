import { getLogger } from "@logtape/logtape";
import type { Clock } from "../clock.ts";
import type { DatagramHandler, TcpConnections } from "../sockets.ts";
import type { TcpPeer } from "../tcp/tcp_peer.ts";
import { type TcpCounters, TcpRoutes } from "../tcp/tcp_routes.ts";
import { PortableTcpConnection, type PortableTcpPort } from "./tcp_connection.ts";

/** Where the process has no file descriptor for a connection: until it may have one again. */
const PAUSE_MS = 1000;

const log = getLogger(["switchboard", "media"]);

export interface TcpListenerOptions {
  readonly hostname: string;
  /** 0 for any. */
  readonly port: number;
  readonly clock: Clock;
  /** Instead of Deno's, for tests. */
  readonly listen?: (options: Deno.TcpListenOptions & { readonly transport: "tcp" }) => Deno.TcpListener;
}

/** The TCP port for the clients of all peers, by Deno.listen. */
export class TcpListener implements TcpConnections {
  readonly port: number;
  readonly #common: PortableTcpPort;
  readonly #listener: Deno.TcpListener;
  readonly #routes = new TcpRoutes();
  #accepting: Promise<void> | undefined;
  #pause: { readonly timer: number; readonly end: () => void } | undefined;
  #closed = false;

  /** Throws what the system says where the port cannot be had. */
  constructor({ hostname, port, clock, listen = Deno.listen }: TcpListenerOptions) {
    this.#common = { clock, dirty: [], lingering: new Set() };
    this.#listener = listen({ transport: "tcp", hostname, port });
    this.port = this.#listener.addr.port;
    this.#accepting = this.#accept();
  }

  get counters(): TcpCounters {
    return this.#routes.counters;
  }

  get size(): number {
    return this.#routes.size;
  }

  get needsTicks(): boolean {
    return this.#routes.strangerCount > 0;
  }

  /** See TcpRoutes. */
  openPeer(handler: DatagramHandler, countDrops: (count: number) => void): TcpPeer {
    return this.#routes.openPeer(handler, countDrops);
  }

  handleTimeout(nowMs: number): void {
    this.#routes.handleTimeout(nowMs);
  }

  /** Sends what is queued on all connections. */
  flush(): void {
    for (const connection of this.#common.dirty.splice(0)) connection.flush();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#listener.close();
    this.#routes.close();
    for (const connection of this.#common.lingering) connection.cut();
    if (this.#pause !== undefined) this.#common.clock.clearTimeout(this.#pause.timer);
    this.#pause?.end();
    await this.#accepting;
  }

  async #accept(): Promise<void> {
    while (!this.#closed) {
      try {
        this.#admit(await this.#listener.accept());
      } catch (error) {
        if (this.#closed) return;
        log.error("no TCP connection of a client can be accepted: {error}", { error });
        await this.#paused();
      }
    }
  }

  /** Where there is no peer there is nobody that a client could mean, nor a tick that would end a silent one. */
  #admit(connection: Deno.TcpConn): void {
    if (this.#closed || !this.#routes.hasPeers) {
      this.#routes.countRefusal();
      return connection.close();
    }
    const accepted = new PortableTcpConnection(this.#routes, connection, this.#common);
    this.#routes.add(accepted, this.#common.clock.now());
    accepted.receive();
  }

  #paused(): Promise<void> {
    return new Promise((end) => {
      this.#pause = { timer: this.#common.clock.setTimeout(end, PAUSE_MS), end };
    });
  }
}
