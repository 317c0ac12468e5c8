/**
 * What a message costs that goes from one process to another by a broker, by hand: `deno run -A bench/brokers.ts [nats]
 * [redis]`. It starts the brokers. Messages have 12 kB, ten packets of video; each 2 ms as many are published as the rate
 * wants. CPU is that of each side, user and system, less what the sender takes to keep the time without sending.
 */
import { cpuUsage } from "node:process";
import type { Broker } from "../src/bus/broker.ts";
import { openBroker } from "../src/bus/open_broker.ts";
import { systemClock } from "../src/io/clock.ts";
import { cryptoRandom } from "../src/io/random.ts";
import { BROKER_KINDS, type BrokerKind, BrokerServer } from "../tests/harness/broker_server.ts";
import { Child, denoScript, lines } from "./child.ts";

const LENGTH = 12_000;
const TICK_MS = 2;
const DURATION_MS = 3000;
const RATES = [500, 2000, 4000];
const [SENDING_CORE, RECEIVING_CORE] = [0, 1];
const SUBJECT = "bench.media";
/** What was published may be on its way for as long. */
const SETTLE_MS = 500;

interface Sent {
  readonly microseconds: number;
  readonly published: number;
  readonly dropped: number;
}

interface Received {
  readonly microseconds: number;
  readonly received: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const nowMs = () => performance.timeOrigin + performance.now();
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

async function connect(url: string): Promise<Broker> {
  const broker = await openBroker(new URL(url), { timers: systemClock, random: cryptoRandom });
  if (!broker.isConnected) throw new Error(`${url} is not there`);
  return broker;
}

async function* orders(): AsyncGenerator<string> {
  yield* Deno.stdin.readable.pipeThrough(new TextDecoderStream()).pipeThrough(lines());
}

/** Microseconds of CPU that `action` takes. */
async function microsecondsOf(action: () => Promise<void>): Promise<number> {
  const before = cpuUsage();
  await action();
  const { user, system } = cpuUsage(before);
  return user + system;
}

/** For each rate on stdin it publishes as many messages a second, stamped with the time; none where it is negative. */
async function beSender(url: string): Promise<void> {
  const broker = await connect(url);
  const message = crypto.getRandomValues(new Uint8Array(LENGTH));
  const stamp = new DataView(message.buffer);
  console.log("ready");
  for await (const order of orders()) {
    const rate = Number(order);
    const { published, dropped } = broker.counters;
    const microseconds = await microsecondsOf(async () => {
      const startMs = performance.now();
      let due = 0;
      for (let passedMs = 0; passedMs < DURATION_MS; passedMs = performance.now() - startMs) {
        for (; due < passedMs * rate / 1000; due++) {
          stamp.setFloat64(0, nowMs());
          broker.publish(SUBJECT, message);
        }
        await pause(TICK_MS);
      }
    });
    const sent: Sent = {
      microseconds,
      published: broker.counters.published - published,
      dropped: broker.counters.dropped - dropped,
    };
    console.log(JSON.stringify(sent));
  }
  await broker.close();
}

/** For each line on stdin it tells of what came since the line before. */
async function beReceiver(url: string): Promise<void> {
  const broker = await connect(url);
  let delays: number[] = [];
  broker.subscribe(SUBJECT, ({ buffer, byteOffset }) => {
    delays.push(nowMs() - new DataView(buffer, byteOffset).getFloat64(0));
  });
  console.log("ready");
  let before = cpuUsage();
  for await (const _order of orders()) {
    const { user, system } = cpuUsage(before);
    delays.sort((a, b) => a - b);
    const at = (share: number) => delays[Math.floor(share * delays.length)] ?? 0;
    const came: Received = {
      microseconds: user + system,
      received: delays.length,
      p50Ms: at(0.5),
      p99Ms: at(0.99),
    };
    console.log(JSON.stringify(came));
    delays = [];
    before = cpuUsage();
  }
  await broker.close();
}

async function start(role: string, url: URL, core: number): Promise<Child> {
  const child = new Child(denoScript("brokers.ts", [role, url.href]), core);
  await child.readLine();
  return child;
}

async function measure(kind: BrokerKind): Promise<void> {
  await using server = await BrokerServer.start(kind);
  const sender = await start("sender", server.url(), SENDING_CORE);
  const receiver = await start("receiver", server.url(), RECEIVING_CORE);
  const run = async (rate: number) => {
    await receiver.ask();
    const sent: Sent = JSON.parse(await sender.ask(`${rate}`));
    await pause(SETTLE_MS);
    const received: Received = JSON.parse(await receiver.ask());
    return { sent, received };
  };
  await run(RATES[1]);
  const idle = await run(-1);
  for (const rate of RATES) {
    const { sent, received } = await run(rate);
    const sending = (sent.microseconds - idle.sent.microseconds) / sent.published;
    const receiving = (received.microseconds - idle.received.microseconds) / received.received;
    const lost = sent.published - received.received;
    console.log(
      `${kind.padEnd(5)} ${String(rate).padStart(5)} a second: ${sending.toFixed(1).padStart(6)} us to publish, ` +
        `${receiving.toFixed(1).padStart(6)} us to receive, p50 ${received.p50Ms.toFixed(2)} ms, ` +
        `p99 ${received.p99Ms.toFixed(2)} ms, ${sent.dropped} refused, ${lost} lost`,
    );
  }
  await Promise.all([sender.end(), receiver.end()]);
}

const [role, url] = Deno.args;
if (role === "sender") await beSender(url);
else if (role === "receiver") await beReceiver(url);
else for (const kind of BROKER_KINDS) if (Deno.args.length === 0 || Deno.args.includes(kind)) await measure(kind);
Deno.exit(0);
