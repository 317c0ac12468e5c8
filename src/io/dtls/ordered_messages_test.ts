import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { CERTIFICATE, CLIENT_HELLO, CLIENT_KEY_EXCHANGE, type HandshakeFragment } from "./message.ts";
import { OrderedMessages } from "./ordered_messages.ts";

const BODY = Buffer.from("abcdef");

function fragment(type: number, sequence: number, start = 0, end = BODY.length): HandshakeFragment {
  return { type, sequence, length: BODY.length, offset: start, bytes: BODY.subarray(start, end) };
}

Deno.test({
  name: "messages come out whole, in their order and each once",
  permissions: "none",
  fn() {
    const messages = new OrderedMessages([CLIENT_HELLO, CERTIFICATE]);
    assert.equal(messages.take(fragment(CERTIFICATE, 1)), undefined, "not its turn");
    assert.equal(messages.take(fragment(CLIENT_HELLO, 0, 3)), undefined, "a part of it");
    assert.deepEqual(messages.take(fragment(CLIENT_HELLO, 0, 0, 3)), { type: CLIENT_HELLO, sequence: 0, body: BODY });
    assert.equal(messages.take(fragment(CLIENT_HELLO, 0)), undefined, "once more");
    assert.equal(messages.complete, false);
    assert.deepEqual(messages.take(fragment(CERTIFICATE, 1)), { type: CERTIFICATE, sequence: 1, body: BODY });
    assert.equal(messages.complete, true);
    assert.equal(messages.take(fragment(CLIENT_KEY_EXCHANGE, 2)), undefined, "none is left");
  },
});

Deno.test({
  name: "a message of another type than the one whose turn it is does not take its place",
  permissions: "none",
  fn() {
    const messages = new OrderedMessages([CLIENT_HELLO, CERTIFICATE]);
    assert.equal(messages.take(fragment(CERTIFICATE, 0)), undefined);
    assert.ok(messages.take(fragment(CLIENT_HELLO, 0)));
  },
});
