import assert from "node:assert/strict";
import type { BroadcastWorkerReport, BroadcastWorkerStart } from "../../tests/harness/broadcast_worker.ts";
import { busContract } from "../../tests/harness/bus_contract.ts";
import { BusJournal, sendFrame } from "../../tests/harness/bus_journal.ts";
import { randomSeed } from "../../tests/harness/random_seed.ts";
import { seededRandom } from "../../tests/harness/seeded_random.ts";
import { MAX_FRAME_LENGTH } from "../media/media_bus.ts";
import { BroadcastBus } from "./broadcast_bus.ts";
import { MAX_MESSAGE_BYTES } from "./broadcast_message.ts";

const ROOM = "room";
const TO_1 = 1 << 1;
const TO_5 = 1 << 5;

busContract("by BroadcastChannel", {
  open() {
    const open = opener();
    return { open, settle };
  },
});

/** Makes nodes that share rooms with each other and with nobody else. */
function opener(prefix = `${crypto.randomUUID()} `) {
  const random = seededRandom(randomSeed());
  return (node: number) => new BroadcastBus({ node, prefix, now: () => 0, random });
}

/** Resolves when all that was posted in this isolate was handled. */
async function settle(): Promise<void> {
  const name = crypto.randomUUID();
  using from = closing(new BroadcastChannel(name));
  using to = closing(new BroadcastChannel(name));
  const arrived = Promise.withResolvers<void>();
  to.channel.onmessage = () => arrived.resolve();
  from.channel.postMessage("all that was posted before was handled");
  await arrived.promise;
}

function closing(channel: BroadcastChannel) {
  return { channel, [Symbol.dispose]: () => channel.close() };
}

interface Scene {
  /** Node 0, in the room. */
  readonly sender: BroadcastBus;
  /** Adds a node 1 to the room. */
  openReceiver(): { readonly bus: BroadcastBus; readonly journal: BusJournal };
  /** The messages that `send` posts. */
  messagesOf(send: () => void): Promise<SharedArrayBuffer[]>;
  /** Posts as whoever likes may do. */
  post(data: unknown): void;
}

async function withScene(check: (scene: Scene) => Promise<void>): Promise<void> {
  const prefix = `${crypto.randomUUID()} `;
  const open = opener(prefix);
  const nodes = [open(0)];
  nodes[0].join(ROOM);
  using stranger = closing(new BroadcastChannel(prefix + ROOM));
  try {
    await check({
      sender: nodes[0],
      openReceiver() {
        const bus = open(1);
        nodes.push(bus);
        const journal = new BusJournal();
        bus.deliverTo(journal);
        bus.join(ROOM);
        return { bus, journal };
      },
      async messagesOf(send) {
        const messages: SharedArrayBuffer[] = [];
        stranger.channel.onmessage = ({ data }) => messages.push(data);
        send();
        await settle();
        stranger.channel.onmessage = null;
        return messages;
      },
      post: (data) => stranger.channel.postMessage(data),
    });
  } finally {
    for (const node of nodes) node.close();
  }
}

function shared(bytes: Uint8Array): SharedArrayBuffer {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy.buffer;
}

Deno.test({
  name: "B376: 64 frames or 60 kB are one message, and what comes together before a flush is as few as can be",
  permissions: "none",
  fn: () =>
    withScene(async ({ sender, openReceiver, messagesOf }) => {
      const { bus, journal } = openReceiver();
      const send = (count: number, length: number) =>
        messagesOf(() => {
          for (let i = 0; i < count; i++) sendFrame(sender, ROOM, TO_1, new Uint8Array(length));
          sender.flush();
        });
      assert.equal((await send(64, 100)).length, 1);
      assert.equal((await send(65, 100)).length, 2);
      assert.equal((await send(50, 1200)).length, 1);
      assert.equal((await send(51, 1200)).length, 2);
      const [longest] = await send(28, MAX_FRAME_LENGTH);
      assert.ok(longest.byteLength < MAX_MESSAGE_BYTES + 1000);
      assert.deepEqual(journal.frames.map(({ bytes }) => bytes.length), [
        ...new Array(64 + 65).fill(100),
        ...new Array(50 + 51).fill(1200),
        ...new Array(28).fill(MAX_FRAME_LENGTH),
      ]);
      assert.deepEqual([sender.counters.messagesSent, bus.counters.messagesReceived], [7, 7]);
    }),
});

/** Sends 200 frames in 20 messages: each third is for node 1, all of them for a node that is not there. */
function sendInThirds(sender: BroadcastBus): void {
  for (let i = 0; i < 200; i++) {
    sendFrame(sender, ROOM, i % 3 === 0 ? TO_1 | TO_5 : TO_5, Uint8Array.of(i));
    if (i % 10 === 9) sender.flush();
  }
}

/** The frames for node 1 in one of those messages. */
function thirdsIn(message: number): number[] {
  return Array.from({ length: 10 }, (_, i) => 10 * message + i).filter((number) => number % 3 === 0);
}

Deno.test({
  name: "B377: messages that do not come are told by their frames for this node, exactly, before what comes next",
  permissions: "none",
  fn: () =>
    withScene(async ({ sender, openReceiver, messagesOf, post }) => {
      const messages = await messagesOf(() => sendInThirds(sender));
      assert.equal(messages.length, 20);
      const { bus } = openReceiver();
      const told: string[] = [];
      bus.deliverTo({
        handleFrame: (from, bytes) => told.push(`${bytes[0]} of ${from}`),
        handleLoss: (from, count) => told.push(`${count} of ${from} lost`),
        endBatch: () => told.push("end"),
      });
      for (const message of [0, 3, 4, 19]) post(messages[message]);
      await settle();
      const frames = (message: number) => [...thirdsIn(message).map((number) => `${number} of 0`), "end"];
      const lost = (from: number, to: number) => {
        let count = 0;
        for (let message = from; message < to; message++) count += thirdsIn(message).length;
        return `${count} of 0 lost`;
      };
      assert.deepEqual(told, [
        ...frames(0),
        lost(1, 3),
        ...frames(3),
        ...frames(4),
        lost(5, 19),
        ...frames(19),
      ]);
      assert.equal(bus.counters.lost + bus.counters.framesReceived, 67);
    }),
});

Deno.test({
  name: "B378: a message that comes twice, or late, changes nothing",
  permissions: "none",
  fn: () =>
    withScene(async ({ sender, openReceiver, messagesOf, post }) => {
      const { bus, journal } = openReceiver();
      const messages = await messagesOf(() => sendInThirds(sender));
      const before = { ...bus.counters };
      for (const message of [...messages, messages[3]]) post(message);
      await settle();
      assert.deepEqual({ ...bus.counters }, before);
      assert.equal(journal.frames.length, 67);
      sendFrame(sender, ROOM, TO_1, "next");
      sender.flush();
      await settle();
      assert.equal(journal.textsOf(0).at(-1), "next");
      assert.deepEqual([...journal.lost], []);
    }),
});

Deno.test({
  name: "B378: whatever strangers post, and however they change what they have heard, nothing comes of it",
  permissions: "none",
  fn: () =>
    withScene(async ({ sender, openReceiver, messagesOf, post }) => {
      const seed = randomSeed();
      const random = seededRandom(seed);
      const { bus, journal } = openReceiver();
      const [message] = await messagesOf(() => {
        for (let i = 0; i < 20; i++) sendFrame(sender, ROOM, TO_1 | TO_5, new Uint8Array(random.uint32() % 50));
        sender.flush();
      });
      const before = { ...bus.counters };
      const bytes = new Uint8Array(message);
      // Of no length, of the wrong one, of no kind that a bus posts.
      for (let length = 0; length < bytes.length; length++) post(shared(bytes.subarray(0, length)));
      post(shared(Uint8Array.of(...bytes, 0)));
      const others = [bytes, bytes.slice(), bytes.slice().buffer, { data: message }, [message]];
      for (const data of [undefined, null, 1, "text", {}, new Map(), new Error("posted"), ...others]) post(data);
      post(new SharedArrayBuffer(bytes.length));
      for (let i = 0; i < 200; i++) {
        post(shared(Uint8Array.from({ length: random.uint32() % 300 }, () => random.uint32())));
      }
      for (let i = 0; i < 1000; i++) {
        const changed = bytes.slice();
        for (let k = random.uint32() % 3; k >= 0; k--) changed[random.uint32() % changed.length] = random.uint32();
        post(shared(changed));
      }
      await settle();
      assert.deepEqual({ ...bus.counters }, before, `seed ${seed}`);
      sendFrame(sender, ROOM, TO_1, "next");
      sender.flush();
      await settle();
      assert.deepEqual([journal.frames.length, journal.textsOf(0).at(-1)], [21, "next"], `seed ${seed}`);
      assert.deepEqual([...journal.lost], [], `seed ${seed}`);
    }),
});

Deno.test({
  name: "B377: a node that begins anew is known by its session: its numbers are not compared with those from before",
  permissions: "none",
  fn: () =>
    withScene(async ({ sender, openReceiver, messagesOf }) => {
      const { journal } = openReceiver();
      await messagesOf(() => sendInThirds(sender));
      sender.leave(ROOM);
      sender.join(ROOM);
      await messagesOf(() => sendInThirds(sender));
      assert.equal(journal.frames.length, 2 * 67);
      assert.deepEqual([...journal.lost], []);
    }),
});

const WORKER = new URL("../../tests/harness/broadcast_worker.ts", import.meta.url);

Deno.test({
  name:
    "B377: a node that stands still while 3,000 messages are posted loses some, knows how many, and gets what is next",
  permissions: { read: [new URL("../", import.meta.url), new URL("./", WORKER)] },
  async fn() {
    const prefix = `${crypto.randomUUID()} `;
    const sender = opener(prefix)(0);
    sender.join(ROOM);
    const standstill = new SharedArrayBuffer(4);
    const state = new Int32Array(standstill);
    const worker = new Worker(WORKER, { type: "module" });
    const told = (start?: BroadcastWorkerStart) => {
      const { promise, resolve, reject } = Promise.withResolvers<BroadcastWorkerReport | string>();
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = (event) => reject(new Error(event.message));
      if (start !== undefined) worker.postMessage(start);
      return promise;
    };
    const send = (text: string) => {
      sendFrame(sender, ROOM, TO_1, text);
      sender.flush();
    };
    try {
      assert.equal(await told({ node: 1, prefix, roomId: ROOM, standstill }), "ready");
      Atomics.store(state, 0, 1);
      send("first");
      assert.equal(await told(), "stands still");
      for (let i = 0; i < 3000; i++) send(`${i}`);
      await settle();
      Atomics.store(state, 0, 0);
      Atomics.notify(state, 0);
      send("report");
      const report = await told();
      assert.ok(typeof report === "object");
      const { texts, lost, counted } = report;
      assert.ok(lost > 0, "nothing was lost: it was no overload");
      assert.equal(texts.length + lost, 3002);
      assert.equal(counted, lost);
      const numbers = texts.slice(1, -1).map(Number);
      assert.deepEqual(numbers, numbers.toSorted((a, b) => a - b), "in order");
      send("report");
      const next = await told();
      assert.ok(typeof next === "object");
      assert.deepEqual([next.texts.length, next.lost], [texts.length + 1, lost], "all comes again");
    } finally {
      worker.terminate();
      sender.close();
    }
  },
});
