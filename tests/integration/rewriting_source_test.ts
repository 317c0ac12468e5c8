import assert from "node:assert/strict";
import { readUint16, readUint32, writeUint16, writeUint32 } from "../../src/rtp/bytes.ts";
import { RtpPacket } from "../../src/rtp/packet.ts";
import { sequenceDiff } from "../../src/rtp/sequence.ts";
import { Consumer } from "../../src/sfu/consumer.ts";
import type { MediaSender } from "../../src/sfu/media_sink.ts";
import { Producer } from "../../src/sfu/producer.ts";
import { consumerParameters, outgoingStream, videoProducer, VP8 } from "../harness/engine.ts";
import { VP8_DELTA_FRAME, VP8_KEY_FRAME } from "../harness/rtp_builder.ts";
import { rtpBytes, START_SEQUENCE_NUMBERS } from "../harness/rtp_packets.ts";

// What may happen to one source, from publisher to subscriber. The figures are those of Galene's packetmap, LiveKit's
// munger and Jitsi's VP8 projection.

const FRAME_TICKS = 3000;
const FRAME_MS = 33;
const NOT_SENT = -1;

/** Keeps number and timestamp of the packet sent last. */
class LastPacket implements MediaSender {
  sequenceNumber = 0;
  timestamp = 0;
  sent = 0;
  readonly #slot = new Uint8Array(1500);

  readAhead(): number {
    return 0;
  }

  beginRtp(): Uint8Array {
    return this.#slot;
  }

  sendRtp(): boolean {
    this.sequenceNumber = readUint16(this.#slot, 2);
    this.timestamp = readUint32(this.#slot, 4);
    this.sent++;
    return true;
  }

  sendRtcp(): void {}
  removeStream(): void {}
}

interface SourceFields {
  readonly ssrc?: number;
  readonly nowMs?: number;
  /** The timestamp: that of frame `index` unless given. */
  readonly timestamp?: number;
}

/** A publisher whose packet `index` has the number `start + index`; each is a frame, and the first one a key frame. */
class Source {
  readonly sender = new LastPacket();
  readonly producer: Producer;
  #first: { readonly sequenceNumber: number; readonly timestamp: number } | undefined;
  #newest = 0;
  readonly #forms = [VP8_KEY_FRAME, VP8_DELTA_FRAME, []].map((payload) =>
    rtpBytes({ payloadType: 96, payload: [...payload], padding: payload.length === 0 ? 9 : 0 })
  );
  readonly #packet = new RtpPacket();
  readonly #run = { packets: [this.#packet], count: 1 };

  constructor(readonly start = 65_000, nack = false) {
    const codec = { ...VP8, nack };
    this.producer = new Producer({
      id: "track",
      peerId: "peer",
      parameters: videoProducer({ codec }),
      feedback: {
        sendPictureLossIndication: () => {},
        sendFullIntraRequest: () => {},
        sendNack: () => {},
      },
    });
    const stream = outgoingStream(77, undefined, this.start);
    const parameters = consumerParameters({ codec: { ...codec, payloadType: 120 } });
    this.producer.addConsumer(new Consumer(this.producer, parameters, stream, this.sender));
  }

  keyFrame(index: number, fields: SourceFields = {}): number {
    return this.#send(this.#forms[0], index, fields);
  }

  /** The outgoing number of a packet, counted from the first one over every wrap; -1 where it is not sent. */
  frame(index: number, fields: SourceFields = {}): number {
    return this.#send(this.#forms[1], index, fields);
  }

  padding(index: number): number {
    return this.#send(this.#forms[2], index, {});
  }

  /** Of the packet sent last, counted from the first one. */
  get ticks(): number {
    return (this.sender.timestamp - (this.#first?.timestamp ?? 0)) >>> 0;
  }

  #send(form: Uint8Array, index: number, { ssrc = 1000, nowMs = index * FRAME_MS, timestamp }: SourceFields): number {
    writeUint16(form, 2, (this.start + index) & 0xffff);
    writeUint32(form, 4, timestamp ?? (index * FRAME_TICKS) >>> 0);
    writeUint32(form, 8, ssrc);
    assert.ok(this.#packet.parse(form, form.length));
    const before = this.sender.sent;
    this.producer.encodings[0].handleRtp(this.#run, 0, 1, nowMs);
    return this.sender.sent === before ? NOT_SENT : this.#count();
  }

  #count(): number {
    const { sequenceNumber, timestamp } = this.sender;
    this.#first ??= { sequenceNumber, timestamp };
    const step = sequenceDiff(sequenceNumber, (this.#first.sequenceNumber + this.#newest) & 0xffff);
    const number = this.#newest + step;
    this.#newest = Math.max(this.#newest, number);
    return number;
  }
}

for (const start of START_SEQUENCE_NUMBERS) {
  Deno.test({
    name:
      `B51, B53: gaps of 64 to 16,384 stay gaps, one of 32,768 begins anew; 1,000 packets go on behind each, from ${start}`,
    permissions: "none",
    fn() {
      const source = new Source(start);
      assert.equal(source.keyFrame(0), 0);
      let index = 0;
      let number = 0;
      for (let gap = 64; gap <= 32_768; gap *= 2) {
        index += gap;
        number += gap <= 16_384 ? gap : 1;
        for (let i = 0; i < 1000; i++) assert.equal(source.frame(index + i), number + i, `gap ${gap}`);
        assert.equal(source.ticks, (index + 999) * FRAME_TICKS - (gap > 16_384 ? restartTicks(gap) : 0));
        index += 999;
        number += 999;
      }
    },
  });

  Deno.test({
    name: `B51: padding is dropped and closed up, and a gap ahead of it stays open for what is late, from ${start}`,
    permissions: "none",
    fn() {
      const source = new Source(start);
      assert.equal(source.keyFrame(0), 0);
      assert.deepEqual([source.padding(1), source.padding(2), source.frame(3)], [NOT_SENT, NOT_SENT, 1]);
      assert.deepEqual([source.padding(5), source.frame(4), source.frame(6)], [NOT_SENT, 2, 3]);
      assert.deepEqual([source.padding(8), source.frame(9), source.frame(7)], [NOT_SENT, 5, 4]);
      assert.deepEqual([source.padding(1), source.frame(10)], [NOT_SENT, 6]);
    },
  });

  Deno.test({
    name: `B52: packets from before the start are refused, and a wrap from 65533 to 1 loses none, from ${start}`,
    permissions: "none",
    fn() {
      const source = new Source(start);
      assert.deepEqual([source.frame(-1), source.keyFrame(0), source.frame(-1), source.frame(-100)], [-1, 0, -1, -1]);
      const order = [1, 65_533 - start, 65_534 - start, 65_537 - start, 65_536 - start, 65_535 - start, 65_538 - start];
      const ahead = order.filter((index) => index > 1 && index <= 16_384);
      assert.deepEqual(ahead.map((index) => source.frame(index)), ahead);
    },
  });
}

/** The timestamp of a new start goes on by the wall time, which in whole ms is a little less than the source's own. */
function restartTicks(gap: number): number {
  return gap * (FRAME_TICKS - FRAME_MS * 90);
}

Deno.test({
  name: "B110: a duplicate is refused, of media and of padding, where the publisher is asked for what is lost",
  permissions: "none",
  fn() {
    const source = new Source(65_533, true);
    assert.deepEqual([source.keyFrame(0), source.frame(1), source.frame(4)], [0, 1, 4]);
    for (const index of [0, 1, 4]) assert.equal(source.frame(index), NOT_SENT);
    assert.deepEqual([source.padding(5), source.padding(5), source.frame(6), source.padding(5)], [-1, -1, 5, -1]);
  },
});

Deno.test({
  name: "B53: a jump from 44 to 40,000 begins anew, and what is late from before the new start is refused",
  permissions: "none",
  fn() {
    const source = new Source(0);
    assert.equal(source.keyFrame(42), 0);
    assert.deepEqual([44, 40_000, 40_002, 39_999, 40_001].map((index) => source.frame(index)), [2, 3, 5, NOT_SENT, 4]);
  },
});

Deno.test({
  name:
    "B53, B102: with NACK a jump from 44 to 40,000 begins anew at the second packet behind it, and one alone is refused",
  permissions: "none",
  fn() {
    const source = new Source(0, true);
    assert.equal(source.keyFrame(42), 0);
    assert.deepEqual([44, 40_000, 45].map((index) => source.frame(index)), [2, NOT_SENT, 3]);
    assert.deepEqual([40_001, 40_002, 40_003].map((index) => source.frame(index)), [NOT_SENT, 4, 5]);
    assert.deepEqual([39_999, 40_004].map((index) => source.frame(index)), [NOT_SENT, 6]);
  },
});

for (const dropped of [false, true]) {
  Deno.test({
    name: `B107: of 256,000 packets${
      dropped ? ", every third of which is dropped," : ""
    } late ones get the offset of their time`,
    permissions: "none",
    fn() {
      const source = new Source(0);
      const lateBy = 50;
      const isLate = (index: number) => index % 97 === 1;
      const isDropped = (index: number) => dropped && index % 3 === 0 && !isLate(index) && !isLate(index - 1);
      assert.equal(source.keyFrame(0), 0);
      // Before each packet: how many are dropped in front of it.
      const before = new Uint32Array(256_000);
      for (let index = 1; index < before.length; index++) {
        before[index] = before[index - 1] + (index > 1 && isDropped(index - 1) ? 1 : 0);
        if (isDropped(index)) assert.equal(source.padding(index), NOT_SENT);
        else if (!isLate(index)) assert.equal(source.frame(index), index - before[index]);
        const late = index - lateBy;
        if (late > 0 && isLate(late)) assert.equal(source.frame(late), late - before[late], `packet ${late}`);
      }
    },
  });
}

Deno.test({
  name:
    "B50: a restart of the publisher with another SSRC goes on at the next number and by the wall time, one tick at least",
  permissions: "none",
  fn() {
    for (const [passedMs, ticks] of [[0, 1], [33, 2970], [5000, 450_000]]) {
      const source = new Source(500);
      assert.deepEqual([source.keyFrame(0), source.frame(1)], [0, 1]);
      const nowMs = FRAME_MS + passedMs;
      const restarted = { ssrc: 2000, nowMs, timestamp: 0xabcd_ef01 };
      assert.equal(source.frame(30_000, restarted), NOT_SENT, "not before its key frame");
      assert.equal(source.keyFrame(30_001, restarted), 2);
      assert.equal(source.ticks, FRAME_TICKS + ticks);
      assert.equal(source.frame(2, { nowMs }), NOT_SENT, "the old one is over");
      assert.equal(source.frame(30_002, { ...restarted, timestamp: 0xabcd_ef01 + FRAME_TICKS }), 3);
      assert.equal(source.ticks, 2 * FRAME_TICKS + ticks);
    }
  },
});
