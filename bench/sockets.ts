/**
 * What one datagram costs, by hand: `deno run -A bench/sockets.ts`. CPU microseconds of this process, user and system,
 * for each datagram of 1,200 bytes that it sends to, or receives from, a process on the other core. Figures are medians
 * of rounds that take all ways in turn, because the machine's noise differs from minute to minute.
 */
import { cpuUsage } from "node:process";
import { openNativeSockets } from "../src/io/native/sockets.ts";
import { PortableSockets } from "../src/io/portable/sockets.ts";
import { cryptoRandom } from "../src/io/random.ts";
import type { DatagramHandler, DatagramSocket, Sockets } from "../src/io/sockets.ts";
import { Child, denoScript } from "./child.ts";

const LENGTH = 1200;
const MAX_RUN = 64;
const ROUNDS = 7;
const DATAGRAMS = 10_240;
const BURST = 64;
/** Deno.listenDatagram sends in its own time. */
const PORTABLE_PAUSE_MS = 5;
const RECEIVE_PAUSE_MS = 2;
const OTHER_CORE = 1;
const HOSTNAME = "127.0.0.1";
const BUFFERS = { receive: 4 * 1024 * 1024, send: 1024 * 1024 };
const IGNORE: DatagramHandler = { handleDatagram() {}, endBatch() {} };

function native(segmentation: boolean): Sockets {
  const opened = openNativeSockets({ random: cryptoRandom, segmentation, buffers: BUFFERS });
  if (!opened.ok) throw new Error(opened.reason);
  return opened.sockets;
}

function open(sockets: Sockets, handler: DatagramHandler): DatagramSocket {
  return sockets.attachSocket(sockets.openSocket(HOSTNAME), handler);
}

/** Sends bursts: runs of `run` datagrams of one size, each run longer than the one before, which ends a GSO run. */
async function send(
  sockets: Sockets,
  socket: DatagramSocket,
  { port, burst, run, pauseMs }: { port: number; burst: number; run: number; pauseMs: number },
): Promise<void> {
  const to = { hostname: HOSTNAME, port };
  for (let sent = 0; sent < DATAGRAMS; sent += burst) {
    for (let i = 0; i < burst; i++) {
      socket.slot()?.fill(i, 0, 1);
      socket.commit(LENGTH + Math.floor((i % MAX_RUN) / run), to);
    }
    sockets.flush();
    if (pauseMs > 0) await new Promise<void>((resolve) => setTimeout(resolve, pauseMs));
  }
  if (socket.dropped > 0) throw new Error(`${socket.dropped} datagrams were dropped`);
}

/** The other process: receives whatever comes, and for each line `port burst` on stdin sends that much. */
async function beOther(): Promise<void> {
  const sockets = native(true);
  const socket = open(sockets, IGNORE);
  console.log(socket.port);
  for await (const line of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    const [port, burst] = line.split(" ").map(Number);
    await send(sockets, socket, { port, burst, run: 1, pauseMs: RECEIVE_PAUSE_MS });
    console.log("sent");
  }
}

/** Microseconds of CPU for each datagram that `action` is about. */
async function cost(action: () => Promise<unknown>): Promise<number> {
  const before = cpuUsage();
  await action();
  const { user, system } = cpuUsage(before);
  return (user + system) / DATAGRAMS;
}

/** A way to send or to receive, and what it cost in each round. */
interface Way {
  readonly name: string;
  readonly costs: number[];
  measure(): Promise<number>;
}

function sending(name: string, sockets: Sockets, port: number, run: number, pauseMs = 0): Way {
  const socket = open(sockets, IGNORE);
  return {
    name,
    costs: [],
    measure: () => cost(() => send(sockets, socket, { port, burst: BURST, run, pauseMs })),
  };
}

function receiving(name: string, sockets: Sockets, other: Child, burst: number): Way {
  let received = 0;
  const socket = open(sockets, { handleDatagram: () => received++, endBatch() {} });
  const measure = async () => {
    received = 0;
    const spent = await cost(() => other.ask(`${socket.port} ${burst}`));
    if (received < DATAGRAMS) console.log(`${name}: ${DATAGRAMS - received} of ${DATAGRAMS} were lost`);
    return spent;
  };
  return { name, costs: [], measure };
}

function report({ name, costs }: Way): void {
  const sorted = [...costs].sort((a, b) => a - b);
  const [least, median, most] = [sorted[0], sorted[sorted.length >> 1], sorted[sorted.length - 1]];
  console.log(`${name.padEnd(44)} ${median.toFixed(2)} us (${least.toFixed(2)} - ${most.toFixed(2)})`);
}

async function main(): Promise<void> {
  const other = new Child(denoScript("sockets.ts", ["other"]), OTHER_CORE);
  const port = Number(await other.readLine());
  const [gso, plain, deno] = [native(true), native(false), new PortableSockets()];
  const ways = [
    sending("send, Deno.listenDatagram", deno, port, 1, PORTABLE_PAUSE_MS),
    sending("send, native without GSO", plain, port, 1),
    ...[1, 2, 4, 8, 16].map((run) => sending(`send, native, runs of ${run}`, gso, port, run)),
    ...[8, 64].flatMap((burst) => [
      receiving(`receive, Deno.listenDatagram, bursts of ${burst}`, deno, other, burst),
      receiving(`receive, native, bursts of ${burst}`, gso, other, burst),
    ]),
  ];
  for (const way of ways) await way.measure();
  for (let round = 0; round < ROUNDS; round++) {
    for (const way of ways) way.costs.push(await way.measure());
  }
  ways.forEach(report);
  Deno.exit(0);
}

if (Deno.args[0] === "other") await beOther();
else await main();
