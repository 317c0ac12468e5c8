import assert from "node:assert/strict";
import { randomSeed } from "../../tests/harness/random_seed.ts";
import { seededRandom } from "../../tests/harness/seeded_random.ts";
import { type Delivery, DeliveryQueue, QUEUE_LIMITS } from "./delivery_queue.ts";
import type { WebhookEvent } from "./webhook_event.ts";

const HOUR_MS = 3_600_000;
const permissions = "none";

function event(roomId: string, id: string): WebhookEvent {
  return { id, type: "room.started", timestamp: "2026-12-01T08:00:00.000Z", server: "s", data: { roomId } };
}

/** A queue whose delays are the longest that chance allows. */
function setUp(limits = {}) {
  const queue = new DeliveryQueue({ uint32: () => 0 }, { ...QUEUE_LIMITS, ...limits });
  return {
    queue,
    push: (roomId: string, id: string, nowMs = 0) => queue.push(event(roomId, id), nowMs),
    take(nowMs = 0): Delivery {
      const delivery = queue.take(nowMs);
      assert.ok(delivery, "there is something to send");
      return delivery;
    },
  };
}

const idOf = (delivery: Delivery | undefined) => delivery?.id;
const lostOf = ({ body }: Delivery): number => JSON.parse(body).lost ?? 0;

Deno.test({
  name: "B506: the next event of a room waits until the one before is taken, events of other rooms do not",
  permissions,
  fn() {
    const { queue, push, take } = setUp();
    for (const [roomId, id] of [["a", "a1"], ["a", "a2"], ["b", "b1"], ["a", "a3"]]) push(roomId, id);
    const [a1, b1] = [take(), take()];
    assert.deepEqual([a1.id, b1.id, idOf(queue.take(0))], ["a1", "b1", undefined]);
    queue.settle(b1, true, 5);
    assert.equal(queue.take(5), undefined, "of b there is no more");
    queue.settle(a1, true, 6);
    const a2 = take(6);
    assert.deepEqual([a2.id, queue.take(6), queue.length], ["a2", undefined, 2]);
    queue.settle(a2, true, 7);
    queue.settle(take(7), true, 8);
    assert.deepEqual([queue.length, queue.nextMs(), queue.dropped], [0, Infinity, 0]);
  },
});

Deno.test({
  name: "B506: who fails is tried again before anything else of its room; other rooms go on meanwhile",
  permissions,
  fn() {
    const { queue, push, take } = setUp();
    push("a", "a1");
    push("a", "a2");
    const first = take();
    queue.settle(first, false, 10);
    push("b", "b1", 20);
    const b1 = take(20);
    assert.deepEqual([b1.id, queue.nextMs()], ["b1", 1010]);
    queue.settle(b1, true, 30);
    assert.equal(queue.take(1009), undefined);
    const again = take(1010);
    assert.deepEqual([again.id, again.body, again.failures, queue.failing], ["a1", first.body, 1, 1]);
    queue.settle(again, true, 1020);
    assert.deepEqual([take(1020).id, queue.length, queue.failing], ["a2", 1, 0]);
  },
});

Deno.test({
  name: "B506: no more than eight requests are on their way, and who waits longest goes first",
  permissions,
  fn() {
    const { queue, push, take } = setUp();
    for (let i = 0; i < 20; i++) push(`room ${i}`, `${i}`, i);
    const sent = Array.from({ length: 8 }, () => take(20));
    assert.deepEqual(sent.map(idOf), ["0", "1", "2", "3", "4", "5", "6", "7"]);
    assert.deepEqual([queue.take(20), queue.nextMs()], [undefined, Infinity]);
    queue.settle(sent[3], false, 30);
    assert.equal(take(2000).id, "8");
    queue.settle(sent[5], true, 2000);
    assert.equal(take(2000).id, "9", "one that failed waits no longer than those that came before it is due");
  },
});

Deno.test({
  name: "B507: what fails is tried for an hour after it happened, and then given up",
  permissions,
  fn() {
    const { queue, push } = setUp();
    push("a", "a1");
    const attemptsMs: number[] = [];
    for (let nowMs = 0; nowMs < Infinity; nowMs = queue.nextMs()) {
      const delivery = queue.take(nowMs);
      if (delivery === undefined) break;
      attemptsMs.push(nowMs);
      queue.settle(delivery, false, nowMs);
    }
    assert.deepEqual(attemptsMs.slice(0, 6), [0, 1000, 3000, 7000, 15_000, 31_000]);
    const last = attemptsMs.at(-1) ?? 0;
    assert.ok(last <= HOUR_MS && last > HOUR_MS - 300_000, `${last}`);
    assert.deepEqual([queue.length, queue.dropped, queue.failing], [0, 1, 0]);
  },
});

Deno.test({
  name: "B507: what has waited for an hour behind others is given up without an attempt, and what came later is tried",
  permissions,
  fn() {
    const { queue, push, take } = setUp();
    push("a", "a1");
    push("a", "a2", 1);
    push("a", "a3", 60_000);
    const a1 = take();
    queue.settle(a1, false, HOUR_MS);
    const a3 = take(HOUR_MS + 1000);
    assert.deepEqual([a3.id, lostOf(a3), queue.dropped, queue.length], ["a3", 2, 2, 1]);
  },
});

Deno.test({
  name: "B507: an event that is given up, or pushed out, does not make the next one of its room come sooner",
  permissions,
  fn() {
    const { queue, push, take } = setUp({ eventsOfRoom: 2 });
    push("a", "a1");
    for (const nowMs of [0, 1000, 3000, 7000]) queue.settle(take(nowMs), false, nowMs);
    push("a", "a2", 7001);
    push("a", "a3", 7002);
    assert.deepEqual([queue.take(7003), queue.nextMs(), queue.dropped], [undefined, 15_000, 1]);
    const a2 = take(15_000);
    assert.deepEqual([a2.id, a2.failures], ["a2", 4]);
  },
});

Deno.test({
  name: "B508: of a room 100 events wait, of all 1,000; the oldest that is not on its way gives way",
  permissions,
  fn() {
    const { queue, push, take } = setUp();
    for (let i = 0; i < 150; i++) push("a", `a${i}`);
    assert.deepEqual([queue.length, queue.dropped], [100, 50]);
    assert.equal(take().id, "a50");
    for (let i = 150; i < 160; i++) push("a", `a${i}`);
    for (let i = 0; i < 900; i++) push(`room ${i}`, `r${i}`);
    assert.deepEqual([queue.length, queue.dropped], [1000, 60]);
    push("late", "late");
    assert.deepEqual([queue.length, queue.dropped], [1000, 61]);
    const ids = new Set(Array.from({ length: 7 }, () => take().id));
    assert.deepEqual(ids, new Set(["r0", "r1", "r2", "r3", "r4", "r5", "r6"]));
    for (let i = 0; i < 2000; i++) push(`more ${i}`, `m${i}`);
    assert.equal(queue.length, 1000);
  },
});

Deno.test({
  name: "B508: the next delivery tells how many events were lost, once, and what is lost with it is told again",
  permissions,
  fn() {
    const { queue, push, take } = setUp({ eventsOfRoom: 2 });
    for (const id of ["a1", "a2", "a3", "a4"]) push("a", id);
    const a3 = take();
    assert.deepEqual([a3.id, lostOf(a3)], ["a3", 2]);
    push("b", "b1");
    const b1 = take();
    assert.equal(lostOf(b1), 0, "it is told once");
    queue.settle(b1, true, 0);
    queue.settle(a3, false, 0);
    push("a", "a5");
    const a4 = take(1000);
    assert.deepEqual([a4.id, lostOf(a4)], ["a4", 3], "a3, and the two of which it was to tell");
    queue.settle(a4, false, 1000);
    assert.equal(take(3000).body, a4.body, "the same at each attempt");
  },
});

Deno.test({
  name:
    "B512: at the end each room has one more attempt at once, and what fails then is given up with what is behind it",
  permissions,
  fn() {
    const { queue, push, take } = setUp();
    push("a", "a1");
    push("b", "b1");
    push("b", "b2");
    push("c", "c1");
    const [a1, b1, c1] = [take(), take(), take()];
    queue.settle(a1, false, 0);
    queue.settle(b1, false, 0);
    queue.finish(10);
    const again = [take(10), take(10)];
    assert.deepEqual(again.map(idOf), ["a1", "b1"]);
    queue.settle(again[0], true, 20);
    queue.settle(again[1], false, 20);
    queue.settle(c1, false, 20);
    assert.deepEqual([queue.length, queue.dropped, queue.failing, queue.nextMs()], [0, 3, 0, Infinity]);
  },
});

Deno.test({
  name: "what is settled after all was given up changes nothing",
  permissions,
  fn() {
    const { queue, push, take } = setUp();
    push("a", "a1");
    push("a", "a2");
    const a1 = take();
    queue.clear();
    push("a", "a3");
    queue.settle(a1, true, 0);
    assert.deepEqual([queue.length, queue.dropped, take().id], [1, 2, "a3"]);
  },
});

Deno.test({
  name:
    "B506, B508: whatever a receiver does, events of a room come in their order, and what is missing is accounted for",
  permissions,
  fn() {
    const seed = randomSeed();
    const random = seededRandom(seed);
    const below = (count: number) => random.uint32() % count;
    const queue = new DeliveryQueue(random, { events: 40, eventsOfRoom: 8, requests: 3, ageMs: 60_000 });
    const sending: Delivery[] = [];
    const taken = new Map<string, number[]>();
    let [nowMs, pushed, told, lost] = [0, 0, 0, 0];
    for (let step = 0; step < 20_000; step++) {
      nowMs += below(200);
      if (below(3) > 0) queue.push(event(`room ${below(12)}`, `${pushed++}`), nowMs);
      const next = queue.take(nowMs);
      if (next !== undefined) sending.push(next);
      assert.ok(sending.length <= 3 && queue.length <= 40, `seed ${seed}`);
      if (sending.length === 0 || below(2) === 0) continue;
      const [delivery] = sending.splice(below(sending.length), 1);
      const isTaken = below(3) > 0;
      queue.settle(delivery, isTaken, nowMs);
      if (!isTaken) continue;
      const { id, data, lost: before = 0 } = JSON.parse(delivery.body);
      taken.set(data.roomId, [...taken.get(data.roomId) ?? [], Number(id)]);
      told++;
      lost += before;
    }
    for (const ids of taken.values()) assert.deepEqual(ids, [...new Set(ids)].sort((a, b) => a - b), `seed ${seed}`);
    assert.equal(told + queue.dropped + queue.length, pushed, `seed ${seed}`);
    assert.ok(lost <= queue.dropped && queue.dropped > 0, `seed ${seed}`);
    assert.ok(queue.failing >= 0 && queue.failing <= 12, `seed ${seed}`);
    queue.clear();
    assert.deepEqual([queue.length, queue.failing], [0, 0], `seed ${seed}`);
  },
});
