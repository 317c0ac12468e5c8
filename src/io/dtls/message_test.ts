import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { cutMessage, type HandshakeFragment, MessageReassembler, readFragments, writeMessage } from "./message.ts";

const BODY = Buffer.from("the body of a handshake message");

function fragment(start: number, end: number, body = BODY): HandshakeFragment {
  return { type: 11, sequence: 2, length: body.length, offset: start, bytes: body.subarray(start, end) };
}

Deno.test({
  name: "messages that share a record are read back",
  permissions: "none",
  fn() {
    const record = Buffer.concat([
      writeMessage({ type: 11, sequence: 2, body: BODY }),
      writeMessage({ type: 14, sequence: 3, body: Buffer.alloc(0) }),
    ]);
    assert.deepEqual(readFragments(record), [
      { type: 11, sequence: 2, length: BODY.length, offset: 0, bytes: BODY },
      { type: 14, sequence: 3, length: 0, offset: 0, bytes: Buffer.alloc(0) },
    ]);
  },
});

Deno.test({
  name: "a message that is cut has parts of the limit at most, which are put together again",
  permissions: "none",
  fn() {
    const message = { type: 11, sequence: 2, body: BODY };
    const header = 12;
    assert.deepEqual(cutMessage(message, header + BODY.length), [writeMessage(message)]);
    for (const step of [1, 5, BODY.length - 1]) {
      const parts = cutMessage(message, header + step);
      assert.equal(parts.length, Math.ceil(BODY.length / step));
      assert.ok(parts.every((part) => part.length <= header + step));
      const reassembler = new MessageReassembler();
      const whole = parts.flatMap((part) => readFragments(part) ?? []).map((part) => reassembler.take(part));
      assert.deepEqual(whole.splice(0, parts.length - 1).filter(Boolean), []);
      assert.deepEqual(whole, [message]);
    }
  },
});

Deno.test({
  name: "a fragment that leaves its record, its message or the longest length is refused",
  permissions: "none",
  fn() {
    const message = writeMessage({ type: 11, sequence: 2, body: BODY });
    for (let length = 1; length < message.length; length++) {
      assert.equal(readFragments(message.subarray(0, length)), undefined);
    }
    const beyond = Buffer.from(message);
    beyond.writeUIntBE(1, 6, 3);
    assert.equal(readFragments(beyond), undefined);
    const long = Buffer.from(message);
    long.writeUIntBE(16_385, 1, 3);
    assert.equal(readFragments(long), undefined);
  },
});

Deno.test({
  name: "a message is whole when its last byte has come, whatever the order and the overlap",
  permissions: "none",
  fn() {
    const reassembler = new MessageReassembler();
    assert.equal(reassembler.take(fragment(20, BODY.length)), undefined);
    assert.equal(reassembler.take(fragment(0, 10)), undefined);
    assert.equal(reassembler.take(fragment(0, 10)), undefined);
    assert.equal(reassembler.take(fragment(5, 19)), undefined);
    assert.deepEqual(reassembler.take(fragment(18, 21)), { type: 11, sequence: 2, body: BODY });
  },
});

Deno.test({
  name: "fragments of ever other messages leave nothing of them in the message that is put together next",
  permissions: "none",
  fn() {
    const reassembler = new MessageReassembler();
    for (let length = 16_000; length > BODY.length; length -= 500) {
      const forged = { ...fragment(0, 10, Buffer.alloc(length, 0xee)), length };
      assert.equal(reassembler.take(forged), undefined);
    }
    assert.equal(reassembler.take(fragment(0, 15)), undefined);
    assert.equal(reassembler.take(fragment(0, 15)), undefined, "bytes that came twice count once");
    const whole = reassembler.take(fragment(15, BODY.length))?.body;
    assert.deepEqual(whole, BODY);
    reassembler.take(fragment(0, 10, Buffer.alloc(BODY.length)));
    assert.deepEqual(whole, BODY, "what was given is no part of the next one");
  },
});

Deno.test({
  name: "a forged fragment is mended by the genuine message",
  permissions: "none",
  fn() {
    const reassembler = new MessageReassembler();
    const forged = Buffer.alloc(BODY.length);
    reassembler.take(fragment(0, 10, forged));
    reassembler.take(fragment(0, 3, Buffer.alloc(BODY.length + 1)));
    reassembler.take(fragment(0, 10, forged));
    assert.equal(reassembler.take(fragment(0, 15)), undefined);
    assert.deepEqual(reassembler.take(fragment(15, BODY.length))?.body, BODY);
  },
});
