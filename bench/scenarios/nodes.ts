import { brokerProgram, BrokerServer } from "../../tests/harness/broker_server.ts";
import type { Bench } from "../bench.ts";
import { Child, denoScript, hasProgram } from "../child.ts";
import type { Order } from "../crossing_orders.ts";
import type { NodeIntroduction, NodeQuestion, NodeReport, NodeSetup, Way } from "../node_orders.ts";
import { microsecondsBetween, threadTimes } from "../process_usage.ts";
import { pauseMs } from "../windows.ts";

const SENDER_CORE = 0;
const RECEIVER_CORE = 1;
/** Bytes of a packet. */
const LENGTH = 1000;
const WARM_UP_MS = 1000;
/** What was sent may be on its way for as long; what is lost last is told by a keep-alive. */
const SETTLE_MS = 1500;
/** For a packet, of the node that sends, in batches of 8 and more, where many go: a thread that sleeps meanwhile costs more. */
const MAX_SENDER_US = 3;
const BUSY_RATE = 50_000;

/** The server's flags for V8 (`deno task start`). */
const FLAGS = ["--unstable-net", "--v8-flags=--max-semi-space-size=2,--no-parallel-scavenge"];

interface Traffic {
  readonly rate: number;
  readonly batch: number;
}

/** What all ways can carry, what brokers can, and what goes directly. */
const LITTLE: readonly Traffic[] = [{ rate: 1000, batch: 1 }, { rate: 8000, batch: 8 }, { rate: 8000, batch: 64 }];
const MUCH: readonly Traffic[] = [...LITTLE, { rate: 50_000, batch: 8 }, { rate: 50_000, batch: 64 }];
const MOST: readonly Traffic[] = [...MUCH, { rate: 150_000, batch: 8 }, { rate: 150_000, batch: 64 }];

const WAYS: readonly (readonly [Way, readonly Traffic[]])[] = [
  ["direct", MOST],
  ["direct-portable", LITTLE],
  ["nats", MUCH],
  ["redis", MUCH],
];

/** One node as a process. */
class NodeProcess {
  readonly #child: Child;
  readonly introduction: NodeIntroduction;

  private constructor(child: Child, introduction: NodeIntroduction) {
    this.#child = child;
    this.introduction = introduction;
  }

  static async start(setup: NodeSetup, core: number): Promise<NodeProcess> {
    const child = new Child(denoScript("node_process.ts", [JSON.stringify(setup)], FLAGS), core);
    return new NodeProcess(child, JSON.parse(await child.readLine()));
  }

  get pid(): number {
    return this.#child.pid;
  }

  async ask(question: NodeQuestion): Promise<unknown> {
    return JSON.parse(await this.#child.ask(JSON.stringify(question)));
  }

  async report(): Promise<NodeReport> {
    return JSON.parse(await this.#child.ask(JSON.stringify({ type: "report" } satisfies NodeQuestion)));
  }

  async send(order: Order): Promise<number> {
    return Number(await this.ask({ type: "send", order }));
  }

  async end(): Promise<void> {
    await this.#child.end();
  }
}

/** CPU microseconds of both sides. */
interface Cost {
  readonly sender: number;
  readonly receiver: number;
}

/** Two nodes, of which one sends. */
class Pair {
  readonly #sender: NodeProcess;
  readonly #receiver: NodeProcess;

  private constructor(sender: NodeProcess, receiver: NodeProcess) {
    this.#sender = sender;
    this.#receiver = receiver;
  }

  static async start(way: Way, brokerUrl: string | undefined): Promise<Pair> {
    const common = { way, ...(brokerUrl !== undefined && { brokerUrl }) };
    const sender = await NodeProcess.start({ ...common, name: "sender", other: "receiver" }, SENDER_CORE);
    const receiver = await NodeProcess.start({ ...common, name: "receiver", other: "sender" }, RECEIVER_CORE);
    await Promise.all([
      sender.ask({ type: "meet", other: receiver.introduction }),
      receiver.ask({ type: "meet", other: sender.introduction }),
    ]);
    return new Pair(sender, receiver);
  }

  /** Measures one kind of traffic, and says a line of it. */
  async measure({ report, options }: Bench, way: Way, { rate, batch }: Traffic): Promise<void> {
    const order: Order = { rate, batch, length: LENGTH, durationMs: options.windowMs, sends: true };
    await this.#sender.send({ ...order, durationMs: WARM_UP_MS });
    const idle = await this.#costOf({ ...order, sends: false });
    await this.#receiver.report();
    const { sender, receiver, sent } = await this.#costOf(order);
    const { received, lost, p50Ms, p99Ms } = await this.#receiver.report();
    const senderUs = (sender - idle.sender) / sent;
    const receiverUs = (receiver - idle.receiver) / Math.max(1, received);
    report.line([
      `${way}, ${rate}/s, ${batch} a batch: ${senderUs.toFixed(2)} us the sender, ${
        receiverUs.toFixed(2)
      } the receiver`,
      `latency p50 ${p50Ms.toFixed(2)} p99 ${p99Ms.toFixed(2)} ms`,
      `lost ${sent - received} of ${sent}, told ${lost}`,
    ].join("; "));
    if (way !== "direct" || rate < BUSY_RATE) return;
    const what = `${way}, ${rate}/s, ${batch} a batch: at most ${MAX_SENDER_US} us the sender`;
    report.mustHold(senderUs <= MAX_SENDER_US, what);
  }

  async end(): Promise<void> {
    await this.#sender.end();
    await this.#receiver.end();
  }

  async #costOf(order: Order): Promise<Cost & { readonly sent: number }> {
    const before = [this.#sender, this.#receiver].map(({ pid }) => threadTimes(pid));
    const sent = await this.#sender.send(order);
    await pauseMs(SETTLE_MS);
    const [sender, receiver] = [this.#sender, this.#receiver].map(({ pid }, i) =>
      microsecondsBetween(before[i], threadTimes(pid))
    );
    return { sender, receiver, sent };
  }
}

/** What a packet costs that crosses from one node to another, each a process: directly, and by real brokers. */
export async function nodes(bench: Bench): Promise<void> {
  bench.report.title(`nodes: packets of ${LENGTH} bytes from one process to another`);
  for (const [way, traffic] of WAYS) {
    if (way === "direct" || way === "direct-portable") await measureWay(bench, way, traffic);
    else if (hasProgram(brokerProgram(way))) {
      await using server = await BrokerServer.start(way);
      await measureWay(bench, way, traffic, server.url().href);
    } else bench.report.line(`${way} is left out: there is no ${brokerProgram(way)}`);
  }
}

async function measureWay(bench: Bench, way: Way, traffic: readonly Traffic[], brokerUrl?: string): Promise<void> {
  const pair = await Pair.start(way, brokerUrl);
  for (const each of traffic) await pair.measure(bench, way, each);
  await pair.end();
}
