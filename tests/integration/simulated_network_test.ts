import assert from "node:assert/strict";
import { KEY_FRAME_REQUEST_INTERVAL_MS } from "../../src/stream/key_frame_gate.ts";
import { CELLULAR, CONGESTED, WIFI } from "../harness/network_presets.ts";
import type { ReceivedStream } from "../harness/received_stream.ts";
import type { SentStream } from "../harness/sent_stream.ts";
import { SimulatedCall, type SimulatedPeerOptions } from "../harness/simulated_call.ts";
import type { LinkOptions } from "../harness/simulated_network.ts";

const SEED = 8_868;
/** 100 ms of round trip, as in most of what follows. */
const DELAY_MS = 50;
const CLEAR: SimulatedPeerOptions = { up: { delayMs: DELAY_MS }, down: { delayMs: DELAY_MS } };
/** The least that rounding adds or takes in a time of several seconds. */
const ROUNDING_MS = 0.001;

/** Alice sends, Bob receives, each over links such as these. */
function talk(link: LinkOptions, seconds: number) {
  const call = new SimulatedCall(SEED, { up: link, down: link });
  const alice = call.join();
  const [audio, video] = [alice.publishAudio(), alice.publishVideo()];
  const bob = call.join();
  call.advance(seconds * 1000);
  for (const { ended, errors, unknownPackets } of [alice, bob]) {
    assert.deepEqual({ ended, errors, unknownPackets }, { ended: false, errors: [], unknownPackets: 0 });
  }
  return { call, alice, bob, audio, video, heard: bob.received(audio), seen: bob.received(video) };
}

/** Every packet of the source from the first picture, or sound, on that had time to come, is there once. */
function assertWhole(sent: SentStream, received: ReceivedStream, untilMs: number): void {
  const [picture] = received.pictures.shown;
  const first = sent.kind === "audio"
    ? received.indexes[0]
    : sent.packets.findIndex(({ frame }) => frame === picture.frame);
  const wanted = sent.packets.flatMap(({ atMs }, index) => index >= first && atMs <= untilMs ? [index] : []);
  assert.deepEqual(wanted.filter((index) => !received.has(index)), [], `missing ${sent.kind} packets (seed ${SEED})`);
  assert.equal(received.duplicates, 0);
}

function assertShare(part: number, whole: number, low: number, high: number): void {
  const share = part / whole;
  assert(share >= low && share <= high, `${part} of ${whole} are not within ${low} and ${high} (seed ${SEED})`);
}

const steps = (times: readonly number[]) => times.slice(1).map((time, i) => time - times[i]);

Deno.test({
  name: "over a network that only delays every packet arrives, once and in order, with the timing of its source",
  permissions: "none",
  fn() {
    const { call, audio, video, heard, seen } = talk(CLEAR.up ?? {}, 10);
    for (const [sent, received] of [[audio, heard], [video, seen]] as const) {
      assertWhole(sent, received, call.nowMs - 2 * DELAY_MS);
      const [first] = received.arrivals;
      for (const [i, { index, sequenceNumber, timestamp, atMs }] of received.arrivals.entries()) {
        assert.equal(index, first.index + i);
        assert.equal(sequenceNumber, first.sequenceNumber + i);
        const elapsedMs = sent.packets[index].atMs - sent.packets[first.index].atMs;
        const ticks = elapsedMs * (sent.kind === "audio" ? 48 : 90);
        assert(Math.abs(((timestamp - first.timestamp) >>> 0) - ticks) <= 1, `timestamp of packet ${i}`);
        assert(Math.abs(atMs - sent.packets[index].atMs - 2 * DELAY_MS) < ROUNDING_MS, `delay of packet ${i}`);
      }
    }
    assert.deepEqual(video.keyFrameRequestsMs, [], "the first picture was there for all");
  },
});

Deno.test({
  // Half a second of it is for what is not simulated: signaling, and the flights of a real DTLS handshake.
  name:
    "B62: who joins late over 100 ms of round trip sees a key frame half a second later, with one request to the publisher",
  permissions: "none",
  fn() {
    const call = new SimulatedCall(SEED, CLEAR);
    const alice = call.join();
    const video = alice.publishVideo();
    const bob = call.join();
    call.advance(5000);
    const carol = call.join();
    call.advance(1000);
    const [picture] = carol.received(video).pictures.shown;
    assert.equal(picture.isKeyFrame, true);
    assert(picture.atMs - carol.joinedMs <= 500, `${picture.atMs - carol.joinedMs} ms`);
    assert.equal(video.keyFrameRequestsMs.length, 1);
    assert(bob.received(video).pictures.longestFreezeMs(0, call.nowMs) < 40, "nobody else notices");
  },
});

Deno.test({
  name: "5% loss each way: sound goes on with 8% to 11.5% lost (9.75% are expected), and no pause over 200 ms",
  permissions: "none",
  fn() {
    const { audio, heard } = talk({ delayMs: DELAY_MS, loss: 0.05 }, 60);
    const sent = audio.packets.length - heard.arrivals[0].index;
    assertShare(sent - heard.arrivals.length, sent, 0.08, 0.115);
    assert(Math.max(...steps(heard.arrivals.map(({ atMs }) => atMs))) <= 200);
    assert.equal(heard.duplicates, 0);
  },
});

Deno.test({
  name: "B30: of datagrams that are delivered five times, both ways, each packet comes out once",
  permissions: "none",
  fn() {
    const link = { delayMs: DELAY_MS, jitterMs: 5, duplication: { share: 1, copies: 4 } };
    const { call, alice, bob, audio, video, heard, seen } = talk(link, 10);
    for (const { uplink, downlink } of [alice, bob]) {
      for (const { duplicates, sent } of [uplink, downlink]) assertShare(duplicates, sent, 3.9, 4);
    }
    assertWhole(audio, heard, call.nowMs - 2 * (DELAY_MS + 5));
    assertWhole(video, seen, call.nowMs - 2 * (DELAY_MS + 5));
    const forwarded = heard.arrivals.length + seen.arrivals.length;
    // Besides media only a check and a few reports a second go down, so five times the media would show.
    assert(bob.downlink.sent < forwarded + 100, `${bob.downlink.sent} datagrams for ${forwarded} packets`);
  },
});

Deno.test({
  name:
    "B51: packets that overtake each other by up to 20 ms each way are all forwarded, and no key frame is asked for",
  permissions: "none",
  fn() {
    const { call, audio, video, heard, seen } = talk({ delayMs: DELAY_MS, jitterMs: 10, jitterReorders: true }, 20);
    const arrivedMs = call.nowMs - 2 * (DELAY_MS + 10);
    assertWhole(audio, heard, arrivedMs);
    assertWhole(video, seen, arrivedMs);
    const numbers = seen.arrivals.map(({ sequenceNumber }) => sequenceNumber);
    assert(steps(numbers).filter((step) => step < 0).length > 100, "many came out of order");
    assert(seen.pictures.longestFreezeMs(0, call.nowMs) < 100);
    assert.equal(seen.keyFrameRequestsMs.length, 0);
  },
});

Deno.test({
  name: "B55: under 10% loss in bursts each way many ask for key frames, and the publisher hears two a second at most",
  permissions: "none",
  fn() {
    const link = { delayMs: DELAY_MS, bursts: { good: 18, bad: 2 } };
    // Without RTX every burst stops the picture.
    const call = new SimulatedCall(SEED, { up: link, down: link, rtx: false });
    const alice = call.join();
    const videos = [alice.publishVideo(), alice.publishVideo()];
    const others = [call.join(), call.join(), call.join()];
    call.advance(30_000);
    for (const video of videos) {
      const asked = others.reduce((sum, peer) => sum + peer.received(video).keyFrameRequestsMs.length, 0);
      const shortest = Math.min(...steps(video.keyFrameRequestsMs));
      assert(asked > video.keyFrameRequestsMs.length, `${asked} requests are too few to show anything`);
      assert(shortest >= KEY_FRAME_REQUEST_INTERVAL_MS - ROUNDING_MS, `${shortest} ms`);
    }
  },
});

Deno.test({
  name: "after 500 ms without any datagram sound goes on at once, and the picture within a second",
  permissions: "none",
  fn() {
    const [fromMs, toMs] = [5000, 5500];
    const schedule = [{ afterMs: fromMs, loss: 1 }, { afterMs: toMs, loss: 0 }];
    const { call, heard, seen } = talk({ delayMs: DELAY_MS, schedule }, 15);
    const soundMs = heard.arrivals.find(({ atMs }) => atMs > toMs)?.atMs ?? Infinity;
    assert(soundMs <= toMs + 2 * DELAY_MS + 20, `${soundMs - toMs} ms`);
    const pictureMs = seen.pictures.shown.find(({ atMs }) => atMs > toMs)?.atMs ?? Infinity;
    assert(pictureMs <= toMs + 1000, `${pictureMs - toMs} ms`);
    assert(seen.pictures.longestFreezeMs(pictureMs, call.nowMs) < 40, "and it stays");
  },
});

for (const [name, link] of Object.entries({ WIFI, CELLULAR, CONGESTED })) {
  Deno.test({
    name: `over ${name} peers connect within a second and hear each other, with no more loss than the links make`,
    permissions: "none",
    fn() {
      const { alice, bob, audio, heard, seen } = talk(link, 30);
      for (const { connectedMs } of [alice, bob]) assert(connectedMs !== undefined && connectedMs < 1000);
      const { good, bad } = link.bursts ?? { good: 1, bad: 0 };
      const passed = (good / (good + bad)) ** 2;
      const sent = audio.packets.length - heard.arrivals[0].index;
      // The last packets are still on their way; bursts are few, so their share varies.
      assertShare(heard.arrivals.length, sent, passed - 0.04, 1);
      assert(seen.pictures.shown.length > 0);
      for (const { uplink, downlink } of [alice, bob]) {
        assert.deepEqual([uplink.overflowed, downlink.overflowed], [0, 0]);
      }
    },
  });
}
