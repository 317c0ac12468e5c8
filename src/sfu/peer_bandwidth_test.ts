import assert from "node:assert/strict";
import { addPeer, audioProducer, consumerParameters, OPUS, videoProducer, VP8 } from "../../tests/harness/engine.ts";
import { nackBytes } from "../../tests/harness/nack_feedback.ts";
import { randomSeed } from "../../tests/harness/random_seed.ts";
import { buildRtp, parseRtp, runOf, VP8_DELTA_FRAME, VP8_KEY_FRAME } from "../../tests/harness/rtp_builder.ts";
import { seededRandom } from "../../tests/harness/seeded_random.ts";
import { arrivalsOf, feedbackPacket, transportFeedbackIn } from "../../tests/harness/transport_feedback.ts";
import { readTransportSequenceNumber } from "../rtp/header_extension.ts";
import { ReportBlock, writeReceiverReport } from "../rtp/rtcp/receiver_report.ts";
import { TransportFeedbackWriter } from "../rtp/rtcp/transport_feedback_writer.ts";
import { readOriginalSequenceNumber } from "../rtp/rtx.ts";
import { TRANSPORT_WIDE_URI } from "./header_extensions.ts";
import { Router } from "./router.ts";

const NUMBERS = { uri: TRANSPORT_WIDE_URI, id: 5 };
const VIDEO = consumerParameters({
  codec: { ...VP8, payloadType: 120, rtxPayloadType: 121 },
  headerExtensions: [NUMBERS],
});
const AUDIO = consumerParameters({ mid: "1", codec: { ...OPUS, payloadType: 109 }, headerExtensions: [NUMBERS] });

/** A publisher of picture and sound whose own packets are numbered, and a subscriber of both. */
function call({ video = VIDEO, audio = AUDIO } = {}) {
  const router = new Router();
  const random = seededRandom(7);
  const [publisher, subscriber] = [addPeer(router, random), addPeer(router, random)];
  const headerExtensions = [{ uri: TRANSPORT_WIDE_URI, id: 9 }];
  const picture = publisher.publish(videoProducer({ headerExtensions }));
  const sound = publisher.publish(audioProducer({ headerExtensions }));
  const consumer = subscriber.subscribe(picture.id, video);
  subscriber.subscribe(sound.id, audio);
  assert.ok(consumer);
  let [number, sequenceNumber, hasBegun] = [500, 0, false];
  const send = (ssrc: number, payload: Uint8Array, nowMs: number) => {
    const payloadType = ssrc === 1000 ? 96 : 111;
    const extensions = new Map([[9, Uint8Array.of(number >> 8, number)]]);
    number++;
    const fields = { ssrc, payloadType, sequenceNumber: ++sequenceNumber & 0xffff, timestamp: nowMs * 90, payload };
    publisher.peer.handleRtp(runOf(buildRtp({ ...fields, extensions })), nowMs);
  };
  return {
    publisher,
    subscriber,
    consumer,
    sendVideo: (nowMs: number, length = 1000) => {
      const payload = new Uint8Array(length);
      payload.set(hasBegun ? VP8_DELTA_FRAME : VP8_KEY_FRAME);
      hasBegun = true;
      send(1000, payload, nowMs);
    },
    sendAudio: (nowMs: number) => send(2000, new Uint8Array(80), nowMs),
  };
}

type Call = ReturnType<typeof call>;

/** The numbers of what the subscriber was sent since it was asked last, and how long it was. */
function takeNumbers({ subscriber }: Call): { readonly number: number; readonly bytes: Uint8Array }[] {
  return subscriber.sender.takeRtp().map((bytes) => {
    return { number: readTransportSequenceNumber(parseRtp(bytes), NUMBERS.id), bytes };
  });
}

/**
 * A subscriber of a link of so many bits per second, in virtual time: packets queue there, and are reported every 50 ms.
 * Returns how much came in each second, in bits, and all RTP that did.
 */
function run(call: Call, bitsPerSecond: number, seconds: number, wake: (nowMs: number) => void) {
  const { subscriber } = call;
  const received: Uint8Array[] = [];
  const writer = new TransportFeedbackWriter();
  const out = new Uint8Array(1200);
  const arrivals = new Map<number, number>();
  let [freeMs, base] = [0, -1];
  // Far more is wanted than the one stream takes: probes go as far as the link does.
  const { bandwidth } = subscriber.peer;
  bandwidth?.setWanted(Infinity, 0);
  if (bandwidth !== undefined) bandwidth.setWanted = () => {};
  for (let nowMs = 1; nowMs <= seconds * 1000; nowMs++) {
    wake(nowMs);
    if (subscriber.peer.nextProbeMs() <= nowMs) subscriber.peer.handleProbes(nowMs);
    for (const { number, bytes } of takeNumbers(call)) {
      if (base < 0) base = number;
      freeMs = Math.max(freeMs, nowMs) + bytes.length * 8000 / bitsPerSecond;
      arrivals.set(number, freeMs + 20);
      received.push(bytes);
    }
    if (nowMs % 50 !== 0) continue;
    let end = base;
    while ((arrivals.get(end & 0xffff) ?? Infinity) <= nowMs) end++;
    if (end === base) continue;
    const times = { has: () => true, ticksOf: (number: number) => Math.round((arrivals.get(number) ?? 0) * 4) };
    const length = writer.write(out, 0, 1, 2, base & 0xffff, end - base, times);
    for (let i = 0; i < writer.statusCount; i++) arrivals.delete((base + i) & 0xffff);
    base = (base + writer.statusCount) & 0xffff;
    subscriber.peer.handleRtcp(out, length, nowMs);
  }
  return received;
}

Deno.test({
  name:
    "B288: each packet to a subscriber has the next number, whatever stream it is of, and no number of the publisher's",
  permissions: "none",
  fn() {
    const room = call();
    for (let i = 0; i < 10; i++) {
      room.sendVideo(i * 20);
      room.sendAudio(i * 20);
    }
    const sent = takeNumbers(room);
    assert.deepEqual(sent.map(({ number }) => number), Array.from({ length: 20 }, (_, i) => i));
    assert.deepEqual(new Set(sent.map(({ bytes }) => parseRtp(bytes).payloadType)), new Set([120, 109]));

    const { ssrc } = room.consumer;
    const first = parseRtp(sent[0].bytes).sequenceNumber;
    const nack = nackBytes(1, ssrc, [first]);
    room.subscriber.peer.handleRtcp(nack, nack.length, 300);
    const [again] = takeNumbers(room);
    assert.equal(again.number, 20, "what is sent again is another packet");
    assert.equal(readOriginalSequenceNumber(parseRtp(again.bytes)), first);
  },
});

Deno.test({
  name: "B288: where an m-line has no numbers its packets have none, and none are used up",
  permissions: "none",
  fn() {
    const room = call({ audio: { ...AUDIO, headerExtensions: [] } });
    room.sendVideo(0);
    room.sendAudio(10);
    room.sendVideo(20);
    assert.deepEqual(takeNumbers(room).map(({ number }) => number), [0, -1, 1]);
  },
});

Deno.test({
  name: "B289: who only publishes has no estimator; who is sent something has one, for all of its tracks",
  permissions: "none",
  fn() {
    const { publisher, subscriber } = call();
    assert.equal(publisher.peer.bandwidth, undefined);
    assert.ok(subscriber.peer.bandwidth);
  },
});

Deno.test({
  name: "B289: the estimate finds the link by what the subscriber reports, and by probes beyond what is sent",
  permissions: "none",
  fn() {
    const room = call();
    const received = run(room, 3_000_000, 10, (nowMs) => {
      if (nowMs % 33 === 0) { for (let i = 0; i < 3; i++) room.sendVideo(nowMs); }
      if (nowMs % 20 === 0) room.sendAudio(nowMs);
    });
    const estimate = room.subscriber.peer.bandwidth?.bitsPerSecond ?? 0;
    assert.ok(estimate > 2_000_000 && estimate < 4_000_000, `${estimate} bits per second`);
    const packets = received.map(parseRtp);
    const probes = packets.filter(({ payloadType }) => payloadType === 121);
    assert.ok(probes.length > 10, `${probes.length} packets of probes`);
    assert.deepEqual(new Set(probes.map(({ ssrc }) => ssrc)), new Set([room.consumer.rtxSsrc]));
  },
});

Deno.test({
  name: "B290: probes are recent packets once more, and padding of 255 bytes at most, numbered in a row as RTX",
  permissions: "none",
  fn() {
    const room = call();
    const probes = run(room, 20_000_000, 3, (nowMs) => {
      if (nowMs % 33 === 0) { for (let i = 0; i < 3; i++) room.sendVideo(nowMs); }
    }).map(parseRtp).filter(({ payloadType }) => payloadType === 121);
    const [first] = probes;
    for (const [index, packet] of probes.entries()) {
      assert.equal(packet.sequenceNumber, (first.sequenceNumber + index) & 0xffff);
      const isPadding = packet.payloadLength === 0;
      assert.equal(packet.padding, isPadding);
      if (isPadding) assert.equal(packet.bytes[packet.length - 1], packet.paddingLength);
      else assert.equal(packet.payloadLength, 1002);
    }
    const paddings = probes.filter(({ payloadLength }) => payloadLength === 0);
    assert.ok(paddings.some(({ paddingLength }) => paddingLength === 255), "full ones");
    assert.ok(paddings.length < probes.length, "and packets once more");
  },
});

Deno.test({
  name: "B290: there are no probes for who receives sound alone, has no RTX, or whose publisher sends no picture",
  permissions: "none",
  fn() {
    const soundOnly = call();
    const sound = run(soundOnly, 3_000_000, 4, (nowMs) => nowMs % 20 === 0 && soundOnly.sendAudio(nowMs));
    assert.deepEqual(new Set(sound.map((bytes) => parseRtp(bytes).payloadType)), new Set([109]));
    const estimate = soundOnly.subscriber.peer.bandwidth?.bitsPerSecond ?? 0;
    assert.ok(estimate >= 300_000, `sound passes for no probe: ${estimate} bits per second`);

    const withoutRtx = call({ video: { ...VIDEO, codec: { ...VP8, payloadType: 120 } } });
    const plain = run(withoutRtx, 3_000_000, 6, (nowMs) => nowMs % 33 === 0 && withoutRtx.sendVideo(nowMs));
    assert.deepEqual(new Set(plain.map((bytes) => parseRtp(bytes).payloadType)), new Set([120]));

    const stalled = call();
    stalled.sendVideo(0);
    const { subscriber: { peer } } = stalled;
    takeNumbers(stalled);
    peer.handleProbes(2500);
    assert.deepEqual(takeNumbers(stalled), [], "the picture stands still for longer than a packet is kept");
  },
});

Deno.test({
  name: "B289: without numbers the estimate follows receiver reports and REMB",
  permissions: "none",
  fn() {
    const room = call({ video: { ...VIDEO, headerExtensions: [] }, audio: { ...AUDIO, headerExtensions: [] } });
    const { subscriber: { peer }, consumer } = room;
    const before = peer.bandwidth?.bitsPerSecond ?? 0;
    const out = new Uint8Array(64);
    const report = (nowMs: number, fractionLost: number) => {
      for (let i = 0; i < 30; i++) room.sendVideo(nowMs - 1000 + i * 33);
      const { rewriter: { sequenceNumber } } = consumer.stream;
      const fields = { ssrc: consumer.ssrc, fractionLost, extendedSequenceNumber: sequenceNumber };
      const block = Object.assign(new ReportBlock(), fields);
      peer.handleRtcp(out, writeReceiverReport(out, 0, 9, [block], 0, 1), nowMs);
    };
    for (let second = 1; second <= 8; second++) report(second * 1000, 0);
    const risen = peer.bandwidth?.bitsPerSecond ?? 0;
    assert.ok(risen > before, `${risen} after ${before}`);
    for (let second = 9; second <= 14; second++) report(second * 1000, 80);
    const fallen = peer.bandwidth?.bitsPerSecond ?? 0;
    assert.ok(fallen < risen, `${fallen} after ${risen}`);
    const remb = [0x8f, 206, 0, 4, 0, 0, 0, 9, 0, 0, 0, 0, 0x52, 0x45, 0x4d, 0x42, 0, 0, 0xc3, 0x50];
    peer.handleRtcp(Uint8Array.from(remb), remb.length, 15_000);
    assert.equal(peer.bandwidth?.bitsPerSecond, 50_000);
  },
});

Deno.test({
  name: "B289: another address is another way: a high estimate begins anew",
  permissions: "none",
  fn() {
    const room = call();
    run(room, 5_000_000, 6, (nowMs) => {
      if (nowMs % 33 === 0) { for (let i = 0; i < 6; i++) room.sendVideo(nowMs); }
    });
    const { peer } = room.subscriber;
    const before = peer.bandwidth?.bitsPerSecond ?? 0;
    peer.handleRouteChange(6001);
    assert.ok((peer.bandwidth?.bitsPerSecond ?? 0) < before / 2, `${peer.bandwidth?.bitsPerSecond} after ${before}`);
  },
});

Deno.test({
  name: "B286: whatever a subscriber sends as feedback, nothing throws, and numbers and other peers go on",
  permissions: "none",
  fn() {
    const seed = randomSeed();
    const random = seededRandom(seed);
    const room = call();
    const { subscriber: { peer } } = room;
    for (let i = 0; i < 3000; i++) {
      room.sendVideo(i);
      const chunks = Array.from({ length: random.uint32() % 12 }, () => random.uint32() & 0xffff);
      const deltas = Array.from({ length: random.uint32() % 200 }, () => random.uint32() & 0xff);
      const base = random.uint32() % 3 === 0 ? random.uint32() & 0xffff : (i - 20) & 0xffff;
      const count = random.uint32() % 5 === 0 ? random.uint32() & 0xffff : random.uint32() % 60;
      const bytes = feedbackPacket({ base, count, referenceTime: random.uint32() | 0, chunks, deltas });
      peer.handleRtcp(bytes, bytes.length - random.uint32() % 5, i);
      peer.handleProbes(i);
      const estimate = peer.bandwidth?.bitsPerSecond ?? NaN;
      assert.ok(estimate > 0 && estimate < 1e9, `${estimate} bits per second, seed ${seed}`);
    }
    const numbers = takeNumbers(room).map(({ number }) => number);
    assert.ok(numbers.every((number, index) => number === (index & 0xffff)), `seed ${seed}`);
  },
});

Deno.test({
  name: "B286: of what one compound packet reports on 2048 packets are looked at, and none that were never sent",
  permissions: "none",
  fn() {
    const room = call();
    const { subscriber: { peer } } = room;
    const { bandwidth } = peer;
    assert.ok(bandwidth);
    let looked = 0;
    bandwidth.handleMissing = () => looked++;
    const report = (count: number, times: number) => {
      looked = 0;
      const chunks = Array.from({ length: Math.ceil(count / 8191) }, (_, i) => Math.min(8191, count - i * 8191));
      const one = feedbackPacket({ base: 0, count, referenceTime: 0, chunks, deltas: [] });
      const compound = new Uint8Array(one.length * times);
      for (let i = 0; i < times; i++) compound.set(one, i * one.length);
      peer.handleRtcp(compound, compound.length, 3000);
      return looked;
    };
    assert.equal(report(65_535, 35), 0, "nothing was sent");
    assert.equal(report(100, 1), 100);
    for (let i = 0; i < 3000; i++) room.sendVideo(i, 100);
    assert.equal(report(65_535, 35), 0, "too many in one");
    assert.equal(report(8191, 35), 0, "too many in one");
    assert.equal(report(2048, 1), 2048);
    assert.equal(report(500, 35), 2000, "too many in all");
  },
});

Deno.test({
  name: "B287: a publisher is told of each of its packets, of picture, sound and padding, every 100 ms",
  permissions: "none",
  fn() {
    const { publisher: { peer, sender }, sendVideo, sendAudio } = call();
    for (let nowMs = 0; nowMs < 1000; nowMs += 25) {
      sendVideo(nowMs);
      if (nowMs % 50 === 0) sendAudio(nowMs);
      if (peer.nextTimeout() <= nowMs) peer.handleTimeout(nowMs);
    }
    const reports = sender.takeRtcp().map(transportFeedbackIn).filter((feedback) => feedback !== undefined);
    assert.equal(reports.length, 10);
    for (const report of reports) assert.ok([1000, 2000].includes(new DataView(report.buffer).getUint32(8)));
    const numbers = reports.flatMap(arrivalsOf).map(([number]) => number);
    assert.deepEqual(numbers, Array.from({ length: numbers.length }, (_, i) => 500 + i));
    assert.ok(numbers.length >= 55);
    const [[, first], [, second], [, third]] = arrivalsOf(reports[1]);
    assert.deepEqual([first, second, third], [25 * 4, 50 * 4, 50 * 4]);
  },
});

Deno.test({
  name: "B287: who publishes no more is still told when its last packets came, and has no deadline then",
  permissions: "none",
  fn() {
    const { publisher, subscriber, sendVideo } = call();
    subscriber.publish(videoProducer({ ssrcs: [3000] }));
    sendVideo(100);
    publisher.sender.takeRtcp();
    for (const mid of ["0", "1"]) publisher.peer.unpublish(mid);
    assert.ok(publisher.peer.nextTimeout() <= 200);
    publisher.peer.handleTimeout(200);
    assert.equal(publisher.sender.takeRtcp().flatMap((compound) => transportFeedbackIn(compound) ?? []).length, 1);
    assert.equal(publisher.peer.nextTimeout(), Infinity);
  },
});

Deno.test({
  name: "B60: who begins to publish late reports within a second",
  permissions: "none",
  fn() {
    const { subscriber } = call();
    for (let nowMs = 0; nowMs <= 5000; nowMs += 25) subscriber.peer.handleTimeout(nowMs);
    subscriber.publish(videoProducer({ ssrcs: [3000] }));
    subscriber.sender.takeRtcp();
    let reports = 0;
    for (let nowMs = 5025; nowMs <= 6100; nowMs += 25) {
      subscriber.peer.handleRtp(
        runOf(buildRtp({ ssrc: 3000, sequenceNumber: nowMs / 25, timestamp: nowMs * 90 })),
        nowMs,
      );
      if (subscriber.peer.nextTimeout() <= nowMs) subscriber.peer.handleTimeout(nowMs);
      reports += subscriber.sender.takeRtcp().filter((bytes) => bytes[1] === 201).length;
    }
    assert.ok(reports >= 1, `${reports}`);
  },
});
