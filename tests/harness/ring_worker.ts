/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/** A node of a RingBus in an isolate of its own: sends without a pause until it is told to stop, and checks what comes. */
import { RingBus } from "../../src/bus/ring_bus.ts";
import { BusTraffic } from "./bus_traffic.ts";
import { seededRandom } from "./seeded_random.ts";

export interface RingWorkerStart {
  readonly node: number;
  readonly rings: SharedArrayBuffer[];
  readonly seed: number;
  /** How many others had its place before. */
  readonly life: number;
  /** Nodes that are sent frames. */
  readonly to: readonly number[];
  /** The word is 1 to have it stop. */
  readonly stop: SharedArrayBuffer;
}

export interface RingWorkerReport {
  readonly sent: readonly number[];
  readonly received: number;
  readonly lost: number;
  readonly miscounted: number;
  readonly fault: string | undefined;
}

self.addEventListener("message", ({ data }: MessageEvent<RingWorkerStart>) => {
  const bus = new RingBus({ node: data.node, rings: data.rings, wake() {} });
  const traffic = new BusTraffic(bus, seededRandom(data.seed), data.life);
  const stop = new Int32Array(data.stop);
  traffic.sendBurst(data.to);
  self.postMessage("sends");
  while (Atomics.load(stop, 0) === 0) {
    traffic.sendBurst(data.to);
    bus.poll(0);
  }
  while (bus.poll(0));
  const { sent, received, lost, miscounted, fault } = traffic;
  self.postMessage({ sent, received, lost, miscounted, fault } satisfies RingWorkerReport);
}, { once: true });
