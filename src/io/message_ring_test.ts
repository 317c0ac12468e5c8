import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { seededRandom } from "../../tests/harness/seeded_random.ts";
import { WipeSpy } from "../../tests/harness/wipe_spy.ts";
import { randomSeed } from "../../tests/harness/random_seed.ts";
import { createRing, RingReader, RingWriter } from "./message_ring.ts";

/** In 32-bit words of the ring: where the reader and the writer are. */
const [READ, WRITE] = [0, 1];

/** Before the bytes of the messages. */
const HEADER_BYTES = 16;

/** Both ends of a ring in one isolate. */
function open<Message>(capacity: number, position = 0) {
  const buffer = createRing(capacity);
  new Int32Array(buffer).fill(position, READ, WRITE + 1);
  const wakes = { count: 0 };
  const writer = new RingWriter<Message>(buffer, () => wakes.count++);
  const reader = new RingReader<Message>(buffer);
  const drain = () => {
    const messages: Message[] = [];
    reader.drain((message) => messages.push(message));
    return messages;
  };
  /** Reads and flushes until nothing waits. */
  const drainAll = () => {
    const messages = drain();
    while (writer.waiting > 0) {
      writer.flush();
      messages.push(...drain());
    }
    return messages;
  };
  return { writer, wakes, drain, drainAll, buffer };
}

/** What the ends of the ring are asked: to send or offer a message with a payload of so many bytes, to flush, to read. */
interface Action {
  readonly verb: "send" | "offer" | "flush" | "drain";
  readonly length: number;
}

const CAPACITY = 256;

/** A message is 50 bytes or so longer than its payload, which takes 4 bytes for 3. */
const ACTIONS: fc.Arbitrary<Action[]> = fc.array(
  fc.record({
    verb: fc.constantFrom("send", "send", "offer", "flush", "drain"),
    length: fc.nat((CAPACITY - 64) * 3 / 4),
  }),
  { maxLength: 80 },
);

/** Just before the edges of 31 and 32 bits, and at places of no note. */
const POSITIONS = fc.oneof(
  fc.constant(0),
  fc.integer({ min: 0x7fffffff - 2 * CAPACITY, max: 0x7fffffff }),
  fc.integer({ min: -2 * CAPACITY, max: -1 }),
  fc.integer(),
);

interface Numbered {
  readonly number: number;
  readonly payload: Uint8Array;
}

function numbered(number: number, length: number): Numbered {
  return { number, payload: Uint8Array.from({ length }, (_, i) => number + i) };
}

Deno.test({
  name: "B163: whatever is sent arrives whole, once and in order, over every edge of the ring and of its counters",
  permissions: "none",
  fn() {
    fc.assert(fc.property(POSITIONS, ACTIONS, (position, actions) => {
      const { writer, wakes, drain, drainAll } = open<Numbered>(CAPACITY, position);
      const expected: Numbered[] = [];
      const arrived: Numbered[] = [];
      for (const [number, { verb, length }] of actions.entries()) {
        const message = numbered(number, length);
        if (verb === "drain") {
          arrived.push(...drain());
          wakes.count = 0;
        }
        if (verb === "flush") writer.flush();
        if (verb === "send") writer.send(message);
        const isSent = verb === "send" || (verb === "offer" && writer.offer(message));
        if (isSent) expected.push(message);
        assert.ok(wakes.count <= 1 && (!isSent || wakes.count === 1), "the reader is woken, and once until it reads");
      }
      arrived.push(...drainAll());
      assert.deepEqual(arrived, expected);
    }));
  },
});

Deno.test({
  name: "B163: what finds the ring full waits, in its order, and goes as the reader makes room",
  permissions: "none",
  fn() {
    const { writer, drainAll } = open<Numbered>(CAPACITY);
    const messages = Array.from({ length: 50 }, (_, i) => numbered(i, 100));
    for (const message of messages) writer.send(message);
    assert.ok(writer.waiting > 40);
    assert.deepEqual(drainAll(), messages);
  },
});

Deno.test({
  name: "B163: an offer that finds the ring full, or others waiting, is dropped, and is told so; later ones go",
  permissions: "none",
  fn() {
    const { writer, wakes, drain } = open<string>(64);
    assert.equal(writer.offer("x".repeat(58)), true, "it fills the ring");
    assert.equal(writer.offer(""), false);
    writer.send("waits");
    drain();
    wakes.count = 0;
    assert.equal(writer.offer("has room, but others wait"), false);
    assert.equal(wakes.count, 0);
    writer.flush();
    assert.deepEqual(drain(), ["waits"]);
    assert.equal(writer.offer("x".repeat(59)), false, "it never has room");
    assert.equal(writer.offer("goes"), true);
    assert.deepEqual(drain(), ["goes"]);
  },
});

Deno.test({
  name: "a message longer than the ring is refused by a RangeError, and the others are not disturbed",
  permissions: "none",
  fn() {
    const { writer, wakes, drain } = open<string>(64);
    writer.send("before");
    assert.throws(() => writer.send("x".repeat(59)), RangeError);
    writer.send("x".repeat(58));
    assert.equal(writer.waiting, 1);
    assert.deepEqual(drain(), ["before"]);
    writer.flush();
    assert.deepEqual(drain(), ["x".repeat(58)], "the longest that there is");
    assert.equal(wakes.count, 2);
  },
});

Deno.test({
  name: "the reader is woken once until it reads, then again, also while it reads",
  permissions: "none",
  fn() {
    const buffer = createRing(CAPACITY);
    let wakes = 0;
    const writer = new RingWriter<number>(buffer, () => wakes++);
    const reader = new RingReader<number>(buffer);
    for (let i = 0; i < 3; i++) writer.send(i);
    assert.equal(wakes, 1);
    const arrived: number[] = [];
    reader.drain((message) => {
      arrived.push(message);
      if (message === 0) writer.send(3);
    });
    assert.deepEqual([arrived, wakes], [[0, 1, 2, 3], 2]);
    reader.drain((message) => arrived.push(message));
    writer.flush();
    assert.equal(wakes, 2, "nothing waits, so nobody is woken");
    writer.send(4);
    assert.equal(wakes, 3);
  },
});

Deno.test({
  name: "B163: a reader whose handling of one message fails gets the ones behind it at the next time",
  permissions: "none",
  fn() {
    const buffer = createRing(CAPACITY);
    const writer = new RingWriter<number>(buffer, () => {});
    const reader = new RingReader<number>(buffer);
    for (let i = 0; i < 3; i++) writer.send(i);
    const arrived: number[] = [];
    const handle = (message: number) => {
      arrived.push(message);
      if (message === 0) throw new Error("a fault");
    };
    assert.throws(() => reader.drain(handle), { message: "a fault" });
    reader.drain(handle);
    assert.deepEqual(arrived, [0, 1, 2]);
  },
});

Deno.test({
  name: "a Buffer arrives as the bytes that it is",
  permissions: "none",
  fn() {
    const { writer, drain } = open<unknown>(CAPACITY);
    writer.send({ bytes: Buffer.of(1, 2, 255) });
    assert.deepEqual(drain(), [{ bytes: Uint8Array.of(1, 2, 255) }]);
  },
});

Deno.test({
  name: "a message keeps its bytes, of a longer buffer only those that it shows, and leaves undefined fields out",
  permissions: "none",
  fn() {
    const { writer, drain } = open<unknown>(CAPACITY);
    const buffer = Uint8Array.from({ length: 1000 }, (_, i) => i);
    const message = { bytes: buffer.subarray(10, 13), text: "é€\ud800", list: [{ id: 1 }] };
    writer.send({ ...message, none: undefined });
    buffer.fill(0, 10, 11);
    assert.deepEqual(drain(), [{ ...message, bytes: Uint8Array.of(10, 11, 12) }], "as it was when it was sent");
  },
});

Deno.test({
  name: "text that looks like the bytes of a message stays text, and a long message leaves the next ones as they are",
  permissions: "none",
  fn() {
    const { writer, drain } = open<unknown>(1 << 16);
    const messages = ['{"base64":"AAAA"}', { text: '{"base64":"AAAA"}' }, "€".repeat(5000), [
      "short",
      Uint8Array.of(1),
    ]];
    for (const message of messages) writer.send(message);
    assert.deepEqual(drain(), messages);
  },
});

const WORKER = new URL("../../tests/harness/ring_echo_worker.ts", import.meta.url);

Deno.test({
  name: "B163: between two isolates thousands of messages go both ways at once, whole and in order",
  permissions: { read: [new URL("../", import.meta.url), new URL("./", WORKER)] },
  async fn() {
    const seed = randomSeed();
    const random = seededRandom(seed);
    const messages = Array.from({ length: 5000 }, (_, i) => numbered(i, random.uint32() % 600));
    const [toWorker, fromWorker] = [createRing(4096), createRing(2048)];
    const worker = new Worker(WORKER, { type: "module" });
    const writer = new RingWriter<Numbered>(toWorker, () => worker.postMessage("wake"));
    const reader = new RingReader<Numbered>(fromWorker);
    const arrived: Numbered[] = [];
    const complete = Promise.withResolvers<void>();
    worker.onerror = (event) => complete.reject(new Error(event.message));
    let sent = 0;
    worker.onmessage = () => {
      reader.drain((message) => arrived.push(message));
      writer.flush();
      // Some go while the worker reads, and some wait for room.
      while (sent < messages.length && writer.waiting < 10) writer.send(messages[sent++]);
      if (arrived.length < messages.length) worker.postMessage("wake");
      else complete.resolve();
    };
    worker.postMessage({ toWorker, fromWorker });
    await complete.promise;
    worker.terminate();
    assert.deepEqual(arrived, messages, `seed ${seed}`);
  },
});

Deno.test({
  name: "B211: what was read stands in the ring no more, nor with its writer",
  permissions: "none",
  fn() {
    using spy = new WipeSpy();
    const { writer, drain, drainAll, buffer } = open<Uint8Array>(CAPACITY);
    const bytes = () => new Uint8Array(new Uint8Array(buffer, HEADER_BYTES));
    const keys = [1, 2, 3, 4, 5, 6].map((byte) => new Uint8Array(64).fill(byte));
    for (const key of keys) writer.send(key);
    assert.ok(writer.waiting > 0, "the ring is full");
    assert.ok(bytes().some((byte) => byte !== 0));
    drain();
    assert.ok(bytes().every((byte) => byte === 0));
    writer.flush();
    drainAll();
    assert.ok(bytes().every((byte) => byte === 0));
    for (const key of keys) {
      const text = new TextEncoder().encode(key.toBase64());
      assert.ok(spy.count(text) >= 2, "what was written for the ring, or read from it, stays");
    }
  },
});
