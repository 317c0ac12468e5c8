import assert from "node:assert/strict";
import {
  audioProducer,
  consumerParameters,
  OPUS,
  outgoingStream,
  videoProducer,
  VP8,
} from "../../tests/harness/engine.ts";
import { RecordingSender } from "../../tests/harness/recording_sender.ts";
import { buildRtp, parseRtp, runOf, VP8_DELTA_FRAME, VP8_KEY_FRAME } from "../../tests/harness/rtp_builder.ts";
import { START_SEQUENCE_NUMBERS } from "../../tests/harness/rtp_packets.ts";
import type { RtpPacket } from "../rtp/packet.ts";
import { sequenceDiff } from "../rtp/sequence.ts";
import { MAX_PACKET_AGE_MS, MAX_PACKET_LENGTH } from "../stream/packet_cache.ts";
import { Consumer, MAX_CATCH_UP } from "./consumer.ts";
import { Producer } from "./producer.ts";
import type { ConsumerParameters, ProducerParameters } from "./types.ts";

/** Of the source, and of the packet that begins the key frame. */
const SSRC = 1000;
const KEY = 10;
/** A continuation of a VP8 frame (RFC 7741 section 4.2). */
const CONTINUATION = new Uint8Array([0x00, 0x55, 0x66]);
const REPAIRED = videoProducer({
  codec: { ...VP8, nack: true, rtxPayloadType: 97 },
  ssrcs: [SSRC],
  fidGroups: [{ ssrc: SSRC, rtxSsrc: 1001 }],
});

/** A track of which every packet's payload ends with the low byte of its index in the source. */
class TestTrack {
  readonly producer: Producer;
  /** Times of the key-frame requests. */
  readonly requestsMs: number[] = [];
  nowMs = 0;

  constructor(readonly start = 0, parameters: ProducerParameters = videoProducer()) {
    this.producer = new Producer({
      id: "track",
      peerId: "peer",
      parameters,
      feedback: {
        sendPictureLossIndication: () => this.requestsMs.push(this.nowMs),
        sendFullIntraRequest: () => this.requestsMs.push(this.nowMs),
        sendNack: () => {},
      },
    });
  }

  subscribe(parameters: ConsumerParameters = consumerParameters()): Subscriber {
    const sender = new RecordingSender();
    const { kind, codec: { clockRate } } = this.producer;
    const stream = outgoingStream(77, undefined, 1, kind, clockRate);
    this.producer.addConsumer(new Consumer(this.producer, parameters, stream, sender));
    return new Subscriber(sender);
  }

  packet(index: number, ssrc = SSRC, payload = index === KEY ? VP8_KEY_FRAME : CONTINUATION): Uint8Array {
    const sequenceNumber = (this.start + index) & 0xffff;
    return buildRtp({ ssrc, sequenceNumber, timestamp: index * 3000, payload: Uint8Array.of(...payload, index) });
  }

  handle(...packets: Uint8Array[]): void {
    this.producer.encodings[0].handleRtp(runOf(...packets), 0, packets.length, this.nowMs);
  }

  /** Each packet in a run of its own. */
  receive(indexes: Iterable<number>, ssrc = SSRC): void {
    for (const index of indexes) this.handle(this.packet(index, ssrc));
  }
}

class Subscriber {
  #first: number | undefined;

  constructor(readonly sender: RecordingSender) {}

  /** What has come since the last call, in its order: `[index, number]`, numbers counted from the first one. */
  take(): [number, number][] {
    return this.sender.takeRtp().map(parseRtp).map((packet) => {
      this.#first ??= packet.sequenceNumber;
      return [indexOf(packet), sequenceDiff(packet.sequenceNumber, this.#first)];
    });
  }
}

function indexOf({ bytes, length }: RtpPacket): number {
  return bytes[length - 1];
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

/** Numbers as far from the first one as the packets are in the source. */
function numbered(indexes: readonly number[], first = KEY): [number, number][] {
  return indexes.map((index) => [index, index - first]);
}

for (const start of START_SEQUENCE_NUMBERS) {
  Deno.test({
    name:
      `B120: a key frame whose first packet is 3 packets late is taken whole, and one of 4 or 100 too, from ${start}`,
    permissions: "none",
    fn() {
      for (const late of [1, 3, 4, 100]) {
        // The number `start` is that of the second packet of the key frame.
        const track = new TestTrack((start - KEY - 1) & 0xffff);
        const subscriber = track.subscribe();
        track.receive(range(5, 8));
        track.receive(range(KEY + 1, KEY + 1 + late));
        assert.deepEqual(subscriber.take(), []);
        track.receive([KEY]);
        assert.deepEqual(subscriber.take(), numbered(range(KEY, KEY + 1 + late)), `${late} late`);
        track.receive(range(KEY + 1 + late, KEY + 3 + late));
        assert.deepEqual(subscriber.take(), numbered(range(KEY + 1 + late, KEY + 3 + late)), `behind ${late}`);
      }
    },
  });
}

Deno.test({
  name: "B120: what is missing behind the first packet stays a gap, and is filled when it comes",
  permissions: "none",
  fn() {
    const track = new TestTrack();
    const subscriber = track.subscribe();
    track.receive([12, 16, 14, KEY]);
    assert.deepEqual(subscriber.take(), numbered([KEY, 12, 14, 16]));
    track.receive([15, 11, 17, 13]);
    assert.deepEqual(subscriber.take(), numbered([15, 11, 17, 13]));
  },
});

Deno.test({
  name: "B120: of the run that brings the first packet each goes out once, those before it right behind it",
  permissions: "none",
  fn() {
    const track = new TestTrack();
    const [one, two] = [track.subscribe(), track.subscribe()];
    track.receive([17]);
    track.handle(...[12, 9, KEY, 11, 14, 13].map((index) => track.packet(index)));
    for (const subscriber of [one, two]) assert.deepEqual(subscriber.take(), numbered([KEY, 12, 17, 11, 14, 13]));
    track.receive([15, 16, 18]);
    for (const subscriber of [one, two]) assert.deepEqual(subscriber.take(), numbered([15, 16, 18]));
  },
});

Deno.test({
  name: "B120: a key frame that comes in order begins as it ever did, in any run",
  permissions: "none",
  fn() {
    for (const length of [1, 2, 7]) {
      const track = new TestTrack();
      const subscriber = track.subscribe();
      const packets = range(KEY, KEY + 14).map((index) => track.packet(index));
      for (let at = 0; at < packets.length; at += length) track.handle(...packets.slice(at, at + length));
      assert.deepEqual(subscriber.take(), numbered(range(KEY, KEY + 14)));
    }
  },
});

Deno.test({
  name: "B120: packets up to 128 numbers behind the first one follow it, and none that is older than 2 s",
  permissions: "none",
  fn() {
    const track = new TestTrack();
    const subscriber = track.subscribe();
    track.receive(range(KEY + 1, KEY + MAX_CATCH_UP + 20));
    track.receive([KEY]);
    assert.deepEqual(subscriber.take().map(([, number]) => number), range(0, MAX_CATCH_UP + 1));
    const slow = new TestTrack();
    const late = slow.subscribe();
    slow.receive([11]);
    slow.nowMs = MAX_PACKET_AGE_MS;
    slow.receive([12]);
    slow.nowMs++;
    slow.receive([KEY]);
    assert.deepEqual(late.take(), numbered([KEY, 12]));
  },
});

Deno.test({
  name: "B120: padding that came before the first packet is closed up, and another payload type is not forwarded",
  permissions: "none",
  fn() {
    const track = new TestTrack();
    const subscriber = track.subscribe();
    const padding = buildRtp({ ssrc: SSRC, sequenceNumber: 12, payload: new Uint8Array(0), padding: 9 });
    const foreign = buildRtp({ ssrc: SSRC, sequenceNumber: 13, payloadType: 126 });
    for (const packet of [track.packet(11), padding, foreign, track.packet(14), track.packet(KEY)]) {
      track.handle(packet);
    }
    assert.deepEqual(subscriber.take(), [[KEY, 0], [11, 1], [14, 2]]);
  },
});

Deno.test({
  name: "B120: a first packet that is lost and comes by RTX 50 ms later starts the picture without another key frame",
  permissions: "none",
  fn() {
    const track = new TestTrack(0, REPAIRED);
    const subscriber = track.subscribe();
    track.receive([8, 9]);
    assert.deepEqual(track.requestsMs, [0]);
    track.nowMs = 100;
    track.receive(range(11, 40));
    track.nowMs = 150;
    const payload = Uint8Array.of(0, KEY, ...VP8_KEY_FRAME, KEY);
    track.handle(buildRtp({ ssrc: 1001, payloadType: 97, sequenceNumber: 7, timestamp: KEY * 3000, payload }));
    assert.deepEqual(subscriber.take(), numbered(range(KEY, 40)));
    track.receive([40, KEY]);
    assert.deepEqual(subscriber.take(), numbered([40]), "the original is a duplicate then");
    track.nowMs = 2000;
    track.producer.handleTimeout(track.nowMs);
    assert.deepEqual(track.requestsMs, [0]);
  },
});

Deno.test({
  name: "B120: a publisher's new SSRC takes over at a first packet that is late, with what came before it",
  permissions: "none",
  fn() {
    const track = new TestTrack();
    const subscriber = track.subscribe();
    track.receive([KEY, 11]);
    assert.deepEqual(subscriber.take(), numbered([KEY, 11]));
    track.nowMs = 40;
    track.receive([12, 11, 13], 2000);
    track.receive([12]);
    assert.deepEqual(subscriber.take(), [], "the old one is over");
    track.receive([KEY, 14], 2000);
    assert.deepEqual(subscriber.take(), [[KEY, 2], [11, 3], [12, 4], [13, 5], [14, 6]]);
  },
});

Deno.test({
  name: "B120: a first packet that is too long for the cache brings along nothing of the SSRC before",
  permissions: "none",
  fn() {
    const track = new TestTrack();
    track.handle(track.packet(KEY + 1, SSRC, VP8_KEY_FRAME));
    const subscriber = track.subscribe();
    const long = new Uint8Array(MAX_PACKET_LENGTH);
    long.set(VP8_KEY_FRAME);
    track.handle(track.packet(KEY, 2000, long));
    assert.deepEqual(subscriber.take(), numbered([KEY]));
  },
});

Deno.test({
  name: "B120: who is shown the picture already gets nothing twice when another one begins",
  permissions: "none",
  fn() {
    const track = new TestTrack();
    const one = track.subscribe();
    track.handle(track.packet(5, SSRC, VP8_KEY_FRAME));
    const two = track.subscribe();
    track.receive([11, 12, KEY, 13]);
    assert.deepEqual(one.take(), numbered([5, 11, 12, KEY, 13], 5));
    assert.deepEqual(two.take(), numbered([KEY, 11, 12, 13]));
  },
});

Deno.test({
  name: "B59: who joins in the midst of a key frame waits for the next one",
  permissions: "none",
  fn() {
    const track = new TestTrack();
    track.receive([KEY, 11]);
    const subscriber = track.subscribe();
    track.receive([12, 13]);
    track.handle(track.packet(14, SSRC, VP8_DELTA_FRAME));
    assert.deepEqual(subscriber.take(), []);
    track.handle(track.packet(20, SSRC, VP8_KEY_FRAME));
    assert.deepEqual(subscriber.take(), [[20, 0]]);
  },
});

Deno.test({
  name: "B59: sound begins at any packet, and what came before it is not sent",
  permissions: "none",
  fn() {
    const track = new TestTrack(0, audioProducer({ ssrcs: [SSRC] }));
    const sound = (index: number) =>
      buildRtp({ ssrc: SSRC, sequenceNumber: index, payloadType: 111, payload: Uint8Array.of(0xfc, index) });
    track.handle(sound(7));
    const subscriber = track.subscribe(consumerParameters({ codec: OPUS }));
    for (const index of [6, 8, 5]) track.handle(sound(index));
    assert.deepEqual(subscriber.take(), [[6, 0], [8, 2]]);
    assert.equal(track.producer.encodings[0].cache, undefined);
  },
});
