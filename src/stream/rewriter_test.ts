import assert from "node:assert/strict";
import fc from "fast-check";
import { rtpPacket, START_SEQUENCE_NUMBERS } from "../../tests/harness/rtp_packets.ts";
import type { RtpPacket } from "../rtp/packet.ts";
import { sequenceDiff, timestampDiff } from "../rtp/sequence.ts";
import { StreamRewriter } from "./rewriter.ts";

const CLOCK_RATE = 90000;
const FRAME_MS = 20;
const FRAME = (CLOCK_RATE * FRAME_MS) / 1000;
const FIRST_OUT = 1000;
const FIRST_TIMESTAMP = 0xfffff000;

/** A source that sends one packet each 20 ms. */
class TestSource {
  constructor(readonly ssrc: number, readonly start: number, readonly timestamp = 0xffffff00) {}

  packet(index: number): RtpPacket {
    return rtpPacket({
      ssrc: this.ssrc,
      sequenceNumber: (this.start + index) & 0xffff,
      timestamp: (this.timestamp + index * FRAME) >>> 0,
    });
  }
}

/** A rewriter, with what it gave out told relative to the start of the outgoing stream. */
class Outgoing {
  readonly rewriter: StreamRewriter;

  constructor(minimumStep?: number) {
    this.rewriter = new StreamRewriter(FIRST_OUT, FIRST_TIMESTAMP, CLOCK_RATE, minimumStep);
  }

  /** The outgoing sequence number of packet `index`, undefined where it is refused. */
  map(source: TestSource, index: number, nowMs = index * FRAME_MS): number | undefined {
    if (!this.rewriter.map(source.packet(index), nowMs)) return undefined;
    return sequenceDiff(this.rewriter.sequenceNumber, FIRST_OUT);
  }

  get timestamp(): number {
    return timestampDiff(this.rewriter.timestamp, FIRST_TIMESTAMP);
  }
}

for (const start of START_SEQUENCE_NUMBERS) {
  const first = new TestSource(1, start);
  const second = new TestSource(2, (start + 30000) & 0xffff, 77);

  Deno.test({
    name:
      `B50: a source goes out from the chosen start, each packet one on and its timestamps as far apart, from ${start}`,
    permissions: "none",
    fn() {
      const out = new Outgoing();
      for (let index = 0; index < 100; index++) {
        assert.equal(out.map(first, index), index);
        assert.equal(out.timestamp, index * FRAME);
      }
    },
  });

  Deno.test({
    name: `B50: a switch goes on at the highest number sent + 1 and by the wall time that passed, from ${start}`,
    permissions: "none",
    fn() {
      const out = new Outgoing();
      for (let index = 0; index < 10; index++) out.map(first, index);
      out.rewriter.switchTo();
      assert.equal(out.map(second, 500, 9 * FRAME_MS + 33), 10);
      assert.equal(out.timestamp, 9 * FRAME + 33 * 90);
      assert.equal(out.map(second, 501, 9 * FRAME_MS + 53), 11);
      assert.equal(out.timestamp, 9 * FRAME + 33 * 90 + FRAME);
    },
  });

  Deno.test({
    name: `B50: a source that is resumed after a pause goes on without a gap, from ${start}`,
    permissions: "none",
    fn() {
      const out = new Outgoing();
      for (let index = 0; index < 10; index++) out.map(first, index);
      out.rewriter.switchTo();
      assert.equal(out.map(first, 400), 10);
      assert.equal(out.timestamp, 400 * FRAME);
      assert.equal(out.map(first, 399), undefined);
      assert.equal(out.map(first, 402), 12);
    },
  });

  Deno.test({
    name: `B51: a gap of the source stays a gap, and a late packet fills it, from ${start}`,
    permissions: "none",
    fn() {
      const out = new Outgoing();
      const order = [0, 1, 5, 3, 6, 2, 7, 4];
      assert.deepEqual(order.map((index) => out.map(first, index)), order);
      assert.equal(out.map(first, 5000), 5000);
      assert.equal(out.map(first, 4999), 4999);
    },
  });

  Deno.test({
    name: `B51: a packet that is left out on purpose leaves no gap, from ${start}`,
    permissions: "none",
    fn() {
      const out = new Outgoing();
      assert.deepEqual([0, 1, 2].map((index) => out.map(first, index)), [0, 1, 2]);
      assert.equal(out.rewriter.skip(first.packet(3)), true);
      assert.equal(out.rewriter.skip(first.packet(4)), true);
      assert.deepEqual([5, 7, 6].map((index) => out.map(first, index)), [3, 5, 4]);
      assert.equal(out.timestamp, 6 * FRAME);
    },
  });

  Deno.test({
    name: `B52: packets of the old source and from before the start of the new one are refused, from ${start}`,
    permissions: "none",
    fn() {
      const out = new Outgoing();
      assert.equal(out.map(first, 10), 0);
      assert.equal(out.map(first, 9), undefined);
      out.rewriter.switchTo();
      assert.equal(out.map(second, 20), 1);
      assert.equal(out.map(first, 11), undefined);
      assert.equal(out.map(second, 19), undefined);
      assert.equal(out.map(second, 21), 2);
    },
  });

  Deno.test({
    name: `B53: a jump of more than 2^14 sequence numbers either way begins anew without a gap, from ${start}`,
    permissions: "none",
    fn() {
      for (const jump of [16385, 20000, 32767, 32768, 40000, 49151]) {
        const out = new Outgoing();
        assert.equal(out.map(first, 0), 0);
        assert.equal(out.map(first, jump, 40), 1, `jump ${jump}`);
        assert.equal(out.timestamp, 2 * FRAME);
        assert.equal(out.map(first, jump + 1, 60), 2);
        assert.equal(out.map(first, jump - 1, 60), undefined);
      }
      const out = new Outgoing();
      assert.equal(out.map(first, 0), 0);
      assert.equal(out.map(first, 16384), 16384);
    },
  });
}

Deno.test({
  name: "B50: 200,000 packets go out one after the other through every wrap, and late ones are still known",
  permissions: "none",
  fn() {
    const out = new Outgoing();
    const source = new TestSource(1, 65000);
    for (let index = 0; index < 200_000; index += 2) {
      for (const each of [index + 1, index]) {
        const expected = index === 0 && each === 0 ? undefined : ((each - 1) << 16) >> 16;
        assert.equal(out.map(source, each), expected);
      }
    }
  },
});

Deno.test({
  name: "B50: the timestamp never goes back over a switch: the minimum is one tick, or the frame that is asked for",
  permissions: "none",
  fn() {
    for (const [minimumStep, expected] of [[undefined, 1], [960, 960]]) {
      const out = new Outgoing(minimumStep);
      out.map(new TestSource(1, 0), 0, 5000);
      out.rewriter.switchTo();
      out.map(new TestSource(2, 0), 0, 5000);
      assert.equal(out.timestamp, expected);
      out.rewriter.switchTo();
      out.map(new TestSource(3, 0), 0, 4000);
      assert.equal(out.timestamp, 2 * (expected ?? 0));
    }
  },
});

Deno.test({
  name: "B50: over a pause of many hours the timestamp still goes forward",
  permissions: "none",
  fn() {
    const out = new Outgoing();
    out.map(new TestSource(1, 0), 0, 0);
    out.rewriter.switchTo();
    out.map(new TestSource(1, 0), 1, 10 * 3600 * 1000);
    assert.ok(out.timestamp > 0);
  },
});

Deno.test({
  name: "B50: wall time over a switch counts from the first packet of the newest frame",
  permissions: "none",
  fn() {
    const rewriter = new StreamRewriter(0, 0, CLOCK_RATE);
    rewriter.map(rtpPacket({ ssrc: 1, sequenceNumber: 1, timestamp: 7000 }), 100);
    rewriter.map(rtpPacket({ ssrc: 1, sequenceNumber: 2, timestamp: 7000 }), 108);
    rewriter.switchTo();
    rewriter.map(rtpPacket({ ssrc: 2, sequenceNumber: 9, timestamp: 3 }), 120);
    assert.equal(rewriter.timestamp, 20 * 90);
    assert.equal(rewriter.sequenceNumber, 2);
  },
});

Deno.test({
  name: "B50: a duplicate goes out under the number it had",
  permissions: "none",
  fn() {
    const out = new Outgoing();
    const source = new TestSource(1, 65534);
    assert.deepEqual([0, 0, 1, 2, 2, 1].map((index) => out.map(source, index)), [0, 0, 1, 2, 2, 1]);
  },
});

Deno.test({
  name: "B51: only packets of the present source can be left out, and none that is late or jumps",
  permissions: "none",
  fn() {
    const out = new Outgoing();
    const source = new TestSource(1, 65533);
    assert.equal(out.rewriter.skip(source.packet(0)), false);
    out.map(source, 0);
    assert.equal(out.rewriter.skip(source.packet(0)), false);
    assert.equal(out.rewriter.skip(source.packet(16_385)), false);
    assert.equal(out.rewriter.skip(new TestSource(2, 65533).packet(1)), false);
    out.rewriter.switchTo();
    assert.equal(out.rewriter.skip(source.packet(1)), false);
    assert.equal(out.map(source, 1), 1);
  },
});

Deno.test({
  name: "B51: a packet from before one that was left out gets its number, the one that was left out none",
  permissions: "none",
  fn() {
    const out = new Outgoing();
    const source = new TestSource(1, 65533);
    assert.deepEqual([0, 2].map((index) => out.map(source, index)), [0, 2]);
    assert.equal(out.rewriter.skip(source.packet(3)), true);
    assert.deepEqual([1, 2, 3, 4].map((index) => out.map(source, index)), [1, 2, undefined, 3]);
  },
});

Deno.test({
  name: "B54: a sender report's timestamp is moved like the packets of its source",
  permissions: "none",
  fn() {
    const out = new Outgoing();
    const source = new TestSource(1, 0);
    assert.equal(out.rewriter.sourceSsrc, -1);
    for (let index = 0; index < 5; index++) {
      out.map(source, index);
      assert.equal(out.rewriter.sourceSsrc, 1);
      assert.equal(out.rewriter.translateTimestamp(source.packet(index).timestamp), out.rewriter.timestamp);
    }
    out.rewriter.switchTo();
    assert.equal(out.rewriter.sourceSsrc, -1);
    const next = new TestSource(2, 500, 5);
    out.map(next, 0, 200);
    assert.equal(out.rewriter.sourceSsrc, 2);
    assert.equal(out.rewriter.translateTimestamp(next.packet(0).timestamp), out.rewriter.timestamp);
  },
});

type Event =
  | { readonly kind: "send" | "skip"; readonly lost: number }
  | { readonly kind: "late"; readonly pick: number }
  | { readonly kind: "switch"; readonly start: number };

/** Plays loss, reordering, skips and switches, and keeps the books that the outgoing stream must agree with. */
class Scenario {
  readonly out = new Outgoing();
  readonly usedNumbers = new Set<number>();
  missing: number[] = [];
  source = new TestSource(1, 65530);
  index = 0;
  newest = -1;
  nowMs = 0;
  /** Numbers of the outgoing stream that stay gaps: packets lost of sources that are over. */
  gaps = 0;

  play(event: Event): void {
    this.nowMs += 7;
    if (event.kind === "switch") this.#switch(event.start);
    else if (event.kind === "late") this.#late(event.pick);
    else this.#next(event.kind, event.lost);
  }

  #switch(start: number): void {
    this.source = new TestSource(this.source.ssrc + 1, start);
    this.index = 0;
    this.out.rewriter.switchTo();
    this.#forgetMissing();
    this.#send(this.newest + 1);
  }

  #next(kind: "send" | "skip", lost: number): void {
    for (let i = 0; i < lost; i++) this.missing.push(this.index++);
    if (kind === "skip" && this.out.rewriter.skip(this.source.packet(this.index))) {
      this.newest += lost;
      this.index++;
      return;
    }
    this.#send(this.newest + 1 + (this.usedNumbers.size === 0 ? 0 : lost));
  }

  #late(pick: number): void {
    if (this.missing.length === 0) return;
    const [index] = this.missing.splice(pick % this.missing.length, 1);
    const number = this.out.map(this.source, index, this.nowMs);
    assert.ok(number !== undefined && number <= this.newest);
    this.#use(number);
  }

  #send(expected: number): void {
    const before = this.out.timestamp;
    const number = this.out.map(this.source, this.index++, this.nowMs);
    assert.equal(number, expected);
    if (this.usedNumbers.size === 0) this.missing = [];
    else if (this.index === 1) assert.ok(this.out.timestamp > before);
    this.newest = expected;
    this.#use(expected);
  }

  #use(number: number): void {
    assert.equal(this.usedNumbers.has(number), false, `${number} used twice`);
    this.usedNumbers.add(number);
  }

  #forgetMissing(): void {
    this.gaps += this.missing.length;
    this.missing = [];
  }
}

Deno.test({
  name: "B51: whatever is lost, late, left out or switched, no number is used twice and gaps are losses",
  permissions: "none",
  fn() {
    const step = fc.record({
      kind: fc.constantFrom("send" as const, "skip" as const),
      lost: fc.constantFrom(0, 0, 0, 2),
    });
    const late = fc.record({ kind: fc.constant("late" as const), pick: fc.nat(9) });
    const change = fc.record({ kind: fc.constant("switch" as const), start: fc.nat(65535) });
    const event: fc.Arbitrary<Event> = fc.oneof({ weight: 8, arbitrary: step }, { weight: 3, arbitrary: late }, {
      weight: 1,
      arbitrary: change,
    });
    const property = fc.property(fc.array(event, { maxLength: 200 }), (events) => {
      const scenario = new Scenario();
      for (const each of events) scenario.play(each);
      assert.equal(scenario.newest + 1, scenario.usedNumbers.size + scenario.missing.length + scenario.gaps);
    });
    fc.assert(property, { seed: 13, numRuns: 1000 });
  },
});
