import assert from "node:assert/strict";
import { consumerParameters, outgoingStream, videoProducer, VP8 } from "../../tests/harness/engine.ts";
import { nackBytes } from "../../tests/harness/nack_feedback.ts";
import { RecordingSender } from "../../tests/harness/recording_sender.ts";
import {
  buildRtp,
  parseRtp,
  type RtpFields,
  runOf,
  VP8_DELTA_FRAME,
  VP8_KEY_FRAME,
} from "../../tests/harness/rtp_builder.ts";
import { START_SEQUENCE_NUMBERS } from "../../tests/harness/rtp_packets.ts";
import type { RtpPacket } from "../rtp/packet.ts";
import { RtcpReader } from "../rtp/rtcp/rtcp_reader.ts";
import { readOriginalSequenceNumber } from "../rtp/rtx.ts";
import { MAX_PACKET_AGE_MS } from "../stream/packet_cache.ts";
import { Consumer } from "./consumer.ts";
import { Producer } from "./producer.ts";

const SSRC = 77;
const RTX_SSRC = 78;
const PARAMETERS = consumerParameters({ codec: { ...VP8, payloadType: 120, rtxPayloadType: 121 } });

/** A VP8 descriptor with picture ID, TL0PICIDX, TID and KEYIDX (RFC 7741 section 4.2). */
function layered(index: number, keyFrame = false): Uint8Array {
  const frame = keyFrame ? VP8_KEY_FRAME : VP8_DELTA_FRAME;
  return Uint8Array.of(0x90, 0xf0, 0x80 | (index >> 8), index & 0xff, index & 0xff, 0x21, ...frame.subarray(1));
}

function setUp() {
  const sender = new RecordingSender();
  const producer = new Producer({
    id: "track",
    peerId: "peer",
    parameters: videoProducer(),
    feedback: {
      sendPictureLossIndication: () => {},
      sendFullIntraRequest: () => {},
      sendNack: () => {},
    },
  });
  const consumer = new Consumer(producer, PARAMETERS, outgoingStream(SSRC, RTX_SSRC, 1), sender);
  producer.addConsumer(consumer);
  const handle = (nowMs: number, fields: RtpFields) => {
    producer.encodings[0].handleRtp(runOf(buildRtp({ ssrc: 1000, ...fields })), 0, 1, nowMs);
    return sender.takeRtp().map(parseRtp);
  };
  const nack = (nowMs: number, ...sequenceNumbers: number[]) => {
    const bytes = nackBytes(1, SSRC, sequenceNumbers.map((number) => number & 0xffff));
    const reader = new RtcpReader();
    reader.reset(bytes, bytes.length);
    assert.ok(reader.next());
    consumer.handleNack(reader, nowMs);
    return sender.takeRtp().map(parseRtp);
  };
  assert.ok(producer.encodings[0].cache);
  return { handle, nack, cache: producer.encodings[0].cache };
}

/** RFC 4588 section 4: another SSRC, payload type and number; the original's number, timestamp, marker and payload. */
function assertResent(rtx: RtpPacket, original: RtpPacket): void {
  assert.deepEqual([rtx.ssrc, rtx.payloadType, rtx.padding], [RTX_SSRC, 121, false]);
  assert.equal(readOriginalSequenceNumber(rtx), original.sequenceNumber);
  assert.deepEqual([rtx.timestamp, rtx.marker], [original.timestamp, original.marker]);
  assert.deepEqual(rtx.bytes.slice(rtx.headerLength + 2, rtx.length), payloadOf(original));
}

function payloadOf({ bytes, headerLength, payloadLength }: RtpPacket): Uint8Array {
  return bytes.slice(headerLength, headerLength + payloadLength);
}

for (const start of START_SEQUENCE_NUMBERS) {
  Deno.test({
    name:
      `B104, B106: RTX carries number, timestamp and codec bytes of the original without its padding, from ${start}`,
    permissions: "none",
    fn() {
      const { handle, nack } = setUp();
      const sent = Array.from({ length: 12 }, (_, index) =>
        handle(index * 33, {
          sequenceNumber: (start + index) & 0xffff,
          timestamp: (0xffff_f000 + index * 3000) >>> 0,
          payload: layered(index, index === 0),
          marker: index % 2 === 1,
          padding: index % 3 === 0 ? 20 : 0,
        })).flat();
      const resent = nack(400, ...sent.map(({ sequenceNumber }) => sequenceNumber));
      assert.equal(resent.length, sent.length);
      for (const [i, rtx] of resent.entries()) {
        assertResent(rtx, sent[i]);
        assert.equal(rtx.sequenceNumber, (resent[0].sequenceNumber + i) & 0xffff, "RTX has no gaps of its own");
      }
    },
  });
}

Deno.test({
  name: "B106: what was never sent is not resent: lost on its way in, from before the start, or not there yet",
  permissions: "none",
  fn() {
    const { handle, nack } = setUp();
    handle(0, { sequenceNumber: 9, payload: layered(9) });
    const [first] = handle(0, { sequenceNumber: 10, payload: layered(10, true) });
    handle(0, { sequenceNumber: 11, payload: new Uint8Array(0), padding: 50 });
    const [third] = handle(0, { sequenceNumber: 13, payload: layered(13) });
    const { sequenceNumber } = first;
    assert.equal((third.sequenceNumber - sequenceNumber) & 0xffff, 2);
    assert.deepEqual(nack(20, sequenceNumber - 1, sequenceNumber + 1, sequenceNumber + 3), []);
    const [late] = handle(30, { sequenceNumber: 12, payload: layered(12) });
    assertResent(nack(40, sequenceNumber + 1)[0], late);
  },
});

Deno.test({
  name: "B106: what is resent after a switch matches what was sent, and nothing of the old SSRC comes from the new one",
  permissions: "none",
  fn() {
    const { handle, nack } = setUp();
    const old = [0, 1, 2].flatMap((index) =>
      handle(index, { sequenceNumber: 500 + index, timestamp: index * 3000, payload: layered(index, index === 0) })
    );
    // The new one uses the same numbers.
    const fresh = [0, 1, 2].flatMap((index) =>
      handle(40 + index, {
        ssrc: 2000,
        sequenceNumber: 500 + index,
        timestamp: 0xdead_0000 + index * 3000,
        payload: layered(100 + index, index === 0),
      })
    );
    const resent = nack(80, ...[...old, ...fresh].map(({ sequenceNumber }) => sequenceNumber));
    assert.equal(resent.length, fresh.length);
    for (const [i, rtx] of resent.entries()) assertResent(rtx, fresh[i]);
  },
});

Deno.test({
  name: "B104: after a jump of the source nothing from before it is resent",
  permissions: "none",
  fn() {
    const { handle, nack } = setUp();
    const [before] = handle(0, { sequenceNumber: 44, payload: layered(0, true) });
    const [after] = handle(10, { sequenceNumber: 40_000, payload: layered(1) });
    const resent = nack(30, before.sequenceNumber, after.sequenceNumber);
    assert.equal(resent.length, 1);
    assertResent(resent[0], after);
  },
});

Deno.test({
  name: "B105: a packet of 2,000 ms is resent, one of a millisecond more is not",
  permissions: "none",
  fn() {
    for (const [ageMs, count] of [[MAX_PACKET_AGE_MS - 1, 1], [MAX_PACKET_AGE_MS, 1], [MAX_PACKET_AGE_MS + 1, 0]]) {
      const { handle, nack } = setUp();
      const [sent] = handle(100, { sequenceNumber: 1, payload: layered(0, true) });
      assert.equal(nack(100 + ageMs, sent.sequenceNumber).length, count, `${ageMs} ms`);
    }
  },
});

Deno.test({
  name: "B109: what may not be sent again is not copied out of the cache, whatever is asked for again and again",
  permissions: "none",
  fn() {
    const { handle, nack, cache } = setUp();
    const payload = new Uint8Array(1100);
    payload.set(VP8_KEY_FRAME);
    const sent = Array.from({ length: 100 }, (_, i) => handle(i, { sequenceNumber: i, payload })[0].sequenceNumber);
    let loads = 0;
    const load = cache.load.bind(cache);
    cache.load = (slot, view) => {
      loads++;
      return load(slot, view);
    };
    let resent = 0;
    for (let n = 0; n < 50; n++) resent += nack(110 + n, ...sent).length;
    assert.ok(resent > 10);
    assert.equal(loads, resent);
  },
});
