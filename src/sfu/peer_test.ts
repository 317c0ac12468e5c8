import assert from "node:assert/strict";
import {
  addPeer,
  audioProducer,
  consumerParameters,
  OPUS,
  pictureLossIndications,
  type TestPeer,
  videoProducer,
} from "../../tests/harness/engine.ts";
import { buildRtp, parseRtp, runOf, VP8_DELTA_FRAME, VP8_KEY_FRAME } from "../../tests/harness/rtp_builder.ts";
import { seededRandom } from "../../tests/harness/seeded_random.ts";
import { RtpPacket } from "../rtp/packet.ts";
import { writeFir } from "../rtp/rtcp/fir.ts";
import { writePli } from "../rtp/rtcp/pli.ts";
import { ReportBlock } from "../rtp/rtcp/receiver_report.ts";
import { RtcpReader } from "../rtp/rtcp/rtcp_reader.ts";
import { SenderReport, writeSenderReport } from "../rtp/rtcp/sender_report.ts";
import type { Consumer } from "./consumer.ts";
import { Router } from "./router.ts";

interface Call {
  readonly router: Router;
  readonly publisher: TestPeer;
  readonly subscriber: TestPeer;
  readonly consumer: Consumer;
}

/** A publisher with a VP8 track of SSRC 1000, and one subscriber of it. */
function videoCall(seed: number): Call {
  const router = new Router();
  const random = seededRandom(seed);
  const [publisher, subscriber] = [addPeer(router, random), addPeer(router, random)];
  const track = publisher.publish(videoProducer());
  const consumer = subscriber.subscribe(track.id, consumerParameters());
  assert.ok(consumer);
  return { router, publisher, subscriber, consumer };
}

function video(sequenceNumber: number, payload: Uint8Array, ssrc = 1000): Uint8Array {
  return buildRtp({ ssrc, sequenceNumber, timestamp: sequenceNumber * 3000, payload, marker: true });
}

Deno.test({
  name: "B58: peer joined to peer through the sink: SSRC, payload type, sequence and MID become the subscriber's",
  permissions: "none",
  fn() {
    const { publisher, subscriber, consumer } = videoCall(1);
    publisher.peer.handleRtp(runOf(video(65535, VP8_KEY_FRAME), video(0, VP8_DELTA_FRAME)), 0);
    const [first, second] = subscriber.sender.takeRtp().map(parseRtp);
    assert.equal(first.ssrc, consumer.ssrc);
    assert.notEqual(first.ssrc, 1000);
    assert.equal(first.payloadType, 120);
    assert.equal(first.marker, true);
    assert.equal((first.sequenceNumber + 1) & 0xffff, second.sequenceNumber);
    assert.equal((second.timestamp - first.timestamp) >>> 0, (0 - 65535 * 3000) >>> 0);
    assert.deepEqual(first.bytes.slice(first.headerLength), VP8_KEY_FRAME);
    const mid = first.bytes.slice(first.extensionOffset, first.extensionOffset + 2);
    assert.deepEqual([...mid], [(3 << 4) | 0, "5".charCodeAt(0)], "MID of the subscriber's m-line, by its id");
    assert.deepEqual(publisher.sender.rtp, [], "nothing goes back to the publisher");
  },
});

Deno.test({
  name: "B59, B56: video begins at a key frame, which is asked for as long as a subscriber waits for it",
  permissions: "none",
  fn() {
    const { publisher, subscriber } = videoCall(2);
    publisher.peer.handleRtp(runOf(video(10, VP8_DELTA_FRAME)), 0);
    assert.deepEqual(subscriber.sender.takeRtp(), []);
    assert.deepEqual(pictureLossIndications(publisher.sender.takeRtcp()), [1000]);
    publisher.peer.handleTimeout(499);
    assert.deepEqual(pictureLossIndications(publisher.sender.takeRtcp()), []);
    publisher.peer.handleTimeout(500);
    assert.deepEqual(pictureLossIndications(publisher.sender.takeRtcp()), [1000]);
    publisher.peer.handleRtp(runOf(video(11, VP8_KEY_FRAME), video(12, VP8_DELTA_FRAME)), 600);
    assert.equal(subscriber.sender.takeRtp().length, 2);
    publisher.peer.handleTimeout(5000);
    assert.deepEqual(pictureLossIndications(publisher.sender.takeRtcp()), [], "the key frame has come");
  },
});

Deno.test({
  name: "B55: however many subscribers ask, by PLI or FIR, the publisher gets one request in 500 ms",
  permissions: "none",
  fn() {
    const { router, publisher, subscriber, consumer } = videoCall(3);
    const random = seededRandom(33);
    publisher.peer.handleRtp(runOf(video(1, VP8_KEY_FRAME)), 0);
    publisher.sender.takeRtcp();
    const feedback = new Uint8Array(64);
    for (let i = 0; i < 50; i++) {
      const other = addPeer(router, random);
      const own = other.subscribe([...router.producers.keys()][0], consumerParameters());
      assert.ok(own);
      other.peer.handleRtcp(feedback, writePli(feedback, 0, 1, own.ssrc), 1000 + i);
    }
    subscriber.peer.handleRtcp(feedback, writeFir(feedback, 0, 1, consumer.ssrc, 7), 1100);
    assert.deepEqual(pictureLossIndications(publisher.sender.takeRtcp()), [1000]);
  },
});

Deno.test({
  name: "feedback on an SSRC that the subscriber does not receive asks for nothing",
  permissions: "none",
  fn() {
    const { publisher, subscriber } = videoCall(4);
    publisher.peer.handleRtp(runOf(video(1, VP8_KEY_FRAME)), 0);
    publisher.sender.takeRtcp();
    const feedback = new Uint8Array(64);
    subscriber.peer.handleRtcp(feedback, writePli(feedback, 0, 1, 424242), 5000);
    publisher.peer.handleTimeout(6000);
    assert.deepEqual(pictureLossIndications(publisher.sender.takeRtcp()), []);
  },
});

Deno.test({
  name: "B52, B50: a new SSRC of the publisher takes over at its key frame, in one continuous stream",
  permissions: "none",
  fn() {
    const { publisher, subscriber } = videoCall(5);
    publisher.peer.handleRtp(runOf(video(100, VP8_KEY_FRAME), video(101, VP8_DELTA_FRAME)), 0);
    const before = subscriber.sender.takeRtp().map(parseRtp);
    publisher.sender.takeRtcp();
    const restarted = (sequence: number, payload: Uint8Array) =>
      buildRtp({
        ssrc: 5555,
        sequenceNumber: sequence,
        timestamp: 7,
        payload,
        extensions: new Map([[4, new TextEncoder().encode("0")]]),
      });
    publisher.peer.handleRtp(runOf(restarted(9, VP8_DELTA_FRAME)), 1000);
    assert.deepEqual(subscriber.sender.takeRtp(), []);
    assert.deepEqual(pictureLossIndications(publisher.sender.takeRtcp()), [5555]);
    publisher.peer.handleRtp(runOf(restarted(10, VP8_KEY_FRAME)), 1100);
    const [after] = subscriber.sender.takeRtp().map(parseRtp);
    assert.equal(after.sequenceNumber, (before[1].sequenceNumber + 1) & 0xffff);
    assert.equal((after.timestamp - before[1].timestamp) >>> 0, 1100 * 90, "the wall time that has passed");
    assert.equal(after.ssrc, before[1].ssrc);
    publisher.peer.handleRtp(runOf(video(102, VP8_DELTA_FRAME)), 1200);
    assert.deepEqual(subscriber.sender.takeRtp(), [], "late packets of the old SSRC are refused");
  },
});

/** A packet of payload type 96, as of a camera or a screen. */
function picture(ssrc: number, sequenceNumber: number, mid?: string): Uint8Array {
  const payload = sequenceNumber === 1 ? VP8_KEY_FRAME : VP8_DELTA_FRAME;
  const extensions = mid === undefined ? {} : { extensions: new Map([[4, new TextEncoder().encode(mid)]]) };
  return buildRtp({ ssrc, sequenceNumber, timestamp: sequenceNumber * 3000, payload, ...extensions });
}

Deno.test({
  name: "B167: a late packet of a screen that was unpublished does not stop the camera, whatever its MID",
  permissions: "none",
  fn() {
    for (const mid of [undefined, "2", "0"]) {
      const { publisher, subscriber } = videoCall(13);
      publisher.publish(videoProducer({ mid: "2", source: "screen", ssrcs: [3000] }));
      publisher.peer.handleRtp(runOf(picture(1000, 1), picture(3000, 1)), 0);
      publisher.peer.unpublish("2");
      publisher.peer.handleRtp(runOf(picture(1000, 2), picture(3000, 2, mid)), 20);
      for (let number = 3; number < 200; number++) publisher.peer.handleRtp(runOf(picture(1000, number)), number * 20);
      assert.equal(subscriber.sender.takeRtp().length, 199);
      assert.equal(publisher.peer.unknownPackets, 1);
    }
  },
});

Deno.test({
  name: "B167: a late packet of the track that an m-line had before does not stop the one that it has now",
  permissions: "none",
  fn() {
    for (const mid of [undefined, "0"]) {
      const { publisher, subscriber } = videoCall(14);
      publisher.peer.handleRtp(runOf(picture(1000, 1, "0")), 0);
      const next = publisher.publish(videoProducer({ ssrcs: [5000] }));
      subscriber.subscribe(next.id, consumerParameters());
      subscriber.sender.takeRtp();
      publisher.peer.handleRtp(runOf(picture(5000, 1, "0"), picture(1000, 2, mid)), 20);
      for (let number = 2; number < 200; number++) publisher.peer.handleRtp(runOf(picture(5000, number)), number * 20);
      assert.equal(subscriber.sender.takeRtp().length, 199);
    }
  },
});

Deno.test({
  name: "B59: a subscriber whose transport is not ready begins at a key frame that comes when it is",
  permissions: "none",
  fn() {
    const { publisher, subscriber, consumer } = videoCall(6);
    subscriber.sender.open = false;
    publisher.peer.handleRtp(runOf(video(1, VP8_KEY_FRAME)), 0);
    assert.equal(consumer.producer.counters.packetsDropped, 1);
    subscriber.sender.open = true;
    subscriber.peer.requestKeyFrames(100);
    assert.deepEqual(pictureLossIndications(publisher.sender.takeRtcp()), [1000]);
    publisher.peer.handleRtp(runOf(video(2, VP8_DELTA_FRAME), video(3, VP8_KEY_FRAME)), 200);
    assert.equal(subscriber.sender.takeRtp().length, 1);
  },
});

Deno.test({
  name: "B59: audio begins at any packet, and nobody asks for a key frame",
  permissions: "none",
  fn() {
    const router = new Router();
    const random = seededRandom(7);
    const [publisher, subscriber] = [addPeer(router, random), addPeer(router, random)];
    const track = publisher.publish(audioProducer());
    subscriber.subscribe(track.id, consumerParameters({ codec: { ...OPUS, payloadType: 63 } }));
    publisher.peer.handleRtp(runOf(buildRtp({ ssrc: 2000, payloadType: 111 })), 0);
    assert.equal(parseRtp(subscriber.sender.takeRtp()[0]).payloadType, 63);
    assert.deepEqual(pictureLossIndications(publisher.sender.takeRtcp()), []);
  },
});

Deno.test({
  name: "packets of no known track are counted and go nowhere",
  permissions: "none",
  fn() {
    const { publisher, subscriber } = videoCall(8);
    publisher.peer.handleRtp(runOf(buildRtp({ ssrc: 9, payloadType: 50 }), buildRtp({ ssrc: 9, payloadType: 50 })), 0);
    assert.equal(publisher.peer.unknownPackets, 2);
    assert.deepEqual(subscriber.sender.rtp, []);
  },
});

Deno.test({
  name: "B54: a sender report reaches each consumer in its own SSRC and timestamps",
  permissions: "none",
  fn() {
    const { publisher, subscriber, consumer } = videoCall(9);
    publisher.peer.handleRtp(runOf(video(100, VP8_KEY_FRAME)), 0);
    const forwarded = parseRtp(subscriber.sender.takeRtp()[0]);
    const compound = new Uint8Array(64);
    const length = writeSenderReport(compound, 0, 1000, 3_900_000_000, 77, 100 * 3000 + 450, 1, 9);
    publisher.peer.handleRtcp(compound, length, 10);
    publisher.peer.handleTimeout(110);
    const [sent] = subscriber.sender.takeRtcp();
    const reader = new RtcpReader();
    reader.reset(sent, sent.length);
    const report = new SenderReport();
    assert.ok(reader.next() && report.read(reader));
    assert.equal(report.ssrc, consumer.ssrc);
    assert.equal(report.ntpSeconds, 3_900_000_000);
    assert.equal(report.ntpFraction, 77);
    assert.equal(report.rtpTimestamp, (forwarded.timestamp + 450) >>> 0);
    assert.equal(report.packetCount, 1);
    assert.equal(report.octetCount, VP8_KEY_FRAME.length);
  },
});

Deno.test({
  name: "B61: the publisher gets a receiver report on each of its streams, once a second",
  permissions: "none",
  fn() {
    const { publisher } = videoCall(10);
    publisher.peer.handleTimeout(0);
    publisher.sender.takeRtcp();
    publisher.peer.handleRtp(runOf(video(1, VP8_KEY_FRAME), video(2, VP8_DELTA_FRAME), video(5, VP8_DELTA_FRAME)), 100);
    publisher.peer.handleTimeout(999);
    assert.deepEqual(publisher.sender.takeRtcp(), []);
    assert.ok(publisher.peer.nextTimeout() <= 1000);
    publisher.peer.handleTimeout(1000);
    const [compound] = publisher.sender.takeRtcp();
    const reader = new RtcpReader();
    reader.reset(compound, compound.length);
    const block = new ReportBlock();
    assert.ok(reader.next() && block.read(reader, 0));
    assert.equal(block.ssrc, 1000);
    assert.equal(block.cumulativeLost, 2);
    assert.equal(block.extendedSequenceNumber, 5);
  },
});

Deno.test({
  name: "a subscription that ends frees its m-line, its SSRC and its place at the producer",
  permissions: "none",
  fn() {
    const { router, publisher, subscriber, consumer } = videoCall(11);
    const [producer] = router.producers.values();
    subscriber.peer.unsubscribe("5");
    assert.deepEqual(subscriber.sender.removedStreams, [consumer.ssrc]);
    assert.equal(producer.consumers.length, 0);
    publisher.peer.handleRtp(runOf(video(1, VP8_KEY_FRAME)), 0);
    assert.deepEqual(subscriber.sender.rtp, []);
    assert.equal(subscriber.subscribe("no such track", consumerParameters()), undefined);
  },
});

Deno.test({
  name: "B161: packets of a run are padded to one length, once for all subscribers, where that is wanted",
  permissions: "none",
  fn() {
    for (const equalizesLengths of [false, true]) {
      const router = new Router();
      const random = seededRandom(12);
      const publisher = addPeer(router, random, equalizesLengths);
      const subscribers = [addPeer(router, random), addPeer(router, random)];
      const track = publisher.publish(videoProducer());
      for (const subscriber of subscribers) subscriber.subscribe(track.id, consumerParameters());
      const packets = [1000, 999, 1000].map((length, index) => {
        const bytes = video(
          index + 1,
          new Uint8Array([...VP8_KEY_FRAME, ...new Uint8Array(length)]).subarray(0, length),
        );
        // With room behind it, as in a receive buffer.
        const packet = new RtpPacket();
        assert.ok(packet.parse(new Uint8Array([...bytes, ...new Uint8Array(32)]), bytes.length));
        return packet;
      });
      publisher.peer.handleRtp({ packets, count: packets.length }, 0);
      const sent = subscribers.map(({ sender }) => sender.takeRtp().map(parseRtp));
      const lengths = equalizesLengths ? [1000, 1000, 1000] : [1000, 999, 1000];
      for (const packets of sent) {
        assert.deepEqual(packets.map(({ length, headerLength }) => length - headerLength), lengths);
        assert.deepEqual(packets.map(({ payloadLength }) => payloadLength), [1000, 999, 1000]);
      }
    }
  },
});
