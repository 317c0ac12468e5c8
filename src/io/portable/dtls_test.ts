import assert from "node:assert/strict";
import { dtlsContract } from "../../../tests/harness/dtls_contract.ts";
import { mutate, plainAlert, seeded } from "../../../tests/harness/dtls_datagrams.ts";
import { beginsWith, DtlsPair, type PairOptions } from "../../../tests/harness/dtls_pair.ts";
import { longCertificate } from "../../../tests/harness/long_certificate.ts";
import { connectOpenSsl, LIBSSL_TITLE, WITH_LIBSSL } from "../../../tests/harness/native_dtls.ts";
import { createCertificate } from "../dtls/certificate.ts";
import { createPortableDtls } from "./dtls.ts";
import { MAX_DATAGRAM, readRecords } from "../dtls/record.ts";

const CERTIFICATE = createCertificate(Date.UTC(2027, 0, 1));
const SERVER_HELLO = 2;
const HELLO_VERIFY_REQUEST = 3;

dtlsContract("portable", {
  permissions: "none",
  open: () => ({ factory: createPortableDtls(CERTIFICATE), close() {} }),
});

function test(sentence: string, fn: () => Promise<void> | void): void {
  Deno.test({ name: sentence, permissions: "none", sanitizeOps: true, sanitizeResources: true, fn });
}

function makePair(options?: PairOptions): DtlsPair {
  return new DtlsPair(createPortableDtls(CERTIFICATE), options);
}

function feed(pair: DtlsPair, datagram: Uint8Array): void {
  pair.session.handleDatagram(datagram, pair.nowMs);
}

test("the factory's fingerprint is the certificate's", () => {
  assert.equal(createPortableDtls(CERTIFICATE).fingerprint, CERTIFICATE.fingerprint);
});

Deno.test({
  name: `B132, B205: a long certificate is shown in datagrams of 1200 bytes at most (${LIBSSL_TITLE} as the client)`,
  permissions: WITH_LIBSSL.permissions,
  ignore: WITH_LIBSSL.ignore,
  fn() {
    for (const length of [900, 1_000, 5_000]) {
      const [ours, theirs] = [longCertificate(length), longCertificate(2_000)];
      const { connected, failed, client, lengths } = connectOpenSsl(createPortableDtls(ours), theirs);
      assert.deepEqual(failed, []);
      assert.ok(typeof client !== "string", `${client}`);
      assert.deepEqual(client.remoteCertificate, ours.der);
      assert.deepEqual(connected, [{ ...client, remoteCertificate: theirs.der }]);
      assert.ok(Math.max(...lengths) <= MAX_DATAGRAM, `${lengths}`);
    }
  },
});

test("B29: a ClientHello without a cookie gets a shorter answer, and no timeout for it", async () => {
  const answers: Uint8Array[] = [];
  const pair = makePair({ losesDown: (datagram) => answers.push(datagram) > 0 });
  const deadline = pair.session.nextTimeout();
  await pair.connect();
  assert.equal(answers.length, 1);
  assert.ok(beginsWith(answers[0], HELLO_VERIFY_REQUEST));
  assert.ok(answers[0].length < pair.clientSent[0].length);
  assert.equal(pair.session.nextTimeout(), deadline);
  pair.client.resend();
  await pair.settle();
  assert.equal(answers.length, 2);
});

test("B29: a ClientHello with the cookie of another session gets no answer", async () => {
  const other = makePair();
  await other.connect();
  const pair = makePair();
  feed(pair, other.clientSent[0]);
  const sent = pair.serverSent;
  feed(pair, other.clientSent[1]);
  assert.equal(pair.serverSent, sent);
});

test("B29: forged first ClientHellos do not stop the handshake", async () => {
  const random = seeded(3);
  const hello = await recordHello();
  const pair = makePair();
  for (let n = 0; n < 500; n++) feed(pair, mutate(hello, random));
  await pair.connect();
  await pair.assertWorks();
});

async function recordHello(): Promise<Uint8Array> {
  const pair = makePair();
  await pair.connect();
  return pair.clientSent[0];
}

test("B20: a client without the extended master secret is refused", async () => {
  const pair = makePair({ extendedMasterSecret: false });
  await pair.connect();
  assert.deepEqual(pair.failed, ["no extended master secret"]);
});

test("B21: the reasons of a refusal are told", async () => {
  const stranger = makePair({ keyPem: createCertificate(Date.UTC(2027, 0, 1)).keyPem });
  await stranger.connect();
  assert.deepEqual(stranger.failed, ["certificate not proven"]);
  const mute = makePair({ profiles: [] });
  await mute.connect();
  assert.deepEqual(mute.failed, ["no common cipher suite, curve or SRTP profile"]);
});

test("B21: a client with an empty certificate is refused", async () => {
  const pair = makePair();
  pair.client.socket.cipher.localCert = pair.client.socket.cipher.localCert.subarray(0, 0);
  await pair.connect();
  assert.deepEqual(pair.failed, ["no certificate from the client"]);
});

test("B22: before a ClientHello an alert means nothing", async () => {
  const pair = makePair();
  feed(pair, plainAlert(2, 80));
  feed(pair, plainAlert(1, 0));
  await pair.connect();
  await pair.assertWorks();
});

test("B22: a warning other than close_notify does not end the handshake", async () => {
  const pair = makePair({ losesDown: (datagram) => beginsWith(datagram, SERVER_HELLO) });
  await pair.connect();
  feed(pair, plainAlert(1, 90));
  assert.deepEqual(pair.failed, []);
  feed(pair, plainAlert(1, 0));
  assert.deepEqual(pair.failed, ["alert 0 from the client"]);
});

test("B23: the waits double from the first one to 3 s, and each copy has new record numbers", async () => {
  const flights: Uint8Array[] = [];
  const factory = createPortableDtls(CERTIFICATE, { firstTimeoutMs: 50 });
  const pair = new DtlsPair(factory, {
    losesDown: (datagram) => beginsWith(datagram, SERVER_HELLO) && flights.push(datagram.slice()) > 0,
  });
  await pair.connect();
  const waits: number[] = [];
  for (let n = 0; n < 8; n++) {
    const before = pair.nowMs;
    pair.expire();
    waits.push(pair.nowMs - before);
  }
  assert.deepEqual(waits, [50, 100, 200, 400, 800, 1600, 3000, 3000]);
  const records = flights.flatMap((flight) => readRecords(flight) ?? []);
  assert.equal(flights.length, 9);
  assert.equal(new Set(records.map((record) => record.sequenceNumber)).size, records.length);
});

test("B23: nothing is repeated once the client has begun to answer", async () => {
  let answers = 0;
  const pair = makePair({
    carryUp: (datagram) => pair.client.socket.dtls.flight === 5 && answers++ > 0 ? [] : [datagram],
  });
  const deadline = pair.session.nextTimeout();
  await pair.connect();
  assert.ok(answers > 1);
  assert.equal(pair.session.nextTimeout(), deadline);
});

test("B27: no sequence number is used twice under the same keys", async () => {
  const numbers: number[] = [];
  const pair = makePair({
    losesDown: (datagram) => {
      const records = readRecords(datagram) ?? [];
      numbers.push(...records.filter(({ epoch }) => epoch === 1).map(({ sequenceNumber }) => sequenceNumber));
      return false;
    },
  });
  await pair.connect();
  pair.client.resend();
  await pair.settle();
  pair.session.close();
  assert.deepEqual(numbers, [0, 1, 2]);
});

test("what is dropped is counted", async () => {
  const factory = createPortableDtls(CERTIFICATE);
  const pair = new DtlsPair(factory);
  feed(pair, Uint8Array.of(22, 0xfe, 0xfd, 0, 0));
  assert.deepEqual(factory.counters, { malformedDatagrams: 1, droppedRecords: 0 });
  await pair.connect();
  assert.deepEqual(factory.counters, { malformedDatagrams: 1, droppedRecords: 0 });
  feed(pair, plainAlert(2, 80));
  assert.deepEqual(factory.counters, { malformedDatagrams: 1, droppedRecords: 1 });
});
