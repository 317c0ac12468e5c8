import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { Bottleneck } from "./bottleneck.ts";
import { VirtualClock } from "./virtual_clock.ts";

/** A bottleneck of 8,000 bits per second, a byte each millisecond, and what left it: length and time. */
function bottleneck(bandwidth = 8_000, queueBytes = Infinity) {
  const clock = new VirtualClock(1000);
  const left: [number, number][] = [];
  const neck = new Bottleneck(clock, (bytes, atMs) => left.push([bytes.length, atMs]));
  neck.configure(bandwidth, queueBytes);
  const send = (...lengths: number[]) => lengths.forEach((length) => neck.send(new Uint8Array(length)));
  return { clock, left, neck, send };
}

Deno.test({
  name: "datagrams leave one after the other at the capacity, and wait meanwhile",
  permissions: "none",
  fn() {
    const { clock, left, neck, send } = bottleneck();
    send(100, 50, 25);
    strictEqual(neck.queuedBytes, 175);
    clock.advance(149);
    deepStrictEqual(left, [[100, 1100]]);
    strictEqual(neck.queuedBytes, 75);
    clock.advance(26);
    deepStrictEqual(left.slice(1), [[50, 1150], [25, 1175]]);
    strictEqual(clock.pendingCount, 0);
    clock.advance(100);
    send(10);
    clock.advance(10);
    deepStrictEqual(left.at(-1), [10, 1285]);
  },
});

Deno.test({
  name: "what does not fit into the queue is dropped, what fits beside it is not",
  permissions: "none",
  fn() {
    const { clock, left, neck, send } = bottleneck(8_000, 100);
    send(60, 50, 40, 1);
    strictEqual(neck.overflowed, 2);
    strictEqual(neck.queuedBytes, 100);
    clock.advance(100);
    deepStrictEqual(left.map(([length]) => length), [60, 40]);
    send(500);
    clock.advance(500);
    deepStrictEqual(left.at(-1), [500, 1600], "an empty queue takes a datagram of any size");
  },
});

Deno.test({
  name: "a change of capacity holds for the rest of the datagram that is just leaving",
  permissions: "none",
  fn() {
    const { clock, left, neck, send } = bottleneck();
    send(100, 100);
    clock.advance(50);
    neck.configure(16_000, Infinity);
    clock.advance(75);
    deepStrictEqual(left, [[100, 1075], [100, 1125]]);
  },
});

Deno.test({
  name: "without capacity nothing leaves, and with an unlimited one everything does at once",
  permissions: "none",
  fn() {
    const { clock, left, neck, send } = bottleneck(0);
    send(10, 20);
    clock.advance(1000);
    deepStrictEqual(left, []);
    strictEqual(clock.pendingCount, 0);
    neck.configure(Infinity, Infinity);
    deepStrictEqual(left, [[10, 2000], [20, 2000]]);
    send(30);
    deepStrictEqual(left.at(-1), [30, 2000]);
  },
});

Deno.test({
  name: "a timer that fires late costs no capacity",
  permissions: "none",
  fn() {
    const left: number[] = [];
    let nowMs = 0;
    let fire = () => {};
    const setTimeout = (callback: () => void) => {
      fire = callback;
      return 1;
    };
    const neck = new Bottleneck({ now: () => nowMs, setTimeout, clearTimeout: () => {} }, (_, atMs) => left.push(atMs));
    neck.configure(8_000, Infinity);
    for (let i = 0; i < 4; i++) neck.send(new Uint8Array(10));
    nowMs = 35;
    fire();
    deepStrictEqual(left, [10, 20, 30]);
  },
});
