import assert from "node:assert/strict";
import fc from "fast-check";
import { busContract } from "../../tests/harness/bus_contract.ts";
import { BusJournal, sendFrame } from "../../tests/harness/bus_journal.ts";
import { createRings, MAX_POLLED_FRAMES, RingBus } from "./ring_bus.ts";

const ROOM = "room";
const [TO_0, TO_1, TO_2] = [1 << 0, 1 << 1, 1 << 2];
const SLOTS = 256;

busContract("by shared memory", {
  open() {
    const rings = createRings(4);
    const buses: RingBus[] = [];
    return {
      open(node) {
        const bus = new RingBus({ node, rings, wake() {} });
        buses.push(bus);
        return bus;
      },
      settle() {
        while (buses.some((bus) => bus.poll(0)));
        return Promise.resolve();
      },
    };
  },
});

/** Three nodes whose rings have 256 slots, at a position; `woken` tells who was woken since it was emptied. */
function open(position = 0) {
  const rings = createRings(3, SLOTS);
  for (const ring of rings) new Int32Array(ring)[0] = position;
  const woken: number[] = [];
  const openNode = (node: number) => {
    const bus = new RingBus({ node, rings, wake: (other) => woken.push(other) });
    const journal = new BusJournal();
    bus.deliverTo(journal);
    return { bus, journal };
  };
  const [a, b, c] = [0, 1, 2].map(openNode);
  return { a, b, c, woken, openNode };
}

/** A frame that tells its number. */
function numbered(number: number): Uint8Array {
  return Uint8Array.of(number >> 8, number & 0xff);
}

function numbersOf({ frames }: BusJournal): number[] {
  return frames.map(({ bytes }) => (bytes[0] << 8) | bytes[1]);
}

/** Just before the edges of 31 and 32 bits, and at places of no note. */
const POSITIONS = fc.oneof(
  fc.constant(0),
  fc.integer({ min: 0x7fffffff - 2 * SLOTS, max: 0x7fffffff }),
  fc.integer({ min: -2 * SLOTS, max: -1 }),
  fc.integer(),
);

Deno.test({
  name: "B373: who was overtaken goes on in the newer half, and is told how many of its own frames it lost, no others",
  permissions: "none",
  fn() {
    const { a, b, c } = open();
    // Each fourth is for b, all of them are for c.
    for (let i = 0; i < 1000; i++) sendFrame(a.bus, ROOM, i % 4 === 0 ? TO_1 | TO_2 : TO_2, numbered(i));
    a.bus.flush();
    const order: (number | string)[] = [];
    b.bus.deliverTo({
      handleFrame: (_from, bytes) => order.push((bytes[0] << 8) | bytes[1]),
      handleLoss: (from, count) => order.push(`${count} of ${from} lost`),
      endBatch() {},
    });
    assert.equal(b.bus.poll(0), false);
    const newerHalf = Array.from({ length: SLOTS / 2 }, (_, i) => 1000 - SLOTS / 2 + i);
    const mine = newerHalf.filter((number) => number % 4 === 0);
    assert.deepEqual(order, [`${250 - mine.length} of 0 lost`, ...mine]);
    assert.equal(b.bus.counters.lost, 250 - mine.length);
    c.bus.poll(0);
    assert.deepEqual(numbersOf(c.journal), newerHalf);
    assert.deepEqual([...c.journal.lost], [[0, 1000 - SLOTS / 2]]);
    sendFrame(a.bus, ROOM, TO_2, numbered(1));
    a.bus.flush();
    c.bus.poll(0);
    assert.equal(c.journal.lost.get(0), 1000 - SLOTS / 2, "what was lost is told once");
  },
});

Deno.test({
  name: "B373: at every edge of the numbers what comes and what is told as lost is what was sent, in order",
  permissions: "none",
  fn() {
    const bursts = fc.array(fc.record({ count: fc.nat(2 * SLOTS), polls: fc.boolean() }), { maxLength: 8 });
    fc.assert(fc.property(POSITIONS, bursts, (position, steps) => {
      const { a, b } = open(position);
      let sent = 0;
      let next = 0;
      b.bus.deliverTo({
        handleFrame(_from, bytes) {
          assert.equal((bytes[0] << 8) | bytes[1], next++);
        },
        handleLoss: (_from, count) => next += count,
        endBatch() {},
      });
      for (const { count, polls } of [...steps, { count: 1, polls: true }]) {
        for (let i = 0; i < count; i++) sendFrame(a.bus, ROOM, TO_1, numbered(sent++));
        a.bus.flush();
        while (polls && b.bus.poll(0));
      }
      assert.equal(next, sent);
    }));
  },
});

Deno.test({
  name: "B374: a node that is sent something is woken once until it polls, and nobody else is",
  permissions: "none",
  fn() {
    const { a, b, c, woken } = open();
    sendFrame(a.bus, ROOM, TO_1, "queued");
    assert.deepEqual(woken, []);
    for (let i = 0; i < 3; i++) {
      sendFrame(a.bus, ROOM, TO_1, "flushed");
      a.bus.flush();
    }
    assert.deepEqual(woken, [1]);
    sendFrame(c.bus, ROOM, TO_0 | TO_1, "from another one");
    c.bus.flush();
    assert.deepEqual(woken, [1, 0]);
    c.bus.flush();
    b.bus.deliverTo({
      handleFrame() {},
      handleLoss() {},
      endBatch() {
        // It reads already: this it may miss.
        sendFrame(a.bus, ROOM, TO_1, "meanwhile");
        a.bus.flush();
      },
    });
    woken.length = 0;
    b.bus.poll(0);
    assert.deepEqual(woken, [1]);
  },
});

Deno.test({
  name: "B374: one poll looks at 512 frames, says that there are more, and the next one begins with another node",
  permissions: "none",
  fn() {
    const rings = createRings(3);
    const [a, b, c] = [0, 1, 2].map((node) => new RingBus({ node, rings, wake() {} }));
    const journal = new BusJournal();
    c.deliverTo(journal);
    for (let i = 0; i < 1500; i++) sendFrame(a, ROOM, TO_2, numbered(i));
    for (let i = 0; i < 10; i++) sendFrame(b, ROOM, TO_2, numbered(i));
    a.flush();
    b.flush();
    assert.equal(c.poll(0), true);
    assert.equal(journal.frames.length, MAX_POLLED_FRAMES);
    assert.equal(c.poll(0), true);
    assert.equal(journal.textsOf(1).length, 10);
    while (c.poll(0));
    assert.equal(journal.frames.length, 1510);
    assert.ok(journal.batches.every((count) => count <= 64));
    // What is for others counts: to look at it takes time, too.
    for (let i = 0; i < 600; i++) sendFrame(a, ROOM, TO_1, numbered(i));
    a.flush();
    assert.equal(c.poll(0), true);
    assert.equal(c.poll(0), false);
  },
});

Deno.test({
  name:
    "B375: a node that takes the place of one that ended in the middle of a frame goes on, and what was whole comes",
  permissions: "none",
  fn() {
    fc.assert(fc.property(POSITIONS, fc.nat(2 * SLOTS), fc.nat(70), (position, before, unflushed) => {
      const { a, b, openNode } = open(position);
      for (let i = 0; i < before; i++) sendFrame(a.bus, ROOM, TO_1, numbered(i));
      a.bus.flush();
      for (let i = 0; i < unflushed; i++) sendFrame(a.bus, ROOM, TO_1, numbered(before + i));
      assert.throws(() => a.bus.send(ROOM, TO_1, endingHead(), 2, new Uint8Array(100), 0, 100), { message: "ended" });
      const second = openNode(0);
      while (b.bus.poll(0));
      const whole = numbersOf(b.journal);
      const first = before + unflushed - whole.length;
      assert.deepEqual(whole, Array.from({ length: whole.length }, (_, i) => first + i));
      assert.ok(first === 0 || whole.length >= SLOTS / 2 - 64, `${whole.length} of ${before + unflushed}`);
      for (let i = 0; i < 3; i++) sendFrame(second.bus, ROOM, TO_1, numbered(2000 + i));
      second.bus.flush();
      while (b.bus.poll(0));
      assert.deepEqual(numbersOf(b.journal).slice(whole.length), [2000, 2001, 2002]);
      const sent = before + unflushed + 1 + 3;
      assert.equal(b.journal.frames.length + (b.journal.lost.get(0) ?? 0), sent, "each came or was told as lost");
    }));
  },
});

/** The head of a frame at which its writer ends. */
function endingHead(): Uint8Array {
  return new Proxy(new Uint8Array(2), {
    get() {
      throw new Error("ended");
    },
  });
}

Deno.test({
  name:
    "B375: a node that takes the place of a reader begins with what is sent from then on, whatever it was sent before",
  permissions: "none",
  fn() {
    const { a, b, openNode } = open();
    for (let i = 0; i < 5; i++) sendFrame(a.bus, ROOM, TO_1, numbered(i));
    a.bus.flush();
    b.bus.poll(0);
    for (let i = 0; i < 3 * SLOTS; i++) sendFrame(a.bus, ROOM, TO_1, numbered(i));
    a.bus.flush();
    const second = openNode(1);
    assert.equal(second.bus.poll(0), false);
    sendFrame(a.bus, ROOM, TO_1, numbered(7));
    a.bus.flush();
    second.bus.poll(0);
    assert.deepEqual([numbersOf(second.journal), [...second.journal.lost]], [[7], []]);
  },
});

Deno.test({
  name: "B375: a node whose place was taken while it lives is refused at once, and disturbs the new one by nothing",
  permissions: "none",
  fn() {
    fc.assert(fc.property(POSITIONS, fc.nat(63), (position, unflushed) => {
      const { a, b, openNode } = open(position);
      for (let i = 0; i < unflushed; i++) assert.ok(sendFrame(a.bus, ROOM, TO_1, numbered(i)));
      const second = openNode(0);
      // The new one comes round more than once.
      for (let i = 0; i < 3 * SLOTS; i++) {
        assert.ok(!sendFrame(a.bus, ROOM, TO_1, numbered(unflushed + i)));
        a.bus.flush();
        assert.ok(sendFrame(second.bus, ROOM, TO_1, numbered(1000 + i)));
        second.bus.flush();
        b.bus.poll(0);
      }
      assert.equal(a.bus.counters.dropped, 3 * SLOTS);
      const ofFirst = Array.from({ length: unflushed }, (_, i) => i);
      const ofSecond = Array.from({ length: 3 * SLOTS }, (_, i) => 1000 + i);
      assert.deepEqual(numbersOf(b.journal), [...ofFirst, ...ofSecond], "what was whole of the first came before");
      assert.equal(b.journal.lost.get(0) ?? 0, 0);
    }));
  },
});
