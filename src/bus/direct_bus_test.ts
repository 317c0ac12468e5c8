import assert from "node:assert/strict";
import { busContract } from "../../tests/harness/bus_contract.ts";
import { sendFrame, textOf } from "../../tests/harness/bus_journal.ts";
import { DirectNodes, directPair, lostOf, numbered, numbersOf } from "../../tests/harness/direct_nodes.ts";
import type { RandomSource } from "../sfu/random.ts";
import { MAX_FRAME_LENGTH } from "../media/media_bus.ts";
import { DIRECT_TICK_MS } from "./direct_bus.ts";
import { DEFAULT_PAYLOAD, HEAD_LENGTH, MAX_PAYLOAD, TAG_LENGTH } from "./direct_datagram.ts";

const ROOM = "room";
const TO_0 = 1 << 0;
const TO_1 = 1 << 1;
const TO_2 = 1 << 2;
/** Of a datagram that is full. */
const FULL = HEAD_LENGTH + DEFAULT_PAYLOAD + TAG_LENGTH;

busContract("between machines, directly", {
  open() {
    const nodes = new DirectNodes();
    return {
      open: (node) => nodes.open(node).bus,
      settle() {
        nodes.network.deliver();
        return Promise.resolve();
      },
    };
  },
  sendsToEach: true,
});

/** Some of the items change places. */
function mixed<Item>(items: readonly Item[], random: RandomSource): Item[] {
  const all = [...items];
  for (let i = all.length - 1; i > 0; i--) {
    const other = random.uint32() % (i + 1);
    [all[i], all[other]] = [all[other], all[i]];
  }
  return all;
}

Deno.test({
  name:
    "B460: all datagrams of a flush but the last are of 1232 bytes, whatever frames are in them, and none is longer",
  permissions: "none",
  fn() {
    const { nodes, network, a, b } = directPair();
    for (let round = 0; round < 20; round++) {
      network.sent.length = 0;
      for (let i = 0; i < 50; i++) sendFrame(a.bus, ROOM, TO_1, numbered(i, 4 + nodes.random.uint32() % 1300));
      a.bus.flush();
      const lengths = network.sent.map(({ bytes }) => bytes.length);
      const last = lengths.pop() ?? 0;
      assert.ok(lengths.length > 10 && last <= FULL, `seed ${nodes.seed}`);
      assert.deepEqual(lengths, new Array(lengths.length).fill(FULL), `seed ${nodes.seed}`);
      network.deliver();
      assert.deepEqual(numbersOf(b).slice(-50), Array.from({ length: 50 }, (_, i) => i), `seed ${nodes.seed}`);
    }
  },
});

Deno.test({
  name: "B460: frames of every length arrive whole, wherever a datagram ends in them",
  permissions: "none",
  fn() {
    for (const payload of [64, 65, 100, DEFAULT_PAYLOAD, MAX_PAYLOAD]) {
      const { network, a, b } = directPair({ payload });
      const frames: Uint8Array[] = [];
      for (let length = 0; length <= MAX_FRAME_LENGTH; length += length < 200 ? 1 : 47) {
        frames.push(new Uint8Array(length).fill(length));
      }
      for (const [i, frame] of frames.entries()) {
        sendFrame(a.bus, ROOM, TO_1, frame);
        if (i % 40 === 0) a.bus.flush();
      }
      a.bus.flush();
      assert.ok(network.sent.every(({ bytes }) => bytes.length <= HEAD_LENGTH + payload + TAG_LENGTH));
      network.deliver();
      assert.deepEqual(b.journal.frames.map(({ bytes }) => bytes), frames, `payload ${payload}`);
      assert.equal(lostOf(b), 0);
    }
  },
});

Deno.test({
  name: "B460: what nobody flushes is kept in 64 datagrams; what is more leaves as it comes, in its order",
  permissions: "none",
  fn() {
    const { network, a, b } = directPair();
    for (let i = 0; i < 60; i++) sendFrame(a.bus, ROOM, TO_1, numbered(i, 1000));
    assert.equal(network.sent.length, 0);
    for (let i = 60; i < 300; i++) sendFrame(a.bus, ROOM, TO_1, numbered(i, 1000));
    const early = network.sent.length;
    assert.ok(early >= 64 && early < 300);
    a.bus.flush();
    network.deliver();
    assert.deepEqual(numbersOf(b), Array.from({ length: 300 }, (_, i) => i));
    assert.equal(a.bus.counters.messagesSent, network.sent.length);
  },
});

Deno.test({
  name: "B463: whatever is lost, late or twice, frames come whole and in order, and each that does not come is counted",
  permissions: "none",
  fn() {
    for (let run = 0; run < 10; run++) {
      const { nodes, network, a, b } = directPair();
      const { random, seed } = nodes;
      const chance = (percent: number) => random.uint32() % 100 < percent;
      network.change = (waiting) => {
        const arriving = waiting.flatMap((datagram) =>
          chance(10) ? [] : chance(10) ? [datagram, datagram] : [datagram]
        );
        return chance(30) ? mixed(arriving, random) : arriving;
      };
      const count = 600;
      for (let i = 0; i < count; i++) {
        network.isFull = chance(3);
        sendFrame(a.bus, ROOM, TO_1, numbered(i, 4 + random.uint32() % (chance(10) ? 2000 : 400)));
        if (chance(20)) a.bus.flush();
        if (chance(10)) network.deliver();
      }
      network.isFull = false;
      a.bus.flush();
      network.deliver();
      network.change = (waiting) => waiting;
      nodes.advance(2 * DIRECT_TICK_MS);
      const numbers = numbersOf(b);
      assert.deepEqual(numbers, numbers.toSorted((x, y) => x - y), `seed ${seed}`);
      assert.equal(new Set(numbers).size, numbers.length, `seed ${seed}`);
      assert.equal(numbers.length + lostOf(b), count, `seed ${seed}`);
      assert.equal(b.bus.counters.lost, lostOf(b), `seed ${seed}`);
      assert.ok(lostOf(b) > 0 && numbers.length > count / 4, `seed ${seed}: ${numbers.length}`);
    }
  },
});

Deno.test({
  name: "B463: the rest of a frame whose beginning was lost is no frame, in however many datagrams it comes",
  permissions: "none",
  fn() {
    const { network, a, b } = directPair();
    network.change = (waiting) => waiting.slice(1);
    // The second one is in three datagrams, of which the middle one has nothing else.
    for (const [i, length] of [1100, 2060, 300].entries()) sendFrame(a.bus, ROOM, TO_1, numbered(i, length));
    a.bus.flush();
    assert.equal(network.sent.length, 3);
    network.deliver();
    assert.deepEqual([numbersOf(b), lostOf(b)], [[2], 2]);
  },
});

Deno.test({
  name: "B463: what is lost is told before what comes next, and what was lost last by the next keep-alive",
  permissions: "none",
  fn() {
    const { nodes, network, a, b } = directPair();
    const told: string[] = [];
    b.bus.deliverTo({
      handleFrame: (_from, bytes, length) => told.push(textOf(bytes.subarray(0, length))),
      handleLoss: (from, count) => told.push(`${count} of ${from} lost`),
      endBatch: () => told.push("end"),
    });
    const send = (...texts: string[]) => {
      for (const text of texts) sendFrame(a.bus, ROOM, TO_1, text);
      a.bus.flush();
      network.deliver();
    };
    send("first");
    network.change = () => [];
    send("second", "third");
    network.change = (waiting) => waiting;
    send("fourth");
    network.change = () => [];
    send("fifth");
    network.change = (waiting) => waiting;
    nodes.advance(2 * DIRECT_TICK_MS);
    assert.deepEqual(told, ["first", "end", "2 of 0 lost", "fourth", "end", "1 of 0 lost", "end"]);
  },
});

Deno.test({
  name: "B464: what strangers send, and however they change what they have heard, nothing comes of it but a count",
  permissions: "none",
  fn() {
    const { nodes, network, a, b } = directPair();
    const { random, seed } = nodes;
    for (let i = 0; i < 5; i++) sendFrame(a.bus, ROOM, TO_1, numbered(i, 300));
    a.bus.flush();
    sendFrame(b.bus, ROOM, TO_0, "b's own");
    b.bus.flush();
    const [heard] = network.sent.map(({ bytes }) => bytes);
    const [own] = network.sent.filter(({ from }) => from === b.name).map(({ bytes }) => bytes);
    network.deliver();
    const before = { ...b.bus.counters };
    const injected: Uint8Array[] = [own];
    for (let length = 0; length < heard.length; length++) injected.push(heard.slice(0, length));
    injected.push(Uint8Array.of(...heard, 0), new Uint8Array(2048));
    for (let i = 0; i < 200; i++) {
      injected.push(Uint8Array.from({ length: random.uint32() % 1500 }, () => random.uint32()));
    }
    for (let i = 0; i < 1000; i++) {
      const changed = heard.slice();
      // A newer number, so that it is looked at; and anything.
      changed[15] += 1 + random.uint32() % 100;
      for (let k = random.uint32() % 3; k >= 0; k--) {
        changed[random.uint32() % changed.length] ^= 1 << random.uint32() % 8;
      }
      injected.push(changed);
    }
    network.sent.length = 0;
    for (const bytes of injected) network.inject(b.name, bytes);
    network.deliver();
    assert.equal(network.sent.length, 0, `seed ${seed}: there is no answer`);
    assert.deepEqual({ ...b.bus.counters }, before, `seed ${seed}`);
    const { strangers, forged, stale, malformed } = b.bus.datagrams;
    assert.ok(strangers > 200 && stale > 100 && forged > 500, `seed ${seed}: ${JSON.stringify(b.bus.datagrams)}`);
    assert.deepEqual([strangers + forged + stale, malformed], [injected.length, 0], `seed ${seed}`);
    sendFrame(a.bus, ROOM, TO_1, numbered(5, 300));
    a.bus.flush();
    network.deliver();
    assert.deepEqual([numbersOf(b), lostOf(b)], [[0, 1, 2, 3, 4, 5], 0], `seed ${seed}`);
  },
});

Deno.test({
  name: "B461: a datagram that is played again is none, also where its node was let go of meanwhile and has come back",
  permissions: "none",
  fn() {
    const { network, a, b, nodes } = directPair();
    const send = (number: number) => {
      sendFrame(a.bus, ROOM, TO_1, numbered(number, 100));
      a.bus.flush();
      network.deliver();
    };
    const replay = () => {
      const toB = network.sent.filter(({ to }) => to === b.name);
      const before = b.bus.datagrams.stale;
      for (const { bytes } of toB) network.inject(b.name, bytes);
      network.deliver();
      assert.equal(b.bus.datagrams.stale, before + toB.length);
    };
    for (let i = 0; i < 10; i++) send(i);
    replay();
    b.bus.closePeer(0);
    nodes.tell(b, a);
    replay();
    assert.equal(numbersOf(b).length, 10);
    network.deliver();
    send(10);
    assert.deepEqual([numbersOf(b).at(-1), lostOf(b)], [10, 0]);
  },
});

Deno.test({
  name: "B461: no number is used twice with a key, however often a node is let go of and comes back",
  permissions: "none",
  fn() {
    const { network, a, b, nodes } = directPair();
    const c = nodes.open(2);
    for (let round = 0; round < 20; round++) {
      for (let i = 0; i < 3; i++) sendFrame(a.bus, ROOM, TO_1 | TO_2, numbered(i, 100));
      a.bus.flush();
      network.deliver();
      const other = round % 2 === 0 ? b : c;
      a.bus.closePeer(other.alias);
      nodes.tell(a, other);
      network.deliver();
    }
    const used = network.sent.map(({ bytes }) => bytes.slice(4, HEAD_LENGTH).join());
    assert.ok(used.length > 100);
    assert.equal(new Set(used).size, used.length);
    assert.deepEqual([lostOf(b), lostOf(c)], [0, 0]);
  },
});
