import assert from "node:assert/strict";
import { START_SEQUENCE_NUMBERS } from "../../tests/harness/rtp_packets.ts";
import { seededRandom } from "../../tests/harness/seeded_random.ts";
import {
  MAX_RETRANSMITTED_SHARE,
  MIN_RESEND_INTERVAL_MS,
  RETRANSMISSION_BURST_BYTES,
  RetransmissionGuard,
} from "./retransmission_guard.ts";

for (const start of START_SEQUENCE_NUMBERS) {
  Deno.test({
    name: `B108: a packet is not sent again within a round trip, 10 ms at least; others are, from ${start}`,
    permissions: "none",
    fn() {
      for (const [roundTripMs, intervalMs] of [[0, MIN_RESEND_INTERVAL_MS], [3, MIN_RESEND_INTERVAL_MS], [100, 100]]) {
        const guard = new RetransmissionGuard();
        const number = (index: number) => (start + index) & 0xffff;
        for (let index = 0; index < 50; index++) assert.equal(guard.allow(number(index), 50, 0, roundTripMs), true);
        for (let index = 0; index < 50; index++) {
          assert.equal(guard.allow(number(index), 50, intervalMs - 1, roundTripMs), false);
          assert.equal(guard.allow(number(index), 50, intervalMs, roundTripMs), true);
          assert.equal(guard.allow(number(index), 50, 2 * intervalMs - 1, roundTripMs), false);
        }
      }
    },
  });
}

Deno.test({
  name: "B108: every 20 ms, as Chromium asks, a packet is sent again",
  permissions: "none",
  fn() {
    const guard = new RetransmissionGuard();
    for (let nowMs = 1000; nowMs < 1200; nowMs += 20) assert.equal(guard.allow(7, 1000, nowMs, 1), true);
  },
});

Deno.test({
  name: "B109: 16 kB may be sent again before anything was sent, and again a second later",
  permissions: "none",
  fn() {
    const guard = new RetransmissionGuard();
    const resent = (nowMs: number) => {
      let bytes = 0;
      for (let number = 0; number < 100; number++) if (guard.allow(number, 1024, nowMs, 10)) bytes += 1024;
      return bytes;
    };
    assert.equal(resent(50), RETRANSMISSION_BURST_BYTES);
    assert.equal(resent(999), 0);
    assert.equal(resent(1000), RETRANSMISSION_BURST_BYTES);
    assert.equal(resent(1_000_000), RETRANSMISSION_BURST_BYTES);
  },
});

Deno.test({
  name: "B109: a packet that the share does not allow does not count, so that it goes out once there is room",
  permissions: "none",
  fn() {
    const guard = new RetransmissionGuard();
    assert.equal(guard.allow(1, RETRANSMISSION_BURST_BYTES, 0, 0), true);
    assert.equal(guard.allow(2, 1000, 1, 0), false);
    guard.handleSent(5000, 2);
    assert.equal(guard.allow(2, 1000, 2, 0), true);
    assert.equal(guard.allow(3, 1, 2, 0), false);
  },
});

for (const loss of [0.05, 0.15, 0.5]) {
  Deno.test({
    name: `B109: of a stream of 2 Mbit/s with ${loss * 100}% asked for again a fifth of each second goes out at most`,
    permissions: "none",
    fn() {
      for (let seed = 1; seed <= 5; seed++) {
        const random = seededRandom(seed);
        const guard = new RetransmissionGuard();
        const sentAt: number[] = [];
        const resentAt: number[] = [];
        let refused = 0;
        for (let nowMs = 0; nowMs < 20_000; nowMs += 5) {
          guard.handleSent(1250, nowMs);
          sentAt.push(nowMs);
          if (random.uint32() / 2 ** 32 >= loss) continue;
          if (guard.allow((nowMs / 5) & 0xffff, 1250, nowMs, 50)) resentAt.push(nowMs);
          else refused++;
        }
        for (let endMs = 1000; endMs < 20_000; endMs += 50) {
          const within = (times: number[]) => times.filter((atMs) => atMs > endMs - 900 && atMs <= endMs).length * 1250;
          const second = sentAt.filter((atMs) => atMs > endMs - 1000 && atMs <= endMs).length * 1250;
          const allowed = second * MAX_RETRANSMITTED_SHARE + RETRANSMISSION_BURST_BYTES;
          assert.ok(within(resentAt) <= allowed, `seed ${seed}: ${within(resentAt)} of ${second} at ${endMs}`);
        }
        assert.equal(refused > 0, loss > 0.3, `seed ${seed}: ${refused} refused`);
      }
    },
  });
}

Deno.test({
  name: "a clock that stands still or goes back changes nothing",
  permissions: "none",
  fn() {
    const guard = new RetransmissionGuard();
    guard.handleSent(100_000, 5000);
    guard.handleSent(100_000, 4000);
    assert.equal(guard.allow(1, 200_000 * MAX_RETRANSMITTED_SHARE + RETRANSMISSION_BURST_BYTES, 4000, 0), true);
    assert.equal(guard.allow(2, 1, 5000, 0), false);
  },
});
