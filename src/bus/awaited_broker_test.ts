import assert from "node:assert/strict";
import { AwaitedBroker } from "./awaited_broker.ts";
import type { Broker } from "./broker.ts";
import { MemoryBrokerNetwork } from "./memory_broker.ts";

const test = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });
const message = Uint8Array.of(1);

function open() {
  const network = new MemoryBrokerNetwork();
  const opening = Promise.withResolvers<Broker>();
  const awaited = new AwaitedBroker(opening.promise);
  const changes: boolean[] = [];
  awaited.onChange((isConnected) => changes.push(isConnected));
  return { network, awaited, changes, opening };
}

/** Waits until all that is due in microtasks is done. */
const settle = () =>
  new Promise<void>((resolve) => queueMicrotask(() => queueMicrotask(() => queueMicrotask(resolve))));

test("B443: a broker that is not there yet is as one that is away; what was subscribed to comes once it is there", async () => {
  const { network, awaited, changes, opening } = open();
  const received: string[] = [];
  awaited.subscribe("a", () => received.push("a"));
  awaited.subscribe("b", () => received.push("b")).close();
  const late = awaited.subscribe("c", () => received.push("c"));
  assert.deepEqual([awaited.isConnected, awaited.publish("a", message), awaited.counters.dropped], [false, false, 1]);
  const broker = network.open();
  opening.resolve(broker);
  await settle();
  assert.deepEqual([awaited.isConnected, changes, received], [true, [true], []]);
  for (const subject of ["a", "b", "c"]) assert.ok(awaited.publish(subject, message));
  await settle();
  assert.deepEqual(received, ["a", "c"]);
  late.close();
  const behind = awaited.subscribe("d", () => received.push("d"));
  for (const subject of ["c", "d"]) awaited.publish(subject, message);
  await settle();
  behind.close();
  assert.deepEqual(received, ["a", "c", "d"]);
  network.takeAway();
  assert.deepEqual([awaited.isConnected, changes, awaited.publish("a", message)], [false, [true, false], false]);
  assert.deepEqual(awaited.counters, { published: 5, received: 3, dropped: 2, reconnects: 0 });
  await awaited.close();
});

test("B443: one that is closed before the broker is there closes that, and is told of nothing", async () => {
  const { network, awaited, changes, opening } = open();
  const received: string[] = [];
  awaited.subscribe("a", () => received.push("a"));
  const closed = awaited.close();
  awaited.subscribe("a", () => received.push("late"));
  const broker = network.open();
  opening.resolve(broker);
  await closed;
  assert.equal(broker.publish("a", message), false);
  network.open().publish("a", message);
  await settle();
  assert.deepEqual([changes, received], [[], []]);
});
