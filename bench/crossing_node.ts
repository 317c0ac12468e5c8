/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/** A node of `crossing.ts` in an isolate of its own: sends packets as it is told to, or takes what comes. */
import { BroadcastBus } from "../src/bus/broadcast_bus.ts";
import { RingBus } from "../src/bus/ring_bus.ts";
import { openLibc } from "../src/io/native/libc.ts";
import { wake } from "../src/io/native/eventfd.ts";
import { Poller } from "../src/io/native/poller.ts";
import { cryptoRandom } from "../src/io/random.ts";
import type { MediaBus } from "../src/media/media_bus.ts";
import { MAX_SAMPLES, type NodeStart, type Order, TALLY } from "./crossing_orders.ts";
import { Schedule } from "./crossing_schedule.ts";
import { openTime } from "../src/load/time.ts";

const ROOM = "room";
const RECEIVER = 0;
const SENDER = 1;
/** One frame in so many is asked when it was sent. */
const SAMPLED = 16;
/** As the slots that sockets receive into. */
const BODY_BYTES = 2048;
const TICK_MS = 1;
const FOREVER = -1;

const { clock } = openTime();

function receiver(bus: MediaBus, tally: Int32Array): void {
  const stamp = new Float64Array(1);
  const stampBytes = new Uint8Array(stamp.buffer);
  let frames = 0;
  bus.deliverTo({
    handleFrame(_from, bytes) {
      tally[TALLY.received]++;
      if (frames++ % SAMPLED !== 0 || tally[TALLY.samples] === MAX_SAMPLES) return;
      for (let i = 0; i < 8; i++) stampBytes[i] = bytes[i];
      tally[TALLY.words + tally[TALLY.samples]++] = clock.now() - stamp[0];
    },
    handleLoss(_from, count) {
      tally[TALLY.lost] += count;
    },
    endBatch() {},
  });
  bus.join(ROOM);
}

/** As a media worker does it: blocks in epoll until it is woken. */
function receiveFromRing(rings: readonly SharedArrayBuffer[], tally: Int32Array): void {
  const opened = openLibc();
  if (!opened.ok) throw new Error(opened.reason);
  const poller = new Poller(opened.libc);
  const bus = new RingBus({ node: RECEIVER, rings, wake() {} });
  receiver(bus, tally);
  self.postMessage(poller.wakeFd);
  while (Atomics.load(tally, TALLY.stop) === 0) {
    const hasMore = bus.poll(performance.now());
    poller.poll(hasMore ? 0 : FOREVER);
  }
}

/** Sends the batches of an order, each packet with the time. */
function batchesOf(bus: MediaBus, { batch, length }: Order): (nowUs: number) => void {
  const stamp = new Float64Array(1);
  const head = new Uint8Array(stamp.buffer);
  const body = new Uint8Array(new ArrayBuffer(BODY_BYTES));
  return (nowUs) => {
    stamp[0] = nowUs;
    for (let i = 0; i < batch; i++) bus.send(ROOM, 1 << RECEIVER, head, 8, body, 0, length);
    bus.flush();
  };
}

function sendByRing(bus: MediaBus, order: Order): number {
  const schedule = new Schedule(order, clock, batchesOf(bus, order));
  while (!schedule.isOver) {
    const waitUs = schedule.sendDue();
    if (waitUs > 0) clock.sleep(waitUs);
  }
  return schedule.frames;
}

/** The event loop goes on meanwhile. */
async function sendByChannel(bus: MediaBus, order: Order): Promise<number> {
  const schedule = new Schedule(order, clock, batchesOf(bus, order));
  while (!schedule.isOver) {
    schedule.sendDue();
    await new Promise<void>((resolve) => setTimeout(resolve, TICK_MS));
  }
  return schedule.frames;
}

function openSender({ rings, wakeFd, prefix }: NodeStart): MediaBus {
  const opened = openLibc();
  if (!opened.ok) throw new Error(opened.reason);
  const one = new Uint8Array(new ArrayBuffer(8));
  return rings !== undefined && wakeFd !== undefined
    ? new RingBus({ node: SENDER, rings, wake: () => wake(opened.libc, wakeFd, one) })
    : new BroadcastBus({ node: SENDER, prefix, now: () => performance.now(), random: cryptoRandom });
}

self.addEventListener("message", ({ data }: MessageEvent<NodeStart>) => {
  const tally = new Int32Array(data.tally);
  if (data.role === "receive") {
    if (data.rings !== undefined) return receiveFromRing(data.rings, tally);
    receiver(
      new BroadcastBus({ node: RECEIVER, prefix: data.prefix, now: () => performance.now(), random: cryptoRandom }),
      tally,
    );
    return self.postMessage("ready");
  }
  const bus = openSender(data);
  bus.join(ROOM);
  self.addEventListener("message", async ({ data: order }: MessageEvent<Order>) => {
    self.postMessage(data.rings === undefined ? await sendByChannel(bus, order) : sendByRing(bus, order));
  });
  self.postMessage("ready");
}, { once: true });
