import assert from "node:assert/strict";
import fc from "fast-check";
import {
  SAMPLE_IPV4_RESPONSE,
  SAMPLE_IPV6_RESPONSE,
  SAMPLE_PASSWORD as PASSWORD,
  SAMPLE_REQUEST,
  SAMPLE_USERNAME as USERNAME,
} from "../../tests/harness/stun_vectors.ts";
import { readUint16, writeUint16, writeUint32 } from "../rtp/bytes.ts";
import { parseIpAddress } from "./ip_address.ts";
import {
  ATTRIBUTE,
  BINDING_REQUEST,
  BINDING_SUCCESS,
  fingerprint,
  MAX_UNKNOWN_ATTRIBUTES,
  StunMessage,
  TRANSACTION_ID_OFFSET,
} from "./stun.ts";
import { writeXorMappedAddress } from "./stun_response.ts";
import { beginMessage, endMessage, writeAscii, writeAttribute } from "./stun_writer.ts";

const SEED = 8489;

const VECTORS = [SAMPLE_REQUEST, SAMPLE_IPV4_RESPONSE, SAMPLE_IPV6_RESPONSE];
const SOFTWARE = 0x8022;

/** A copy of `bytes`, grown by the attribute, with the header's length adjusted. */
function append(bytes: Uint8Array, type: number, value: Uint8Array): Uint8Array {
  const grown = new Uint8Array(bytes.length + 4 + Math.ceil(value.length / 4) * 4);
  grown.set(bytes);
  writeAttribute(grown, bytes.length, type, value.length);
  grown.set(value, bytes.length + 4);
  writeUint16(grown, 2, grown.length - 20);
  return grown;
}

/** The attributes in this order behind the header of a binding request, with nothing computed for them. */
function request(...attributes: readonly (readonly [type: number, value: Uint8Array])[]): Uint8Array {
  const header = SAMPLE_REQUEST.slice(0, 20);
  writeUint16(header, 2, 0);
  return attributes.reduce<Uint8Array>((bytes, [type, value]) => append(bytes, type, value), header);
}

function zeros(length: number): Uint8Array {
  return new Uint8Array(length);
}

function parses(bytes: Uint8Array): boolean {
  return new StunMessage().parse(bytes, bytes.length);
}

function parse(bytes: Uint8Array): StunMessage {
  const message = new StunMessage();
  assert.equal(message.parse(bytes, bytes.length), true);
  return message;
}

Deno.test({
  name: "B13: the sample request of RFC 5769 parses, with its integrity and fingerprint",
  permissions: "none",
  fn() {
    const message = parse(SAMPLE_REQUEST);
    assert.equal(message.type, BINDING_REQUEST);
    assert.equal(message.priority, 0x6e0001ff);
    assert.equal(message.iceControlled, true);
    assert.equal(message.iceControlling, false);
    assert.equal(message.useCandidate, false);
    assert.equal(message.hasFingerprint, true);
    assert.equal(message.unknownCount, 0);
    assert.equal(message.usernameLength, USERNAME.length);
    assert.equal(message.isAddressedTo("evtj"), true);
    assert.equal(message.hasValidIntegrity(PASSWORD), true);
    assert.equal(message.hasValidIntegrity(PASSWORD + "x"), false);
    assert.equal(message.hasValidIntegrity(""), false);
  },
});

Deno.test({
  name: "B13: the sample responses of RFC 5769 parse, with their integrity and fingerprint",
  permissions: "none",
  fn() {
    for (const vector of [SAMPLE_IPV4_RESPONSE, SAMPLE_IPV6_RESPONSE]) {
      const message = parse(vector);
      assert.equal(message.type, BINDING_SUCCESS);
      assert.equal(message.hasFingerprint, true);
      assert.equal(message.hasValidIntegrity(PASSWORD), true);
      assert.equal(message.hasValidIntegrity("another"), false);
    }
  },
});

Deno.test({
  name: "the sample request of RFC 5769 is written byte for byte",
  permissions: "none",
  fn() {
    const buffer = new Uint8Array(200).fill(0xee);
    let offset = beginMessage(buffer, BINDING_REQUEST, SAMPLE_REQUEST, TRANSACTION_ID_OFFSET);
    writeAttribute(buffer, offset, SOFTWARE, 16);
    writeAscii(buffer, offset + 4, "STUN test client");
    offset = writeAttribute(buffer, offset + 20, ATTRIBUTE.PRIORITY, 4);
    writeUint32(buffer, offset - 4, 0x6e0001ff);
    offset = writeAttribute(buffer, offset, ATTRIBUTE.ICE_CONTROLLED, 8);
    writeUint32(buffer, offset - 8, 0x932ff9b1);
    writeUint32(buffer, offset - 4, 0x51263b36);
    const username = offset + 4;
    offset = writeAttribute(buffer, offset, ATTRIBUTE.USERNAME, USERNAME.length);
    // The vectors pad with spaces.
    writeAscii(buffer, username, USERNAME + "   ");
    assert.deepEqual(buffer.slice(0, endMessage(buffer, offset, PASSWORD)), SAMPLE_REQUEST);
  },
});

Deno.test({
  name: "the sample responses of RFC 5769 are written byte for byte",
  permissions: "none",
  fn() {
    const vectors = [
      ["192.0.2.1", SAMPLE_IPV4_RESPONSE],
      ["2001:db8:1234:5678:11:2233:4455:6677", SAMPLE_IPV6_RESPONSE],
    ] as const;
    for (const [address, vector] of vectors) {
      const buffer = new Uint8Array(200).fill(0xee);
      let offset = beginMessage(buffer, BINDING_SUCCESS, vector, TRANSACTION_ID_OFFSET);
      offset = writeAttribute(buffer, offset, SOFTWARE, 11);
      writeAscii(buffer, 24, "test vector ");
      const bytes = parseIpAddress(address);
      assert.ok(bytes);
      offset = writeXorMappedAddress(buffer, offset, bytes, 32853);
      assert.deepEqual(buffer.slice(0, endMessage(buffer, offset, PASSWORD)), vector);
    }
  },
});

Deno.test({
  name: "B13: a message cut at any length is no message",
  permissions: "none",
  fn() {
    for (const vector of VECTORS) {
      for (let length = 0; length < vector.length; length++) {
        assert.equal(parses(vector.slice(0, length)), false, `${length}`);
        assert.equal(new StunMessage().parse(vector, length), false, `${length} of the whole buffer`);
      }
      assert.equal(new StunMessage().parse(vector, vector.length + 4), false, "longer than its buffer");
    }
  },
});

Deno.test({
  name: "B13: a message cut with its header's length adjusted has no integrity, unless only FINGERPRINT is gone",
  permissions: "none",
  fn() {
    let whole = 0;
    for (let length = 20; length < SAMPLE_REQUEST.length; length++) {
      const bytes = SAMPLE_REQUEST.slice(0, length);
      writeUint16(bytes, 2, length - 20);
      const message = new StunMessage();
      if (!message.parse(bytes, length)) continue;
      // What is cut right behind MESSAGE-INTEGRITY has lost its FINGERPRINT alone, which is optional.
      assert.equal(message.hasValidIntegrity(PASSWORD), length === SAMPLE_REQUEST.length - 8, `${length}`);
      whole++;
    }
    assert.equal(whole, 6, "one for each attribute that it may end before");
  },
});

Deno.test({
  name: "B13: an attribute whose length lies makes no valid request",
  permissions: "none",
  fn() {
    const message = new StunMessage();
    for (let offset = 20; offset < SAMPLE_REQUEST.length;) {
      const honest = readUint16(SAMPLE_REQUEST, offset + 2);
      for (const length of [0, 1, honest - 1, honest + 1, honest + 4, 0x7fff, 0xfffc, 0xffff]) {
        if (length === honest) continue;
        const bytes = SAMPLE_REQUEST.slice();
        writeUint16(bytes, offset + 2, length);
        const valid = message.parse(bytes, bytes.length) && message.hasValidIntegrity(PASSWORD);
        assert.equal(valid, false, `attribute at ${offset} with length ${length}`);
      }
      offset += 4 + Math.ceil(honest / 4) * 4;
    }
  },
});

Deno.test({
  name: "B13: a header with another cookie, another length or a first byte over 3 is no STUN message",
  permissions: "none",
  fn() {
    assert.equal(parses(request()), true);
    for (const [offset, value] of [[0, 0x40], [0, 0x80], [0, 0x04], [4, 0x20], [7, 0x43], [2, 1], [3, 1], [3, 4]]) {
      const bytes = request();
      bytes[offset] = value;
      assert.equal(parses(bytes), false, `byte ${offset} = ${value}`);
    }
  },
});

Deno.test({
  name: "B13: a FINGERPRINT that is wrong, or is not the last attribute, makes the message invalid",
  permissions: "none",
  fn() {
    const wrong = SAMPLE_REQUEST.slice();
    wrong[wrong.length - 1] ^= 1;
    assert.equal(parses(wrong), false);
    const followed = append(SAMPLE_REQUEST, SOFTWARE, zeros(4));
    writeUint32(followed, SAMPLE_REQUEST.length - 4, fingerprint(followed, SAMPLE_REQUEST.length - 8));
    assert.equal(parses(followed), false);
    assert.equal(parses(request([ATTRIBUTE.FINGERPRINT, zeros(8)])), false);
  },
});

Deno.test({
  name: "B13: an attribute that has not the length of its type makes the message invalid",
  permissions: "none",
  fn() {
    const lengths: [type: number, length: number][] = [
      [ATTRIBUTE.PRIORITY, 4],
      [ATTRIBUTE.USE_CANDIDATE, 0],
      [ATTRIBUTE.ICE_CONTROLLED, 8],
      [ATTRIBUTE.ICE_CONTROLLING, 8],
      [ATTRIBUTE.MESSAGE_INTEGRITY, 20],
    ];
    for (const [type, length] of lengths) {
      assert.equal(parses(request([type, zeros(length)])), true, `${type}`);
      assert.equal(parses(request([type, zeros(length + 4)])), false, `${type}, too long`);
      if (length > 0) assert.equal(parses(request([type, zeros(length - 4)])), false, `${type}, too short`);
    }
    assert.equal(parses(request([ATTRIBUTE.ERROR_CODE, zeros(3)])), false);
  },
});

Deno.test({
  name: "B13: what stands behind MESSAGE-INTEGRITY is not read",
  permissions: "none",
  fn() {
    const signed = SAMPLE_REQUEST.slice(0, -8);
    const message = parse(
      append(append(signed, ATTRIBUTE.USE_CANDIDATE, zeros(0)), 0x7ff0, zeros(3)),
    );
    assert.equal(message.useCandidate, false);
    assert.equal(message.unknownCount, 0);
    assert.equal(message.hasValidIntegrity(PASSWORD), true);
    const second = parse(append(signed, ATTRIBUTE.MESSAGE_INTEGRITY, zeros(20)));
    assert.equal(second.hasValidIntegrity(PASSWORD), true);
  },
});

Deno.test({
  name: "B13: a message without MESSAGE-INTEGRITY is not authentic, whatever the password",
  permissions: "none",
  fn() {
    const message = parse(request([ATTRIBUTE.USERNAME, new TextEncoder().encode(USERNAME)]));
    assert.equal(message.integrityOffset, 0);
    assert.equal(message.hasValidIntegrity(PASSWORD), false);
    assert.equal(message.hasValidIntegrity(""), false);
  },
});

Deno.test({
  name: "the first of two attributes of one type counts",
  permissions: "none",
  fn() {
    const message = parse(request(
      [ATTRIBUTE.USERNAME, new TextEncoder().encode("first:a")],
      [ATTRIBUTE.USERNAME, new TextEncoder().encode("second:b")],
      [ATTRIBUTE.PRIORITY, Uint8Array.of(0, 0, 0, 1)],
      [ATTRIBUTE.PRIORITY, Uint8Array.of(0, 0, 0, 2)],
      [ATTRIBUTE.ERROR_CODE, Uint8Array.of(0, 0, 4, 87)],
      [ATTRIBUTE.ERROR_CODE, Uint8Array.of(0, 0, 4, 20)],
    ));
    assert.equal(message.isAddressedTo("first"), true);
    assert.equal(message.isAddressedTo("second"), false);
    assert.equal(message.priority, 1);
    assert.equal(message.errorCode, 487);
  },
});

Deno.test({
  name: "a message is addressed to the exact text before the colon",
  permissions: "none",
  fn() {
    const message = parse(SAMPLE_REQUEST);
    for (const ufrag of ["evt", "evtjx", "evtJ", "", "h6vY", "evtj:h6vY", "evtj:h6v"]) {
      assert.equal(message.isAddressedTo(ufrag), false, ufrag);
    }
    const withoutColon = parse(request([ATTRIBUTE.USERNAME, new TextEncoder().encode("evtj")]));
    assert.equal(withoutColon.isAddressedTo("evtj"), false);
    assert.equal(parse(request()).isAddressedTo(""), false);
  },
});

Deno.test({
  name: "unknown comprehension-required attributes are listed up to a bound, optional and unused ones are not",
  permissions: "none",
  fn() {
    const message = parse(request(
      [0x7001, zeros(0)],
      [0x8001, zeros(4)],
      [0xc057, zeros(4)],
      [ATTRIBUTE.REALM, zeros(3)],
      [ATTRIBUTE.NONCE, zeros(3)],
      [ATTRIBUTE.MAPPED_ADDRESS, zeros(8)],
      [0x7002, zeros(5)],
    ));
    assert.deepEqual([...message.unknownAttributes.subarray(0, message.unknownCount)], [0x7001, 0x7002]);
    const many = Array.from({ length: 50 }, (_, i) => [0x7000 + i, zeros(0)] as const);
    assert.equal(parse(request(...many)).unknownCount, MAX_UNKNOWN_ATTRIBUTES);
  },
});

Deno.test({
  name: "a reused view keeps nothing of the message before",
  permissions: "none",
  fn() {
    const message = new StunMessage();
    const full = request(
      [ATTRIBUTE.USE_CANDIDATE, zeros(0)],
      [ATTRIBUTE.ICE_CONTROLLING, zeros(8)],
      [ATTRIBUTE.ERROR_CODE, Uint8Array.of(0, 0, 4, 0)],
      [0x7001, zeros(0)],
    );
    assert.equal(message.parse(full, full.length), true);
    assert.equal(message.parse(SAMPLE_REQUEST, SAMPLE_REQUEST.length), true);
    const empty = request();
    assert.equal(message.parse(empty, empty.length), true);
    const fresh = parse(empty);
    for (const key of Object.keys(fresh) as (keyof StunMessage)[]) {
      if (key !== "unknownAttributes") assert.deepEqual(message[key], fresh[key], key);
    }
  },
});

Deno.test({
  name: `B13: no mutation of a sample throws, and none that changes what is signed keeps the integrity (seed ${SEED})`,
  permissions: "none",
  fn() {
    const mutation = fc.tuple(fc.nat(0xffff), fc.nat(0xff));
    const message = new StunMessage();
    fc.assert(
      fc.property(
        fc.constantFrom(...VECTORS),
        fc.array(mutation, { minLength: 1, maxLength: 6 }),
        (vector, mutations) => {
          const bytes = vector.slice();
          for (const [at, value] of mutations) bytes[at % bytes.length] = value;
          if (!message.parse(bytes, bytes.length) || !message.hasValidIntegrity(PASSWORD)) return;
          // Two parts are not signed: the header's length, which parsing checks, and the FINGERPRINT attribute.
          const signed = vector.length - 8;
          assert.deepEqual(bytes.slice(0, signed), vector.slice(0, signed));
        },
      ),
      { seed: SEED, numRuns: 20_000 },
    );
  },
});

Deno.test({
  name: `B13: no bytes behind a STUN header make the parser throw (seed ${SEED})`,
  permissions: "none",
  fn() {
    const message = new StunMessage();
    const type = fc.oneof(fc.constantFrom(...Object.values(ATTRIBUTE)), fc.nat(0xffff));
    const attribute = fc.tuple(type, fc.nat(30), fc.uint8Array({ maxLength: 24 }));
    fc.assert(
      fc.property(fc.array(attribute, { maxLength: 8 }), (attributes) => {
        let bytes = request();
        for (const [type, lie, value] of attributes) {
          const at = bytes.length;
          bytes = append(bytes, type, value);
          if (lie < 6) writeUint16(bytes, at + 2, value.length + lie);
        }
        if (message.parse(bytes, bytes.length)) message.hasValidIntegrity(PASSWORD);
      }),
      { seed: SEED, numRuns: 5000 },
    );
  },
});
