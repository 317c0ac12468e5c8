import assert from "node:assert/strict";
import { addPeer, audioProducer, consumerParameters, OPUS } from "../../tests/harness/engine.ts";
import { buildRtp, parseRtp, runOf } from "../../tests/harness/rtp_builder.ts";
import { START_SEQUENCE_NUMBERS } from "../../tests/harness/rtp_packets.ts";
import { seededRandom } from "../../tests/harness/seeded_random.ts";
import type { RtpPacket } from "../rtp/packet.ts";
import { findPrimary } from "../rtp/red.ts";
import { Router } from "./router.ts";
import type { Codec } from "./types.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

const RED_OPUS: Codec = { ...OPUS, redPayloadType: 63, prefersRed: true };
const SSRC = 2000;
const FRAME = 960;

/** One publisher of `codec`, and a subscriber for each of `codecs`. */
function setUp(codec: Codec, ...codecs: readonly Codec[]) {
  const random = seededRandom(1);
  const router = new Router();
  const publisher = addPeer(router, random);
  const { id } = publisher.publish(audioProducer({ codec, ssrcs: [SSRC] }));
  const subscribers = codecs.map((taken) => {
    const subscriber = addPeer(router, random);
    const consumer = subscriber.subscribe(id, consumerParameters({ codec: taken, headerExtensions: [] }));
    assert.ok(consumer !== undefined);
    return { consumer, take: () => subscriber.sender.takeRtp().map(parseRtp) };
  });
  const send = (...packets: Uint8Array[]) => publisher.peer.handleRtp(runOf(...packets), 0);
  return { send, subscribers };
}

function audio(sequenceNumber: number, payload: readonly number[], payloadType = OPUS.payloadType): Uint8Array {
  const timestamp = sequenceNumber * FRAME;
  return buildRtp({ payloadType, ssrc: SSRC, sequenceNumber, timestamp, payload: Uint8Array.from(payload) });
}

/** A RED payload with one block before the primary one. */
function red(payloadType: number, redundant: readonly number[], primary: readonly number[]): number[] {
  const header = [0x80 | payloadType, FRAME >> 6, (FRAME & 0x3f) << 2, redundant.length, payloadType];
  return [...header, ...redundant, ...primary];
}

function payloadOf({ bytes, headerLength, payloadLength }: RtpPacket): number[] {
  return [...bytes.slice(headerLength, headerLength + payloadLength)];
}

/** What a receiver of RED has of a stream from `first` on of which it lost `lost`: payloads by sequence number. */
function received(packets: readonly RtpPacket[], lost: (index: number) => boolean, opus: number, redType: number) {
  const played = new Map<number, number[]>();
  for (const [index, packet] of packets.entries()) {
    if (lost(index)) continue;
    const payload = payloadOf(packet);
    if (packet.payloadType !== redType) {
      played.set(packet.timestamp, payload);
      continue;
    }
    const bytes = Uint8Array.from(payload);
    const primary = findPrimary(bytes, 0, bytes.length, opus);
    assert.ok(primary > 0, "what goes out is well-formed");
    played.set(packet.timestamp, payload.slice(primary));
    if ((bytes[0] & 0x80) === 0) continue;
    const age = (bytes[1] << 6) | (bytes[2] >> 2);
    played.set((packet.timestamp - age) >>> 0, payload.slice(5, primary));
  }
  return played;
}

test("B353: RED of a publisher passes to subscribers with RED under their payload types, and as its primary block to others", () => {
  const firefox: Codec = { ...OPUS, payloadType: 109 };
  const other: Codec = { ...OPUS, payloadType: 96, redPayloadType: 97 };
  // In this order each sees what the one before has written.
  const { send, subscribers: [one, plain, two] } = setUp(RED_OPUS, other, firefox, { ...RED_OPUS, prefersRed: false });
  for (const [sequenceNumber, redundant, primary] of [[7, [1, 2], [3, 4, 5]], [8, [3, 4, 5], [6]]] as const) {
    send(audio(sequenceNumber, red(111, redundant, primary), 63));
    const [[first], [second], [stripped]] = [one.take(), two.take(), plain.take()];
    assert.deepEqual([first.payloadType, payloadOf(first)], [97, red(96, redundant, primary)]);
    assert.deepEqual([second.payloadType, payloadOf(second)], [63, red(111, redundant, primary)]);
    assert.deepEqual([stripped.payloadType, payloadOf(stripped)], [109, [...primary]]);
  }
});

test("B353: a malformed RED packet goes to nobody, leaves no gap, and the next one goes on", () => {
  const { send, subscribers } = setUp(RED_OPUS, RED_OPUS, OPUS);
  const bad = [
    [],
    [111],
    [0x80 | 111, 0, 0, 9, 111, 1],
    [0x80 | 111, 0],
    red(110, [1], [2]),
    Array(90).fill(0x80 | 111),
  ];
  let sequenceNumber = 10;
  send(audio(sequenceNumber++, red(111, [], [1]), 63));
  for (const payload of bad) send(audio(sequenceNumber++, payload, 63));
  send(audio(sequenceNumber, red(111, [1], [2]), 63));
  for (const { take } of subscribers) {
    const out = take();
    assert.equal(out.length, 2);
    assert.equal((out[1].sequenceNumber - out[0].sequenceNumber) & 0xffff, 1);
    assert.equal((out[1].timestamp - out[0].timestamp) >>> 0, (sequenceNumber - 10) * FRAME);
  }
});

test("B353: padding behind RED stays padding, of RED and of its primary block", () => {
  const { send, subscribers: [withRed, without] } = setUp(RED_OPUS, RED_OPUS, OPUS);
  const packet = parseRtp(Uint8Array.from([...audio(5, red(111, [1], [2, 3]), 63), 0, 0, 0, 0]));
  packet.length -= 4;
  packet.payloadLength -= 4;
  packet.addPadding(4);
  send(packet.bytes.slice(0, packet.length));
  assert.deepEqual(payloadOf(withRed.take()[0]), red(111, [1], [2, 3]));
  const [stripped] = without.take();
  assert.deepEqual([payloadOf(stripped), stripped.paddingLength], [[2, 3], 4]);
});

test("B354: to a subscriber whose reports tell of 2% loss the packet before is added, until 20 s without; others get none", () => {
  const { send, subscribers: [lossy, sound, without] } = setUp(OPUS, RED_OPUS, RED_OPUS, OPUS);
  const types = (sequenceNumber: number) => {
    send(audio(sequenceNumber, [sequenceNumber]));
    return [lossy, sound, without].map(({ take }) => take()[0].payloadType);
  };
  assert.deepEqual(types(1), [111, 111, 111]);
  lossy.consumer.handleLossReport(4, 1000);
  without.consumer.handleLossReport(200, 1000);
  assert.deepEqual(types(2), [111, 111, 111]);
  lossy.consumer.handleLossReport(5, 2000);
  assert.deepEqual(types(3), [63, 111, 111]);
  send(audio(4, [4]));
  assert.deepEqual(payloadOf(lossy.take()[0]), red(111, [3], [4]));
  lossy.consumer.handleLossReport(0, 21_999);
  assert.deepEqual(types(5), [63, 111, 111]);
  lossy.consumer.handleLossReport(0, 22_000);
  assert.deepEqual(types(6), [111, 111, 111]);
});

test("B354: no redundancy is added across a long pause, beyond 1200 bytes, or out of a packet that came late", () => {
  const { send, subscribers: [{ consumer, take }] } = setUp(OPUS, RED_OPUS);
  consumer.handleLossReport(255, 0);
  const sent = (sequenceNumber: number, payload: readonly number[]) => {
    send(audio(sequenceNumber, payload));
    return payloadOf(take()[0]);
  };
  assert.deepEqual(sent(1, [1]), [111, 1], "nothing before");
  assert.deepEqual(sent(3, [3]).slice(5), [1, 3], "the one before the lost one");
  assert.deepEqual(sent(2, [2]), [111, 2], "late: what came before it is newer");
  assert.deepEqual(sent(4, [4]).slice(5), [3, 4]);
  assert.deepEqual(sent(22, [22]), [111, 22], "360 ms do not fit 14 bits");
  const long = Array(1000).fill(7);
  assert.deepEqual(sent(23, long).slice(5), [22, ...long]);
  assert.deepEqual(sent(24, long), [111, ...long], "both would be too long");
  assert.deepEqual(sent(25, Array(1100).fill(8)), [111, ...Array(1100).fill(8)]);
  assert.deepEqual(sent(26, [9]), [111, 9], "and what is longer than a block can be goes with nothing");
});

test("B354: at 10% random loss redundancy brings back nine of ten lost packets", () => {
  for (const seed of [1, 2, 3]) {
    for (const start of START_SEQUENCE_NUMBERS.slice(0, 4)) {
      const { send, subscribers: [withRed, without] } = setUp(OPUS, RED_OPUS, OPUS);
      withRed.consumer.handleLossReport(25, 0);
      const count = 5000;
      for (let i = 0; i < count; i++) send(audio((start + i) & 0xffff, [i & 0xff, i >> 8]));
      const random = seededRandom(seed);
      const dice = Array.from({ length: count }, () => random.uint32() / 2 ** 32 < 0.1);
      const lost = (index: number) => dice[index];
      const repaired = received(withRed.take(), lost, 111, 63);
      const bare = received(without.take(), lost, 111, 63);
      const share = (played: ReadonlyMap<number, unknown>) => 1 - played.size / count;
      assert.ok(share(bare) > 0.085 && share(bare) < 0.115, `${share(bare)}`);
      assert.ok(share(repaired) < 0.016, `seed ${seed}: ${share(repaired)}`);
      const values = [...repaired.values()].map(([low, high]) => low | (high << 8));
      assert.equal(new Set(values).size, values.length, "each as itself");
    }
  }
});

test("B353: a consumer without RED of a publisher with RED hears packets that are none as well", () => {
  const { send, subscribers: [withRed, without] } = setUp(RED_OPUS, RED_OPUS, OPUS);
  send(audio(1, red(111, [], [1]), 63), audio(2, [2]), audio(3, red(111, [2], [3]), 63));
  assert.deepEqual(without.take().map(payloadOf), [[1], [2], [3]]);
  assert.deepEqual(withRed.take().map(payloadOf), [red(111, [], [1]), [111, 2], red(111, [2], [3])]);
});
