/** One node of the scenario `nodes`, as a process: its argument is a NodeSetup, its lines are those of node_orders.ts. */
import type { MediaBus } from "../src/media/media_bus.ts";
import { AUDIENCE, RTP_HEAD_LENGTH, writeRtpHead } from "../src/media/relay_frames.ts";
import { lines } from "./child.ts";
import type { Order } from "./crossing_orders.ts";
import { Schedule } from "./crossing_schedule.ts";
import { openTime } from "../src/load/time.ts";
import type { NodeQuestion, NodeReport, NodeSetup } from "./node_orders.ts";
import { type BenchNode, openNode, OTHER, pause, RELAY, ROOM } from "./node_ways.ts";

/** One frame in so many is asked when it was sent. */
const SAMPLED = 16;
const STAMP_BYTES = 8;
/** As the slots that sockets receive into. */
const BODY_BYTES = 2048;
const TICK_MS = 1;

const { clock } = openTime();

/** Counts what comes. */
class Tally {
  #received = 0;
  #lost = 0;
  #latenciesUs: number[] = [];
  readonly #stamp = new Float64Array(1);
  readonly #stampBytes = new Uint8Array(this.#stamp.buffer);

  constructor(bus: MediaBus) {
    bus.deliverTo({
      handleFrame: (_from, bytes) => {
        if (this.#received++ % SAMPLED !== 0) return;
        for (let i = 0; i < STAMP_BYTES; i++) this.#stampBytes[i] = bytes[RTP_HEAD_LENGTH + i];
        this.#latenciesUs.push(clock.now() - this.#stamp[0]);
      },
      handleLoss: (_from, count) => this.#lost += count,
      endBatch() {},
    });
  }

  take(): NodeReport {
    const sorted = Float64Array.from(this.#latenciesUs).sort();
    const latencyMs = (share: number) => (sorted[Math.floor(share * (sorted.length - 1))] ?? 0) / 1000;
    const report = {
      received: this.#received,
      lost: this.#lost,
      p50Ms: latencyMs(0.5),
      p99Ms: latencyMs(0.99),
    };
    this.#received = 0;
    this.#lost = 0;
    this.#latenciesUs = [];
    return report;
  }
}

/** The event loop goes on meanwhile, as in a server. */
async function send(node: BenchNode, order: Order): Promise<number> {
  const { batch, length } = order;
  const head = new Uint8Array(RTP_HEAD_LENGTH);
  const body = new Uint8Array(new ArrayBuffer(BODY_BYTES));
  const stamp = new Float64Array(1);
  const stampBytes = new Uint8Array(stamp.buffer);
  writeRtpHead(head, RELAY, 0, 0, AUDIENCE.others);
  const schedule = new Schedule(order, clock, (nowUs) => {
    stamp[0] = nowUs;
    for (let i = 0; i < STAMP_BYTES; i++) body[i] = stampBytes[i];
    for (let i = 0; i < batch; i++) node.bus.send(ROOM, 1 << OTHER, head, RTP_HEAD_LENGTH, body, 0, length);
    node.flush();
  });
  while (!schedule.isOver) {
    schedule.sendDue();
    await pause(TICK_MS);
  }
  return schedule.frames;
}

function say(answer: unknown): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(answer)}\n`));
}

async function main(): Promise<void> {
  const setup: NodeSetup = JSON.parse(Deno.args[0]);
  const node = await openNode(setup);
  const tally = new Tally(node.bus);
  node.bus.join(ROOM);
  say(node.introduction);
  for await (const line of Deno.stdin.readable.pipeThrough(new TextDecoderStream()).pipeThrough(lines())) {
    const question: NodeQuestion = JSON.parse(line);
    if (question.type === "report") say(tally.take());
    else if (question.type === "send") say(await send(node, question.order));
    else say(await node.meet(question.other) ?? "met");
  }
}

await main();
Deno.exit(0);
