import assert from "node:assert/strict";
import type { SentStream } from "../harness/sent_stream.ts";
import { SimulatedCall } from "../harness/simulated_call.ts";

// The scenarios of str0m's tests/nack.rs, over the server: from one client to the other.

const SEED = 47_000;
const DELAY_MS = 20;
const CLEAR = { delayMs: DELAY_MS };

/** A call in which Bob sees Alice's camera already. */
function show(options: { readonly packetsPerFrame?: number } = {}) {
  const call = new SimulatedCall(SEED, { up: CLEAR, down: CLEAR });
  const bob = call.join();
  const alice = call.join();
  const video = alice.publishVideo(options);
  while (video.packets.length < 10) call.advance(1);
  return { call, alice, video, seen: () => bob.received(video) };
}

function advanceTo(call: SimulatedCall, video: SentStream, packets: number): void {
  while (video.packets.length < packets) call.advance(1);
}

Deno.test({
  name: "B100, B110: of 1,000 packets, 5% lost from the 10th to the 990th, all are there in the end, and no gap",
  permissions: "none",
  fn() {
    const { call, alice, video, seen } = show();
    alice.uplink.change({ loss: 0.05 });
    advanceTo(call, video, 990);
    alice.uplink.change({ loss: 0 });
    advanceTo(call, video, 1000);
    call.advance(1000);
    const { pictures, arrivals, lost, duplicates } = seen();
    const indexes = new Set(arrivals.map(({ index }) => index));
    const first = video.packets.findIndex(({ frame }) => frame === pictures.shown[0].frame);
    const missing = video.packets.slice(0, 1000).flatMap((_, i) => i < first || indexes.has(i) ? [] : [i]);
    assert(first <= 10 && video.nacks.length > 30, `from ${first}, ${video.nacks.length} asked for`);
    assert.deepEqual([missing, lost, duplicates], [[], 0, 0], `seed ${SEED}`);
  },
});

Deno.test({
  name: "B100, B101: one packet that is dropped is asked for within 100 ms of its sending, and not after 200 ms",
  permissions: "none",
  fn() {
    for (const packetsPerFrame of [1, 3]) {
      const { call, alice, video, seen } = show({ packetsPerFrame });
      call.advance(2000);
      alice.uplink.change({ loss: 1 });
      advanceTo(call, video, video.packets.length + packetsPerFrame);
      alice.uplink.change({ loss: 0 });
      const dropped = video.packets.length - 1;
      call.advance(2000);
      const delays = video.nacks.filter(({ index }) => index === dropped)
        .map(({ atMs }) => atMs - video.packets[dropped].atMs - DELAY_MS);
      assert(delays[0] < 100 && delays.every((ms) => ms < 200), `${delays} ms`);
      assert(seen().has(dropped));
      assert(video.nacks.length <= packetsPerFrame, "nothing else is asked for, nor anything twice");
    }
  },
});
