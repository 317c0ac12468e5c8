import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { classes, Message, methods, parseMessage } from "werift";
import { StunMessage } from "../../webrtc/stun.ts";
import { attributeOf, xorAddress, xorAddressOf } from "./stun_attributes.ts";
import { newTransactionId } from "./stun_transaction.ts";
import { SELF_DELIMITED, TURN, TURN_ATTRIBUTE, UDP, writeTurnMessage } from "./turn_message.ts";
import { parseStunUrl } from "./turn_url.ts";

// werift's codec is the independent reference. Importing it reads the environment: run with --allow-env.

const CREDENTIALS = { username: "1700000000:peer", password: "secret", realm: "turn.test", nonce: "a nonce" };
const PEERS = [{ address: "192.0.2.1", port: 32853 }, { address: "2001:db8::1:0:7", port: 9 }];

Deno.test({
  name: "B485: werift takes a request with long-term credentials, and reads its attributes",
  permissions: "none",
  fn() {
    const bytes = writeTurnMessage(
      TURN.ALLOCATE,
      newTransactionId(),
      [[TURN_ATTRIBUTE.REQUESTED_TRANSPORT, UDP]],
      CREDENTIALS,
    );
    const key = createHash("md5").update("1700000000:peer:turn.test:secret").digest();
    const message = parseMessage(Buffer.from(bytes), key);
    ok(message);
    deepStrictEqual([message.messageMethod, message.messageClass], [methods.ALLOCATE, classes.REQUEST]);
    strictEqual(message.getAttributeValue("REQUESTED-TRANSPORT"), 0x11000000);
    strictEqual(message.getAttributeValue("USERNAME"), CREDENTIALS.username);
    strictEqual(message.getAttributeValue("REALM"), CREDENTIALS.realm);
    deepStrictEqual([...message.getAttributeValue("NONCE")], [...Buffer.from(CREDENTIALS.nonce)]);
    strictEqual(parseMessage(Buffer.from(bytes), Buffer.from("another")), undefined);
  },
});

Deno.test({
  name: "B485: addresses are masked as werift masks them, of both families",
  permissions: "none",
  fn() {
    for (const peer of PEERS) {
      const id = newTransactionId();
      const data = Uint8Array.of(1, 2, 3);
      const bytes = writeTurnMessage(TURN.SEND_INDICATION, id, [
        [TURN_ATTRIBUTE.XOR_PEER_ADDRESS, xorAddress(peer, id)],
        [TURN_ATTRIBUTE.DATA, data],
      ]);
      const sent = parseMessage(Buffer.from(bytes));
      ok(sent);
      strictEqual(sent.getAttributeValue("XOR-PEER-ADDRESS")[1], peer.port);
      const reference = new Message(methods.DATA, classes.INDICATION, Buffer.from(id))
        .setAttribute("XOR-PEER-ADDRESS", [peer.address, peer.port]).setAttribute("DATA", Buffer.from(data));
      const message = new StunMessage();
      ok(message.parse(reference.bytes, reference.bytes.length));
      deepStrictEqual(xorAddressOf(message, TURN_ATTRIBUTE.XOR_PEER_ADDRESS), peer);
      deepStrictEqual([...attributeOf(message, TURN_ATTRIBUTE.DATA) ?? []], [...data]);
      strictEqual(attributeOf(message, TURN_ATTRIBUTE.LIFETIME), undefined);
    }
  },
});

Deno.test({
  name: "B485: in a stream a message tells where it ends",
  permissions: "none",
  fn() {
    const bytes = writeTurnMessage(TURN.REFRESH, newTransactionId(), [[TURN_ATTRIBUTE.LIFETIME, new Uint8Array(4)]]);
    strictEqual(SELF_DELIMITED.frameLength(bytes.subarray(0, 3)), 0);
    strictEqual(SELF_DELIMITED.frameLength(bytes), bytes.length);
  },
});

Deno.test({
  name: "B485: the URLs of STUN and TURN servers say where they are; what cannot be asked is none",
  permissions: "none",
  fn() {
    const places = {
      "stun:a.example": ["a.example", 3478, "udp"],
      "turn:a.example:80?transport=tcp": ["a.example", 80, "tcp"],
      "turns:a.example": ["a.example", 5349, "tls"],
      "TURNS:a.example:443?transport=TCP": ["a.example", 443, "tls"],
      "turn:[2001:db8::1]:3479": ["2001:db8::1", 3479, "udp"],
    };
    for (const [url, place] of Object.entries(places)) {
      const server = parseStunUrl(url);
      deepStrictEqual([server?.host, server?.port, server?.transport], place, url);
    }
    for (const url of ["turns:a.example?transport=udp", "stuns:a.example", "http://a.example", "turn:"]) {
      strictEqual(parseStunUrl(url), undefined, url);
    }
  },
});
