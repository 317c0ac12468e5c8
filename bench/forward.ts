/**
 * Forwarded packets a second on one core, in ratio to a loop that only sends: `deno task bench`. Server and load run on
 * a core each; figures are medians of the windows of one run, because the machine's noise differs from run to run.
 */
import { Child } from "./child.ts";
import type { BenchCounters, BenchPeer } from "./forward_server.ts";
import { Load } from "./load.ts";

const SUBSCRIBERS = [10, 50];
const BACKENDS = Deno.build.os === "linux" ? ["portable", "native"] as const : ["portable"] as const;
const WINDOWS = 5;
const WINDOW_MS = 2000;
const WARM_UP_MS = 2000;
/** Bytes of a forwarded packet: header, MID, payload and tag. */
const DATAGRAM_LENGTH = 1186;
const FLOOR_DATAGRAMS = 32_000;
const SERVER_CORE = 0;

interface Window {
  readonly cpuMicroseconds: number;
  readonly packetsPerSecond: number;
  readonly floorMicroseconds: number;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

async function measure(server: Child, floor: Child, load: Load): Promise<Window> {
  const floorMicroseconds = Number(await floor.ask());
  const before: BenchCounters = JSON.parse(await server.ask());
  const start = performance.now();
  await load.run(WINDOW_MS);
  const seconds = (performance.now() - start) / 1000;
  const after: BenchCounters = JSON.parse(await server.ask());
  const forwarded = after.forwarded - before.forwarded;
  return {
    cpuMicroseconds: (after.cpuMicroseconds - before.cpuMicroseconds) / forwarded,
    packetsPerSecond: forwarded / seconds,
    floorMicroseconds,
  };
}

async function bench(backend: string, subscribers: number, floor: Child): Promise<void> {
  const server = new Child("forward_server.ts", [`${subscribers}`, backend], SERVER_CORE);
  const peers: BenchPeer[] = JSON.parse(await server.readLine());
  const load = new Load(peers);
  await load.connect();
  await load.run(WARM_UP_MS);
  const windows: Window[] = [];
  while (windows.length < WINDOWS) windows.push(await measure(server, floor, load));
  const counters: BenchCounters = JSON.parse(await server.ask());
  load.close();
  await server.end();
  report(`${backend}, ${subscribers} subscribers`, windows, counters, load);
}

function report(what: string, windows: readonly Window[], counters: BenchCounters, load: Load): void {
  const cpu = median(windows.map((window) => window.cpuMicroseconds));
  const ratio = median(windows.map((window) => window.cpuMicroseconds / window.floorMicroseconds));
  const rate = median(windows.map((window) => window.packetsPerSecond));
  const { sampled, bad } = load.checked;
  console.log(
    `${what}: ${cpu.toFixed(1)} us CPU a forwarded packet, ` +
      `${Math.round(1e6 / cpu)} packets/s a core; ${ratio.toFixed(2)} x the sending loop; ` +
      `${Math.round(rate)} packets/s in the closed loop; lost ${counters.forwarded - load.received}, ` +
      `dropped ${counters.dropped}; ${bad} bad of ${sampled} checked; RSS ${Math.round(counters.rssBytes / 1e6)} MB`,
  );
}

const sink = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
const floor = new Child("send_loop.ts", [
  `${(sink.addr as Deno.NetAddr).port}`,
  `${DATAGRAM_LENGTH}`,
  `${FLOOR_DATAGRAMS}`,
], SERVER_CORE);
for (const backend of BACKENDS) for (const subscribers of SUBSCRIBERS) await bench(backend, subscribers, floor);
await floor.end();
sink.close();
