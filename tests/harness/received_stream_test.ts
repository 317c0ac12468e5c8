import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { Camera } from "./media_generators.ts";
import { mediaPayload } from "./media_payload.ts";
import { ReceivedStream } from "./received_stream.ts";
import { rtpPacket } from "./rtp_packets.ts";
import { seededRandom } from "./seeded_random.ts";
import { SentStream } from "./sent_stream.ts";
import { parseRtp } from "./rtp_builder.ts";
import { Link } from "./simulated_network.ts";
import { VirtualClock } from "./virtual_clock.ts";

const SEED = 4_588;
const SSRC = 7;

/** A stream with its feedback written down, as in `nack 3 4` and `pli`. */
function receiver(nack = true) {
  const said: string[] = [];
  const stream = new ReceivedStream({ kind: "video", clockRate: 90_000, ssrc: SSRC, nack }, {
    sendNack: (_, sequenceNumbers) => said.push(`nack ${sequenceNumbers.join(" ")}`),
    sendPictureLossIndication: () => said.push("pli"),
  });
  /** One packet is one frame, the first a key frame. */
  const payload = (index: number) =>
    mediaPayload(index === 0 ? "keyFrameStart" : "frameStart", { index, frame: index }, 20);
  const receive = (index: number, nowMs: number) =>
    stream.handleRtp(
      rtpPacket({ sequenceNumber: (65_534 + index) & 0xffff, ssrc: SSRC, marker: true, payload: [...payload(index)] }),
      nowMs,
    );
  const repair = (index: number, nowMs: number) => {
    const original = (65_534 + index) & 0xffff;
    const repeated = [original >> 8, original & 0xff, ...payload(index)];
    stream.handleRtx(rtpPacket({ sequenceNumber: 99, ssrc: SSRC + 1, marker: true, payload: repeated }), nowMs);
  };
  /** Does what is due until then, at its time. */
  const pass = (untilMs: number) => {
    for (let dueMs = stream.nextTimeout(); dueMs <= untilMs; dueMs = stream.nextTimeout()) {
      said.push(`${dueMs} ms`);
      stream.handleTimeout(dueMs);
    }
    return said.splice(0);
  };
  return { stream, receive, repair, pass };
}

Deno.test({
  name:
    "what is missing is asked for after 20 ms, and again each round trip, ten times at most; a key frame each 500 ms",
  permissions: "none",
  fn() {
    const { stream, receive, pass } = receiver();
    stream.roundTripMs = 90;
    receive(0, 0);
    receive(1, 10);
    deepStrictEqual(pass(100), []);
    receive(4, 100);
    deepStrictEqual(pass(219), ["120 ms", "nack 0 1"]);
    deepStrictEqual(pass(220), ["220 ms", "nack 0 1"]);
    const later = pass(5000);
    strictEqual(later.filter((word) => word === "nack 0 1").length, 8);
    deepStrictEqual(later.filter((_, i) => later[i + 1] === "pli").slice(0, 2), ["600 ms", "1100 ms"]);
    strictEqual(stream.nacked, 20);
  },
});

Deno.test({
  name: "a packet that was only overtaken is not asked for, and RTX takes the place of one that was lost",
  permissions: "none",
  fn() {
    const { stream, receive, repair, pass } = receiver();
    receive(0, 0);
    receive(2, 10);
    receive(1, 25);
    deepStrictEqual(pass(100), []);
    receive(4, 100);
    deepStrictEqual(pass(150), ["120 ms", "nack 1"]);
    repair(3, 180);
    deepStrictEqual(pass(1000), []);
    deepStrictEqual(stream.indexes, [0, 2, 1, 4, 3]);
    deepStrictEqual(stream.pictures.shown.map(({ atMs }) => atMs), [0, 25, 25, 180, 180]);
    deepStrictEqual([stream.lost, stream.recovered, stream.duplicates, stream.repairedInVain], [0, 1, 0, 0]);
    repair(3, 190);
    receive(3, 191);
    receive(2, 192);
    deepStrictEqual([stream.duplicates, stream.repairedInVain], [1, 2]);
  },
});

Deno.test({
  name: "without RTX nothing is asked for but key frames, also where the first picture never comes",
  permissions: "none",
  fn() {
    const { stream, receive, pass } = receiver(false);
    receive(3, 1000);
    receive(5, 1010);
    strictEqual(stream.lost, 1);
    deepStrictEqual(pass(2100), ["1500 ms", "pli", "2000 ms", "pli"]);
  },
});

Deno.test({
  name:
    "two of these clients with nothing between them but 10% bursts lose no packet by RTX, and no picture stands for 500 ms",
  permissions: "none",
  fn() {
    const clock = new VirtualClock();
    const options = { delayMs: 25, bursts: { good: 18, bad: 2 } };
    const random = seededRandom(SEED);
    const stream = new ReceivedStream({ kind: "video", clockRate: 90_000, ssrc: SSRC, nack: true }, {
      sendNack: (_, numbers) => feedback.send(new Uint8Array(new Uint16Array(numbers).buffer)),
      sendPictureLossIndication: () => {},
    });
    stream.roundTripMs = 50;
    const media = new Link(options, { clock, random }, (bytes) => {
      const packet = parseRtp(bytes);
      if (packet.ssrc === SSRC) stream.handleRtp(packet, clock.now());
      else stream.handleRtx(packet, clock.now());
    });
    const feedback = new Link(options, { clock, random }, (bytes) => {
      sent.handleNack([...new Uint16Array(bytes.buffer)], 50, clock.now());
    });
    const sent = new SentStream({
      kind: "video",
      clockRate: 90_000,
      payloadType: 96,
      ssrc: SSRC,
      firstSequenceNumber: 65_000,
      firstTimestamp: 0,
    }, (rtp) => media.send(rtp));
    sent.rtx = { payloadType: 97, ssrc: SSRC + 1 };
    const camera = new Camera(sent, clock, {});
    camera.start();
    for (let tick = 0; tick < 6000; tick++) {
      if (tick === 5900) camera.stop();
      clock.advance(5);
      stream.handleTimeout(clock.now());
    }
    strictEqual(stream.lost, 0, `seed ${SEED}`);
    deepStrictEqual(stream.indexes.toSorted((a, b) => a - b), [...sent.packets.keys()]);
    strictEqual(stream.recovered > 200, true, `${stream.recovered} recovered`);
    strictEqual(
      stream.pictures.longestFreezeMs(0, 29_500) < 500,
      true,
      `${stream.pictures.longestFreezeMs(0, 29_500)} ms`,
    );
  },
});
