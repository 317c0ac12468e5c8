import assert from "node:assert/strict";
import { randomSeed } from "../../tests/harness/random_seed.ts";
import { seededRandom } from "../../tests/harness/seeded_random.ts";
import { SenderReport } from "../rtp/rtcp/sender_report.ts";
import { MAX_FRAME_LENGTH } from "./media_bus.ts";
import {
  AUDIENCE,
  changeWant,
  FRAME,
  newWant,
  RelayFrameReader,
  relayOf,
  RTP_HEAD_LENGTH,
  streamOf,
  wantedStream,
  writeByeFrame,
  writeEpoch,
  writeFacts,
  writeKeyFrameRequest,
  writeMissing,
  writeReport,
  writeRtpHead,
} from "./relay_frames.ts";

const out = new Uint8Array(MAX_FRAME_LENGTH);
const RELAY = 0xfedc_ba98;

function read(length: number, bytes: Uint8Array = out): RelayFrameReader {
  const reader = new RelayFrameReader();
  assert.equal(reader.read(bytes, length), true);
  assert.equal(reader.relay, RELAY);
  return reader;
}

Deno.test({
  name: "a frame is read as it was written, of each kind",
  permissions: "none",
  fn() {
    const rtp = read(writeRtpHead(out, RELAY, 2, 7, AUDIENCE.pinned));
    assert.deepEqual([rtp.type, rtp.encoding, rtp.epoch], [FRAME.rtp, 2, 7]);
    writeEpoch(out, 255);
    assert.equal(read(RTP_HEAD_LENGTH).epoch, 255);

    const report = Object.assign(new SenderReport(), {
      ssrc: 0xffff_ffff,
      ntpSeconds: 0x8000_0001,
      ntpFraction: 2,
      rtpTimestamp: 0xffff_fffe,
      packetCount: 3,
      octetCount: 4,
    });
    const copy = new SenderReport();
    const reportFrame = read(writeReport(out, RELAY, 1, report));
    reportFrame.readReport(copy);
    assert.deepEqual([reportFrame.type, reportFrame.encoding, copy], [FRAME.senderReport, 1, report]);

    const bye = read(writeByeFrame(out, RELAY, 1, 0xffff_ffff));
    assert.deepEqual([bye.type, bye.encoding, bye.ssrc], [FRAME.bye, 1, 0xffff_ffff]);

    const facts = [
      { isActive: true, width: 320, height: 180, bitsPerSecond: 150_000 },
      { isActive: false, width: 0, height: 0, bitsPerSecond: 0 },
    ];
    const factsFrame = read(writeFacts(out, RELAY, facts));
    assert.deepEqual([factsFrame.type, factsFrame.factsCount], [FRAME.facts, 2]);
    assert.deepEqual([factsFrame.factsOf(0), factsFrame.factsOf(1)], facts);
    writeFacts(out, RELAY, [{ isActive: true, width: 70_000, height: 70_000, bitsPerSecond: 1e12 }]);
    const most = { isActive: true, width: 0xffff, height: 0xffff, bitsPerSecond: 0xffff_ffff };
    assert.deepEqual(factsFrame.factsOf(0), most);

    const request = read(writeKeyFrameRequest(out, RELAY, 3));
    assert.deepEqual([request.type, request.encoding], [FRAME.keyFrame, 3]);

    const nack = read(writeMissing(out, RELAY, 1, 0x8000_0000, Uint16Array.of(65_535, 0, 7), 2));
    assert.deepEqual([nack.type, nack.encoding, nack.ssrc, nack.missingCount], [FRAME.nack, 1, 0x8000_0000, 2]);
    assert.deepEqual([nack.missingAt(0), nack.missingAt(1)], [65_535, 0]);
  },
});

Deno.test({
  name: "a want names its track by any text, and is changed in place",
  permissions: "none",
  fn() {
    const frame = newWant(RELAY, "a room, für alle 🎥", "Ünïcode") ?? assert.fail();
    for (const [set, isPinned] of [[0, false], [0x7fff_ffff, true], [5, false]] as const) {
      changeWant(frame, set, isPinned);
      const want = read(frame.length, frame);
      assert.deepEqual([want.type, want.wantedSet, want.isPinned], [FRAME.want, set, isPinned]);
      assert.deepEqual([want.roomId, want.trackId], ["a room, für alle 🎥", "Ünïcode"]);
    }
    assert.equal(newWant(1, "r".repeat(2000), "t".repeat(100)), undefined, "names that fit no frame");
  },
});

Deno.test({
  name: "a NACK of more than fits names as many as do",
  permissions: "none",
  fn() {
    const small = new Uint8Array(21);
    const numbers = Uint16Array.from({ length: 100 }, (_, index) => index + 1);
    const nack = read(writeMissing(small, RELAY, 0, 1, numbers, 100), small);
    assert.deepEqual(Array.from({ length: nack.missingCount }, (_, i) => nack.missingAt(i)), [1, 2, 3, 4, 5]);
  },
});

Deno.test({
  name: "B393: a frame that is cut short, or of no kind, is none; and no bytes make the reader throw",
  permissions: "none",
  fn() {
    const reader = new RelayFrameReader();
    const want = newWant(RELAY, "room", "track") ?? assert.fail();
    const whole = [
      out.slice(0, writeReport(out, RELAY, 0, new SenderReport())),
      out.slice(0, writeByeFrame(out, RELAY, 0, 1)),
      out.slice(0, writeFacts(out, RELAY, [{ isActive: true, width: 1, height: 1, bitsPerSecond: 1 }])),
      want,
      out.slice(0, writeKeyFrameRequest(out, RELAY, 0)),
      out.slice(0, writeRtpHead(out, RELAY, 0, 0, AUDIENCE.others)),
    ];
    for (const frame of whole) {
      assert.equal(reader.read(frame, frame.length), true);
      for (let length = 0; length < frame.length; length++) assert.equal(reader.read(frame, length), false);
      assert.equal(reader.read(frame, frame.length + 1), false, "a length that lies");
    }
    for (const type of [0, 8, 255]) assert.equal(reader.read(Uint8Array.of(type, ...new Uint8Array(50)), 51), false);
    const seed = randomSeed();
    const random = seededRandom(seed);
    const report = new SenderReport();
    for (let round = 0; round < 20_000; round++) {
      const bytes = Uint8Array.from({ length: random.uint32() % 64 }, () => random.uint32());
      if (bytes.length > 0) bytes[0] = random.uint32() % 9;
      if (!reader.read(bytes, bytes.length)) continue;
      const { type, factsCount, missingCount } = reader;
      if (type === FRAME.facts) {
        for (let i = 0; i < factsCount; i++) assert.ok(reader.factsOf(i).width >= 0, `${seed}`);
      }
      if (type === FRAME.want) assert.ok(reader.roomId.length + reader.trackId.length <= 64, `seed ${seed}`);
      if (type === FRAME.nack) {
        for (let i = 0; i < missingCount; i++) assert.ok(reader.missingAt(i) >= 0, `seed ${seed}`);
      }
      if (type === FRAME.senderReport) reader.readReport(report);
    }
  },
});

Deno.test({
  name: "a packet of several nodes is of the stream that those want, one of a single node and other frames of none",
  permissions: "none",
  fn() {
    const streams = new Set<number>();
    for (const encoding of [0, 1, 30]) {
      for (const audience of [AUDIENCE.others, AUDIENCE.pinned]) {
        const length = writeRtpHead(out, RELAY, encoding, 3, audience);
        assert.equal(relayOf(out), RELAY);
        assert.equal(streamOf(out, length), wantedStream(encoding, audience === AUDIENCE.pinned));
        assert.equal(streamOf(out, length - 1), -1);
        streams.add(streamOf(out, length));
      }
    }
    assert.equal(streams.size, 6);
    assert.equal(streamOf(out, writeRtpHead(out, RELAY, 1, 0, AUDIENCE.single)), -1);
    assert.equal(streamOf(out, writeKeyFrameRequest(out, RELAY, 0)), -1);
  },
});
