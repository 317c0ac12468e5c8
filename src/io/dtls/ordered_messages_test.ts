import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { seededRandom } from "../../../tests/harness/seeded_random.ts";
import { CERTIFICATE, CLIENT_HELLO, CLIENT_KEY_EXCHANGE, type HandshakeFragment } from "./message.ts";
import { OrderedMessages } from "./ordered_messages.ts";

const BODY = Buffer.from("abcdef");

function fragment(type: number, sequence: number, start = 0, end = BODY.length): HandshakeFragment {
  return { type, sequence, length: BODY.length, offset: start, bytes: BODY.subarray(start, end) };
}

const [HELLO, CERTIFICATE_MESSAGE, KEY_EXCHANGE] = [CLIENT_HELLO, CERTIFICATE, CLIENT_KEY_EXCHANGE].map(
  (type, sequence) => ({ type, sequence, body: BODY }),
);

Deno.test({
  name: "messages come out whole, in their order and each once",
  permissions: "none",
  fn() {
    const messages = new OrderedMessages([CLIENT_HELLO, CERTIFICATE]);
    assert.deepEqual(messages.take(fragment(CLIENT_HELLO, 0, 3)), [], "a part of it");
    assert.deepEqual(messages.take(fragment(CLIENT_HELLO, 0, 0, 3)), [HELLO]);
    assert.deepEqual(messages.take(fragment(CLIENT_HELLO, 0)), [], "once more");
    assert.equal(messages.complete, false);
    assert.deepEqual(messages.take(fragment(CERTIFICATE, 1)), [CERTIFICATE_MESSAGE]);
    assert.equal(messages.complete, true);
    assert.deepEqual(messages.take(fragment(CLIENT_KEY_EXCHANGE, 2)), [], "none is left");
  },
});

Deno.test({
  name: "fragments of several messages in any order give the messages in theirs",
  permissions: "none",
  fn() {
    const parts = [[0, 0, 3], [0, 2, 6], [1, 0, 1], [1, 1, 6], [2, 4, 6], [2, 0, 4]] as const;
    const types = [CLIENT_HELLO, CERTIFICATE, CLIENT_KEY_EXCHANGE];
    for (let seed = 1; seed <= 200; seed++) {
      const messages = new OrderedMessages(types);
      const random = seededRandom(seed);
      const order = parts.map((part) => ({ part, key: random.uint32() })).sort((a, b) => a.key - b.key);
      const given = order.map(({ part: [sequence, start, end] }) =>
        messages.take(fragment(types[sequence], sequence, start, end))
      );
      assert.deepEqual(given.flat(), [HELLO, CERTIFICATE_MESSAGE, KEY_EXCHANGE], `seed ${seed}`);
    }
  },
});

Deno.test({
  name: "what waits for its turn is replaced by what comes later in its place",
  permissions: "none",
  fn() {
    const messages = new OrderedMessages([CLIENT_HELLO, CERTIFICATE]);
    const forged = { ...fragment(CERTIFICATE, 1), bytes: Buffer.from("forged") };
    assert.deepEqual(messages.take(forged), []);
    assert.deepEqual(messages.take(fragment(CERTIFICATE, 1)), []);
    assert.deepEqual(messages.take(fragment(CLIENT_HELLO, 0)), [HELLO, CERTIFICATE_MESSAGE]);
  },
});

Deno.test({
  name: "what waits is dropped on demand, and may come again",
  permissions: "none",
  fn() {
    const messages = new OrderedMessages([CLIENT_HELLO, CERTIFICATE]);
    messages.take(fragment(CERTIFICATE, 1));
    messages.dropWaiting();
    assert.deepEqual(messages.take(fragment(CLIENT_HELLO, 0)), [HELLO]);
    assert.deepEqual(messages.take(fragment(CERTIFICATE, 1)), [CERTIFICATE_MESSAGE]);
  },
});

Deno.test({
  name: "a message of another type than the one whose turn it is does not take its place",
  permissions: "none",
  fn() {
    const messages = new OrderedMessages([CLIENT_HELLO, CERTIFICATE]);
    assert.deepEqual(messages.take(fragment(CERTIFICATE, 0)), []);
    assert.deepEqual(messages.take(fragment(CLIENT_HELLO, 0)), [HELLO]);
  },
});
