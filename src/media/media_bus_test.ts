import assert from "node:assert/strict";
import { SLOT_SIZE } from "../webrtc/datagram.ts";
import { BusCounters, MAX_FRAME_LENGTH, MAX_NODES } from "./media_bus.ts";

Deno.test({
  name: "a set of all nodes is a number that is not negative, and another one than any set with one of them left out",
  permissions: "none",
  fn() {
    const bits = Array.from({ length: MAX_NODES }, (_, node) => 1 << node);
    const all = bits.reduce((set, bit) => set | bit);
    assert.ok(all > 0);
    assert.equal(new Set(bits.map((bit) => all & ~bit)).size, MAX_NODES);
  },
});

Deno.test({
  name: "a frame has room for the longest datagram and 32 bytes, and counters begin with nothing",
  permissions: "none",
  fn() {
    assert.equal(MAX_FRAME_LENGTH, SLOT_SIZE + 32);
    assert.deepEqual(new Set(Object.values(new BusCounters())), new Set([0]));
  },
});
