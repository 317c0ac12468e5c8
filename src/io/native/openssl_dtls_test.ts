import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { withPairs } from "../../../tests/harness/dtls_backend.ts";
import { dtlsContract } from "../../../tests/harness/dtls_contract.ts";
import { inTwoFragments, SERVER_HELLO } from "../../../tests/harness/dtls_datagrams.ts";
import { beginsWith, DtlsPair, type PairOptions } from "../../../tests/harness/dtls_pair.ts";
import { longCertificate } from "../../../tests/harness/long_certificate.ts";
import {
  connectOpenSsl,
  countingConnections,
  LIBSSL_TITLE,
  openNativeDtls,
  testLibssl,
  WITH_LIBSSL,
} from "../../../tests/harness/native_dtls.ts";
import { WipeSpy } from "../../../tests/harness/wipe_spy.ts";
import { createCertificate } from "../dtls/certificate.ts";
import { createGcmRecords } from "../dtls/gcm_records.ts";
import { CLIENT_HELLO } from "../dtls/message.ts";
import { ProtectedRecords } from "../dtls/protected_records.ts";
import { ALERT, CHANGE_CIPHER_SPEC, HANDSHAKE, MAX_DATAGRAM, PROTECTED_EPOCH, readRecords } from "../dtls/record.ts";
import { exchangeFlights } from "./openssl_dtls_check.ts";
import { OpenSslConnection } from "./openssl_dtls_connection.ts";
import { createContext } from "./openssl_dtls_context.ts";
import { cString } from "./openssl_dtls_library.ts";

const { permissions, ignore } = WITH_LIBSSL;
const CERTIFICATE = createCertificate(Date.UTC(2027, 0, 1));

dtlsContract(LIBSSL_TITLE, { permissions, ignore, open: () => openNativeDtls(CERTIFICATE) });

function test(sentence: string, fn: (make: (options?: PairOptions) => DtlsPair) => Promise<void>): void {
  Deno.test({
    name: `${sentence} (${LIBSSL_TITLE})`,
    permissions,
    ignore,
    sanitizeOps: true,
    sanitizeResources: true,
    fn: () => withPairs(() => openNativeDtls(CERTIFICATE), fn),
  });
}

/** Changes the ClientHello on its way. */
function withHello(change: (hello: Uint8Array) => void): PairOptions {
  return {
    carryUp(datagram) {
      if (!beginsWith(datagram, CLIENT_HELLO)) return [datagram];
      const changed = Uint8Array.from(datagram);
      change(changed);
      return [changed];
    },
  };
}

test("B210: the copy of the private key that OpenSSL reads is wiped", () => {
  using spy = new WipeSpy();
  openNativeDtls(CERTIFICATE).close();
  assert.equal(spy.count(new TextEncoder().encode(CERTIFICATE.keyPem)), 1);
  return Promise.resolve();
});

test("B183: a client of DTLS 1.0 is refused, and told so", async (make) => {
  const alerts: Uint8Array[] = [];
  const pair = make({
    // The version in the message, behind the headers of record and message.
    ...withHello((hello) => hello.set([0xfe, 0xff], 25)),
    losesDown: (datagram) => alerts.push(datagram) > 0,
  });
  await pair.connect();
  pair.assertRefused();
  assert.deepEqual(pair.failed, ["unsupported protocol"]);
  const PROTOCOL_VERSION = 70;
  assert.deepEqual(alerts.map((alert) => [alert[0], ...alert.subarray(13)]), [[ALERT, 2, PROTOCOL_VERSION]]);
});

test("B183: a client without a suite of ours is refused", async (make) => {
  const pair = make(withHello((hello) => {
    // werift offers two suites; this makes TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 the one with RSA.
    const at = hello.findIndex((byte, index) => byte === 0xc0 && hello[index + 1] === 0x2b);
    hello[at + 1] = 0x2f;
  }));
  await pair.connect();
  assert.deepEqual(pair.failed, ["no shared cipher"]);
});

test("B20: a client without a common profile, or without the extended master secret, is refused", async (make) => {
  const mute = make({ profiles: [] });
  await mute.connect();
  assert.deepEqual(mute.failed, ["no common SRTP profile"]);
  const old = make({ extendedMasterSecret: false });
  await old.connect();
  assert.deepEqual(old.failed, ["no extended master secret"]);
  for (const pair of [mute, old]) pair.assertRefused();
});

test("B23: each copy of a flight has new record numbers", async (make) => {
  const numbers: number[] = [];
  const pair = make({
    losesDown: (datagram) => {
      numbers.push(...(readRecords(datagram) ?? []).map(({ sequenceNumber }) => sequenceNumber));
      return beginsWith(datagram, SERVER_HELLO);
    },
  });
  await pair.connect();
  for (let n = 0; n < 5; n++) pair.expire();
  assert.ok(numbers.length > 5);
  assert.deepEqual(numbers, [...numbers.keys()]);
});

test("B23: a Finished that is repeated under a new number gets the last flight again, and its copy does not", async (make) => {
  const sent: number[] = [];
  const pair = make({
    losesDown: (datagram) => {
      const records = readRecords(datagram) ?? [];
      sent.push(...records.filter(({ epoch }) => epoch === PROTECTED_EPOCH).map((record) => record.sequenceNumber));
      return false;
    },
  });
  const { cipher } = pair.client.socket;
  const encrypt = cipher.encryptPacket.bind(cipher);
  let finished: Buffer | undefined;
  cipher.encryptPacket = (packet) => {
    finished ??= packet.fragment;
    return encrypt(packet);
  };
  await pair.connect();
  assert.ok(finished);
  pair.client.sendProtected(HANDSHAKE, 50, finished);
  pair.client.sendProtected(HANDSHAKE, 50, finished);
  await pair.settle();
  assert.deepEqual(sent, [0, 0]);
  await pair.assertWorks();
});

test("B27: what is sent twice under a number is the same record", async (make) => {
  const records = new Map<number, Set<string>>();
  const pair = make({
    losesDown: (datagram) => {
      for (const { epoch, sequenceNumber, fragment } of readRecords(datagram) ?? []) {
        const copies = records.get(sequenceNumber) ?? new Set();
        if (epoch === PROTECTED_EPOCH) records.set(sequenceNumber, copies.add(fragment.toString("hex")));
      }
      return false;
    },
  });
  await pair.connect();
  pair.client.resend();
  await pair.settle();
  pair.session.close();
  assert.deepEqual([...records].map(([number, copies]) => [number, copies.size]), [[0, 1], [1, 1]]);
});

test("B181: OpenSSL gets each message in the clear once, whole and in its order, under numbers of ours", async () => {
  const given: number[][] = [];
  const libssl = testLibssl();
  const BIO_write: typeof libssl.call.BIO_write = (bio, bytes, length) => {
    const [record] = readRecords(new Uint8Array(bytes as Uint8Array<ArrayBuffer>).subarray(0, length)) ?? [];
    if (record.epoch === 0) given.push([record.type, record.sequenceNumber, record.fragment[0]]);
    return libssl.call.BIO_write(bio, bytes, length);
  };
  await withPairs(
    () => openNativeDtls(CERTIFICATE, { ...libssl, call: { ...libssl.call, BIO_write } }),
    async (make) => {
      const pair = make({
        // Everything until then once more and backwards, and the new one in two parts, of which the second comes first.
        carryUp: (datagram) => [
          ...pair.clientSent.toReversed(),
          ...datagram[0] === HANDSHAKE && datagram[4] === 0 ? inTwoFragments(datagram).toReversed() : [datagram],
        ],
      });
      await pair.connect();
      await pair.assertWorks();
    },
  );
  const [hello, certificate, keyExchange, certificateVerify] = [1, 11, 16, 15];
  assert.deepEqual(given, [
    [HANDSHAKE, 0, hello],
    [HANDSHAKE, 1, certificate],
    [HANDSHAKE, 2, keyExchange],
    [HANDSHAKE, 3, certificateVerify],
    [CHANGE_CIPHER_SPEC, 4, 1],
  ]);
});

Deno.test({
  name: `B132: no datagram of a handshake is longer than 1200 bytes, with long certificates either (${LIBSSL_TITLE})`,
  permissions,
  ignore,
  fn() {
    const [ours, theirs] = [longCertificate(5_000), longCertificate(9_000)];
    const { factory, close } = openNativeDtls(ours);
    const { connected, failed, client, lengths } = connectOpenSsl(factory, theirs);
    close();
    assert.deepEqual(failed, []);
    assert.ok(typeof client !== "string", `${client}`);
    assert.deepEqual(client.remoteCertificate, ours.der);
    assert.deepEqual(connected, [{ ...client, remoteCertificate: theirs.der }]);
    assert.ok(lengths.length > 5);
    assert.ok(Math.max(...lengths) <= MAX_DATAGRAM, `${lengths}`);
  },
});

Deno.test({
  name:
    `B182: a session holds something of OpenSSL's during its handshake alone, whichever way that ends (${LIBSSL_TITLE})`,
  permissions,
  ignore,
  async fn() {
    const counting = countingConnections(testLibssl());
    const { factory, close } = openNativeDtls(CERTIFICATE, counting.libssl);
    const [silent, refused, stuck, ended, closed] = [
      {},
      { profiles: [] },
      { losesDown: (datagram: Uint8Array) => beginsWith(datagram, SERVER_HELLO) },
      {},
      {},
    ].map((options) => new DtlsPair(factory, options));
    assert.equal(counting.open(), 0, "nothing before a ClientHello");
    for (const pair of [refused, stuck, ended, closed]) await pair.connect();
    assert.equal(counting.open(), 1, "only the one whose handshake goes on");
    for (const pair of [silent, stuck]) while (pair.failed.length === 0) pair.expire();
    assert.equal(counting.open(), 0);
    ended.client.sendProtected(ALERT, 100, Uint8Array.of(1, 0));
    await ended.settle();
    assert.deepEqual(ended.failed, ["closed by peer"]);
    for (const pair of [silent, refused, stuck, ended, closed]) pair.session.close();
    assert.equal(counting.open(), 0);
    close();
  },
});

for (
  const [suite, name] of [[0xc02b, "ECDHE-ECDSA-AES128-GCM-SHA256"], [0xc02c, "ECDHE-ECDSA-AES256-GCM-SHA384"]] as const
) {
  Deno.test({
    name:
      `B182: what a client encrypts after a handshake with ${name} is opened with keys of our own (${LIBSSL_TITLE})`,
    permissions,
    ignore,
    fn() {
      const libssl = testLibssl();
      const [server, client] = (["server", "client"] as const).map((role) => createContext(libssl, CERTIFICATE, role));
      assert.equal(libssl.call.SSL_CTX_set_cipher_list(client.pointer, cString(name)), 1);
      const ends = [client, server].map((context) => OpenSslConnection.open(context) ?? assert.fail());
      exchangeFlights(ends);
      const secrets = ends[1].recordSecrets();
      assert.equal(secrets?.suite, suite);
      ends[0].shutdown();
      const [record] = ends[0].takeOutput();
      const records = new ProtectedRecords(createGcmRecords(secrets ?? assert.fail()) ?? assert.fail());
      assert.deepEqual(records.open(record), Buffer.of(1, 0));
      for (let at = 0; at < record.fragment.length; at++) {
        const fragment = Buffer.from(record.fragment);
        fragment[at] ^= 1;
        assert.equal(records.open({ ...record, fragment }), undefined, `byte ${at}`);
      }
      assert.equal(records.open({ ...record, sequenceNumber: record.sequenceNumber + 1 }), undefined);
      for (const end of ends) end.free();
      for (const context of [client, server]) context.free();
      libssl.close();
    },
  });
}

Deno.test({
  name: `B182: a thousand sessions that came and went leave no memory behind (${LIBSSL_TITLE})`,
  permissions,
  ignore,
  async fn() {
    await withPairs(() => openNativeDtls(CERTIFICATE), async (make) => {
      const recorded = make();
      await recorded.connect();
      const comeAndGo = (count: number) => {
        for (let n = 0; n < count; n++) {
          const pair = make();
          pair.session.handleDatagram(recorded.clientSent[0], pair.nowMs);
          pair.session.close();
          assert.ok(pair.serverSent > 0);
        }
      };
      comeAndGo(200);
      const before = Deno.memoryUsage().rss;
      comeAndGo(1_000);
      // A session that shakes hands has 76 kB.
      const grown = (Deno.memoryUsage().rss - before) / 2 ** 20;
      assert.ok(grown < 40, `${grown.toFixed(1)} MB more`);
    });
  },
});
