import assert from "node:assert/strict";
import { addPeer, consumerParameters, pictureLossIndications, videoProducer, VP8 } from "../../tests/harness/engine.ts";
import { buildRtp, parseRtp, runOf } from "../../tests/harness/rtp_builder.ts";
import { seededRandom } from "../../tests/harness/seeded_random.ts";
import { readTransportSequenceNumber } from "../rtp/header_extension.ts";
import { ntpFraction, ntpSeconds } from "../rtp/rtcp/ntp.ts";
import { writeSenderReport } from "../rtp/rtcp/sender_report.ts";
import { TransportFeedbackWriter } from "../rtp/rtcp/transport_feedback_writer.ts";
import { TRANSPORT_WIDE_URI } from "./header_extensions.ts";
import type { WantedQuality } from "./quality.ts";
import { Router } from "./router.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

const NUMBERS = { uri: TRANSPORT_WIDE_URI, id: 5 };
const VIDEO = consumerParameters({
  codec: { ...VP8, payloadType: 120, rtxPayloadType: 121 },
  headerExtensions: [NUMBERS],
});
const RIDS = ["q", "h", "f"];
const WIDTHS = [320, 640, 1280];
const BITRATES = [150_000, 500_000, 2_000_000];
const FRAME_MS = 33;
/** A key frame is so many frames. */
const KEY_FRAME = 4;
const PACKET = 1100;
const TICK_MS = 25;
const FEEDBACK_MS = 50;
const WAY_MS = 20;

/** The encoder of one of three layers. */
class Layer {
  active = true;
  wantsKeyFrame = true;
  bytesSent = 0;
  #sequenceNumber = 0;
  readonly ssrc: number;

  constructor(readonly index: number) {
    this.ssrc = 1000 + index;
  }

  frame(nowMs: number): Uint8Array[] {
    const isKeyFrame = this.wantsKeyFrame;
    this.wantsKeyFrame = false;
    const bytes = Math.round(BITRATES[this.index] * FRAME_MS / 8000) * (isKeyFrame ? KEY_FRAME : 1);
    const width = WIDTHS[this.index];
    const height = width * 9 / 16;
    const count = Math.ceil(bytes / PACKET);
    this.bytesSent += bytes;
    return Array.from({ length: count }, (_, place) => {
      const payload = new Uint8Array(Math.ceil(bytes / count));
      // VP8: the beginning of a partition, and in a key frame the size.
      if (place === 0) {
        const size = [width & 255, width >> 8, height & 255, height >> 8];
        payload.set([0x10, isKeyFrame ? 0x10 : 0x11, 0, 0, 0x9d, 1, 0x2a, ...size]);
      }
      return buildRtp({
        ssrc: this.ssrc,
        payloadType: 96,
        sequenceNumber: ++this.#sequenceNumber & 0xffff,
        timestamp: (nowMs * 90) >>> 0,
        marker: place === count - 1,
        payload,
      });
    });
  }

  report(nowMs: number): Uint8Array {
    const bytes = new Uint8Array(28);
    const ms = 1_700_000_000_000 + nowMs;
    writeSenderReport(bytes, 0, this.ssrc, ntpSeconds(ms), ntpFraction(ms), (nowMs * 90) >>> 0, 1, 1);
    return bytes;
  }
}

/** A subscriber behind a link: what is sent to it queues, is lost where the queue is full, and is reported. */
class Subscriber {
  readonly test;
  readonly consumer;
  bitsPerSecond: number;
  lost = 0;
  /** When each picture ended to arrive. */
  readonly picturesMs: number[] = [];
  /** RID by RID, when it was forwarded first after another one. */
  readonly layers: { rid: string | undefined; ms: number }[] = [];
  readonly #queueBytes: number;
  #freeMs = 0;
  #base = -1;
  readonly #arrivals = new Map<number, number>();
  readonly #writer = new TransportFeedbackWriter();
  readonly #out = new Uint8Array(1200);

  constructor(router: Router, trackId: string, seed: number, bitsPerSecond: number, queueMs: number) {
    this.test = addPeer(router, seededRandom(seed));
    this.consumer = this.test.subscribe(trackId, VIDEO);
    this.bitsPerSecond = bitsPerSecond;
    this.#queueBytes = bitsPerSecond * queueMs / 8000;
  }

  tick(nowMs: number): void {
    const { peer, sender } = this.test;
    if (peer.nextProbeMs() <= nowMs) peer.handleProbes(nowMs);
    if (nowMs % TICK_MS === 0 && peer.nextTimeout() <= nowMs) peer.handleTimeout(nowMs);
    for (const bytes of sender.takeRtp()) this.#send(bytes, nowMs);
    const rid = this.consumer?.encoding.rid;
    if (this.consumer?.started && this.layers.at(-1)?.rid !== rid) this.layers.push({ rid, ms: nowMs });
    if (nowMs % FEEDBACK_MS === 0) this.#report(nowMs);
  }

  longestGapMs(fromMs: number, toMs: number): number {
    const times = [fromMs, ...this.picturesMs.filter((ms) => ms > fromMs && ms < toMs), toMs];
    return Math.max(...times.slice(1).map((ms, i) => ms - times[i]));
  }

  #send(bytes: Uint8Array, nowMs: number): void {
    const packet = parseRtp(bytes);
    const number = readTransportSequenceNumber(packet, NUMBERS.id);
    if (this.#base < 0) this.#base = number;
    const waiting = Math.max(0, this.#freeMs - nowMs) * this.bitsPerSecond / 8000;
    if (waiting + bytes.length > Math.max(this.#queueBytes, 2 * PACKET)) {
      this.lost++;
      this.#arrivals.set(number, -1);
      return;
    }
    this.#freeMs = Math.max(this.#freeMs, nowMs) + bytes.length * 8000 / this.bitsPerSecond;
    this.#arrivals.set(number, this.#freeMs + WAY_MS);
    if (packet.payloadType === 120 && packet.marker) this.picturesMs.push(this.#freeMs + WAY_MS);
  }

  #report(nowMs: number): void {
    if (this.#base < 0) return;
    let end = this.#base;
    for (let number = this.#base; this.#arrivals.has(number & 0xffff); number++) {
      const arrival = this.#arrivals.get(number & 0xffff) ?? Infinity;
      if (arrival > nowMs) break;
      if (arrival >= 0) end = number + 1;
    }
    if (end === this.#base) return;
    const times = {
      has: (number: number) => (this.#arrivals.get(number & 0xffff) ?? -1) >= 0,
      ticksOf: (number: number) => Math.round((this.#arrivals.get(number & 0xffff) ?? 0) * 4),
    };
    const length = this.#writer.write(this.#out, 0, 1, 2, this.#base & 0xffff, end - this.#base, times);
    for (let i = 0; i < this.#writer.statusCount; i++) this.#arrivals.delete((this.#base + i) & 0xffff);
    this.#base = (this.#base + this.#writer.statusCount) & 0xffff;
    this.test.peer.handleRtcp(this.#out, length, nowMs + WAY_MS);
  }
}

/** A publisher of three layers, in virtual time, who makes those alone that it is told of, a round trip later. */
class Scene {
  nowMs = 0;
  readonly layers = RIDS.map((_, index) => new Layer(index));
  readonly router = new Router();
  readonly subscribers: Subscriber[] = [];
  readonly trackId: string;
  /** What the publisher was told, and when. */
  readonly told: { readonly ms: number; readonly rids: readonly string[] }[] = [];
  readonly #publisher;

  constructor() {
    const layersWanted = (_: string, rids: readonly string[]) => void this.told.push({ ms: this.nowMs, rids });
    this.#publisher = addPeer(this.router, seededRandom(1), false, { layersWanted });
    const encodings = this.layers.map(({ index, ssrc }) => ({ rid: RIDS[index], ssrcs: [ssrc] }));
    const ssrcs = this.layers.map(({ ssrc }) => ssrc);
    const codec = { ...VP8, rtxPayloadType: 97, nack: true };
    this.trackId = this.#publisher.publish(videoProducer({ codec, ssrcs, encodings })).id;
  }

  subscribe(bitsPerSecond: number, queueMs = 500): Subscriber {
    const subscriber = new Subscriber(this.router, this.trackId, 10 + this.subscribers.length, bitsPerSecond, queueMs);
    this.subscribers.push(subscriber);
    return subscriber;
  }

  run(ms: number): void {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs; this.nowMs++) this.#tick(this.nowMs);
  }

  #tick(nowMs: number): void {
    const { peer, sender } = this.#publisher;
    for (const ssrc of pictureLossIndications(sender.takeRtcp())) {
      const layer = this.layers.find((layer) => layer.ssrc === ssrc);
      if (layer !== undefined) layer.wantsKeyFrame = true;
    }
    const told = this.told.findLast(({ ms }) => ms + 2 * WAY_MS <= nowMs);
    for (const layer of this.layers) {
      const active = told?.rids.includes(RIDS[layer.index]) ?? true;
      // An encoder that begins again begins with a key frame.
      layer.wantsKeyFrame ||= active && !layer.active;
      layer.active = active;
      if (nowMs % FRAME_MS === 0 && active) {
        for (const bytes of layer.frame(nowMs)) peer.handleRtp(runOf(bytes), nowMs);
      }
      if (nowMs % 500 === 7 && active) peer.handleRtcp(layer.report(nowMs), 28, nowMs);
    }
    if (nowMs % TICK_MS === 0 && peer.nextTimeout() <= nowMs) peer.handleTimeout(nowMs);
    for (const subscriber of this.subscribers) subscriber.tick(nowMs);
  }
}

test("B330, B341: of three layers a fast subscriber has the top one in 5 s, one with 400 kbit/s a low one without a freeze", () => {
  const scene = new Scene();
  scene.run(300);
  const [fast, slow] = [scene.subscribe(20_000_000), scene.subscribe(400_000)];
  scene.run(30_000);
  const top = fast.layers.find(({ rid }) => rid === "f");
  assert.ok(top !== undefined && top.ms < 5_300, `the top layer after ${top?.ms} ms`);
  assert.equal(fast.layers.at(-1)?.rid, "f");
  assert.ok(fast.longestGapMs(6_000, 30_000) < 150, `the fast one waits for ${fast.longestGapMs(6_000, 30_000)} ms`);
  assert.equal(fast.lost, 0);
  assert.equal(slow.layers.at(-1)?.rid, "q");
  assert.ok(slow.longestGapMs(4_000, 30_000) < 500, `the slow one waits for ${slow.longestGapMs(4_000, 30_000)} ms`);
  assert.equal(slow.layers.some(({ rid }) => rid === "f"), false);
});

test("B336: when the limit lifts the slow one climbs in 15 s, and the fast one is not disturbed", () => {
  const scene = new Scene();
  const [fast, slow] = [scene.subscribe(20_000_000), scene.subscribe(400_000)];
  scene.run(20_000);
  slow.bitsPerSecond = 20_000_000;
  scene.run(15_000);
  assert.equal(slow.layers.at(-1)?.rid, "f", JSON.stringify(slow.layers));
  assert.equal(fast.layers.at(-1)?.rid, "f");
  assert.ok(fast.longestGapMs(6_000, 35_000) < 150);
});

test("B340, P92: layers that nobody receives stop within 2 s, and come back within a round trip and a key frame", () => {
  const scene = new Scene();
  const fast = scene.subscribe(20_000_000);
  scene.run(10_000);
  assert.deepEqual(scene.told.at(-1)?.rids, ["f"], "what is not forwarded is not sent");
  const peer = fast.test.peer;
  peer.setQuality(scene.trackId, { width: 320, height: 180 }, scene.nowMs);
  const askedMs = scene.nowMs;
  scene.run(2_000);
  assert.deepEqual(scene.told.at(-1)?.rids, ["q"]);
  const bytes = scene.layers[2].bytesSent;
  scene.run(5_000);
  assert.equal(scene.layers[2].bytesSent, bytes);
  assert.ok((fast.layers.at(-1)?.ms ?? Infinity) - askedMs < 300, "the smaller one comes at once");
  assert.ok(fast.longestGapMs(askedMs, scene.nowMs) < 200);
  const backMs = scene.nowMs;
  peer.setQuality(scene.trackId, {}, scene.nowMs);
  scene.run(1_000);
  assert.equal(fast.layers.at(-1)?.rid, "f");
  assert.ok((fast.layers.at(-1)?.ms ?? Infinity) - backMs < 800, `after ${(fast.layers.at(-1)?.ms ?? 0) - backMs} ms`);
  assert.ok(scene.told.length < 10, `told ${scene.told.length} times`);
  peer.close();
  scene.run(2_000);
  assert.deepEqual(scene.told.at(-1)?.rids, [], "nobody watches");
});

test("B336: what is asked for again is nothing anew", () => {
  const scene = new Scene();
  const { peer } = scene.subscribe(20_000_000).test;
  const wantedAfter = (wanted: WantedQuality) => {
    peer.setQuality(scene.trackId, wanted, 0);
    return peer.wantedOf(scene.trackId);
  };
  assert.equal(wantedAfter({ pinned: false, off: false, priority: 1 }), undefined, "as if nothing was said");
  const wanted = { width: 320, height: 180 };
  assert.equal(wantedAfter(wanted), wanted);
  assert.equal(wantedAfter({ ...wanted, priority: 1, off: false }), wanted);
  for (const more of [{ width: 640 }, { height: 360 }, { fps: 15 }, { priority: 2 }, { pinned: true }, { off: true }]) {
    assert.deepEqual(wantedAfter({ ...wanted, ...more }), { ...wanted, ...more });
  }
});

test("B290, B337: where all pictures are paused for want of room padding finds out that there is room again", () => {
  const scene = new Scene();
  const slow = scene.subscribe(3_000_000, 30);
  scene.run(10_000);
  slow.bitsPerSecond = 40_000;
  scene.run(20_000);
  assert.equal(slow.consumer?.started, false, "paused");
  const pausedMs = scene.nowMs;
  slow.bitsPerSecond = 3_000_000;
  scene.run(15_000);
  assert.equal(slow.consumer?.started, true);
  const backMs = (slow.picturesMs.find((ms) => ms > pausedMs) ?? Infinity) - pausedMs;
  assert.ok(backMs < 10_000, `the picture is back after ${backMs} ms`);
  assert.equal(slow.layers.at(-1)?.rid, "f", JSON.stringify(slow.layers));
});
