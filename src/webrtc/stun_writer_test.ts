import assert from "node:assert/strict";
import { BINDING_REQUEST, StunMessage } from "./stun.ts";
import { beginMessage, endMessage, TRAILER_LENGTH, writeAscii, writeAttribute } from "./stun_writer.ts";

const SOFTWARE = 0x8022;

Deno.test({
  name: "attributes are padded with zeros to 32 bits, whatever the buffer held before",
  permissions: "none",
  fn() {
    const buffer = new Uint8Array(16).fill(0xff);
    const end = writeAttribute(buffer, 4, SOFTWARE, 5);
    writeAscii(buffer, 8, "hello");
    assert.equal(end, 16);
    assert.deepEqual([...buffer.subarray(4)], [0x80, 0x22, 0, 5, 104, 101, 108, 108, 111, 0, 0, 0]);
  },
});

Deno.test({
  name: "a message that is begun and ended parses, with the integrity of its password and none of another",
  permissions: "none",
  fn() {
    const buffer = new Uint8Array(128);
    const transaction = Uint8Array.from({ length: 16 }, (_, i) => i);
    const attribute = beginMessage(buffer, BINDING_REQUEST, transaction, 4);
    const end = writeAttribute(buffer, attribute, SOFTWARE, 3);
    const length = endMessage(buffer, end, "password");
    assert.equal(length, end + TRAILER_LENGTH);
    assert.deepEqual([...buffer.subarray(8, 20)], [...transaction.subarray(4)]);
    const message = new StunMessage();
    assert.ok(message.parse(buffer, length));
    assert.equal(message.hasFingerprint, true);
    assert.equal(message.hasValidIntegrity("password"), true);
    assert.equal(message.hasValidIntegrity("another"), false);
  },
});
