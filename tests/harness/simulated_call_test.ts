import { deepStrictEqual, notDeepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import { CONGESTED } from "./network_presets.ts";
import { SimulatedCall } from "./simulated_call.ts";

Deno.test({
  name: "one seed gives one course of events, another seed another one",
  permissions: "none",
  fn() {
    const course = (seed: number) => {
      const call = new SimulatedCall(seed, { up: CONGESTED, down: CONGESTED });
      const alice = call.join();
      const video = alice.publishVideo();
      const bob = call.join();
      call.advance(5000);
      return [bob.received(video).arrivals, video.keyFrameRequestsMs, alice.uplink.sentBytes, bob.uplink.sentBytes];
    };
    deepStrictEqual(course(1), course(1));
    notDeepStrictEqual(course(1), course(2));
  },
});

Deno.test({
  name: "each peer has links of its own, and connects when they have carried a check and a handshake",
  permissions: "none",
  fn() {
    const call = new SimulatedCall(1, { up: { delayMs: 10 }, down: { delayMs: 30 } });
    const [near, far] = [call.join(), call.join({ up: { delayMs: 100 }, down: { delayMs: 200 } })];
    const cut = call.join({ up: { loss: 1 } });
    call.advance(1000);
    deepStrictEqual([near.connectedMs, far.connectedMs, cut.connectedMs], [80, 600, undefined]);
    strictEqual(cut.uplink.lost, cut.uplink.sent);
    call.advance(30_000);
    deepStrictEqual([near.ended, far.ended, cut.ended], [false, false, true], "consent is kept where it can be");
    deepStrictEqual(cut.errors, ["transport-failed"]);
  },
});

Deno.test({
  name: "a connection comes about although half of the datagrams are lost",
  permissions: "none",
  fn() {
    const call = new SimulatedCall(2, { up: { delayMs: 20, loss: 0.5 }, down: { delayMs: 20, loss: 0.5 } });
    const peers = [call.join(), call.join(), call.join()];
    call.advance(5000);
    for (const { connectedMs } of peers) ok(connectedMs !== undefined);
  },
});

Deno.test({
  name: "everyone takes every track, those published later included, until its publisher leaves",
  permissions: "none",
  fn() {
    const call = new SimulatedCall(3, { up: { delayMs: 10 }, down: { delayMs: 10 } });
    const [alice, bob] = [call.join(), call.join()];
    const early = alice.publishAudio();
    throws(() => bob.received(early));
    call.advance(1000);
    const late = bob.publishVideo({ fps: 10, packetsPerFrame: 2, keyFramePackets: 4, payloadLength: 500 });
    call.advance(1000);
    const { pictures, arrivals } = alice.received(late);
    deepStrictEqual(pictures.shown.map(({ isKeyFrame }) => isKeyFrame), [
      true,
      ...Array(pictures.shown.length - 1).fill(false),
    ]);
    deepStrictEqual(arrivals.map(({ index }) => index), [...arrivals.keys()]);
    strictEqual(arrivals.length, 4 + 2 * (pictures.shown.length - 1));
    for (const stream of [early, late]) ok(stream.packets.length >= (stream === early ? 95 : 20));
    deepStrictEqual(bob.received(early).indexes, [...bob.received(early).indexes.keys()]);

    bob.leave();
    call.advance(50);
    const received = arrivals.length;
    call.advance(1000);
    strictEqual(arrivals.length, received);
    deepStrictEqual([alice.errors, bob.errors], [[], []]);
  },
});

Deno.test({
  name: "round trips are known to both sides: by checks to one, by report blocks to the other",
  permissions: "none",
  fn() {
    const call = new SimulatedCall(4, { up: { delayMs: 40 }, down: { delayMs: 80 } });
    const alice = call.join();
    alice.publishVideo();
    call.advance(5000);
    const { byChecks, byReports } = alice.roundTripMs;
    for (const roundTripMs of [byChecks, byReports]) ok(Math.abs(roundTripMs - 120) < 1, `${roundTripMs} ms`);
  },
});
