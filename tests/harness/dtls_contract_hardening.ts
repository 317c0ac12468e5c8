import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  APPLICATION_DATA,
  CHANGE_CIPHER_SPEC,
  CLOSE_NOTIFY,
  FATAL,
  PROTECTED_EPOCH,
  WARNING,
  writeRecord,
} from "../../src/io/dtls/record.ts";
import type { DtlsTest } from "./dtls_backend.ts";
import { INTERNAL_ERROR, mutate, plainAlert, seeded } from "./dtls_datagrams.ts";

/** Against what comes from no client, or from one that means ill. */
export function hardening(test: DtlsTest): void {
  test("B25: garbage and cut datagrams neither throw nor stop a later handshake", async (make) => {
    const recorded = make();
    await recorded.connect();
    const random = seeded(7);
    const pair = make();
    const feed = (bytes: Uint8Array) => pair.session.handleDatagram(bytes, pair.nowMs);
    for (let length = 0; length <= 64; length++) {
      for (let type = 20; type < 24; type++) {
        const garbage = Uint8Array.from({ length }, () => random(256));
        feed(garbage);
        // The same with a head that looks like DTLS.
        garbage.set([type, 0xfe, 0xfd].slice(0, length));
        feed(garbage);
      }
    }
    for (const datagram of recorded.clientSent) {
      for (let length = 0; length < datagram.length; length++) feed(datagram.subarray(0, length));
    }
    await pair.connect();
    await pair.assertWorks();
  });

  test("B25: mutations of another session's handshake neither throw nor connect", async (make) => {
    const recorded = make();
    await recorded.connect();
    for (let seed = 1; seed <= 100; seed++) {
      const random = seeded(seed);
      const pair = make();
      for (let n = 0; n < 100; n++) {
        const datagram = recorded.clientSent[random(recorded.clientSent.length)];
        pair.session.handleDatagram(mutate(datagram, random), pair.nowMs);
      }
      assert.deepEqual(pair.connected, [], `seed ${seed}`);
    }
  });

  test("B25: a handshake with forged datagrams in between throws nothing and gives no wrong keys", async (make) => {
    for (let seed = 1; seed <= 40; seed++) {
      const random = seeded(seed);
      const pair = make({ carryUp: (datagram) => random(3) === 0 ? [mutate(datagram, random), datagram] : [datagram] });
      await pair.connect();
      assert.ok(pair.connected.length + pair.failed.length <= 1, `seed ${seed}`);
      if (pair.client.connections > 0) await pair.assertWorks();
    }
  });

  test("B26: after completion nothing that is not encrypted has an effect", async (make) => {
    const pair = make();
    await pair.connect();
    const sent = pair.serverSent;
    const hello = pair.clientSent[0];
    pair.session.handleDatagram(hello, pair.nowMs);
    pair.session.handleDatagram(plainAlert(FATAL, INTERNAL_ERROR), pair.nowMs);
    pair.session.handleDatagram(plainAlert(WARNING, CLOSE_NOTIFY), pair.nowMs);
    for (const datagram of pair.clientSent.slice(0, -1)) pair.session.handleDatagram(datagram, pair.nowMs);
    assert.equal(pair.serverSent, sent);
    await pair.assertWorks();
  });

  test("B26: after completion another client cannot begin", async (make) => {
    const pair = make();
    await pair.connect();
    const first = pair.client;
    pair.replaceClient();
    const sent = pair.serverSent;
    await pair.connect();
    assert.equal(pair.serverSent, sent);
    await first.sendApplicationData(Uint8Array.of(1, 2, 3));
    await pair.settle();
    assert.deepEqual(pair.received, [Uint8Array.of(1, 2, 3)]);
  });

  test("B26, B27: records of every length that nobody has encrypted are dropped, those too short to be so too", async (make) => {
    const pair = make();
    await pair.connect();
    const sent = pair.serverSent;
    for (let length = 0; length <= 64; length++) {
      for (let type = CHANGE_CIPHER_SPEC; type <= APPLICATION_DATA; type++) {
        pair.session.handleDatagram(
          writeRecord(type, PROTECTED_EPOCH, 1_000 + length, Buffer.alloc(length)),
          pair.nowMs,
        );
      }
    }
    assert.equal(pair.serverSent, sent);
    await pair.assertWorks();
  });

  test("B27: a record that comes twice is taken once, and an altered one not at all", async (make) => {
    const random = seeded(11);
    const pair = make();
    await pair.connect();
    await pair.client.sendApplicationData(Uint8Array.of(1, 2, 3));
    const record = pair.clientSent[pair.clientSent.length - 1];
    for (let n = 0; n < 500; n++) {
      const mutant = mutate(record, random);
      // What follows a whole record may be dropped alone, and a byte may have got the value that it had.
      const whole = record.every((byte, index) => mutant[index] === byte);
      if (!whole) pair.session.handleDatagram(mutant, pair.nowMs);
    }
    assert.deepEqual(pair.received, []);
    await pair.settle();
    pair.session.handleDatagram(record, pair.nowMs);
    assert.deepEqual(pair.received, [Uint8Array.of(1, 2, 3)]);
    await pair.assertWorks();
  });
}
