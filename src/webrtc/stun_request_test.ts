import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { classes, Message, methods, parseMessage } from "werift";
import { StunMessage } from "./stun.ts";
import { type BindingRequest, writeBindingRequest } from "./stun_request.ts";

// werift's codec is the independent reference. Importing it reads the environment: run with --allow-env.

const REQUEST: BindingRequest = {
  transactionId: Uint8Array.from({ length: 12 }, (_, i) => 200 + i),
  username: "server01:browser+/",
  password: "VOkJxbRl1RmTxUk/WvJxBt12",
  priority: 0x6e7f1eff,
  role: "controlling",
  tieBreaker: [0x932ff9b1, 0x51263b36],
  useCandidate: true,
};

function written(request: BindingRequest): Uint8Array {
  const buffer = new Uint8Array(200).fill(0xee);
  const length = writeBindingRequest(buffer, request);
  assert.ok(length > 0);
  return buffer.slice(0, length);
}

function byReference(bytes: Uint8Array): Message {
  const message = parseMessage(Buffer.from(bytes), Buffer.from(REQUEST.password));
  assert.ok(message, "the reference takes the request with its integrity and fingerprint");
  return message;
}

Deno.test({
  name: "werift reads every attribute of a binding request",
  permissions: "none",
  fn() {
    const message = byReference(written(REQUEST));
    assert.equal(message.messageClass, classes.REQUEST);
    assert.equal(message.messageMethod, methods.BINDING);
    assert.deepEqual([...message.transactionId], [...REQUEST.transactionId]);
    assert.equal(message.getAttributeValue("USERNAME"), REQUEST.username);
    assert.equal(message.getAttributeValue("PRIORITY"), REQUEST.priority);
    assert.equal(message.getAttributeValue("ICE-CONTROLLING"), 0x932ff9b151263b36n);
    assert.ok(message.attributesKeys.includes("USE-CANDIDATE"));
  },
});

Deno.test({
  name: "attributes that the request leaves out are not written",
  permissions: "none",
  fn() {
    const { transactionId, username, password } = REQUEST;
    const message = byReference(written({ transactionId, username, password }));
    assert.deepEqual(message.attributesKeys, ["USERNAME", "MESSAGE-INTEGRITY", "FINGERPRINT"]);
    const controlled = byReference(written({ ...REQUEST, role: "controlled", useCandidate: false }));
    assert.equal(controlled.getAttributeValue("ICE-CONTROLLED"), 0x932ff9b151263b36n);
    assert.equal(controlled.attributesKeys.includes("USE-CANDIDATE"), false);
  },
});

Deno.test({
  name: "B13: a request that werift wrote is read in full",
  permissions: "none",
  fn() {
    const reference = new Message(methods.BINDING, classes.REQUEST, Buffer.from(REQUEST.transactionId));
    reference
      .setAttribute("USERNAME", REQUEST.username)
      .setAttribute("PRIORITY", REQUEST.priority)
      .setAttribute("ICE-CONTROLLING", 0x932ff9b151263b36n)
      .setAttribute("USE-CANDIDATE", null)
      .addMessageIntegrity(Buffer.from(REQUEST.password))
      .addFingerprint();
    const message = new StunMessage();
    assert.equal(message.parse(reference.bytes, reference.bytes.length), true);
    assert.equal(message.isAddressedTo("server01"), true);
    assert.equal(message.priority, REQUEST.priority);
    assert.equal(message.iceControlling, true);
    assert.equal(message.useCandidate, true);
    assert.equal(message.hasFingerprint, true);
    assert.equal(message.hasValidIntegrity(REQUEST.password), true);
  },
});

Deno.test({
  name: "nothing is written to a buffer that is too small",
  permissions: "none",
  fn() {
    const { length } = written(REQUEST);
    assert.equal(writeBindingRequest(new Uint8Array(length), REQUEST), length);
    assert.equal(writeBindingRequest(new Uint8Array(length - 1), REQUEST), 0);
  },
});
