/**
 * What it costs a packet to cross from one isolate to another, by hand: `deno run -A bench/crossing.ts [ring] [channel]`.
 * CPU is what the kernel says the threads of both sides ran, less what the sender takes to keep the time without sending.
 */
import { createRings } from "../src/bus/ring_bus.ts";
import { MAX_SAMPLES, type NodeStart, type Order, TALLY } from "./crossing_orders.ts";
import { microsecondsBetween, threadTimes } from "./process_usage.ts";

const LENGTH = 1200;
const DURATION_MS = 2000;
const WARM_UP_MS = 500;
/** What was posted may be on its way for as long. */
const SETTLE_MS = 500;

const RING: readonly (readonly [rate: number, batch: number, length: number])[] = [
  [6250, 1, LENGTH],
  [50_000, 1, LENGTH],
  [50_000, 8, LENGTH],
  [50_000, 64, LENGTH],
  [100_000, 8, LENGTH],
  [200_000, 8, LENGTH],
  [200_000, 64, LENGTH],
  [50_000, 8, 100],
];
const CHANNEL_BATCHES = [1, 8, 64];
const CHANNEL_MESSAGES = [500, 2000, 8000];

/** A worker that answers each message with one. */
class Node {
  readonly #worker = new Worker(new URL("crossing_node.ts", import.meta.url), { type: "module" });

  ask<Answer>(message: NodeStart | Order): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.#worker.onmessage = ({ data }) => resolve(data);
    this.#worker.onerror = (event) => reject(new Error(event.message));
    this.#worker.postMessage(message);
    return promise;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

class Crossing {
  readonly #sender: Node;
  readonly #tally: Int32Array;

  constructor(sender: Node, tally: Int32Array) {
    this.#sender = sender;
    this.#tally = tally;
  }

  static async open(rings: SharedArrayBuffer[] | undefined): Promise<Crossing> {
    const tally = new Int32Array(new SharedArrayBuffer(4 * (TALLY.words + MAX_SAMPLES)));
    const prefix = `${crypto.randomUUID()} `;
    const shared = { tally: tally.buffer, prefix, ...(rings && { rings }) };
    const wakeFd = await new Node().ask<number>({ role: "receive", ...shared });
    const sender = new Node();
    await sender.ask({ role: "send", ...shared, ...(rings && { wakeFd }) });
    return new Crossing(sender, tally);
  }

  /** Prints a line of the table. */
  async measure(name: string, rate: number, batch: number, length: number): Promise<void> {
    const order: Order = { rate, batch, length, durationMs: DURATION_MS, sends: true };
    await this.#sender.ask({ ...order, durationMs: WARM_UP_MS });
    await pause(SETTLE_MS);
    const idleUs = await this.#cpuOf({ ...order, sends: false });
    this.#tally.fill(0);
    const spentUs = await this.#cpuOf(order);
    const sent = Math.floor((rate * DURATION_MS) / 1000 / batch) * batch;
    const received = this.#tally[TALLY.received];
    const samples = this.#tally.slice(TALLY.words, TALLY.words + this.#tally[TALLY.samples]).toSorted();
    const latency = (share: number) => ((samples[Math.floor(share * (samples.length - 1))] ?? 0) / 1000).toFixed(2);
    console.log([
      `${name}, ${length} bytes, ${batch} a batch, ${rate}/s:`,
      `received ${Math.round((received * 1000) / DURATION_MS)}/s, lost ${(100 * (1 - received / sent)).toFixed(1)}%`,
      `(told ${this.#tally[TALLY.lost]} of ${sent - received}),`,
      `p50 / p99 ${latency(0.5)} / ${latency(0.99)} ms,`,
      `CPU ${((spentUs - idleUs) / Math.max(1, received)).toFixed(2)} us a packet`,
    ].join(" "));
  }

  async #cpuOf(order: Order): Promise<number> {
    const before = threadTimes(Deno.pid);
    await this.#sender.ask(order);
    await pause(SETTLE_MS);
    return microsecondsBetween(before, threadTimes(Deno.pid));
  }
}

const wanted = Deno.args.length > 0 ? Deno.args : ["ring", "channel"];
if (wanted.includes("ring")) {
  const crossing = await Crossing.open(createRings(2));
  for (const [rate, batch, length] of RING) await crossing.measure("ring", rate, batch, length);
}
if (wanted.includes("channel")) {
  const crossing = await Crossing.open(undefined);
  for (const batch of CHANNEL_BATCHES) {
    for (const messages of CHANNEL_MESSAGES) {
      await crossing.measure("BroadcastChannel", messages * batch, batch, LENGTH);
    }
  }
}
Deno.exit(0);
