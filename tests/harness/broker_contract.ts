import assert from "node:assert/strict";
import { type Broker, MAX_BROKER_MESSAGE } from "../../src/bus/broker.ts";
import { Journal } from "./journal.ts";
import { randomSeed } from "./random_seed.ts";
import { seededRandom } from "./seeded_random.ts";

/** What may wait to be sent, in messages and bytes. */
export interface WaitingLimits {
  readonly maxWaitingMessages?: number;
  readonly maxWaitingBytes?: number;
}

/** A broker under test, which is there. */
export interface BrokerBackend {
  /** Connects one more node. */
  open(limits?: WaitingLimits): Promise<Broker>;
  /** Kills it. */
  takeAway(): Promise<void> | void;
  bringBack(): Promise<void> | void;
  /** Stops it without ending a connection, and has it go on. */
  holdUp(): void;
  goOn(): void;
  /** When all nodes are closed. */
  close(): Promise<void> | void;
}

export interface BrokerContractOptions {
  readonly open: () => Promise<BrokerBackend> | BrokerBackend;
  readonly permissions: Deno.PermissionOptions;
  readonly ignore?: boolean;
}

/** One node and what has come to it. */
class Node {
  readonly broker: Broker;
  readonly received = new Journal<string>();
  readonly changes = new Journal<boolean>();

  constructor(broker: Broker) {
    this.broker = broker;
    broker.onChange((isConnected) => this.changes.add(isConnected));
  }

  /** Notes what comes, one character for each byte. */
  take(subject: string, prefix = "") {
    return this.broker.subscribe(subject, (message) => this.received.add(prefix + textOf(message)));
  }

  send(subject: string, message: string | Uint8Array): boolean {
    return this.broker.publish(subject, typeof message === "string" ? encoder.encode(message) : message);
  }

  /** Until the broker has all that this node has said so far: what it says then comes behind that. */
  async settle(): Promise<void> {
    const came = new Journal<true>();
    const subject = `barrier.${nextBarrier++}`;
    const subscription = this.broker.subscribe(subject, () => came.add(true));
    assert.equal(this.send(subject, ""), true);
    await came.reach(1, "the broker answers");
    subscription.close();
  }
}

interface Scene {
  readonly backend: BrokerBackend;
  open(limits?: WaitingLimits): Promise<Node>;
}

const encoder = new TextEncoder();
let nextBarrier = 0;

/** What every broker must do, as tests. */
export function brokerContract(name: string, { open, permissions, ignore = false }: BrokerContractOptions): void {
  const contract = (behaviour: string, check: (scene: Scene) => Promise<void>) =>
    Deno.test({
      name: `broker ${name}: ${behaviour}`,
      permissions,
      ignore,
      fn: async () => await withScene(await open(), check),
    });

  contract("B420: a message reaches all who are subscribed to its subject, itself included, once", reachesAll);
  contract("B420: messages of one node to one subject arrive in order and whole, of any length and content", inOrder);
  contract("B420: what is published is what the array held then, and nobody has it before publish returns", copies);
  contract("B421: a subscription gets nothing once it is closed, and others of its subject go on", closesSubscription);
  contract("B421: who subscribes again gets what is published from then on", subscribesAgain);
  contract("B421: a receiver that throws takes nothing from others, nor from itself", survivesThrowing);
  contract("B422: what is no subject, too long, or said to a broker that is closed is refused and counted", refuses);
  contract("B423: where the broker takes nothing, what waits is bounded; it goes on in its order", boundsMessages);
  contract("B423: what waits is bounded in bytes as well", boundsBytes);
  contract("B424: while the broker is away all is refused and counted; back, all is as before", comesBack);
  contract("B424: what is subscribed to and closed while the broker is away counts when it is back", subscribesAway);
  contract("B433: what was published before it is closed is sent, and nothing is told any more", closes);
}

async function withScene(backend: BrokerBackend, check: (scene: Scene) => Promise<void>): Promise<void> {
  const nodes: Node[] = [];
  const open = async (limits?: WaitingLimits) => {
    const node = new Node(await backend.open(limits));
    nodes.push(node);
    return node;
  };
  try {
    await check({ backend, open });
  } finally {
    backend.goOn();
    await Promise.all(nodes.map(({ broker }) => broker.close()));
    await backend.close();
  }
}

function textOf(message: Uint8Array): string {
  return String.fromCharCode(...message);
}

async function reachesAll({ open }: Scene): Promise<void> {
  const [a, b, c] = [await open(), await open(), await open()];
  for (const node of [a, b]) node.take("room.one");
  b.take("room.one", "again: ");
  c.take("room.two");
  c.take("room");
  c.take("room.one.more");
  for (const node of [a, b, c]) await node.settle();
  assert.equal(a.send("room.one", "to all"), true);
  assert.equal(a.send("room.two", "to one"), true);
  assert.equal(a.send("room.three", "to nobody"), true);
  await a.received.reach(1, "itself");
  await b.received.reach(2, "both");
  await c.received.reach(1, "the other subject");
  for (const node of [a, b, c]) await node.settle();
  assert.deepEqual(a.received.entries, ["to all"]);
  assert.deepEqual(b.received.entries.toSorted(), ["again: to all", "to all"]);
  assert.deepEqual(c.received.entries, ["to one"]);
  assert.equal(b.broker.counters.received, 2 + 2, "with what settled it");
  assert.equal(a.broker.counters.published, 3 + 2);
}

async function inOrder({ open }: Scene): Promise<void> {
  const seed = randomSeed();
  const random = seededRandom(seed);
  const [a, b] = [await open(), await open()];
  const received = new Journal<Uint8Array>();
  b.broker.subscribe("media.a", (message) => {
    const copy = message.slice();
    assert.notEqual(copy.buffer, message.buffer, "slice copies, as that of a Buffer does not");
    received.add(copy);
  });
  await b.settle();
  const lengths = [0, 1, 2, 1000, 65_535, 65_536, MAX_BROKER_MESSAGE - 1, MAX_BROKER_MESSAGE];
  for (let i = 0; i < 100; i++) lengths.push(random.uint32() % 20_000);
  const messages = lengths.map((length) => Uint8Array.from({ length }, () => random.uint32()));
  messages.push(encoder.encode("\r\nPUB media.a 1\r\nx\r\nPING\r\n*1\r\n$4\r\nQUIT\r\n"));
  for (const message of messages) assert.equal(a.send("media.a", message), true);
  await received.reach(messages.length, "a message");
  await b.settle();
  assert.equal(received.entries.length, messages.length);
  for (const [i, message] of messages.entries()) {
    assert.ok(Buffer.from(message).equals(received.entries[i]), `message ${i}, seed ${seed}`);
  }
}

async function copies({ open }: Scene): Promise<void> {
  const a = await open();
  a.take("room.a");
  await a.settle();
  const bytes = encoder.encode("as it was");
  const whole = encoder.encode("[a part of it]");
  a.send("room.a", bytes);
  bytes.fill(0);
  a.send("room.a", whole.subarray(1, 13));
  whole.fill(0);
  assert.deepEqual(a.received.entries, []);
  await a.received.reach(2, "a message");
  assert.deepEqual(a.received.entries, ["as it was", "a part of it"]);
}

async function closesSubscription({ open }: Scene): Promise<void> {
  const [a, b] = [await open(), await open()];
  const first = b.take("room.a", "first: ");
  const second = b.take("room.a", "second: ");
  const last = b.broker.subscribe("room.last", () => {
    second.close();
    second.close();
  });
  await b.settle();
  first.close();
  a.send("room.a", "one");
  a.send("room.last", "");
  a.send("room.a", "two");
  await a.settle();
  await b.settle();
  assert.deepEqual(b.received.entries, ["second: one"]);
  last.close();
  a.send("room.last", "");
  await a.settle();
  await b.settle();
}

async function subscribesAgain({ open }: Scene): Promise<void> {
  const [a, b] = [await open(), await open()];
  for (let round = 0; round < 20; round++) {
    const subscription = b.take("room.a");
    await b.settle();
    a.send("room.a", `round ${round}`);
    await b.received.reach(round + 1, "a message");
    subscription.close();
    a.send("room.a", "between");
    await a.settle();
  }
  assert.deepEqual(b.received.entries, Array.from({ length: 20 }, (_, round) => `round ${round}`));
}

async function survivesThrowing({ open }: Scene): Promise<void> {
  const a = await open();
  a.broker.subscribe("room.a", (message) => {
    a.received.add(`throws: ${textOf(message)}`);
    throw new Error("of no use");
  });
  a.take("room.a");
  await a.settle();
  a.send("room.a", "1");
  a.send("room.a", "2");
  await a.received.reach(4, "a message");
  assert.deepEqual(a.received.entries, ["throws: 1", "1", "throws: 2", "2"]);
}

async function refuses({ open }: Scene): Promise<void> {
  const a = await open();
  const subjects = ["", ".", "a.", ".a", "a..b", "a b", "a\r\nPING\r\n", "*", "a.>", "ä", "a".repeat(1025)];
  for (const subject of subjects) {
    assert.equal(a.send(subject, "x"), false, subject);
    a.take(subject).close();
  }
  assert.equal(a.send("room.a", new Uint8Array(MAX_BROKER_MESSAGE + 1)), false);
  assert.equal(a.broker.counters.dropped, subjects.length + 1);
  await a.settle();
  await a.broker.close();
  assert.equal(a.send("room.a", "x"), false);
  a.take("room.a").close();
  assert.equal(a.broker.counters.dropped, subjects.length + 2);
  assert.equal(a.broker.isConnected, false);
}

async function boundsMessages({ backend, open }: Scene): Promise<void> {
  const [a, b] = [await open({ maxWaitingMessages: 100 }), await open()];
  b.take("room.a");
  await b.settle();
  await a.settle();
  backend.holdUp();
  // What waits at first may be what settled it.
  const taken = Array.from({ length: 1000 }, (_, i) => `${i}`).filter((text) => a.send("room.a", text));
  assert.ok(taken.length >= 90 && taken.length <= 100, `${taken.length}`);
  assert.equal(a.broker.counters.dropped, 1000 - taken.length);
  backend.goOn();
  await b.received.reach(taken.length, "a message");
  await b.settle();
  assert.deepEqual(b.received.entries, taken);
  assert.deepEqual([a.changes.entries, a.broker.isConnected], [[], true]);
}

async function boundsBytes({ backend, open }: Scene): Promise<void> {
  const a = await open({ maxWaitingBytes: 1_000_000 });
  await a.settle();
  backend.holdUp();
  const taken = Array.from({ length: 200 }, () => a.send("room.a", new Uint8Array(12_000))).filter(Boolean).length;
  assert.ok(taken >= 70 && taken <= 83, `${taken}`);
  backend.goOn();
  await a.settle();
}

async function comesBack({ backend, open }: Scene): Promise<void> {
  const [a, b] = [await open(), await open()];
  b.take("room.a");
  await b.settle();
  for (let round = 1; round <= 2; round++) {
    await backend.takeAway();
    for (const node of [a, b]) await node.changes.reach(2 * round - 1, "gone");
    const { dropped } = a.broker.counters;
    for (let i = 0; i < 100; i++) assert.equal(a.send("room.a", "to nobody"), false);
    assert.equal(a.broker.counters.dropped, dropped + 100);
    await backend.bringBack();
    for (const node of [a, b]) await node.changes.reach(2 * round, "back");
    assert.deepEqual([a.broker.isConnected, a.broker.counters.reconnects], [true, round]);
    assert.equal(a.send("room.a", `round ${round}`), true);
    await b.received.reach(round, "a message");
  }
  assert.deepEqual(a.changes.entries, [false, true, false, true]);
  assert.deepEqual(b.received.entries, ["round 1", "round 2"]);
}

async function subscribesAway({ backend, open }: Scene): Promise<void> {
  const [a, b] = [await open(), await open()];
  const closed = b.take("room.a", "closed: ");
  await b.settle();
  await backend.takeAway();
  await b.changes.reach(1, "gone");
  closed.close();
  b.take("room.b");
  await backend.bringBack();
  for (const node of [a, b]) await node.changes.reach(2, "back");
  a.send("room.a", "of no interest");
  a.send("room.b", "of interest");
  await b.received.reach(1, "a message");
  await a.settle();
  await b.settle();
  assert.deepEqual(b.received.entries, ["of interest"]);
}

async function closes({ open }: Scene): Promise<void> {
  const [a, b] = [await open(), await open()];
  for (const node of [a, b]) node.take("room.a");
  for (const node of [a, b]) await node.settle();
  for (let i = 0; i < 100; i++) a.send("room.a", `${i}`);
  await Promise.all([a.broker.close(), a.broker.close()]);
  await b.received.reach(100, "a message");
  const { length } = a.received.entries;
  b.send("room.a", "behind its end");
  await b.settle();
  assert.deepEqual([a.received.entries.length, a.changes.entries], [length, []]);
}
