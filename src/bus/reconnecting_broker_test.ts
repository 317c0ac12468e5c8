import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { withBrokerLog } from "../../tests/harness/broker_log.ts";
import { FakeConnector, type FakeLink } from "../../tests/harness/fake_link.ts";
import { VirtualClock } from "../../tests/harness/virtual_clock.ts";
import { CONNECT_TIMEOUT_MS, ReconnectingBroker, type ReconnectingBrokerOptions } from "./reconnecting_broker.ts";

const BYTE = new Uint8Array(1);
const REFUSED = { failure: "connection refused", isRefusal: false };

interface Scene {
  readonly clock: VirtualClock;
  readonly connector: FakeConnector;
  readonly broker: ReconnectingBroker;
  readonly changes: boolean[];
  /** Lets time pass, and what was promised come. Links answer, unless `silent`. */
  advance(ms: number, silent?: "silent"): Promise<void>;
  /** Closes the broker, and answers. */
  close(): Promise<void>;
}

type SceneOptions = Partial<ReconnectingBrokerOptions> & Partial<Pick<FakeConnector, "outcome">>;

/** Opens a broker that is there, or, by `outcome`, one that is not. */
async function open({ outcome = "link", ...options }: SceneOptions = {}): Promise<Scene> {
  const [clock, connector, changes] = [new VirtualClock(), new FakeConnector(), new Array<boolean>()];
  connector.outcome = outcome;
  const opening = ReconnectingBroker.open({
    name: "nats://broker:4222",
    connect: connector.connect,
    timers: clock,
    random: { uint32: () => 0 },
    ...options,
  });
  await setImmediate();
  if (outcome === "link") connector.link.answer();
  if (outcome === "hang") clock.advance(CONNECT_TIMEOUT_MS);
  const broker = await opening;
  broker.onChange((isConnected) => changes.push(isConnected));
  const advance = async (ms: number, silent?: "silent") => {
    for (let left = ms; left > 0; left -= 100) {
      clock.advance(Math.min(100, left));
      await setImmediate();
      if (silent === undefined) { for (const link of connector.links) link.answer(); }
    }
  };
  const close = async () => {
    const closing = broker.close();
    for (const link of connector.links) link.answer();
    await closing;
    assert.deepEqual([connector.links.every(({ isClosed }) => isClosed), clock.pendingCount], [true, 0]);
  };
  return { clock, connector, broker, changes, advance, close };
}

/** Publishes until that is refused, `limit` times at most; how often it was taken. */
function publishAll({ broker }: Scene, message: Uint8Array, limit: number): number {
  let taken = 0;
  while (taken < limit && broker.publish("room.a", message)) taken++;
  return taken;
}

Deno.test({
  name: "B424: a broker counts as connected once it has answered behind the subscriptions",
  permissions: "none",
  async fn() {
    const { connector, broker, changes, advance, close } = await open({ outcome: REFUSED });
    assert.deepEqual([broker.isConnected, changes], [false, []]);
    broker.subscribe("room.a", () => {});
    broker.subscribe("room.a", () => {});
    broker.subscribe("room.b", () => {}).close();
    connector.outcome = "link";
    await advance(200, "silent");
    broker.subscribe("room.c", () => {});
    assert.deepEqual(connector.link.said, ["subscribe room.a", "subscribe room.c"]);
    assert.deepEqual([broker.isConnected, broker.publish("room.a", BYTE), changes], [false, false, []]);
    connector.link.answer();
    assert.deepEqual([broker.isConnected, broker.publish("room.a", BYTE), changes], [true, true, [true]]);
    assert.equal(broker.counters.reconnects, 0);
    await close();
  },
});

Deno.test({
  name: "B425: attempts follow each other by the back-off, and one that hangs has failed after 3 s",
  permissions: "none",
  async fn() {
    const { connector, broker, advance, close } = await open({ outcome: "hang" });
    assert.deepEqual([connector.attempts, broker.isConnected], [1, false]);
    assert.equal(connector.signals[0].aborted, true, "it is broken off");
    connector.outcome = REFUSED;
    const counts: number[] = [];
    for (const ms of [200, 400, 800, 1600, 2000, 2000]) {
      await advance(ms - 1);
      counts.push(connector.attempts);
      await advance(1);
    }
    assert.deepEqual(counts, [1, 2, 3, 4, 5, 6]);
    connector.release();
    await setImmediate();
    assert.equal(connector.link.isClosed, true, "what comes of the first attempt is too late");
    assert.equal(broker.isConnected, false);
    await close();
  },
});

Deno.test({
  name: "B425: a link that is made and does not answer is no link, and nor is one that is lost before it does",
  permissions: "none",
  async fn() {
    const { connector, changes, advance, close } = await open({ outcome: REFUSED });
    connector.outcome = "link";
    await advance(200 + CONNECT_TIMEOUT_MS, "silent");
    const [first] = connector.links;
    await advance(400, "silent");
    const [, second] = connector.links;
    second.sink.handleLost("cut");
    first.answer();
    second.answer();
    await advance(799, "silent");
    assert.deepEqual([first.isClosed, second.isClosed, connector.links.length, changes], [true, true, 2, []]);
    await advance(100);
    assert.deepEqual([connector.links.length, changes], [3, [true]]);
    await close();
  },
});

Deno.test({
  name: "B425: a connection that is lost within 5 s counts as one more failure, one that has held as the first",
  permissions: "none",
  async fn() {
    const { connector, broker, advance, close } = await open();
    const waits: number[] = [];
    for (const heldMs of [0, 1000, 4000, 6000, 0]) {
      await advance(heldMs);
      const { attempts } = connector;
      connector.link.sink.handleLost("cut");
      let waitedMs = 0;
      for (; connector.attempts === attempts; waitedMs += 100) await advance(100);
      waits.push(waitedMs);
    }
    assert.deepEqual(waits, [200, 400, 800, 200, 400]);
    assert.equal(broker.counters.reconnects, 5);
    await close();
  },
});

Deno.test({
  name: "B426: a broker that answers nothing for 4 s is given up, and what waited is counted as dropped",
  permissions: "none",
  async fn() {
    const { connector, broker, changes, advance, close } = await open();
    const { link } = connector;
    await advance(1000);
    assert.equal(broker.publish("room.a", BYTE), true);
    await advance(4900, "silent");
    assert.deepEqual([broker.isConnected, link.unansweredPings], [true, 1]);
    await advance(100, "silent");
    assert.deepEqual([broker.isConnected, link.isClosed, changes], [false, true, [false]]);
    assert.deepEqual([broker.counters.published, broker.counters.dropped], [1, 1]);
    link.answer();
    await advance(1000);
    assert.deepEqual(changes, [false, true]);
    await close();
  },
});

Deno.test({
  name: "B426: a process that was stopped for minutes gives nothing up before it has looked four times",
  permissions: "none",
  async fn() {
    let nowMs = 0;
    let fire = () => {};
    const timers = {
      now: () => nowMs,
      setTimeout: (callback: () => void) => {
        fire = callback;
        return 1;
      },
      clearTimeout() {},
    };
    const { changes, close } = await open({ timers });
    fire();
    for (let look = 1; look <= 4; look++) {
      assert.deepEqual(changes, []);
      nowMs += 300_000;
      fire();
    }
    assert.deepEqual(changes, [false]);
    await close();
  },
});

Deno.test({
  name: "B423: what waits is bounded, and there is room again for what the broker has answered for",
  permissions: "none",
  async fn() {
    const scene = await open({ maxWaitingMessages: 1000, maxWaitingBytes: 1_000_000 });
    const { connector: { link }, broker } = scene;
    assert.equal(publishAll(scene, BYTE, 5000), 1000);
    assert.equal(link.unansweredPings, 1);
    link.answer();
    assert.equal(publishAll(scene, BYTE, 5000), 64, "those of which the first ping told, and no more");
    link.answer();
    link.answer();
    assert.equal(link.unansweredPings, 0);
    assert.equal(publishAll(scene, new Uint8Array(12_000), 5000), 83);
    assert.equal(broker.counters.dropped, 3);
    link.answer();
    link.takes = false;
    assert.equal(broker.publish("room.a", BYTE), false, "what the link refuses does not wait");
    await scene.close();
  },
});

Deno.test({
  name: "B423: a broker that is far away carries what is sent between two of its answers",
  permissions: "none",
  async fn() {
    const scene = await open();
    const { connector: { link }, broker } = scene;
    for (let round = 0; round < 200; round++) {
      assert.equal(publishAll(scene, new Uint8Array(12_000), 300), 300);
      link.answer();
    }
    assert.deepEqual([broker.counters.published, broker.counters.dropped], [60_000, 0]);
    await scene.close();
  },
});

Deno.test({
  name: "B430: while the broker is away for an hour nothing grows: one timer, no link, and what is subscribed",
  permissions: "none",
  async fn() {
    const { clock, connector, broker, changes, advance, close } = await open();
    broker.subscribe("room.a", () => {});
    connector.outcome = REFUSED;
    connector.link.sink.handleLost("cut");
    const lines = await withBrokerLog(async () => {
      for (let second = 0; second < 3600; second++) {
        for (let i = 0; i < 10; i++) assert.equal(broker.publish("room.a", BYTE), false);
        broker.subscribe("room.b", () => {}).close();
        clock.advance(1000);
        await setImmediate();
        assert.ok(clock.pendingCount === 1);
      }
    });
    assert.deepEqual([connector.links.length, changes], [1, [false]]);
    assert.ok(connector.attempts > 1700 && connector.attempts < 3600, `${connector.attempts}`);
    assert.deepEqual(lines, ["warning: nats://broker:4222 is away, trying again: connection refused"]);
    connector.outcome = "link";
    await advance(2000);
    assert.deepEqual(changes, [false, true]);
    assert.deepEqual(connector.link.said, ["subscribe room.a"]);
    await close();
  },
});

Deno.test({
  name:
    "B428: that a broker refuses us is told once as an error, and again where it is for another reason; complaints once a second",
  permissions: "none",
  async fn() {
    const lines = await withBrokerLog(async () => {
      const { connector, advance, close } = await open({
        outcome: { failure: "wrong password", isRefusal: true },
      });
      await advance(60_000);
      connector.outcome = { failure: "no such user", isRefusal: true };
      await advance(60_000);
      connector.outcome = "link";
      await advance(2000);
      for (let second = 0; second < 3; second++) {
        connector.link.sink.handleComplaint("room.a is not for you");
        await advance(1000);
      }
      for (const room of ["b", "c", "d"]) connector.link.sink.handleComplaint(`room.${room} is not for you`);
      await close();
    });
    assert.deepEqual(lines, [
      "error: nats://broker:4222 refuses us, trying again: wrong password",
      "error: nats://broker:4222 refuses us, trying again: no such user",
      "info: connected to nats://broker:4222",
      "error: nats://broker:4222 complains: room.a is not for you",
      "error: nats://broker:4222 complains: room.b is not for you",
    ]);
  },
});

Deno.test({
  name: "B433: it closes when the broker has all that was published, or after a second, in whatever state it is",
  permissions: "none",
  async fn() {
    const closeIn = async (scene: Scene, meanwhile: (link: FakeLink) => void) => {
      const closing = scene.broker.close();
      await setImmediate();
      meanwhile(scene.connector.link);
      await closing;
      assert.deepEqual([scene.clock.pendingCount, scene.changes], [0, []]);
      return scene;
    };
    const sent = await closeIn(await open(), (link) => {
      assert.equal(link.isClosed, false);
      link.answer();
    });
    assert.equal(sent.connector.link.isClosed, true);
    sent.connector.link.sink.handleMessage("room.a", BYTE);
    sent.connector.link.sink.handleLost("cut");
    sent.connector.link.sink.handleComplaint("late");
    assert.equal(sent.clock.pendingCount, 0);
    const silent = await open();
    await closeIn(silent, () => silent.clock.advance(1000));
    assert.equal(silent.connector.link.isClosed, true);
    await closeIn(await open({ outcome: REFUSED }), () => {});
    const hanging = await open({ outcome: "hang" });
    await hanging.advance(200);
    await closeIn(hanging, () => {});
    assert.deepEqual(hanging.connector.signals.map(({ aborted }) => aborted), [true, true]);
    hanging.connector.release();
    await setImmediate();
    assert.equal(hanging.connector.links.every(({ isClosed }) => isClosed), true);
  },
});

Deno.test({
  name: "B433: who is told that it is away may close it, and nothing goes on",
  permissions: "none",
  async fn() {
    const { clock, connector, broker, advance } = await open();
    const closed: Promise<void>[] = [];
    broker.onChange(() => closed.push(broker.close()));
    connector.link.sink.handleLost("cut");
    await advance(10_000);
    assert.deepEqual([closed.length, connector.attempts, clock.pendingCount], [1, 1, 0]);
    await Promise.all(closed);
  },
});
