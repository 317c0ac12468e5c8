import assert from "node:assert/strict";
import { busContract } from "../../tests/harness/bus_contract.ts";
import { BusJournal, sendFrame } from "../../tests/harness/bus_journal.ts";
import { VirtualClock } from "../../tests/harness/virtual_clock.ts";
import type { BusReceiver } from "../media/media_bus.ts";
import { MAX_QUEUED_FRAMES, MemoryNetwork } from "./memory_bus.ts";

busContract("in one isolate", {
  open() {
    const network = new MemoryNetwork(() => 0);
    return { open: (node) => network.open(node), settle: () => Promise.resolve() };
  },
});

const ROOM = "room";
const TO_0 = 1 << 0;
const TO_1 = 1 << 1;

/** Nodes 0 and 1 in one room. */
function open() {
  const clock = new VirtualClock();
  const network = new MemoryNetwork(() => clock.now());
  const nodes = [0, 1].map((node) => {
    const bus = network.open(node);
    const journal = new BusJournal();
    bus.deliverTo(journal);
    bus.join(ROOM);
    return { bus, journal };
  });
  return { clock, network, a: nodes[0], b: nodes[1] };
}

Deno.test({
  name: "in one isolate what is flushed is there when flush returns, with the time of the clock",
  permissions: "none",
  fn() {
    const { clock, a, b } = open();
    const times: number[] = [];
    b.bus.deliverTo({
      handleFrame: (_from, _bytes, _length, nowMs) => times.push(nowMs),
      handleLoss() {},
      endBatch: (nowMs) => times.push(nowMs),
    });
    clock.advance(5);
    sendFrame(a.bus, ROOM, TO_1, "frame");
    assert.deepEqual(times, []);
    a.bus.flush();
    assert.deepEqual(times, [clock.now(), clock.now()]);
  },
});

Deno.test({
  name: "what is flushed while frames are delivered comes behind them, not in their midst",
  permissions: "none",
  fn() {
    const { a, b } = open();
    const order: string[] = [];
    const answering: BusReceiver = {
      handleFrame(_from, bytes) {
        order.push(`b gets ${bytes[0]}`);
        sendFrame(b.bus, ROOM, TO_0, Uint8Array.of(bytes[0] + 10));
        b.bus.flush();
      },
      handleLoss() {},
      endBatch: () => order.push("b's batch ends"),
    };
    b.bus.deliverTo(answering);
    a.bus.deliverTo({
      handleFrame: (_from, bytes) => order.push(`a gets ${bytes[0]}`),
      handleLoss() {},
      endBatch: () => order.push("a's batch ends"),
    });
    sendFrame(a.bus, ROOM, TO_1, Uint8Array.of(1));
    sendFrame(a.bus, ROOM, TO_1, Uint8Array.of(2));
    a.bus.flush();
    assert.deepEqual(order, ["b gets 1", "b gets 2", "b's batch ends", "a gets 11", "a gets 12", "a's batch ends"]);
  },
});

Deno.test({
  name: "B371: what nobody flushes is kept up to a bound; what is beyond that is refused and counted",
  permissions: "none",
  fn() {
    const { a, b } = open();
    for (let i = 0; i < MAX_QUEUED_FRAMES; i++) assert.ok(sendFrame(a.bus, ROOM, TO_1, "kept"));
    assert.equal(sendFrame(a.bus, ROOM, TO_1, "refused"), false);
    a.bus.flush();
    assert.equal(b.journal.frames.length, MAX_QUEUED_FRAMES);
    assert.ok(b.journal.textsOf(0).every((text) => text === "kept"));
    assert.deepEqual([a.bus.counters.framesSent, a.bus.counters.dropped], [MAX_QUEUED_FRAMES, 1]);
    assert.ok(sendFrame(a.bus, ROOM, TO_1, "there is room again"));
  },
});

Deno.test({
  name: "a node's number is free again when the node is closed, and not before; there are no others than 0 to 30",
  permissions: "none",
  fn() {
    const { network, a, b } = open();
    assert.throws(() => network.open(1), RangeError);
    for (const node of [-1, 31, 0.5]) assert.throws(() => network.open(node), RangeError);
    sendFrame(b.bus, ROOM, TO_0, "not flushed");
    b.bus.close();
    const again = network.open(1);
    const journal = new BusJournal();
    again.deliverTo(journal);
    again.join(ROOM);
    b.bus.flush();
    b.bus.close();
    sendFrame(a.bus, ROOM, TO_1, "to the new one");
    a.bus.flush();
    assert.deepEqual(journal.textsOf(0), ["to the new one"]);
    assert.deepEqual([a.journal.frames, b.journal.frames], [[], []]);
  },
});
