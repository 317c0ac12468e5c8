import assert from "node:assert/strict";
import { brokerContract } from "../../tests/harness/broker_contract.ts";
import { VirtualClock } from "../../tests/harness/virtual_clock.ts";
import { MemoryBrokerNetwork } from "./memory_broker.ts";

brokerContract("in memory", {
  permissions: "none",
  open() {
    const network = new MemoryBrokerNetwork();
    return {
      open: (limits) => Promise.resolve(network.open(limits)),
      takeAway: () => network.takeAway(),
      bringBack: () => network.bringBack(),
      holdUp: () => network.holdUp(),
      goOn: () => network.goOn(),
      close() {},
    };
  },
});

Deno.test({
  name: "a broker in memory delivers when it is told to, and a node that comes while it is away is connected later",
  permissions: "none",
  fn() {
    const clock = new VirtualClock();
    const network = new MemoryBrokerNetwork({ defer: (callback) => void clock.setTimeout(callback, 20) });
    network.takeAway();
    network.takeAway();
    const broker = network.open();
    const told: unknown[] = [];
    broker.onChange((isConnected) => told.push(isConnected));
    broker.subscribe("room.a", (message) => told.push([...message]));
    assert.equal(broker.publish("room.a", Uint8Array.of(1)), false);
    network.bringBack();
    network.bringBack();
    broker.publish("room.a", Uint8Array.of(2));
    clock.advance(19);
    assert.deepEqual(told, [true]);
    clock.advance(1);
    assert.deepEqual(told, [true, [2]]);
    assert.deepEqual(broker.counters, { published: 1, received: 1, dropped: 1, reconnects: 0 });
  },
});

Deno.test({
  name: "what was on its way when a broker in memory was taken away is lost, and counted",
  permissions: "none",
  async fn() {
    const network = new MemoryBrokerNetwork();
    const [a, b] = [network.open(), network.open()];
    const received: number[] = [];
    b.subscribe("room.a", ([byte]) => {
      received.push(byte);
      network.takeAway();
    });
    a.publish("room.a", Uint8Array.of(1));
    a.publish("room.a", Uint8Array.of(2));
    await Promise.resolve();
    network.bringBack();
    await Promise.resolve();
    assert.deepEqual(received, [1]);
    assert.deepEqual(a.counters, { published: 2, received: 0, dropped: 1, reconnects: 1 });
  },
});
