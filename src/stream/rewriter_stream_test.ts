import assert from "node:assert/strict";
import { rtpPacket, START_SEQUENCE_NUMBERS } from "../../tests/harness/rtp_packets.ts";
import { shuffled } from "../../tests/harness/shuffled.ts";
import { RtpPacket } from "../rtp/packet.ts";
import { sequenceDiff } from "../rtp/sequence.ts";
import { StreamRewriter } from "./rewriter.ts";
import { MAX_RUNS } from "./sequence_map.ts";

const CLOCK_RATE = 90000;
const FRAME = 3000;
const FIRST_OUT = 1000;
const SSRC = 1;
const START = 65_000;

/** A rewriter whose numbers are told as a count from the first one, beyond every wrap; -1 for a refused packet. */
class Outgoing {
  readonly rewriter = new StreamRewriter(FIRST_OUT, 0xffff0000, CLOCK_RATE);
  newest = 0;

  map(packet: RtpPacket, nowMs = 0): number {
    if (!this.rewriter.map(packet, nowMs)) return -1;
    const number = this.newest + sequenceDiff(this.rewriter.sequenceNumber, (FIRST_OUT + this.newest) & 0xffff);
    this.newest = Math.max(this.newest, number);
    return number;
  }
}

/** A stream of frames of `packets` packets each: every packet's number and timestamp, from its index. */
function streamOf(packets: number, start = START): (index: number) => RtpPacket {
  return (index) => {
    // Parsing 100,000 packets would take most of the test's time.
    const packet = new RtpPacket();
    packet.ssrc = SSRC;
    packet.sequenceNumber = (start + index) & 0xffff;
    packet.timestamp = (0xffffff00 + Math.floor(index / packets) * FRAME) >>> 0;
    return packet;
  };
}

for (const packets of [1, 3, 200]) {
  Deno.test({
    name:
      `B50: 100,000 packets in frames of ${packets} go out without a gap, timestamps 3,000 apart from frame to frame`,
    permissions: "none",
    fn() {
      const out = new Outgoing();
      const stream = streamOf(packets);
      for (let index = 0; index < 100_000; index++) {
        assert.equal(out.map(stream(index)), index);
        assert.equal(out.rewriter.timestamp, (0xffff0000 + Math.floor(index / packets) * FRAME) >>> 0);
      }
    },
  });

  Deno.test({
    name: `B51: of 100,000 packets every second frame of ${packets} is left out, and what goes out has no gap`,
    permissions: "none",
    fn() {
      const out = new Outgoing();
      const stream = streamOf(packets);
      let expected = 0;
      for (let index = 0; index < 100_000; index++) {
        if (Math.floor(index / packets) % 2 === 1) assert.equal(out.rewriter.skip(stream(index)), true);
        else assert.equal(out.map(stream(index)), expected++);
      }
    },
  });

  for (const seed of [1, 2, 3]) {
    Deno.test({
      name:
        `B51, B107: 100,000 packets in frames of ${packets} shuffled in a pool of 64 keep order and span, seed ${seed}`,
      permissions: "none",
      fn() {
        const out = new Outgoing();
        const stream = streamOf(packets);
        let first = -1;
        let mapped = 0;
        for (const index of shuffled(100_000, seed)) {
          if (first < 0) first = index;
          const number = out.map(stream(index));
          // One offset for all is order kept, no number used twice, and the span of the source.
          assert.equal(number, index < first ? -1 : index - first, `packet ${index}`);
          const frames = Math.floor(index / packets) - Math.floor(first / packets);
          if (number >= 0) assert.equal(out.rewriter.timestamp, (0xffff0000 + frames * FRAME) >>> 0);
          if (number >= 0) mapped++;
        }
        assert.ok(mapped > 100_000 - 64);
      },
    });

    Deno.test({
      name: `B51, B107: the same with every second frame left out where it can be, frames of ${packets}, seed ${seed}`,
      permissions: "none",
      fn() {
        const out = new Outgoing();
        const stream = streamOf(packets);
        const numbers = new Map<number, number>();
        let leftOut = 0;
        for (const index of shuffled(100_000, seed)) {
          if (Math.floor(index / packets) % 2 === 1 && out.rewriter.skip(stream(index))) leftOut++;
          else {
            const number = out.map(stream(index));
            if (number >= 0) numbers.set(index, number);
          }
        }
        const indexes = [...numbers.keys()].sort((a, b) => a - b);
        for (let i = 1; i < indexes.length; i++) {
          const step = (numbers.get(indexes[i]) ?? 0) - (numbers.get(indexes[i - 1]) ?? 0);
          assert.ok(step > 0 && step <= indexes[i] - indexes[i - 1], `packet ${indexes[i]}: ${step}`);
        }
        assert.equal(numbers.get(indexes[0]), 0);
        assert.equal(numbers.get(indexes[indexes.length - 1]), 99_999 - indexes[0] - leftOut);
        assert.ok(leftOut > 100_000 / 64, "of a frame at least its first packet that comes");
        // One in 64 of those that stay behind comes later than MAX_RUNS changes of the offset.
        assert.ok(indexes.length + leftOut > 100_000 * 0.97);
      },
    });
  }
}

for (const start of START_SEQUENCE_NUMBERS) {
  const stream = streamOf(1, start);

  Deno.test({
    name: `B107: late packets get the number and the timestamp of their time, left-out ones none, from ${start}`,
    permissions: "none",
    fn() {
      const out = new Outgoing();
      assert.deepEqual([0, 3].map((index) => out.map(stream(index))), [0, 3]);
      for (const index of [4, 5]) assert.equal(out.rewriter.skip(stream(index)), true);
      assert.deepEqual([7, 8].map((index) => out.map(stream(index))), [5, 6]);
      assert.equal(out.rewriter.skip(stream(9)), true);
      for (const [index, number] of [[2, 2], [6, 4], [4, -1], [1, 1], [5, -1], [9, -1], [10, 7], [-1, -1]]) {
        assert.equal(out.map(stream(index)), number, `packet ${index}`);
        if (number >= 0) assert.equal(out.rewriter.timestamp, (0xffff0000 + index * FRAME) >>> 0);
      }
    },
  });

  Deno.test({
    name: `B51: gaps of 64 to 16,384 stay gaps, one of 32,768 begins anew; 1,000 packets follow each, from ${start}`,
    permissions: "none",
    fn() {
      const out = new Outgoing();
      let index = 0;
      let expected = 0;
      assert.equal(out.map(stream(index)), expected);
      for (let gap = 64; gap <= 32_768; gap *= 2) {
        index += gap;
        expected += gap <= 16_384 ? gap : 1;
        for (let i = 0; i < 1000; i++) assert.equal(out.map(stream(index++)), expected++, `gap ${gap}`);
        index--;
        expected--;
      }
    },
  });

  Deno.test({
    name: `B51: what is left out behind a gap leaves none, and what is missing keeps its number, from ${start}`,
    permissions: "none",
    fn() {
      const out = new Outgoing();
      assert.equal(out.map(stream(0)), 0);
      assert.equal(out.rewriter.skip(stream(1)), true);
      assert.equal(out.rewriter.skip(stream(3)), true);
      assert.equal(out.rewriter.skip(stream(6)), true);
      assert.equal(out.rewriter.skip(stream(5)), false, "late: it has its number, and goes out as padding");
      const order = [[2, 1], [5, 3], [7, 4], [4, 2], [3, -1], [6, -1], [1, -1], [8, 5]];
      for (const [index, number] of order) assert.equal(out.map(stream(index)), number, `packet ${index}`);
    },
  });

  Deno.test({
    name: `B106: what went out is found again with its source and timestamp, after skips and switches, from ${start}`,
    permissions: "none",
    fn() {
      const { rewriter } = new Outgoing();
      const sent: { readonly packet: RtpPacket; readonly number: number; readonly timestamp: number }[] = [];
      const send = (packet: RtpPacket, nowMs: number) => {
        assert.equal(rewriter.map(packet, nowMs), true);
        sent.push({ packet, number: rewriter.sequenceNumber, timestamp: rewriter.timestamp });
      };
      for (let index = 0; index < 20; index++) {
        if (index % 4 === 3) assert.equal(rewriter.skip(stream(index)), true);
        else send(stream(index), index * 33);
      }
      rewriter.switchTo();
      const fields = { ssrc: 0xf0000002, timestamp: 77 };
      for (const step of [0, 3, 1]) send(rtpPacket({ ...fields, sequenceNumber: (start + 4 + step) & 0xffff }), 700);
      rewriter.switchTo();
      send(stream(90), 800);
      for (const { packet, number, timestamp } of sent) {
        assert.equal(rewriter.locate(number), true);
        assert.equal(rewriter.locatedSource, packet.sequenceNumber);
        assert.equal(rewriter.locatedSsrc, packet.ssrc);
        assert.equal((packet.timestamp + rewriter.locatedTimestampOffset) >>> 0, timestamp);
      }
      assert.equal(rewriter.locate((rewriter.sequenceNumber + 1) & 0xffff), false);
      assert.equal(rewriter.locate(FIRST_OUT - 1), false);
    },
  });
}

Deno.test({
  name: "B51: 20,000 to 70,000 packets may be left out one after the other, and what follows leaves no gap",
  permissions: "none",
  fn() {
    for (const count of [20_000, 32_767, 32_768, 40_000, 65_536, 70_000]) {
      const out = new Outgoing();
      const stream = streamOf(1);
      assert.deepEqual([0, 2].map((index) => out.map(stream(index))), [0, 2]);
      for (let index = 3; index < 3 + count; index++) assert.equal(out.rewriter.skip(stream(index)), true);
      const order = [0, 2, 1, 4].map((behind) => [3 + count + behind, 3 + behind]);
      for (const [index, number] of order) assert.equal(out.map(stream(index)), number, `${index} of ${count}`);
      assert.equal(out.map(stream(2 + count)), -1);
      assert.equal(out.rewriter.locate((FIRST_OUT + 4) & 0xffff), true);
      assert.equal(out.rewriter.locatedSource, stream(4 + count).sequenceNumber);
    }
  },
});

Deno.test({
  name:
    "B50: a source that is aligned begins at the timestamp that it was given, not before what was sent, nor seconds off",
  permissions: "none",
  fn() {
    for (const [aligned, expected] of [[5000, 5000], [-200, 1], [90_000 * 2, 90_000 * 2], [90_000 * 10, 3600]]) {
      const { rewriter } = new Outgoing();
      rewriter.map(rtpPacket({ ssrc: 1, timestamp: 77 }), 0);
      const base = rewriter.timestamp;
      rewriter.switchTo();
      rewriter.alignTo((base + aligned) >>> 0);
      rewriter.map(rtpPacket({ ssrc: 2, timestamp: 5 }), 40);
      assert.equal((rewriter.timestamp - base) >>> 0, expected, `aligned to ${aligned}`);
      rewriter.switchTo();
      rewriter.map(rtpPacket({ ssrc: 3 }), 60);
      assert.equal((rewriter.timestamp - base) >>> 0, expected + 1800, "once only");
    }
  },
});

Deno.test({
  name: "B53: a jump from 44 to 40,000 begins anew, and nothing from before it gets a number",
  permissions: "none",
  fn() {
    const out = new Outgoing();
    const stream = streamOf(1, 0);
    assert.deepEqual([42, 44].map((index) => out.map(stream(index))), [0, 2]);
    assert.equal(out.map(stream(40_000)), 3);
    assert.equal(out.map(stream(39_999)), -1);
    assert.equal(out.map(stream(40_001)), 4);
  },
});

Deno.test({
  name: "B51: over the wrap from 65533 to 1 a duplicate gets the number it had, lost ones fill their gaps",
  permissions: "none",
  fn() {
    const out = new Outgoing();
    const stream = streamOf(1, 65_530);
    assert.deepEqual([0, 3, 7, 7, 3, 5, 4, 8].map((index) => out.map(stream(index))), [0, 3, 7, 7, 3, 5, 4, 8]);
  },
});

Deno.test({
  name: "B107: of 256,000 packets, whether or not every third is left out, late ones get the number of their time",
  permissions: "none",
  fn() {
    for (const leaveOut of [false, true]) {
      const out = new Outgoing();
      const stream = streamOf(1);
      const isLate = (index: number) => index % 97 === 1;
      const isLeftOut = (index: number) => leaveOut && index % 3 === 0 && !isLate(index);
      let leftOut = 0;
      for (let index = 0; index < 256_000; index++) {
        if (index > 0 && isLeftOut(index)) {
          assert.equal(out.rewriter.skip(stream(index)), true);
          leftOut++;
        } else if (!isLate(index)) {
          assert.equal(out.map(stream(index)), index - leftOut);
        }
        if (index < 60 || !isLate(index - 50)) continue;
        const number = out.map(stream(index - 50));
        const leftOutSince = Array.from({ length: 50 }, (_, i) => index - i).filter(isLeftOut).length;
        assert.equal(number, index - 50 - leftOut + leftOutSince, `packet ${index - 50}`);
      }
    }
  },
});

Deno.test({
  name: "B107: a late packet from before the last 128 changes of the offset is refused",
  permissions: "none",
  fn() {
    const out = new Outgoing();
    const stream = streamOf(1);
    assert.deepEqual([0, 2].map((index) => out.map(stream(index))), [0, 2]);
    for (let index = 3; index < 3 + 2 * (MAX_RUNS - 1); index += 2) {
      assert.equal(out.rewriter.skip(stream(index)), true);
      out.map(stream(index + 1));
    }
    assert.equal(out.map(stream(1)), 1);
    assert.equal(out.rewriter.skip(stream(3 + 2 * (MAX_RUNS - 1))), true);
    assert.notEqual(out.map(stream(4 + 2 * (MAX_RUNS - 1))), -1);
    assert.equal(out.map(stream(1)), -1);
  },
});
