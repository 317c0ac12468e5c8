import assert from "node:assert/strict";
import { sendFrame } from "../../tests/harness/bus_journal.ts";
import { DirectNodes, directPair, lostOf, numbered, numbersOf } from "../../tests/harness/direct_nodes.ts";
import { DIRECT_TICK_MS } from "./direct_bus.ts";
import { MIN_DATAGRAM } from "./direct_datagram.ts";
import { UNHEARD_MS } from "./direct_peer.ts";

const ROOM = "room";
const TO_0 = 1 << 0;
const TO_1 = 1 << 1;
const TO_2 = 1 << 2;

Deno.test({
  name: "B465: frames go to a node once both hear each other; what is refused before is counted, and is no loss",
  permissions: "none",
  fn() {
    const nodes = new DirectNodes();
    const { network } = nodes;
    const changes: string[] = [];
    const changed = (alias: number, _name: string, isUp: boolean) => changes.push(`${alias} ${isUp ? "up" : "down"}`);
    const [a, b] = [nodes.start(0, { changed }), nodes.start(1)];
    nodes.tell(a, b);
    network.deliver();
    assert.equal(sendFrame(a.bus, ROOM, TO_1, "b does not know us"), false);
    nodes.tell(b, a);
    assert.equal(a.bus.isUp(1), false);
    network.deliver();
    // One round: what b says first is answered at once.
    assert.deepEqual([a.bus.isUp(1), b.bus.isUp(0), changes], [true, true, ["1 up"]]);
    assert.equal(sendFrame(a.bus, ROOM, TO_1 | TO_2, "to b, and to nobody"), true);
    a.bus.flush();
    network.deliver();
    assert.deepEqual([b.journal.textsOf(0), lostOf(b)], [["to b, and to nobody"], 0]);
    assert.deepEqual([a.bus.counters.framesSent, a.bus.counters.dropped], [1, 2]);
  },
});

Deno.test({
  name: "B465: a node says something every half second, and nothing more where it has nothing to say",
  permissions: "none",
  fn() {
    const { nodes, network, a, b } = directPair();
    nodes.advance(10_000);
    assert.equal(network.sent.length, 2 * 10_000 / DIRECT_TICK_MS);
    assert.ok(network.sent.every(({ bytes }) => bytes.length === MIN_DATAGRAM));
    network.sent.length = 0;
    for (let i = 0; i < 20; i++) {
      sendFrame(a.bus, ROOM, TO_1, "frame");
      a.bus.flush();
      nodes.advance(DIRECT_TICK_MS);
    }
    assert.equal(network.sent.filter(({ from }) => from === a.name).length, 20, "frames are heard as well");
    assert.ok(a.bus.isUp(1) && b.bus.isUp(0));
  },
});

Deno.test({
  name: "B467: a way that is cut is noticed within 3.5 s, and healed by the next word of either node",
  permissions: "none",
  fn() {
    const { nodes, network, a, b } = directPair();
    network.change = () => [];
    sendFrame(a.bus, ROOM, TO_1, "lost");
    a.bus.flush();
    nodes.advance(UNHEARD_MS - DIRECT_TICK_MS);
    assert.ok(a.bus.isUp(1) && b.bus.isUp(0));
    nodes.advance(2 * DIRECT_TICK_MS);
    assert.ok(!a.bus.isUp(1) && !b.bus.isUp(0));
    assert.equal(sendFrame(a.bus, ROOM, TO_1, "refused"), false);
    nodes.advance(60_000);
    network.change = (waiting) => waiting;
    nodes.advance(DIRECT_TICK_MS);
    assert.ok(a.bus.isUp(1) && b.bus.isUp(0));
    sendFrame(a.bus, ROOM, TO_1, "there again");
    a.bus.flush();
    network.deliver();
    assert.deepEqual([b.journal.textsOf(0), lostOf(b)], [["there again"], 1]);
  },
});

Deno.test({
  name: "B467: where one direction alone is cut, who is not heard sends no frames",
  permissions: "none",
  fn() {
    const { nodes, network, a, b } = directPair();
    network.change = (waiting) => waiting.filter(({ to }) => to !== b.name);
    nodes.advance(UNHEARD_MS + 2 * DIRECT_TICK_MS);
    assert.deepEqual([a.bus.isUp(1), b.bus.isUp(0)], [false, false]);
    assert.ok(a.bus.peer(1)?.isHeard(nodes.clock.now()), "b is heard, and says that it hears nothing");
    network.change = (waiting) => waiting;
    nodes.advance(DIRECT_TICK_MS);
    assert.deepEqual([a.bus.isUp(1), b.bus.isUp(0)], [true, true]);
  },
});

Deno.test({
  name: "B454: that the way to a node is lost is told once for each time, of that node, and not where it is let go of",
  permissions: "none",
  fn() {
    const { nodes, network, a } = directPair();
    nodes.open(2);
    const lost: string[] = [];
    a.bus.deliverTo(Object.assign(a.journal, {
      handleWayLost: (node: number, nowMs: number) =>
        lost.push(`${node} at ${nowMs - beganMs}, up: ${a.bus.isUp(node)}`),
    }));
    const beganMs = nodes.clock.now();
    network.change = (waiting) =>
      waiting.filter(({ from, to }) => [from, to].every((name) => !name.startsWith("node-1")));
    nodes.advance(60_000);
    assert.deepEqual(lost, [`1 at ${UNHEARD_MS}, up: false`]);
    network.change = (waiting) => waiting;
    nodes.advance(DIRECT_TICK_MS);
    // Here it is told by the other one that it hears nothing.
    network.change = (waiting) => waiting.filter(({ to }) => !to.startsWith("node-1"));
    nodes.advance(60_000);
    assert.equal(lost.length, 2);
    network.change = (waiting) => waiting;
    nodes.advance(DIRECT_TICK_MS);
    a.bus.closePeer(1);
    a.bus.closePeer(2);
    assert.equal(lost.length, 2);
  },
});

Deno.test({
  name: "B453: a node is told whether another one is cut off from news, whatever else it is told, newly met or not",
  permissions: "none",
  fn() {
    const { nodes, a, b } = directPair();
    const says = (node: typeof a, alias: number) => node.bus.peer(alias)?.isCutOff;
    assert.deepEqual([says(a, 1), says(b, 0)], [false, false]);
    a.bus.isCutOff = true;
    nodes.advance(DIRECT_TICK_MS);
    assert.deepEqual([says(a, 1), says(b, 0)], [false, true]);
    const c = nodes.open(2);
    nodes.advance(DIRECT_TICK_MS);
    assert.deepEqual([says(c, 0), says(c, 1)], [true, false]);
    assert.ok(a.bus.isUp(1) && b.bus.isUp(0) && c.bus.isUp(0));
    a.bus.isCutOff = false;
    nodes.advance(DIRECT_TICK_MS);
    assert.deepEqual([says(b, 0), says(c, 0)], [false, false]);
  },
});

Deno.test({
  name: "B455: when a node was up last is known, and not when it was only heard",
  permissions: "none",
  fn() {
    const { nodes, network, a, b } = directPair();
    nodes.advance(5000);
    assert.equal(a.bus.peer(1)?.upMs, nodes.clock.now());
    const cutMs = nodes.clock.now();
    network.change = (waiting) => waiting.filter(({ to }) => to !== b.name);
    nodes.advance(60_000);
    assert.equal(b.bus.peer(0)?.upMs, cutMs);
    const upMs = a.bus.peer(1)?.upMs ?? Infinity;
    assert.ok(
      upMs < cutMs + UNHEARD_MS && a.bus.peer(1)?.isHeard(nodes.clock.now()),
      "it says that it does not hear us",
    );
  },
});

Deno.test({
  name: "B466: of several addresses each is tried in turn until the node hears us; then that one stays",
  permissions: "none",
  fn() {
    const nodes = new DirectNodes();
    const { network } = nodes;
    const [a, b] = [nodes.start(0), nodes.start(1)];
    nodes.tell(a, b, ["192.0.2.1", "192.0.2.2", b.name]);
    nodes.tell(b, a, ["192.0.2.3", a.name]);
    nodes.advance(3 * DIRECT_TICK_MS);
    assert.ok(a.bus.isUp(1) && b.bus.isUp(0));
    network.sent.length = 0;
    nodes.advance(5000);
    assert.deepEqual(new Set(network.sent.map(({ to }) => to)), new Set([a.name, b.name]));
    // It has moved.
    const socket = network.open("moved", {
      handleDatagram: (...args) => b.bus.handleDatagram(...args),
      endBatch: () => b.bus.endBatch(),
    });
    a.bus.peer(1)?.moveTo([{ hostname: "moved", port: socket.port }]);
    sendFrame(a.bus, ROOM, TO_1, "to its new address");
    a.bus.flush();
    network.deliver();
    assert.equal(network.sent.at(-1)?.to, "moved");
    assert.deepEqual(b.journal.textsOf(0), ["to its new address"]);
    a.bus.peer(1)?.moveTo(["192.0.2.9", "moved"].map((hostname) => ({ hostname, port: 1 })));
    sendFrame(a.bus, ROOM, TO_1, "where it was");
    a.bus.flush();
    assert.equal(network.sent.at(-1)?.to, "moved");
  },
});

Deno.test({
  name: "B468: a node that starts again is another one: what the one before had sealed is a stranger's",
  permissions: "none",
  fn() {
    const { nodes, network, a, b } = directPair();
    for (let i = 0; i < 5; i++) sendFrame(a.bus, ROOM, TO_1, numbered(i, 100));
    sendFrame(b.bus, ROOM, TO_0, numbered(0, 100));
    a.bus.flush();
    b.bus.flush();
    const recorded = [...network.sent];
    network.deliver();
    b.bus.close();
    const second = nodes.open(1);
    const before = second.bus.datagrams.strangers;
    for (const { bytes } of recorded) network.inject(second.name, bytes);
    network.deliver();
    assert.equal(second.bus.datagrams.strangers - before, recorded.length);
    sendFrame(a.bus, ROOM, TO_1, numbered(9, 100));
    sendFrame(second.bus, ROOM, TO_0, numbered(9, 100));
    a.bus.flush();
    second.bus.flush();
    network.deliver();
    assert.deepEqual([numbersOf(second), numbersOf(a)], [[9], [0, 9]]);
    assert.deepEqual([lostOf(second), lostOf(a)], [0, 0]);
  },
});
