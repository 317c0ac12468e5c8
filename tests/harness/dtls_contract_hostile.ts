import assert from "node:assert/strict";
import { CERTIFICATE, CLIENT_HELLO } from "../../src/io/dtls/message.ts";
import type { DtlsTest } from "./dtls_backend.ts";
import { mutate, seeded, SERVER_HELLO, shuffle } from "./dtls_datagrams.ts";
import { beginsWith, DEADLINE_MS, type DtlsPair, type PairOptions } from "./dtls_pair.ts";

/** Mutants of datagrams that reach sessions in the middle of their handshake. */
const MUTANTS = 10_000;
/** To each datagram of a client. */
const MUTANTS_EACH = 25;

/** Against clients that go wrong in the middle of a handshake, and who repeats what was said. */
export function hostile(test: DtlsTest): void {
  lying(test);
  mutating(test);
  replaying(test);
}

function lying(test: DtlsTest): void {
  test("B21: a client with an empty certificate is refused", async (make) => {
    const pair = make();
    pair.client.socket.cipher.localCert = pair.client.socket.cipher.localCert.subarray(0, 0);
    await pair.connect();
    pair.assertRefused();
  });

  test("B21: a client that leaves its certificate out is never connected", async (make) => {
    const pair = make({ carryUp: (datagram) => beginsWith(datagram, CERTIFICATE) ? [] : [datagram] });
    await pair.connect();
    await pair.persist(100);
    pair.assertRefused();
  });

  for (const [name, version] of [["1.0", 0xfeff], ["1.1, which there never was", 0xfefe], ["0.9", 0x0100]] as const) {
    test(`B21: a client of DTLS ${name} is never connected`, async (make) => {
      const pair = make({
        carryUp(datagram) {
          if (!beginsWith(datagram, CLIENT_HELLO)) return [datagram];
          const changed = Uint8Array.from(datagram);
          // Behind the headers of record and message.
          changed.set([version >> 8, version & 0xff], 25);
          return [changed];
        },
      });
      await pair.connect();
      await pair.persist(100);
      pair.assertRefused();
    });
  }

  test("B24: where nothing arrives a session ends after few wake-ups, and is silent from then on", async (make) => {
    const pair = make({ losesDown: (datagram) => beginsWith(datagram, SERVER_HELLO) });
    await pair.connect();
    let wakeUps = 0;
    while (pair.failed.length === 0 && ++wakeUps < 1_000) pair.expire();
    assert.ok(wakeUps < 20, `${wakeUps} wake-ups`);
    const sent = pair.serverSent;
    for (let poll = 1; poll <= 16; poll++) {
      assert.equal(pair.session.nextTimeout(), Infinity);
      pair.session.handleTimeout(pair.nowMs + poll * DEADLINE_MS);
    }
    assert.equal(pair.serverSent, sent);
    assert.equal(pair.failed.length, 1);
  });
}

function mutating(test: DtlsTest): void {
  test("B25: every beginning of a datagram, ahead of the whole one, does not stop a handshake", async (make) => {
    let cut = 0;
    const pair = make({
      carryUp(datagram) {
        const beginnings = Array.from(datagram, (_, length) => datagram.slice(0, length));
        cut += beginnings.length;
        return [...beginnings, datagram];
      },
    });
    await pair.connect();
    assert.ok(cut > 500, `${cut} beginnings`);
    await pair.assertWorks();
  });

  test(`B25: of ${MUTANTS} mutants in the middle of handshakes none throws or gives wrong keys`, async (make) => {
    const count = { mutants: 0, connected: 0, sessions: 0 };
    for (let seed = 1; count.mutants < MUTANTS; seed++) {
      const random = seeded(seed);
      const pair: DtlsPair = make({
        carryUp(datagram) {
          if (pair.failed.length > 0) return [];
          const mutants = Array.from({ length: MUTANTS_EACH }, () => mutate(datagram, random));
          count.mutants += mutants.length;
          // Most come behind the datagram that they are made of: those ahead of it may well end the handshake.
          return random(10) === 0 ? [...mutants, datagram] : [datagram, ...mutants];
        },
      });
      await pair.connect();
      count.sessions++;
      assert.ok(pair.connected.length + pair.failed.length <= 2 && pair.connected.length <= 1, `seed ${seed}`);
      if (pair.client.connections === 0 || pair.failed.length > 0) continue;
      await pair.assertWorks();
      count.connected++;
    }
    assert.ok(count.connected * 2 > count.sessions, JSON.stringify(count));
  });
}

function replaying(test: DtlsTest): void {
  test("B21: a recorded handshake, played to another session, does not connect", async (make) => {
    const recorded = make();
    await recorded.connect();
    for (let seed = 0; seed <= 10; seed++) {
      const pair = make();
      const datagrams = seed === 0 ? recorded.clientSent : shuffle(recorded.clientSent, seeded(seed));
      for (const datagram of datagrams) pair.session.handleDatagram(datagram, pair.nowMs);
      assert.deepEqual(pair.connected, [], `seed ${seed}`);
    }
  });

  test("B26, B27: a handshake that is played again after completion, in any order, is answered as a repeated Finished", async (make) => {
    const pair = make();
    await pair.connect();
    const played = pair.clientSent.slice();
    for (let seed = 1; seed <= 10; seed++) {
      const sent = pair.serverSent;
      for (const datagram of shuffle(played, seeded(seed))) pair.session.handleDatagram(datagram, pair.nowMs);
      assert.ok(pair.serverSent <= sent + 1, `seed ${seed}: ${pair.serverSent - sent} datagrams`);
    }
    await pair.assertWorks();
  });

  test("B27: records in another order are each taken once, as far back as the window reaches", async (make) => {
    const random = seeded(5);
    const { pair, records } = await withRecords(make, 200);
    const deliver = (index: number) => pair.session.handleDatagram(records[index], pair.nowMs);
    const WINDOW = 64;
    for (const group of [0, WINDOW]) {
      const order = shuffle(Array.from({ length: WINDOW }, (_, index) => group + index), random);
      for (const index of [...order, ...order]) deliver(index);
    }
    assert.deepEqual(pair.received.map(([index]) => index).sort((a, b) => a - b), [...new Array(2 * WINDOW).keys()]);
    deliver(199);
    deliver(199 - WINDOW);
    deliver(199 - WINDOW + 1);
    deliver(0);
    assert.deepEqual(pair.received.slice(2 * WINDOW).map(([index]) => index), [199, 199 - WINDOW + 1]);
  });

  test("B27: of data that the network delivers five times all comes out, and once", async (make) => {
    const { pair, records } = await withRecords(make, 50);
    for (const record of records) for (let copy = 0; copy < 5; copy++) pair.session.handleDatagram(record, pair.nowMs);
    assert.deepEqual(pair.received.map(([index]) => index), [...records.keys()]);
  });
}

/** A pair that is connected, and records with one byte of data each, the number of the record, which are on their way. */
async function withRecords(
  make: (options?: PairOptions) => DtlsPair,
  count: number,
): Promise<{ readonly pair: DtlsPair; readonly records: readonly Uint8Array[] }> {
  let holding = false;
  const records: Uint8Array[] = [];
  const pair = make({
    carryUp(datagram) {
      if (!holding) return [datagram];
      records.push(Uint8Array.from(datagram));
      return [];
    },
  });
  await pair.connect();
  holding = true;
  for (let index = 0; index < count; index++) await pair.client.sendApplicationData(Uint8Array.of(index));
  holding = false;
  return { pair, records };
}
