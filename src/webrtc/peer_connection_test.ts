import assert from "node:assert/strict";
import { CLIENT_FINGERPRINT, DTLS_ALERT, DTLS_HELLO, fixedKeys, keyedDtls } from "../../tests/harness/keyed_dtls.ts";
import { testKeying } from "../../tests/harness/media_setup.ts";
import { seededRandom } from "../../tests/harness/seeded_random.ts";
import { isWiped } from "../../tests/harness/wipe_spy.ts";
import type { DtlsFactory, DtlsSink, SrtpKeying } from "./dtls.ts";
import { HandshakeLimit } from "./handshake_limit.ts";
import { type IceCredentials, IceGenerations } from "./ice_generations.ts";
import { PeerConnection } from "./peer_connection.ts";
import type { RemoteParameters } from "./transport_parameters.ts";

const FROM = "192.0.2.1";
const CANDIDATES = ["candidate:1 1 udp 2130706431 192.0.2.9 5000 typ host"];
const OFFER: RemoteParameters = { ufrag: "clie", password: "password", fingerprints: [CLIENT_FINGERPRINT] };
const WRONG_FINGERPRINT = { algorithm: "sha-256", value: "00:11" };

/** A connection, what its transport was asked, and in one list what both were told. */
function setUp(
  dtls: DtlsFactory = keyedDtls(),
  { candidates = () => CANDIDATES, handshakes = new HandshakeLimit() } = {},
) {
  const told: string[] = [];
  const sent: Uint8Array[] = [];
  const restarts: IceCredentials[] = [];
  const keyings: SrtpKeying[] = [];
  const ice = new IceGenerations(seededRandom(1));
  const connection = new PeerConnection({
    dtls,
    handshakes,
    ice,
    candidates,
    transport: {
      restartIce: (local) => restarts.push(local),
      sendDtls: (bytes) => sent.push(bytes.slice()),
      connect(keying) {
        keyings.push(structuredClone(keying));
        told.push("keys");
      },
    },
    observer: {
      connected: () => told.push("connected"),
      connectionFailed: (reason) => told.push(`failed: ${reason}`),
    },
  });
  return { connection, ice, told, sent, restarts, keyings };
}

/** The same, connected. */
function connected() {
  const setup = setUp();
  setup.connection.accept(OFFER);
  setup.connection.handleDtls(DTLS_HELLO, FROM, 0);
  assert.deepEqual(setup.told.splice(0), ["keys", "connected"]);
  setup.sent.length = 0;
  return setup;
}

/** DTLS whose deadlines the test sets. `calls` holds what its sessions were asked. */
class TimedDtls implements DtlsFactory {
  readonly fingerprint = "AA:BB";
  readonly calls: string[] = [];
  readonly sinks: DtlsSink[] = [];
  nextMs = Infinity;

  create(sink: DtlsSink, nowMs: number) {
    this.sinks.push(sink);
    this.calls.push(`create at ${nowMs}`);
    return {
      handleDatagram: (bytes: Uint8Array, atMs: number) => void this.calls.push(`${bytes.length} bytes at ${atMs}`),
      handleTimeout: (atMs: number) => void this.calls.push(`timeout at ${atMs}`),
      nextTimeout: () => this.nextMs,
      close: () => void this.calls.push("close"),
    };
  }
}

Deno.test({
  name: "B40: DTLS that comes before an offer is not taken, and does not spoil the handshake after it",
  permissions: "none",
  fn() {
    const { connection, told, sent, keyings } = setUp();
    connection.handleDtls(DTLS_HELLO, FROM, 0);
    connection.handleDtls(DTLS_ALERT, FROM, 0);
    assert.deepEqual([told, sent], [[], []]);
    connection.accept(OFFER);
    connection.handleDtls(DTLS_HELLO, FROM, 1);
    assert.deepEqual(told, ["keys", "connected"]);
    assert.deepEqual(sent, [DTLS_HELLO]);
    assert.deepEqual(keyings, [testKeying()], "the keys, and nothing else of the handshake");
    assert.equal(connection.connected, true);
  },
});

Deno.test({
  name: "B23: the keys and the connection are told once, however often the client repeats itself",
  permissions: "none",
  fn() {
    const { connection, told, sent } = connected();
    connection.handleDtls(DTLS_HELLO, FROM, 1);
    assert.deepEqual(sent, [DTLS_HELLO]);
    assert.deepEqual(told, []);
  },
});

Deno.test({
  name: "B21: a certificate that the offer did not announce gets no keys, is told once, and hears close_notify",
  permissions: "none",
  fn() {
    const { connection, told, sent, keyings } = setUp();
    connection.accept({ ...OFFER, fingerprints: [WRONG_FINGERPRINT] });
    connection.handleDtls(DTLS_HELLO, FROM, 0);
    connection.handleDtls(DTLS_HELLO, FROM, 1);
    connection.handleDtls(DTLS_ALERT, FROM, 2);
    connection.close();
    assert.deepEqual(told, ["failed: DTLS: the certificate is not the one that the offer announced"]);
    assert.deepEqual(keyings, []);
    assert.equal(connection.connected, false);
    assert.deepEqual(sent, [DTLS_HELLO, DTLS_ALERT]);
  },
});

Deno.test({
  name: "B28: the client's alert ends the connection once, and nothing is taken from it afterwards",
  permissions: "none",
  fn() {
    const { connection, told, sent } = connected();
    for (const datagram of [DTLS_ALERT, DTLS_ALERT, DTLS_HELLO]) connection.handleDtls(datagram, FROM, 1);
    connection.close();
    assert.deepEqual(told, ["failed: DTLS: alert"]);
    assert.deepEqual(sent, [], "who ended it is told nothing");
    assert.equal(connection.nextTimeout(), Infinity);
  },
});

Deno.test({
  name: "B28: close sends close_notify once, and nothing is told or begun after it",
  permissions: "none",
  fn() {
    const { connection, told, sent } = connected();
    connection.close();
    connection.close();
    assert.deepEqual(sent, [DTLS_ALERT]);
    connection.handleDtls(DTLS_HELLO, FROM, 1);
    connection.handleDtls(DTLS_ALERT, FROM, 1);
    connection.handleTimeout(100_000);
    assert.deepEqual([told, sent.length], [[], 1]);
    const dtls = new TimedDtls();
    const early = setUp(dtls).connection;
    early.accept(OFFER);
    early.close();
    early.handleDtls(DTLS_HELLO, FROM, 1);
    assert.deepEqual(dtls.calls, [], "where there was no association none is made");
  },
});

Deno.test({
  name: "B28: what an association tells that has been closed reaches nobody",
  permissions: "none",
  fn() {
    const dtls = new TimedDtls();
    const { connection, told, keyings } = setUp(dtls);
    connection.accept(OFFER);
    connection.handleDtls(DTLS_HELLO, FROM, 0);
    connection.close();
    const remoteCertificate = new Uint8Array(3);
    dtls.sinks[0].connected({ ...testKeying(), remoteCertificate });
    dtls.sinks[0].failed("late");
    dtls.sinks[0].applicationData(new Uint8Array(3));
    assert.deepEqual([told, keyings], [[], []]);
  },
});

Deno.test({
  name: "P28: an offer is answered with the server's own credentials, fingerprint and candidates",
  permissions: "none",
  fn() {
    const { connection, ice, restarts } = setUp();
    assert.equal(connection.remoteUfrag, undefined);
    const { local } = ice;
    assert.deepEqual(connection.accept(OFFER), {
      ...local,
      fingerprint: "AA:BB",
      candidates: CANDIDATES,
      restarted: true,
    });
    assert.deepEqual([connection.localUfrag, connection.remoteUfrag], [local.ufrag, OFFER.ufrag]);
    assert.equal(connection.restarting, false);
    assert.deepEqual(restarts, [], "the transport has begun with these credentials");
  },
});

Deno.test({
  name: "P70: the candidates are those of the moment in which an ICE generation begins",
  permissions: "none",
  fn() {
    let current = ["first"];
    const { connection } = setUp(keyedDtls(), { candidates: () => current });
    assert.deepEqual(connection.accept(OFFER)?.candidates, ["first"]);
    current = ["second"];
    assert.deepEqual(connection.accept(OFFER)?.candidates, ["first"], "nothing begins");
    assert.deepEqual(connection.accept({ ...OFFER, ufrag: "clie2" })?.candidates, ["second"]);
    current = ["third"];
    assert.deepEqual(connection.restartIce("clie3", "password").candidates, ["third"]);
  },
});

Deno.test({
  name: "P29: an ICE restart tells the transport the server's new credentials once, and the client the same ones",
  permissions: "none",
  fn() {
    const { connection, restarts, told, sent } = connected();
    const before = connection.localUfrag;
    assert.equal(connection.accept(OFFER)?.restarted, false);
    assert.deepEqual(restarts, [], "the same offer again begins nothing");
    const restarted = connection.accept({ ...OFFER, ufrag: "next", password: "another password" });
    assert.ok(restarted?.restarted);
    const { ufrag, password } = restarted;
    assert.deepEqual(restarts, [{ ufrag, password }]);
    assert.notEqual(ufrag, before);
    assert.deepEqual([connection.localUfrag, connection.remoteUfrag], [ufrag, "next"]);
    assert.equal(connection.accept({ ...OFFER, ufrag: "next", password: "another password" })?.ufrag, ufrag);
    assert.equal(restarts.length, 1);
    assert.deepEqual([connection.connected, told, sent], [true, [], []], "the DTLS association goes on");
  },
});

Deno.test({
  name: "P29: an offer with another certificate is refused, and neither it nor its credentials change anything",
  permissions: "none",
  fn() {
    const { connection, restarts } = connected();
    const { localUfrag, remoteUfrag } = connection;
    assert.equal(connection.accept({ ...OFFER, ufrag: "next", fingerprints: [WRONG_FINGERPRINT] }), undefined);
    assert.deepEqual([connection.localUfrag, connection.remoteUfrag, restarts], [localUfrag, remoteUfrag, []]);
    assert.equal(connection.accept(OFFER)?.restarted, false);
  },
});

Deno.test({
  name: "P56: a restart is under way until the client has used the new credentials, not those before",
  permissions: "none",
  fn() {
    const { connection } = connected();
    const before = connection.localUfrag;
    connection.handleIceCredentialsUsed(before);
    assert.equal(connection.restarting, false);
    const { ufrag } = connection.restartIce("next", "another password");
    connection.handleIceCredentialsUsed(before);
    assert.equal(connection.restarting, true);
    connection.handleIceCredentialsUsed(ufrag);
    assert.equal(connection.restarting, false);
    connection.restartIce("next", "another password");
    assert.equal(connection.restarting, false);
  },
});

Deno.test({
  name: "the deadlines are those of DTLS, which is given its time when they have come, until the connection is closed",
  permissions: "none",
  fn() {
    const dtls = new TimedDtls();
    const { connection } = setUp(dtls);
    connection.accept(OFFER);
    connection.handleTimeout(1_000_000);
    assert.deepEqual([connection.nextTimeout(), dtls.calls], [Infinity, []], "nothing is due before a handshake");
    connection.handleDtls(DTLS_HELLO, FROM, 10);
    dtls.nextMs = 110;
    assert.equal(connection.nextTimeout(), 110);
    connection.handleTimeout(109);
    connection.handleTimeout(110);
    connection.handleDtls(new Uint8Array(7), FROM, 120);
    assert.deepEqual(dtls.calls, ["create at 10", "3 bytes at 10", "timeout at 110", "7 bytes at 120"]);
    connection.close();
    connection.handleTimeout(500);
    assert.deepEqual([connection.nextTimeout(), dtls.calls.slice(4)], [Infinity, ["close"]]);
  },
});

Deno.test({
  name: "B211: the keys of a handshake are wiped once the transport has them, and where it gets none",
  permissions: "none",
  fn() {
    const remoteCertificate = new TextEncoder().encode("another certificate");
    const { profile } = testKeying();
    for (const result of [fixedKeys(profile), { ...testKeying(), remoteCertificate }]) {
      const dtls = new TimedDtls();
      const { connection, keyings } = setUp(dtls);
      connection.accept(OFFER);
      connection.handleDtls(DTLS_HELLO, FROM, 0);
      assert.ok(!isWiped(result));
      dtls.sinks[0].connected(result);
      assert.ok(isWiped(result));
      assert.deepEqual(keyings, result.remoteCertificate === remoteCertificate ? [] : [testKeying()]);
      const late = testKeying();
      connection.close();
      dtls.sinks[0].connected({ ...late, remoteCertificate });
      assert.ok(isWiped(late));
    }
  },
});

Deno.test({
  name: "B217: a handshake too many begins once another one has ended: complete, failed or closed",
  permissions: "none",
  fn() {
    const handshakes = new HandshakeLimit(1);
    const silent = new TimedDtls();
    const begin = (dtls: DtlsFactory = silent) => {
      const { connection, told } = setUp(dtls, { handshakes });
      connection.accept(OFFER);
      connection.handleDtls(DTLS_HELLO, FROM, 0);
      return { connection, told };
    };
    const first = begin();
    const second = begin(keyedDtls());
    assert.deepEqual([second.told, handshakes.size], [[], 1]);
    silent.sinks[0].failed("it was too slow");
    assert.equal(handshakes.size, 0);
    second.connection.handleDtls(DTLS_HELLO, FROM, 1);
    assert.deepEqual([second.told, handshakes.size], [["keys", "connected"], 0]);
    const third = begin();
    third.connection.close();
    for (const { connection } of [first, second, third]) connection.close();
    assert.equal(handshakes.size, 0);
    assert.equal(begin(keyedDtls()).connection.connected, true);
  },
});
