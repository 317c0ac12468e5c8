import assert from "node:assert/strict";
import { RtcpReader } from "../rtp/rtcp/rtcp_reader.ts";
import { SenderReport } from "../rtp/rtcp/sender_report.ts";
import { sequenceDiff, timestampDiff } from "../rtp/sequence.ts";
import { encodingsOf, type ForwardedPacket, SimulcastTrack, SSRCS } from "../../tests/harness/simulcast_track.ts";
import { seededRandom } from "../../tests/harness/seeded_random.ts";

/** One stream: numbers in a row, timestamps never back, key frames where the encoding changes. */
function assertContinuous(packets: readonly ForwardedPacket[]): void {
  for (let i = 1; i < packets.length; i++) {
    const [before, after] = [packets[i - 1], packets[i]];
    const place = `packet ${i}, captured at ${after.capturedMs}`;
    assert.equal(sequenceDiff(after.packet.sequenceNumber, before.packet.sequenceNumber), 1, place);
    const step = timestampDiff(after.packet.timestamp, before.packet.timestamp);
    const sameFrame = before.capturedMs === after.capturedMs && before.encoding === after.encoding;
    assert.ok(sameFrame ? step === 0 : step > 0, `${place}: timestamp goes on by ${step}`);
    if (before.encoding !== after.encoding) assert.ok(after.isKeyFrame, `${place} is of no key frame`);
  }
}

/** By how many ticks the timestamps are off what was captured when, at the most. */
function worstMisalignment(packets: readonly ForwardedPacket[]): number {
  const [first] = packets;
  return Math.max(...packets.map(({ packet, capturedMs }) => {
    const elapsed = (capturedMs - first.capturedMs) * 90;
    return Math.abs(timestampDiff(packet.timestamp, first.packet.timestamp) - elapsed);
  }));
}

Deno.test({
  name: "B305, B306: 100 switches at random leave one stream, in which everything is where it was captured",
  permissions: "none",
  fn() {
    for (let seed = 1; seed <= 5; seed++) {
      const random = seededRandom(seed);
      const track = new SimulcastTrack(seed);
      track.subscribe();
      const packets = track.play(1200);
      for (let i = 0; i < 100; i++) {
        const target = random.uint32() % 3;
        track.consumer.setTarget(target, Infinity, Infinity, track.nowMs);
        packets.push(...track.play(600 + random.uint32() % 200));
        assert.equal(packets.at(-1)?.encoding, target, `seed ${seed}, switch ${i}`);
        assert.equal(track.consumer.encoding, track.producer.encodings[target]);
      }
      assertContinuous(packets);
      // Of the picture at which it switches two encodings may have gone out: then one tick is between them.
      assert.ok(worstMisalignment(packets) <= 2, `seed ${seed}: ${worstMisalignment(packets)} ticks`);
    }
  },
});

Deno.test({
  name: "B305: what is forwarded goes on until the key frame that was asked for comes, and that is asked of no other",
  permissions: "none",
  fn() {
    const track = new SimulcastTrack(1);
    track.subscribe();
    track.play(2000);
    track.requests.length = 0;
    track.encoders[0].keyFrameWanted = false;
    track.consumer.setTarget(0, Infinity, Infinity, track.nowMs);
    assert.deepEqual(track.requests, [0]);
    track.encoders[0].keyFrameWanted = false;
    const before = track.play(400);
    assert.deepEqual(encodingsOf(before), [2]);
    const after = track.play(400);
    assert.deepEqual(track.requests, [0, 0], "asked again");
    assert.deepEqual(encodingsOf(after), [2, 0]);
    assertContinuous([...before, ...after]);
  },
});

Deno.test({
  name: "B306: without a sender report of both there is no switch, until there are; then it is asked for",
  permissions: "none",
  fn() {
    for (const missing of [0, 2]) {
      const track = new SimulcastTrack(2);
      track.subscribe();
      for (const encoder of track.encoders) encoder.reports = encoder.index !== missing;
      // Nobody wants another than the lowest from the start.
      track.consumer.setTarget(0, Infinity, Infinity, 0);
      const packets = track.play(3000);
      track.requests.length = 0;
      track.consumer.setTarget(2, Infinity, Infinity, track.nowMs);
      track.encoders[2].keyFrameWanted = true;
      packets.push(...track.play(2000));
      assert.deepEqual(encodingsOf(packets), [0], `no report of ${missing}`);
      assert.deepEqual(track.requests, []);
      track.encoders[missing].reports = true;
      packets.push(...track.play(2000));
      assert.deepEqual(encodingsOf(packets), [0, 2]);
      assert.deepEqual(track.requests, [2]);
      assertContinuous(packets);
    }
  },
});

Deno.test({
  name: "B309: who comes while the publisher sends begins with the highest encoding at once, reports or not",
  permissions: "none",
  fn() {
    const track = new SimulcastTrack(3);
    for (const encoder of track.encoders) encoder.reports = false;
    track.play(2000);
    track.subscribe();
    track.consumer.requestKeyFrame(track.nowMs);
    assert.deepEqual(track.requests, [2]);
    assert.deepEqual(encodingsOf(track.play(500)), [2]);
  },
});

Deno.test({
  name: "B309: who is there before the publisher begins with what comes first, and goes up with the first reports",
  permissions: "none",
  fn() {
    const track = new SimulcastTrack(4);
    track.subscribe();
    assert.deepEqual(encodingsOf(track.play(490)), [0]);
    assert.deepEqual(encodingsOf(track.play(100)), [0, 2]);
  },
});

Deno.test({
  name: "B309: where the present encoding stops the next lower one goes on, also without reports, and it comes back",
  permissions: "none",
  fn() {
    for (const reports of [true, false]) {
      const track = new SimulcastTrack(5);
      for (const encoder of track.encoders) encoder.reports = reports;
      track.play(1000);
      track.subscribe();
      track.consumer.requestKeyFrame(track.nowMs);
      const packets = track.play(1000);
      track.encoders[2].enabled = false;
      const stoppedMs = track.nowMs;
      packets.push(...track.play(1000));
      const [first] = packets.filter(({ encoding }) => encoding === 1);
      assert.ok(first.capturedMs - stoppedMs < 500, `${first.capturedMs - stoppedMs} ms without a picture`);
      assert.deepEqual(encodingsOf(packets), [2, 1]);
      track.encoders[1].enabled = false;
      packets.push(...track.play(1000));
      assert.deepEqual(encodingsOf(packets), [2, 1, 0]);
      track.encoders[0].enabled = false;
      packets.push(...track.play(3000));
      for (const encoder of track.encoders) encoder.enabled = encoder.index === 1;
      packets.push(...track.play(1500));
      assert.deepEqual(encodingsOf(packets), [2, 1, 0, 1]);
      assertContinuous(packets);
      if (reports) assert.ok(worstMisalignment(packets) <= 4, `${worstMisalignment(packets)} ticks`);
    }
  },
});

Deno.test({
  name: "B309: an encoding that its publisher ends by BYE is left at once",
  permissions: "none",
  fn() {
    const track = new SimulcastTrack(6);
    track.subscribe();
    track.play(2000);
    track.encoders[2].enabled = false;
    track.producer.encodings[2].handleBye(SSRCS[2], track.nowMs);
    const [first] = track.play(100);
    assert.equal(first.encoding, 1);
  },
});

Deno.test({
  name: "B307: late packets of the encoding that was left are refused",
  permissions: "none",
  fn() {
    const track = new SimulcastTrack(7);
    track.subscribe();
    track.play(2000);
    const held = track.encoders[2].frame(track.nowMs);
    track.handle(held.slice(0, 1));
    track.consumer.setTarget(1, Infinity, Infinity, track.nowMs);
    const packets = track.play(100);
    assert.deepEqual(encodingsOf(packets), [2, 1]);
    track.handle(held.slice(1));
    assert.deepEqual(track.take(), []);
    assertContinuous([...packets, ...track.play(100)]);
  },
});

Deno.test({
  name: "B308: the report of the encoding that is forwarded goes out, in the subscriber's SSRC and time, no other",
  permissions: "none",
  fn() {
    const track = new SimulcastTrack(8);
    track.subscribe();
    const [first] = track.play(1400);
    const reports = () => track.sender.takeRtcp().map(readReport);
    reports();
    for (const target of [2, 0, 1, 2]) {
      track.consumer.setTarget(target, Infinity, Infinity, track.nowMs);
      track.play(1000);
      const [report, ...more] = reports();
      assert.deepEqual(more, []);
      assert.equal(report.ssrc, 77);
      // Reports are of the middle of each second.
      const reportedMs = Math.floor(track.nowMs / 1000) * 1000 - 500 + (track.nowMs % 1000 > 500 ? 1000 : 0);
      const elapsed = timestampDiff(report.rtpTimestamp, first.packet.timestamp) / 90;
      assert.ok(Math.abs(elapsed - (reportedMs - first.capturedMs)) < 0.1, `${elapsed} ms, of ${reportedMs}`);
    }
  },
});

Deno.test({
  name: "B311: the publisher is told which encodings anybody wants: what is forwarded, waited for, or aimed at",
  permissions: "none",
  fn() {
    const track = new SimulcastTrack(9);
    track.play(900);
    assert.equal(track.wantedRids, undefined, "a moment for subscribers to come");
    track.play(200);
    assert.deepEqual(track.wantedRids, []);
    track.subscribe();
    track.play(10);
    assert.deepEqual(track.wantedRids, ["f"]);
    track.play(1000);
    track.consumer.setTarget(0, Infinity, Infinity, track.nowMs);
    track.encoders[0].enabled = false;
    track.play(5);
    assert.deepEqual(track.wantedRids, ["q", "f"]);
    track.play(2500);
    assert.deepEqual(track.wantedRids, ["q", "h"], "what is aimed at, and what is forwarded meanwhile");
    track.encoders[0].enabled = true;
    track.play(2000);
    assert.deepEqual(track.wantedRids, ["q"]);
    track.consumer.pause();
    track.play(1100);
    assert.deepEqual(track.wantedRids, []);
    track.consumer.resume(track.nowMs);
    track.play(10);
    assert.deepEqual(track.wantedRids, ["q"]);
  },
});

Deno.test({
  name: "B302: encodings are in the order of their sizes, whatever the order of the offer, once the sizes are known",
  permissions: "none",
  fn() {
    const track = new SimulcastTrack(10);
    track.play(100);
    assert.deepEqual(track.producer.encodings.map(({ width, height }) => [width, height]), [[320, 180], [640, 360], [
      1280,
      720,
    ]]);
  },
});

function readReport(bytes: Uint8Array): SenderReport {
  const reader = new RtcpReader();
  const report = new SenderReport();
  reader.reset(bytes, bytes.length);
  while (reader.next()) if (report.read(reader)) return report;
  throw new TypeError("no sender report");
}
