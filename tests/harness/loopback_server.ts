import { createSwitchboard, type SwitchboardServer } from "../../src/mod.ts";
import { DEADLINE_MS } from "./journal.ts";

/** A Switchboard in this process, on loopback. */
export class LoopbackServer implements AsyncDisposable {
  readonly switchboard: SwitchboardServer = createSwitchboard({ hostname: "127.0.0.1" });
  readonly #server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    this.switchboard.fetch,
  );

  get port(): number {
    return this.#server.addr.port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get signalingUrl(): string {
    return `ws://127.0.0.1:${this.port}/ws`;
  }

  /** Until nobody is left: the server hears of a closed WebSocket a little after its client. */
  async empty(deadlineMs = DEADLINE_MS): Promise<void> {
    const deadline = performance.now() + deadlineMs;
    while (Object.values(this.switchboard.stats()).some((count) => count !== 0)) {
      if (performance.now() > deadline) {
        throw new Error(`not empty after ${deadlineMs} ms: ${JSON.stringify(this.switchboard.stats())}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.switchboard.close();
    await this.#server.shutdown();
  }
}
