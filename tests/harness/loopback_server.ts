import { type CreateOptions, createSwitchboard, type Stats, type SwitchboardServer } from "../../src/mod.ts";
import { DEADLINE_MS } from "./journal.ts";

/** Nobody tells of a change in the statistics. */
const POLL_MS = 5;

/** A Switchboard in this process, on loopback. */
export class LoopbackServer implements AsyncDisposable {
  readonly switchboard: SwitchboardServer;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor(options: CreateOptions = {}) {
    this.switchboard = createSwitchboard({ hostname: "127.0.0.1", ...options });
    this.#server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, this.switchboard.fetch);
  }

  get port(): number {
    return this.#server.addr.port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get signalingUrl(): string {
    return `ws://127.0.0.1:${this.port}/ws`;
  }

  /** What /healthz tells. */
  async health(): Promise<Readonly<Record<string, unknown>>> {
    return await (await fetch(`${this.url}/healthz`)).json();
  }

  /** Until what is alive is as wanted: the server hears of the end of a WebSocket on its own time. */
  async until(wanted: (stats: Stats) => boolean, what: string, deadlineMs = DEADLINE_MS): Promise<void> {
    const deadline = performance.now() + deadlineMs;
    while (!wanted(this.switchboard.stats())) {
      const stats = JSON.stringify(this.switchboard.stats());
      if (performance.now() > deadline) throw new Error(`${what}: not within ${deadlineMs} ms; ${stats}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** Until nothing is left of the peers. */
  async empty(): Promise<void> {
    await this.until(
      ({ refusals: _, ...alive }) => Object.values(alive).every((count) => count === 0),
      "an empty server",
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.switchboard.close();
    await this.#server.shutdown();
  }
}
