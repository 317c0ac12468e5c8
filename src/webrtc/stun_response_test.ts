import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { classes, Message, methods, parseMessage } from "werift";
import { BINDING_ERROR, BINDING_SUCCESS, StunMessage } from "./stun.ts";
import { MAX_RESPONSE_LENGTH, writeBindingError, writeBindingSuccess } from "./stun_response.ts";

// werift's codec is the independent reference. Importing it reads the environment: run with --allow-env.

const PASSWORD = "VOkJxbRl1RmTxUk/WvJxBt";
const TRANSACTION_ID = Buffer.from("b7e7a701bc34d686fa87dfae", "hex");

function requestWith(...unknown: readonly number[]): StunMessage {
  const reference = new Message(methods.BINDING, classes.REQUEST, TRANSACTION_ID);
  for (const type of unknown) reference.appendRawAttribute(type, Buffer.alloc(3));
  const message = new StunMessage();
  assert.equal(message.parse(reference.bytes, reference.bytes.length), true);
  return message;
}

function readByReference(buffer: Uint8Array, length: number): Message {
  const message = parseMessage(Buffer.from(buffer.slice(0, length)), Buffer.from(PASSWORD));
  assert.ok(message, "the reference takes the response with its integrity and fingerprint");
  assert.deepEqual(message.attributesKeys.slice(-2), ["MESSAGE-INTEGRITY", "FINGERPRINT"]);
  assert.deepEqual(message.transactionId, TRANSACTION_ID);
  return message;
}

Deno.test({
  name: "B14: werift reads the address in a success response, IPv4-mapped as IPv4",
  permissions: "none",
  fn() {
    const addresses = [
      ["192.0.2.1", "192.0.2.1"],
      ["::ffff:192.0.2.1", "192.0.2.1"],
      ["2001:db8:1234:5678:11:2233:4455:6677", "2001:db8:1234:5678:11:2233:4455:6677"],
    ];
    for (const [hostname, expected] of addresses) {
      const buffer = new Uint8Array(MAX_RESPONSE_LENGTH).fill(0xee);
      const length = writeBindingSuccess(buffer, requestWith(), { hostname, port: 32853 }, PASSWORD);
      const message = readByReference(buffer, length);
      assert.equal(message.messageClass, classes.RESPONSE);
      assert.equal(message.messageMethod, methods.BINDING);
      assert.deepEqual(message.getAttributeValue("XOR-MAPPED-ADDRESS"), [expected, 32853]);
      const own = new StunMessage();
      assert.equal(own.parse(buffer, length), true);
      assert.equal(own.type, BINDING_SUCCESS);
      assert.equal(own.hasValidIntegrity(PASSWORD), true);
    }
  },
});

Deno.test({
  name: "werift reads the code and reason of each error response",
  permissions: "none",
  fn() {
    const reasons = [[400, "Bad Request"], [420, "Unknown Attribute"], [487, "Role Conflict"]] as const;
    for (const [code, reason] of reasons) {
      const buffer = new Uint8Array(MAX_RESPONSE_LENGTH).fill(0xee);
      const length = writeBindingError(buffer, requestWith(0x7001, 0x7002, 0x7003), code, PASSWORD);
      const message = readByReference(buffer, length);
      assert.equal(message.messageClass, classes.ERROR);
      assert.deepEqual(message.getAttributeValue("ERROR-CODE"), [code, reason]);
      const unknown = code === 420 ? [0x7001, 0x7002, 0x7003] : undefined;
      assert.deepEqual(message.getAttributeValue("UNKNOWN-ATTRIBUTES"), unknown);
      const own = new StunMessage();
      assert.equal(own.parse(buffer, length), true);
      assert.equal(own.type, BINDING_ERROR);
      assert.equal(own.errorCode, code);
    }
  },
});

Deno.test({
  name: "the longest error response fits the length that is promised",
  permissions: "none",
  fn() {
    const request = requestWith(...Array.from({ length: 30 }, (_, i) => 0x7000 + i));
    const buffer = new Uint8Array(MAX_RESPONSE_LENGTH + 64);
    const length = writeBindingError(buffer, request, 420, PASSWORD);
    assert.ok(length > 0 && length <= MAX_RESPONSE_LENGTH, `${length}`);
    readByReference(buffer, length);
  },
});

Deno.test({
  name: "nothing is written to a buffer that is too small, or for an address that is none",
  permissions: "none",
  fn() {
    const from = { hostname: "192.0.2.1", port: 1 };
    const small = new Uint8Array(MAX_RESPONSE_LENGTH - 1);
    assert.equal(writeBindingSuccess(small, requestWith(), from, PASSWORD), 0);
    assert.equal(writeBindingError(small, requestWith(), 400, PASSWORD), 0);
    const name = { hostname: "host.example", port: 1 };
    assert.equal(writeBindingSuccess(new Uint8Array(MAX_RESPONSE_LENGTH), requestWith(), name, PASSWORD), 0);
  },
});
