import assert from "node:assert/strict";
import type { ReceivedStream } from "../harness/received_stream.ts";
import type { SentStream } from "../harness/sent_stream.ts";
import { SimulatedCall, type SimulatedPeerOptions } from "../harness/simulated_call.ts";
import type { LinkOptions } from "../harness/simulated_network.ts";

const SEED = 4_585;
/** 100 ms of round trip. */
const DELAY_MS = 50;
const CLEAR: LinkOptions = { delayMs: DELAY_MS };
const LOSSY: LinkOptions = { delayMs: DELAY_MS, loss: 0.05 };
const BURSTS: LinkOptions = { delayMs: DELAY_MS, bursts: { good: 18, bad: 2 } };
const SECONDS = 30;
/** Time for the last packets to come, by RTX as well. */
const TAIL_MS = 1000;

function show(sending: SimulatedPeerOptions, receiving: SimulatedPeerOptions) {
  const call = new SimulatedCall(SEED, { up: CLEAR, down: CLEAR });
  const alice = call.join(sending);
  const video = alice.publishVideo();
  const bob = call.join(receiving);
  call.advance(SECONDS * 1000);
  return { call, alice, bob, video, seen: bob.received(video) };
}

/** Indexes of packets, from the first picture on, that had time to come and did not. */
function missing(sent: SentStream, { pictures, arrivals }: ReceivedStream): number[] {
  const arrived = new Set(arrivals.map(({ index }) => index));
  const untilMs = SECONDS * 1000 - TAIL_MS;
  return sent.packets.flatMap(({ frame, atMs }, index) => {
    return frame >= pictures.shown[0].frame && atMs <= untilMs && !arrived.has(index) ? [index] : [];
  });
}

/** How long after its sending each packet was first asked for, at the publisher. */
function firstAskedMs({ packets, nacks }: SentStream): number[] {
  const first = new Map<number, number>();
  for (const { index, atMs } of nacks) if (!first.has(index)) first.set(index, atMs - packets[index].atMs);
  return [...first.values()];
}

Deno.test({
  name: "5% loss each way: every packet arrives, by RTX where it must, and the picture never stands for 500 ms",
  permissions: "none",
  fn() {
    const { call, alice, bob, video, seen } = show({ up: LOSSY, down: LOSSY }, { up: LOSSY, down: LOSSY });
    assert.deepEqual(missing(video, seen), [], `seed ${SEED}`);
    assert(seen.recovered > 100, `${seen.recovered} recovered`);
    assert(seen.pictures.longestFreezeMs(0, call.nowMs) < 500, `${seen.pictures.longestFreezeMs(0, call.nowMs)} ms`);
    assert.deepEqual(seen.keyFrameRequestsMs, []);
    assert.equal(seen.duplicates, 0);
    for (const { errors, unknownPackets } of [alice, bob]) {
      assert.deepEqual({ errors, unknownPackets }, { errors: [], unknownPackets: 0 });
    }
  },
});

Deno.test({
  name: "what a publisher's packets lost on their way up is asked for within 100 ms, once unless that is lost too",
  permissions: "none",
  fn() {
    const { alice, video, seen } = show({ up: LOSSY }, {});
    const delays = firstAskedMs(video);
    assert(delays.length > 50, `${delays.length} asked for`);
    // The packet would have come after DELAY_MS; the NACK takes as long. The next frame, 33 ms later, shows the gap.
    assert(Math.max(...delays) <= 2 * DELAY_MS + 100, `${Math.max(...delays)} ms`);
    assert(video.nacks.length <= delays.length * 1.2, `${video.nacks.length} requests for ${delays.length} packets`);
    assert(delays.length <= alice.uplink.lost, "nothing else is asked for");
    assert.deepEqual(missing(video, seen), []);
  },
});

Deno.test({
  name: "what subscribers lost on its way down is answered by the server, and the publisher is not asked",
  permissions: "none",
  fn() {
    const call = new SimulatedCall(SEED, { up: CLEAR, down: LOSSY });
    const alice = call.join({ down: CLEAR });
    const video = alice.publishVideo();
    const others = [call.join(), call.join(), call.join()];
    call.advance(SECONDS * 1000);
    for (const peer of others) {
      const seen = peer.received(video);
      assert.deepEqual(missing(video, seen), []);
      assert(seen.recovered > 50, `${seen.recovered} recovered`);
      assert(seen.repairedInVain <= seen.recovered * 0.05, `${seen.repairedInVain} repaired in vain`);
    }
    assert.deepEqual(video.nacks, []);
  },
});

Deno.test({
  name: "10% loss in bursts each way: video goes on, with one key-frame request a second at most",
  permissions: "none",
  fn() {
    const { call, video, seen } = show({ up: BURSTS, down: BURSTS }, { up: BURSTS, down: BURSTS });
    assert(seen.pictures.longestFreezeMs(0, call.nowMs) <= 1000);
    const frames = new Set(video.packets.map(({ frame }) => frame)).size;
    assert(seen.pictures.shown.length > frames * 0.9, `${seen.pictures.shown.length} of ${frames} frames`);
    const { keyFrameRequestsMs: asked } = video;
    for (const fromMs of asked) assert.equal(asked.filter((atMs) => atMs >= fromMs && atMs < fromMs + 1000).length, 1);
  },
});

Deno.test({
  name: "after 500 ms without any datagram RTX fills what is young enough, and the picture is there within a second",
  permissions: "none",
  fn() {
    const schedule = [{ afterMs: 5000, loss: 1 }, { afterMs: 5500, loss: 0 }];
    const link = { delayMs: DELAY_MS, schedule };
    const { video, seen } = show({ up: link, down: link }, { up: link, down: link });
    const pictureMs = seen.pictures.shown.find(({ atMs }) => atMs > 5500)?.atMs ?? Infinity;
    assert(pictureMs <= 6500, `${pictureMs} ms`);
    assert(video.keyFrameRequestsMs.length <= 2);
  },
});

Deno.test({
  name:
    "a subscriber without RTX is sent none and gets what RTX of the publisher brought; a publisher without is not asked",
  permissions: "none",
  fn() {
    const plain = show({ up: LOSSY }, { rtx: false });
    assert.deepEqual(missing(plain.video, plain.seen), []);
    assert.equal(plain.seen.recovered, 0);
    assert.equal(plain.bob.unknownPackets, 0);
    const without = show({ up: LOSSY, rtx: false }, {});
    assert.deepEqual(without.video.nacks, []);
  },
});

Deno.test({
  name: "sequence numbers that wrap in the midst of loss are asked for and answered as others are",
  permissions: "none",
  fn() {
    const call = new SimulatedCall(SEED, { up: LOSSY, down: LOSSY });
    const video = call.join().publishVideo({ firstSequenceNumber: 65_000 });
    const bob = call.join();
    call.advance(SECONDS * 1000);
    assert.deepEqual(missing(video, bob.received(video)), []);
  },
});
