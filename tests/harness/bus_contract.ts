import assert from "node:assert/strict";
import { MAX_FRAME_BATCH, MAX_FRAME_LENGTH, type MediaBus, type NodeId } from "../../src/media/media_bus.ts";
import { BusJournal, sendFrame } from "./bus_journal.ts";
import { randomSeed } from "./random_seed.ts";
import { seededRandom } from "./seeded_random.ts";

/** Nodes that share rooms by the bus under test. */
export interface BusBackend {
  /** Adds a node; numbers are 0 to 3. */
  open(node: NodeId): MediaBus;
  /** Resolves when all that was flushed was handed over. */
  settle(): Promise<void>;
  /** Closes what is open besides the nodes. */
  close?(): void;
}

export interface BusContractOptions {
  readonly open: () => BusBackend;
  /** What goes to each node is a message of its own. */
  readonly sendsToEach?: boolean;
}

interface Node {
  readonly bus: MediaBus;
  readonly journal: BusJournal;
}

interface Scene {
  readonly nodes: readonly Node[];
  /** Flushes node `from`, and waits until all is there. */
  flush(from: NodeId): Promise<void>;
  settle(): Promise<void>;
  /** A node in place of one that was closed. */
  reopen(node: NodeId): Node;
}

const ROOM = "room";
const NODES = 4;
const [TO_0, TO_1, TO_2, TO_3] = [0, 1, 2, 3].map((node) => 1 << node);
const TO_ALL = TO_0 | TO_1 | TO_2 | TO_3;
const NO_BYTES = new Uint8Array(0);

/** What every bus must do, as tests. */
export function busContract(name: string, { open, sendsToEach = false }: BusContractOptions): void {
  const contract = (behaviour: string, check: (scene: Scene) => Promise<void>) =>
    Deno.test({ name: `bus ${name}: ${behaviour}`, permissions: "none", fn: () => withScene(open(), check) });

  contract("B370: frames go to the nodes that they are for, never back, and not before flush", goesToTargets);
  contract("B370: frames of each node arrive in order and whole, in batches of 64 at most", arrivesInOrder);
  contract("B370: what is sent is what the arrays held when it was sent", copies);
  contract("B370: a receiver may change what it was given, and keep it to the end of the batch", lendsUntilEnd);
  contract("B370: a frame may have any length up to the longest, and its body any place in its array", anyLength);
  contract("B371: a frame that is too long is refused and counted, and those around it go", refusesLong);
  contract("B370: rooms are told apart by nobody but their members: a frame of each arrives once", keepsRooms);
  contract(
    "B370: who joins late gets what is sent from then on, and loses nothing of what it was not there for",
    joins,
  );
  contract(
    "B370: what is counted as sent and as received are the frames and their bytes",
    (scene) => counts(scene, sendsToEach ? 3 : 2),
  );
  contract("B370: a closed node takes, sends and gets nothing more, and the others go on", closes);
  contract(
    "B370: another node takes the place and number of one that is closed, as if nothing had been lost",
    replaces,
  );
}

async function withScene(backend: BusBackend, check: (scene: Scene) => Promise<void>): Promise<void> {
  const nodes = Array.from({ length: NODES }, (_, node) => openNode(backend, node));
  const settle = () => backend.settle();
  const reopen = (node: NodeId) => nodes[nodes.push(openNode(backend, node)) - 1];
  try {
    await check({
      nodes,
      settle,
      reopen,
      flush(from) {
        nodes[from].bus.flush();
        return settle();
      },
    });
    for (const { journal } of nodes) assert.deepEqual([...journal.lost], []);
  } finally {
    for (const { bus } of nodes) bus.close();
    backend.close?.();
  }
}

function openNode(backend: BusBackend, node: NodeId): Node {
  const bus = backend.open(node);
  const journal = new BusJournal();
  bus.deliverTo(journal);
  bus.join(ROOM);
  return { bus, journal };
}

async function goesToTargets({ nodes, flush, settle }: Scene): Promise<void> {
  const [a, b, c, d] = nodes;
  for (
    const [to, text] of [[TO_1, "b"], [TO_1 | TO_2, "b, c"], [TO_ALL, "all"], [TO_0, "none"], [0, "nobody"]] as const
  ) {
    assert.equal(sendFrame(a.bus, ROOM, to, text), true);
  }
  // Of nodes that there are not.
  sendFrame(a.bus, ROOM, TO_3 | (1 << 20) | (1 << 30), "d, and strangers");
  await settle();
  assert.deepEqual(nodes.flatMap(({ journal }) => journal.frames), []);
  await flush(0);
  await flush(0);
  assert.deepEqual(b.journal.textsOf(0), ["b", "b, c", "all"]);
  assert.deepEqual(c.journal.textsOf(0), ["b, c", "all"]);
  assert.deepEqual(d.journal.textsOf(0), ["all", "d, and strangers"]);
  assert.deepEqual(a.journal.frames, []);
}

async function arrivesInOrder({ nodes, flush }: Scene): Promise<void> {
  const seed = randomSeed();
  const random = seededRandom(seed);
  const expected = nodes.map((): string[] => []);
  for (let round = 0; round < 5; round++) {
    for (let i = 0; i < 150; i++) {
      const to = random.uint32() & TO_ALL;
      const text = `${round} ${i} ${"x".repeat(random.uint32() % 300)}`;
      sendFrame(nodes[0].bus, ROOM, to, text);
      for (const [node, texts] of expected.entries()) if (node !== 0 && (to & (1 << node)) !== 0) texts.push(text);
      sendFrame(nodes[1].bus, ROOM, TO_2, `from b ${i}`);
    }
    nodes[1].bus.flush();
    await flush(0);
  }
  for (const [node, { journal }] of nodes.entries()) {
    assert.deepEqual(journal.textsOf(0), expected[node], `seed ${seed}`);
    assert.equal(journal.batches.reduce((sum, count) => sum + count, 0), journal.frames.length, "each in a batch");
    assert.ok(journal.batches.every((count) => count > 0 && count <= MAX_FRAME_BATCH), `${journal.batches}`);
  }
  const rounds = Array.from({ length: 5 }, () => Array.from({ length: 150 }, (_, i) => `from b ${i}`));
  assert.deepEqual(nodes[2].journal.textsOf(1), rounds.flat());
}

async function copies({ nodes, flush }: Scene): Promise<void> {
  const [a, b, c] = nodes;
  const [head, body] = [Uint8Array.of(1, 2, 99), Uint8Array.of(99, 3, 4, 99)];
  a.bus.send(ROOM, TO_1 | TO_2, head, 2, body, 1, 2);
  head.fill(0);
  body.fill(0);
  await flush(0);
  for (const { journal } of [b, c]) assert.deepEqual(journal.frames, [{ from: 0, bytes: Uint8Array.of(1, 2, 3, 4) }]);
}

async function lendsUntilEnd({ nodes, flush }: Scene): Promise<void> {
  const [a, b, c] = nodes;
  const kept: { readonly bytes: Uint8Array; readonly number: number }[] = [];
  let checked = 0;
  b.bus.deliverTo({
    handleFrame(_from, bytes, length) {
      assert.equal(length, 3);
      const number = bytes[0];
      bytes.fill(number + 100, 0, length);
      kept.push({ bytes, number });
    },
    handleLoss() {},
    endBatch() {
      for (const { bytes, number } of kept.splice(0)) {
        assert.deepEqual([...bytes.subarray(0, 3)], [number + 100, number + 100, number + 100]);
        checked++;
      }
    },
  });
  for (let number = 0; number < 100; number++) sendFrame(a.bus, ROOM, TO_1 | TO_2, new Uint8Array(3).fill(number));
  await flush(0);
  assert.equal(checked, 100);
  const expected = Array.from({ length: 100 }, (_, number) => new Uint8Array(3).fill(number));
  assert.deepEqual(c.journal.frames.map(({ bytes }) => bytes), expected, "what one changes is not the other's");
}

async function anyLength({ nodes, flush }: Scene): Promise<void> {
  const seed = randomSeed();
  const random = seededRandom(seed);
  const [a, b] = nodes;
  const expected: Uint8Array[] = [];
  const send = (headLength: number, bodyOffset: number, bodyLength: number, behind: number) => {
    const bytes = (length: number) => Uint8Array.from({ length }, () => random.uint32());
    const [head, body] = [bytes(headLength + random.uint32() % 3), bytes(bodyOffset + bodyLength + behind)];
    // A bus may know by the type of a frame, its first byte, who is to get it: this is none of those.
    head[0] |= 0x80;
    assert.ok(a.bus.send(ROOM, TO_1, head, headLength, body, bodyOffset, bodyLength));
    expected.push(
      Uint8Array.of(...head.subarray(0, headLength), ...body.subarray(bodyOffset, bodyOffset + bodyLength)),
    );
  };
  for (const headLength of [0, 1, 8, 12, 32]) {
    for (const bodyOffset of [0, 1, 12, 40]) {
      send(headLength, bodyOffset, MAX_FRAME_LENGTH - headLength, 0);
      send(headLength, bodyOffset, MAX_FRAME_LENGTH - headLength, 5000);
      send(headLength, bodyOffset, 0, 0);
      send(headLength, bodyOffset, random.uint32() % 1300, random.uint32() % 1500);
    }
    // As the receive buffers of sockets are, and those of a bus.
    for (const length of [2048, MAX_FRAME_LENGTH]) send(headLength, 0, 1200, length - 1200);
  }
  send(MAX_FRAME_LENGTH, 0, 0, 0);
  await flush(0);
  assert.deepEqual(b.journal.frames.map(({ bytes }) => bytes), expected, `seed ${seed}`);
}

async function refusesLong({ nodes, flush }: Scene): Promise<void> {
  const [a, b] = nodes;
  const body = new Uint8Array(MAX_FRAME_LENGTH);
  sendFrame(a.bus, ROOM, TO_1, "before");
  assert.equal(a.bus.send(ROOM, TO_1, Uint8Array.of(1), 1, body, 0, body.length), false);
  assert.equal(a.bus.send(ROOM, TO_1, NO_BYTES, 0, new Uint8Array(100_000), 0, 100_000), false);
  sendFrame(a.bus, ROOM, TO_1, "behind");
  await flush(0);
  assert.deepEqual(b.journal.textsOf(0), ["before", "behind"]);
  assert.deepEqual([a.bus.counters.dropped, a.bus.counters.framesSent], [2, 2]);
}

async function keepsRooms({ nodes, flush }: Scene): Promise<void> {
  const [a, b] = nodes;
  for (const { bus } of [a, b]) {
    bus.join("another room");
    bus.join("another room");
  }
  for (let i = 0; i < 10; i++) {
    sendFrame(a.bus, ROOM, TO_1, `here ${i}`);
    sendFrame(a.bus, "another room", TO_1, `there ${i}`);
  }
  await flush(0);
  for (const place of ["here", "there"]) {
    const texts = b.journal.textsOf(0).filter((text) => text.startsWith(place));
    assert.deepEqual(texts, Array.from({ length: 10 }, (_, i) => `${place} ${i}`));
  }
  for (const { bus } of [a, b]) bus.leave("another room");
  sendFrame(a.bus, ROOM, TO_1, "still here");
  await flush(0);
  assert.equal(b.journal.textsOf(0).at(-1), "still here");
}

async function joins({ nodes, flush }: Scene): Promise<void> {
  const [a, b, c] = nodes;
  for (const { bus } of [a, b]) bus.join("late");
  for (let i = 0; i < 100; i++) sendFrame(a.bus, "late", TO_1, `early ${i}`);
  await flush(0);
  c.bus.join("late");
  sendFrame(a.bus, "late", TO_1 | TO_2, "for both");
  await flush(0);
  assert.deepEqual(c.journal.textsOf(0), ["for both"]);
  c.bus.leave("late");
  // Whoever is not there is not sent anything: that is the sender's part.
  for (let i = 0; i < 100; i++) sendFrame(a.bus, "late", TO_1, `meanwhile ${i}`);
  await flush(0);
  c.bus.join("late");
  sendFrame(a.bus, "late", TO_1 | TO_2, "for both again");
  await flush(0);
  assert.deepEqual(c.journal.textsOf(0), ["for both", "for both again"]);
  assert.equal(b.journal.textsOf(0).length, 202);
}

async function counts({ nodes, flush }: Scene, messages: number): Promise<void> {
  const [a, b, c, d] = nodes;
  a.bus.flush();
  sendFrame(a.bus, ROOM, TO_1, "12345");
  sendFrame(a.bus, ROOM, TO_1 | TO_2, "123");
  sendFrame(a.bus, ROOM, TO_0, "nobody but itself");
  await flush(0);
  sendFrame(a.bus, ROOM, TO_1, "1");
  await flush(0);
  const received = ({ bus: { counters } }: Node) => [
    counters.framesReceived,
    counters.bytesReceived,
    counters.messagesReceived,
  ];
  const { framesSent, bytesSent, messagesSent, dropped } = a.bus.counters;
  assert.deepEqual([framesSent, bytesSent, messagesSent, dropped], [3, 9, messages, 0]);
  assert.deepEqual(received(b), [3, 9, 2]);
  assert.deepEqual(received(c), [1, 3, 1]);
  assert.deepEqual([received(a), received(d)], [[0, 0, 0], [0, 0, 0]]);
}

async function closes({ nodes, flush, settle }: Scene): Promise<void> {
  const [a, b, c] = nodes;
  sendFrame(b.bus, ROOM, TO_0, "not flushed in time");
  sendFrame(a.bus, ROOM, TO_1, "b is gone when it comes");
  b.bus.close();
  b.bus.close();
  b.bus.flush();
  b.bus.join("another room");
  b.bus.leave(ROOM);
  assert.equal(sendFrame(b.bus, ROOM, TO_0, "from beyond"), false);
  b.bus.flush();
  await settle();
  sendFrame(a.bus, ROOM, TO_1 | TO_2, "for who is there");
  await flush(0);
  assert.deepEqual([a.journal.frames, b.journal.frames], [[], []]);
  assert.deepEqual(c.journal.textsOf(0), ["for who is there"]);
  assert.equal(b.bus.counters.dropped, 1);
}

async function replaces({ nodes, flush, settle, reopen }: Scene): Promise<void> {
  const [a, b, c] = nodes;
  for (let i = 0; i < 3; i++) {
    sendFrame(a.bus, ROOM, TO_1, "to the first");
    sendFrame(b.bus, ROOM, TO_0 | TO_2, "from the first");
  }
  b.bus.flush();
  await flush(0);
  // On their way when it ends.
  sendFrame(a.bus, ROOM, TO_1, "to the first, which is gone");
  a.bus.flush();
  b.bus.close();
  await settle();
  const second = reopen(1);
  await settle();
  sendFrame(a.bus, ROOM, TO_1, "to the second");
  a.bus.flush();
  sendFrame(second.bus, ROOM, TO_0, "from the second");
  second.bus.flush();
  await settle();
  assert.deepEqual(second.journal.textsOf(0), ["to the second"]);
  assert.deepEqual([...second.journal.lost], []);
  assert.deepEqual(a.journal.textsOf(1), ["from the first", "from the first", "from the first", "from the second"]);
  assert.equal(c.journal.textsOf(1).length, 3);
}
