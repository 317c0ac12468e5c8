import assert from "node:assert/strict";
import { START_SEQUENCE_NUMBERS } from "../../tests/harness/rtp_packets.ts";
import { seededRandom } from "../../tests/harness/seeded_random.ts";
import { GIVE_UP_AFTER_MS, MAX_MISSING, MAX_REQUESTS, ReceiveLog, REORDER_GRACE_MS } from "./receive_log.ts";

const ROUND_TRIP_MS = 50;

/** A log of a stream that begins at `start`; packets and requests are told by their index in the stream. */
class TestLog {
  readonly log: ReceiveLog;
  readonly #out: Uint16Array;

  constructor(readonly start: number, window?: number, room = 2000) {
    this.log = new ReceiveLog(window);
    this.#out = new Uint16Array(room);
  }

  number(index: number): number {
    return (this.start + index) & 0xffff;
  }

  /** Gives the log packets; returns whether the last one was new. */
  receive(indexes: Iterable<number>, nowMs = 0): boolean {
    let fresh = false;
    for (const index of indexes) fresh = this.log.handlePacket(this.number(index), nowMs);
    return fresh;
  }

  asked(nowMs: number, roundTripMs = ROUND_TRIP_MS): number[] {
    const count = this.log.collect(nowMs, roundTripMs, this.#out);
    return [...this.#out.subarray(0, count)].map((number) => (number - this.start) & 0xffff);
  }

  /** Every request until nothing is due any more: `[index, time]`. */
  askedUntilQuiet(roundTripMs: number): [number, number][] {
    const requests: [number, number][] = [];
    while (this.log.nextTimeout() < Infinity) {
      const nowMs = this.log.nextTimeout();
      for (const index of this.asked(nowMs, roundTripMs)) requests.push([index, nowMs]);
    }
    return requests;
  }
}

function range(from: number, to: number, step = 1): number[] {
  return Array.from({ length: Math.ceil((to - from) / step) }, (_, i) => from + i * step);
}

for (const start of START_SEQUENCE_NUMBERS) {
  Deno.test({
    name: `B100: of a log of 128 packets what is missing is asked for, from ${start}`,
    permissions: "none",
    fn() {
      const log = new TestLog(start, 128);
      log.receive([0, 1, 2, 4, 6, 8]);
      assert.deepEqual(log.asked(0), [3, 5]);
      assert.deepEqual(log.asked(REORDER_GRACE_MS), [7]);
      assert.equal(log.receive([5], 20), true);
      assert.equal(log.receive([5], 20), false);
      assert.equal(log.receive([8], 20), false);
      log.receive(range(9, 127), 20);
      assert.deepEqual(log.asked(GIVE_UP_AFTER_MS / 2), [3, 7]);
      assert.equal(log.log.gaveUp, false);
      // A window after it a packet is forgotten; 7 is not yet.
      log.receive(range(127, 135), GIVE_UP_AFTER_MS / 2);
      assert.equal(log.log.gaveUp, true);
      assert.deepEqual(log.asked(GIVE_UP_AFTER_MS - 1), [7]);
      assert.equal(log.log.missing, 1);
    },
  });

  Deno.test({
    name: `B100: a packet is asked for once two packets came behind it, a run of more than two at once, from ${start}`,
    permissions: "none",
    fn() {
      const log = new TestLog(start);
      log.receive([10, 11, 12, 14, 16, 18]);
      assert.deepEqual(log.asked(0), [13, 15]);
      log.receive([19]);
      assert.deepEqual(log.asked(0), [17]);
      log.receive([23]);
      assert.deepEqual(log.asked(0), [20, 21, 22]);
    },
  });

  Deno.test({
    name: `B100: neighbours that change places are not asked for, from ${start}`,
    permissions: "none",
    fn() {
      const log = new TestLog(start);
      log.receive([0]);
      for (let index = 1; index < 2000; index += 2) {
        assert.equal(log.receive([index + 1, index], index), true);
        assert.deepEqual(log.asked(index), []);
        assert.equal(log.log.nextTimeout(), Infinity);
      }
    },
  });

  Deno.test({
    name: `B100: 298 packets in a row are asked for at once, and nothing over a clean wrap, from ${start}`,
    permissions: "none",
    fn() {
      const log = new TestLog(start);
      log.receive(range(0, 70_000));
      assert.equal(log.log.nextTimeout(), Infinity);
      log.receive([70_298], 7);
      assert.equal(log.log.nextTimeout(), 7);
      assert.deepEqual(log.asked(7), range(70_000, 70_298).map((index) => index & 0xffff));
    },
  });

  Deno.test({
    name: `B101: a packet is asked for ten times, each time later than the time before, from ${start}`,
    permissions: "none",
    fn() {
      const log = new TestLog(start);
      log.receive([0, 2, 3], 100);
      const requests = log.askedUntilQuiet(ROUND_TRIP_MS).map(([index, atMs]) => [index, atMs - 100]);
      const waits = range(ROUND_TRIP_MS, ROUND_TRIP_MS + 90, 10);
      const times = waits.reduce((all, wait) => [...all, all[all.length - 1] + wait], [0]);
      assert.deepEqual(requests, times.map((time) => [1, time]));
      assert.equal(requests.length, MAX_REQUESTS);
      assert.equal(log.log.gaveUp, true);
      assert.equal(log.log.missing, 0);
    },
  });

  Deno.test({
    name: `B102: with 1,000 missing all are asked for, with more a key frame is wanted instead, from ${start}`,
    permissions: "none",
    fn() {
      const log = new TestLog(start);
      log.receive([0, MAX_MISSING + 1], 5);
      assert.deepEqual(log.asked(5), range(1, MAX_MISSING + 1));
      assert.equal(log.log.gaveUp, false);
      log.receive([MAX_MISSING + 3], 6);
      assert.equal(log.log.gaveUp, true);
      assert.equal(log.log.nextTimeout(), 6);
      assert.deepEqual(log.asked(6), []);
      assert.equal(log.log.nextTimeout(), Infinity);
      for (const jump of [1002, 2999, 20_000, 32_767]) {
        const other = new TestLog(start);
        other.receive([0, jump]);
        assert.equal(other.log.gaveUp, true, `jump ${jump}`);
        assert.deepEqual(other.asked(0), []);
      }
    },
  });
}

Deno.test({
  name: "B102: a jump from 3 to 3000 clears the list, and the log goes on behind it",
  permissions: "none",
  fn() {
    const log = new TestLog(0);
    log.receive([0, 3, 3000, 3001, 3003]);
    assert.equal(log.log.gaveUp, true);
    assert.equal(log.receive([3003]), false);
    assert.deepEqual(log.asked(REORDER_GRACE_MS), [3002]);
  },
});

Deno.test({
  name: "B101: on a short way repeats begin after 20 ms; on a long one a packet is given up after a second",
  permissions: "none",
  fn() {
    const near = new TestLog(65535);
    near.receive([0, 2, 3]);
    assert.deepEqual(near.askedUntilQuiet(1).map(([, atMs]) => atMs).slice(0, 4), [0, 20, 50, 90]);
    const far = new TestLog(65535);
    far.receive([0, 2, 3]);
    assert.deepEqual(far.askedUntilQuiet(300).map(([, atMs]) => atMs), [0, 300, 610, 930]);
    assert.equal(far.log.gaveUp, true);
  },
});

Deno.test({
  name: "B101: a packet that comes, late or by RTX, is not asked for any more, and one that was given up still is new",
  permissions: "none",
  fn() {
    const log = new TestLog(65534);
    log.receive([0, 3, 4]);
    assert.deepEqual(log.asked(0), [1, 2]);
    assert.equal(log.log.handleRecovered(log.number(1), 30), true);
    assert.equal(log.log.handleRecovered(log.number(1), 31), false);
    assert.equal(log.receive([1], 32), false);
    assert.deepEqual(log.asked(60), [2]);
    log.askedUntilQuiet(ROUND_TRIP_MS);
    assert.equal(log.log.missing, 0);
    assert.equal(log.receive([2], 2000), true);
    assert.equal(log.receive([2], 2000), false);
  },
});

Deno.test({
  name: "an RTX packet may be ahead of the stream, but neither begins the log nor jumps",
  permissions: "none",
  fn() {
    const log = new TestLog(0);
    assert.equal(log.log.handleRecovered(5, 0), false);
    log.receive([10]);
    assert.equal(log.log.handleRecovered(12, 0), true);
    assert.deepEqual(log.asked(REORDER_GRACE_MS), [11]);
    for (const stray of [5000, 5001, 30_000, 50_000, 50_001]) {
      assert.equal(log.log.handleRecovered(stray, 20), false);
    }
    assert.equal(log.log.gaveUp, false);
    assert.equal(log.log.missing, 1);
    assert.equal(log.receive([12], 20), false);
  },
});

Deno.test({
  name: "B102: one packet from long before is not taken, two in a row begin the log anew and want a key frame",
  permissions: "none",
  fn() {
    const log = new TestLog(40_000);
    log.receive(range(0, 2000));
    assert.equal(log.receive([500]), false);
    assert.equal(log.receive([2000]), true);
    assert.equal(log.receive([501]), false);
    assert.equal(log.log.gaveUp, false);
    assert.equal(log.receive([502], 9), true);
    assert.equal(log.log.gaveUp, true);
    assert.equal(log.log.nextTimeout(), 9);
    assert.deepEqual(log.asked(9), []);
    assert.equal(log.receive([505], 10), true);
    assert.deepEqual(log.asked(20), [503, 504]);
  },
});

Deno.test({
  name: "B103: of what is missing before a key frame nothing wants another, though it is still asked for",
  permissions: "none",
  fn() {
    const log = new TestLog(65530);
    log.receive([0, 2, 5, 6, 7]);
    log.log.handleKeyFrame(log.number(7));
    assert.equal(log.receive([3], 0), true);
    assert.deepEqual(new Set(log.askedUntilQuiet(ROUND_TRIP_MS).map(([index]) => index)), new Set([1, 4]));
    assert.equal(log.log.gaveUp, false);
    log.receive([8, 10, 11], 2000);
    log.log.handleKeyFrame(log.number(8));
    assert.deepEqual(new Set(log.askedUntilQuiet(ROUND_TRIP_MS).map(([index]) => index)), new Set([9]));
    assert.equal(log.log.gaveUp, true);
  },
});

Deno.test({
  name: "what one call has no room for comes with the next one at the same time",
  permissions: "none",
  fn() {
    const log = new TestLog(65000, undefined, 100);
    log.receive([0, 251], 3);
    assert.deepEqual(log.asked(3), range(1, 101));
    assert.equal(log.log.nextTimeout(), 3);
    assert.deepEqual(log.asked(3), range(101, 201));
    assert.deepEqual(log.asked(3), range(201, 251));
    assert.equal(log.log.nextTimeout(), 3 + ROUND_TRIP_MS);
    assert.deepEqual(log.asked(4), []);
  },
});

Deno.test({
  name: "a log that was cleared begins with any packet",
  permissions: "none",
  fn() {
    const log = new TestLog(0);
    log.receive([0, 5]);
    log.log.clear();
    assert.equal(log.log.nextTimeout(), Infinity);
    assert.equal(log.receive([0]), true);
    assert.deepEqual(log.asked(100), []);
  },
});

/** Plays 1,000 packets, one each 5 ms, of which some are lost, and RTX that loses nothing. */
function playLossyStream(
  seed: number,
  loss: number,
): { firstAskedMs: number[]; recoveredMs: number[]; gaveUp: boolean } {
  const random = seededRandom(seed);
  const log = new TestLog(65000);
  const sentMs = new Map<number, number>();
  const askedMs = new Map<number, number>();
  const recoveredMs = new Map<number, number>();
  const answers: { readonly index: number; readonly atMs: number }[] = [];
  for (let nowMs = 0; nowMs < 10_000; nowMs++) {
    const index = nowMs / 5;
    const lost = index >= 10 && index < 990 && random.uint32() / 2 ** 32 < loss;
    if (index < 1000 && Number.isInteger(index)) {
      if (lost) sentMs.set(index, nowMs);
      else assert.equal(log.receive([index], nowMs), true);
    }
    while (answers.length > 0 && answers[0].atMs <= nowMs) {
      const { index } = answers.shift() ?? { index: -1 };
      if (log.log.handleRecovered(log.number(index), nowMs)) recoveredMs.set(index, nowMs);
    }
    if (log.log.nextTimeout() > nowMs) continue;
    for (const index of log.asked(nowMs)) {
      answers.push({ index, atMs: nowMs + ROUND_TRIP_MS });
      if (!askedMs.has(index)) askedMs.set(index, nowMs);
    }
  }
  const since = (times: Map<number, number>) =>
    [...sentMs].map(([index, atMs]) => (times.get(index) ?? Infinity) - atMs);
  assert.ok(sentMs.size > 0);
  return { firstAskedMs: since(askedMs), recoveredMs: since(recoveredMs), gaveUp: log.log.gaveUp };
}

for (const loss of [0.01, 0.05, 0.2]) {
  Deno.test({
    name: `B100: of 1,000 packets with ${
      loss * 100
    }% loss all lost ones are asked for within 100 ms and come within 200`,
    permissions: "none",
    fn() {
      for (let seed = 1; seed <= 10; seed++) {
        const { firstAskedMs, recoveredMs, gaveUp } = playLossyStream(seed, loss);
        assert.ok(Math.max(...firstAskedMs) < 100, `seed ${seed}: asked after ${Math.max(...firstAskedMs)} ms`);
        assert.ok(Math.max(...recoveredMs) < 200, `seed ${seed}: came after ${Math.max(...recoveredMs)} ms`);
        assert.equal(gaveUp, false, `seed ${seed}`);
      }
    },
  });
}

Deno.test({
  name: "B101: whatever is lost, late or doubled, just what is missing in the window is asked for",
  permissions: "none",
  fn() {
    for (let seed = 1; seed <= 50; seed++) {
      const random = seededRandom(seed);
      const log = new TestLog(random.uint32() & 0xffff, 128);
      const received = new Set<number>([0]);
      const missing = new Set<number>();
      let newest = 0;
      log.receive([0]);
      for (let nowMs = 0; nowMs < 1000; nowMs++) {
        const late = random.uint32() % 3 === 0;
        const index = late ? Math.max(newest - (random.uint32() % 127), 0) : newest + 1 + (random.uint32() % 9) % 5;
        assert.equal(log.receive([index], nowMs), !received.has(index), `seed ${seed}`);
        for (let between = newest + 1; between < index; between++) missing.add(between);
        received.add(index);
        newest = Math.max(newest, index);
        missing.delete(index);
        for (const old of missing) if (old <= newest - 128) missing.delete(old);
        assert.equal(log.log.missing, missing.size, `seed ${seed}`);
        for (const asked of log.asked(nowMs)) assert.ok(missing.has(asked), `seed ${seed}: ${asked}`);
        assert.equal(log.log.nextTimeout() < Infinity, missing.size > 0, `seed ${seed}`);
        // A packet leaves the window before it has been asked for ten times: nothing is given up for that.
        assert.equal(log.log.missing, missing.size, `seed ${seed}`);
      }
    }
  },
});

Deno.test({
  name: "B101: the time that answers take is learnt, so that a slow sender is not asked again too soon",
  permissions: "none",
  fn() {
    const log = new ReceiveLog();
    const out = new Uint16Array(8);
    let nowMs = 0;
    let number = 0;
    for (let round = 0; round < 40; round++) {
      log.handlePacket(number, nowMs);
      log.handlePacket(number + 4, nowMs);
      assert.equal(log.collect(nowMs, 1000, out), 3);
      nowMs += 300;
      for (let lost = 1; lost <= 3; lost++) assert.equal(log.handleRecovered(number + lost, nowMs), true);
      number += 5;
    }
    assert.ok(Math.abs(log.answerMs - 300) < 5, `${log.answerMs} ms`);
  },
});
