import assert from "node:assert/strict";
import fc from "fast-check";
import { Timeline } from "./timeline.ts";

const CLOCK_RATE = 90_000;

/** A source whose timestamps begin anywhere: what it has, and what it reports, at a time of the publisher's clock. */
class Source {
  constructor(readonly offset: number) {}

  timestamp(ms: number): number {
    return (Math.round(ms * 90) + this.offset) >>> 0;
  }

  /** Of a clock that has 2^32 seconds behind it soon. */
  report(ms: number) {
    const seconds = Math.floor(ms / 1000);
    const ntpFraction = Math.floor((ms / 1000 - seconds) * 2 ** 32) >>> 0;
    return { ntpSeconds: (0xffff_fffe + seconds) >>> 0, ntpFraction, rtpTimestamp: this.timestamp(ms) };
  }
}

Deno.test({
  name: "B306: one instant has one outgoing timestamp, whichever source it is of and whenever that was reported",
  permissions: "none",
  fn() {
    const ms = fc.integer({ min: 0, max: 3_600_000 });
    const property = fc.property(fc.nat(0xffff_ffff), fc.nat(0xffff_ffff), ms, ms, ms, (a, b, first, second, now) => {
      const [low, high] = [new Source(a), new Source(b)];
      const timeline = new Timeline(CLOCK_RATE);
      assert.equal(timeline.begun, false);
      timeline.begin(low.report(first), 77);
      const expected = (low.timestamp(now) + 77) >>> 0;
      assert.ok(Math.abs((timeline.translate(high.report(second), high.timestamp(now)) - expected) | 0) <= 1);
      assert.ok(Math.abs((timeline.translate(low.report(second), low.timestamp(now)) - expected) | 0) <= 1);
    });
    fc.assert(property, { seed: 306, numRuns: 2000 });
  },
});

Deno.test({
  name: "a timeline that is reset begins anew",
  permissions: "none",
  fn() {
    const timeline = new Timeline(CLOCK_RATE);
    timeline.begin(new Source(1).report(1000), 0);
    timeline.reset();
    assert.equal(timeline.begun, false);
    const next = new Source(9);
    timeline.begin(next.report(5000), 3);
    assert.equal(timeline.translate(next.report(5000), next.timestamp(5000)), next.timestamp(5000) + 3);
  },
});
