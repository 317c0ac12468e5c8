import assert from "node:assert/strict";
import { CLIENT_FINGERPRINT, DTLS_ALERT, DTLS_HELLO } from "../../tests/harness/keyed_dtls.ts";
import { testKeying } from "../../tests/harness/media_setup.ts";
import { buildRtp } from "../../tests/harness/rtp_builder.ts";
import { connectedTransport, setUpTransport } from "../../tests/harness/transport_setup.ts";
import { isWiped, WipeSpy } from "../../tests/harness/wipe_spy.ts";
import { deriveSessionKeys } from "./srtp/key_derivation.ts";
import { DTLS_RECORDS_AT_ONCE, DTLS_RECORDS_PER_SECOND } from "./dtls_budget.ts";
import { RTCP_BYTES_AT_ONCE, RTCP_BYTES_PER_SECOND } from "./peer_transport.ts";

Deno.test({
  name: "B40: DTLS is taken only from an address that ICE has proven, and only after an offer",
  permissions: "none",
  fn() {
    const { transport, client, server, datagrams, told } = setUpTransport();
    client.sendDatagram(DTLS_HELLO);
    assert.equal(transport.unknownDatagrams, 1);
    assert.deepEqual(datagrams.take(), [], "nothing is sent to an unproven address");
    client.connect(server);
    assert.deepEqual(told, ["connected"]);
    assert.deepEqual(datagrams.take().map((datagram) => datagram.to), [client.address, client.address]);
    assert.deepEqual(transport.remoteAddress, client.address);
  },
});

Deno.test({
  name: "B41: RTP of one batch reaches the sink as one run, decrypted, at the end of the batch",
  permissions: "none",
  fn() {
    const { transport, client, told } = connectedTransport();
    for (const sequenceNumber of [7, 8, 9]) client.sendRtp(buildRtp({ sequenceNumber }));
    assert.deepEqual(told, []);
    transport.endBatch(0);
    transport.endBatch(0);
    assert.deepEqual(told, ["rtp 7 8 9"]);
  },
});

Deno.test({
  name: "B41: a batch longer than a run loses nothing",
  permissions: "none",
  fn() {
    const { transport, client, told } = connectedTransport();
    for (let sequenceNumber = 0; sequenceNumber < 150; sequenceNumber++) client.sendRtp(buildRtp({ sequenceNumber }));
    transport.endBatch(0);
    assert.deepEqual(told.map((run) => run.split(" ").length - 1), [64, 64, 22]);
  },
});

Deno.test({
  name: "RTCP reaches the sink at once",
  permissions: "none",
  fn() {
    const { client, told } = connectedTransport();
    client.sendRtcp(new Uint8Array([0x80, 201, 0, 1, 0, 0, 0, 9]));
    assert.deepEqual(told, ["rtcp of 8 bytes"]);
  },
});

Deno.test({
  name: "media before the handshake, forged media and garbage are counted and reach nobody",
  permissions: "none",
  fn() {
    const early = setUpTransport();
    early.client.sendDatagram(new Uint8Array(40).fill(0x80));
    assert.equal(early.transport.unknownDatagrams, 1);
    const { transport, client, told } = connectedTransport();
    const forged = client.protectRtp(buildRtp({ sequenceNumber: 1 }));
    forged[forged.length - 1] ^= 1;
    client.sendDatagram(forged);
    for (let length = 0; length < 64; length++) client.sendDatagram(new Uint8Array(length).fill(0x80));
    client.sendDatagram(new Uint8Array([99, 1, 2]));
    transport.endBatch(0);
    assert.deepEqual(told, []);
    client.sendRtp(buildRtp({ sequenceNumber: 2 }));
    transport.endBatch(0);
    assert.deepEqual(told, ["rtp 2"], "what is good still passes");
  },
});

Deno.test({
  name: "what is sent goes encrypted to the selected address, and the client can read it",
  permissions: "none",
  fn() {
    const { transport, client, datagrams } = connectedTransport();
    const plain = buildRtp({ sequenceNumber: 5, ssrc: 9 });
    const slot = transport.beginRtp();
    assert.ok(slot);
    slot.set(plain.subarray(0, 12));
    transport.sendRtp(12, plain, 12, plain.length - 12);
    transport.sendRtcp(new Uint8Array([0x80, 201, 0, 1, 0, 0, 0, 9]), 8);
    const [rtp, rtcp] = datagrams.take();
    assert.deepEqual(rtp.to, client.address);
    assert.deepEqual(client.open(rtp.bytes), { kind: "rtp", plain });
    assert.equal(client.open(rtcp.bytes)?.kind, "rtcp");
  },
});

Deno.test({
  name: "B43: before the connection, and with a full queue, packets are dropped and counted",
  permissions: "none",
  fn() {
    const early = setUpTransport();
    assert.equal(early.transport.beginRtp(), undefined);
    early.transport.sendRtp(12, new Uint8Array(20), 12, 8);
    assert.equal(early.transport.droppedPackets, 1);
    const { transport, datagrams } = connectedTransport();
    datagrams.full = true;
    assert.equal(transport.beginRtp(), undefined);
    transport.sendRtcp(new Uint8Array(8), 8);
    assert.equal(transport.droppedPackets, 2);
    assert.deepEqual(datagrams.take(), []);
  },
});

Deno.test({
  name: "P29: an offer with another ufrag restarts ICE, one with another certificate is refused",
  permissions: "none",
  fn() {
    const { transport, connection, client, server, told } = connectedTransport();
    assert.equal(connection.accept(client.remoteParameters)?.restarted, false);
    const restarted = connection.accept({ ...client.remoteParameters, ufrag: "other" });
    assert.ok(restarted?.restarted);
    assert.notEqual(restarted.ufrag, server.ufrag);
    client.sendRtp(buildRtp({ sequenceNumber: 3 }));
    transport.endBatch(0);
    assert.deepEqual(told, ["rtp 3"], "media goes on meanwhile");
    const stranger = { algorithm: "sha-256", value: "00:11" };
    assert.equal(connection.accept({ ...client.remoteParameters, fingerprints: [stranger] }), undefined);
  },
});

Deno.test({
  name: "a certificate that the offer did not announce, or announced by no sound hash, ends the transport",
  permissions: "none",
  fn() {
    const wrong = "00:11";
    for (
      const fingerprints of [
        [{ algorithm: "sha-256", value: wrong }],
        [CLIENT_FINGERPRINT, { algorithm: "sha-512", value: wrong }],
        [{ algorithm: "md5", value: CLIENT_FINGERPRINT.value }, { algorithm: "sha-1", value: wrong }],
      ]
    ) {
      const { transport, client, server, told } = setUpTransport(fingerprints);
      client.connect(server);
      assert.deepEqual(told, ["failed: DTLS: the certificate is not the one that the offer announced"]);
      assert.equal(transport.connected, false);
      client.sendRtp(buildRtp({ sequenceNumber: 1 }));
      transport.endBatch(0);
      assert.equal(told.length, 1, "and no media is taken");
    }
  },
});

Deno.test({
  name: "P15: 30 s without a connectivity check, or a DTLS alert, fail the transport once",
  permissions: "none",
  fn() {
    const silent = connectedTransport();
    assert.equal(silent.transport.nextTimeout(), 30_000);
    silent.transport.handleTimeout(29_999);
    assert.deepEqual(silent.told, []);
    silent.transport.handleTimeout(30_000);
    silent.transport.handleTimeout(60_000);
    assert.deepEqual(silent.told, ["failed: no ICE connectivity check for 30 s"]);
    const alerted = connectedTransport();
    alerted.client.sendDatagram(DTLS_ALERT);
    alerted.client.sendDatagram(DTLS_ALERT);
    assert.deepEqual(alerted.told, ["failed: DTLS: alert"]);
  },
});

Deno.test({
  name: "B28: close ends the DTLS association, and after it nothing is taken, sent or told",
  permissions: "none",
  fn() {
    const { transport, connection, client, server, datagrams, told } = connectedTransport();
    connection.close();
    connection.close();
    transport.close();
    transport.close();
    assert.deepEqual(datagrams.take(), [{ bytes: DTLS_ALERT, to: client.address }]);
    client.connect(server);
    transport.sendRtcp(new Uint8Array(8), 8);
    transport.handleTimeout(100_000);
    assert.equal(transport.beginRtp(), undefined);
    assert.equal(transport.nextTimeout(), Infinity);
    assert.deepEqual(datagrams.take(), []);
    assert.deepEqual(told, []);
  },
});

Deno.test({
  name: "B46: a fault in sending is not the caller's: the transport fails by its own timeout, once",
  permissions: "none",
  fn() {
    const { transport, datagrams, told } = connectedTransport();
    datagrams.slot = () => {
      throw new Error("no slot");
    };
    assert.equal(transport.beginRtp(), undefined);
    transport.sendRtcp(new Uint8Array(8), 8);
    assert.deepEqual(told, []);
    assert.ok(transport.nextTimeout() <= 0);
    datagrams.slot = () => undefined;
    transport.handleTimeout(0);
    transport.handleTimeout(0);
    assert.deepEqual(told, ["failed: a fault of the server: no slot"]);
  },
});

Deno.test({
  name: "B522: a tap is shown the RTCP that is sent, and none that there is no slot for",
  permissions: "none",
  fn() {
    const { transport, datagrams } = connectedTransport();
    const shown: number[] = [];
    const nothing = () => {};
    const rtcpSent = (_bytes: Uint8Array, length: number) => void shown.push(length);
    transport.tap = { rtpReceived: nothing, rtcpReceived: nothing, rtpSent: nothing, rtcpSent };
    transport.sendRtcp(new Uint8Array(8), 8);
    datagrams.slot = () => undefined;
    transport.sendRtcp(new Uint8Array(12), 12);
    assert.deepEqual(shown, [8]);
  },
});

Deno.test({
  name: "P29: the certificate that was announced first stays the measure, however often the list changes",
  permissions: "none",
  fn() {
    const { connection, client } = connectedTransport();
    const [own] = client.fingerprints;
    const stranger = { algorithm: "sha-256", value: "00:11" };
    assert.ok(connection.accept({ ...client.remoteParameters, fingerprints: [own, stranger] }));
    assert.equal(connection.accept({ ...client.remoteParameters, fingerprints: [stranger] }), undefined);
  },
});

Deno.test({
  name: "B62: a client that goes on at another address is told of, once for each move",
  permissions: "none",
  fn() {
    const { client, server, told } = connectedTransport();
    client.check(server);
    assert.deepEqual(told, [], "at the same address");
    client.address = { hostname: "192.0.2.1", port: 4001 };
    client.check(server);
    client.check(server);
    assert.deepEqual(told, ["moved"]);
  },
});

Deno.test({
  name: "B41: RTCP of a batch goes on behind the RTP that came before it",
  permissions: "none",
  fn() {
    const { transport, client, told } = connectedTransport();
    client.sendRtp(buildRtp({ sequenceNumber: 1 }));
    client.sendRtcp(new Uint8Array([0x80, 201, 0, 1, 0, 0, 0, 9]));
    client.sendRtp(buildRtp({ sequenceNumber: 2 }));
    transport.endBatch(0);
    assert.deepEqual(told, ["rtp 1", "rtcp of 8 bytes", "rtp 2"]);
  },
});

Deno.test({
  name: "B211: a transport wipes the keys that it is given, also those that it cannot use, and its own at the end",
  permissions: "none",
  fn() {
    using spy = new WipeSpy();
    const { transport } = setUpTransport();
    const [first, second, late] = [testKeying(), testKeying(), testKeying()];
    transport.connect(first);
    transport.connect(second);
    assert.ok(isWiped(first) && isWiped(second));
    const { profile, local, remote } = testKeying();
    const own = [local, remote].flatMap((master) => {
      const { rtp, rtcp } = deriveSessionKeys(profile, master);
      return [rtp.key, rtcp.key];
    });
    const before = own.map((key) => spy.count(key));
    transport.close();
    for (const [index, key] of own.entries()) assert.equal(spy.count(key), before[index] + 1, "a session key stays");
    transport.connect(late);
    assert.ok(isWiped(late));
  },
});

Deno.test({
  name: "B215: DTLS beyond a peer's budget is dropped and counted, and taken again a moment later",
  permissions: "none",
  fn() {
    const setup = connectedTransport();
    const { transport, client, datagrams } = setup;
    const answers = (count: number) => {
      for (let n = 0; n < count; n++) client.hello();
      return datagrams.take().length;
    };
    // The handshake took one.
    assert.equal(answers(1_000), DTLS_RECORDS_AT_ONCE - 1);
    assert.equal(transport.overBudget, 1_000 - DTLS_RECORDS_AT_ONCE + 1);
    setup.nowMs = 1_000;
    assert.equal(answers(1_000), DTLS_RECORDS_PER_SECOND);
    assert.equal(transport.connected, true);
  },
});

Deno.test({
  name: "B216: RTCP beyond a peer's budget is dropped and counted, and its RTP goes on",
  permissions: "none",
  fn() {
    const setup = connectedTransport();
    const { transport, client, told } = setup;
    const report = new Uint8Array(1200);
    report.set([0x80, 201, 1, 43, 0, 0, 0, 9]);
    const taken = (count: number) => {
      for (let n = 0; n < count; n++) client.sendRtcp(report);
      return told.splice(0).length;
    };
    // With 16 bytes of tag, 4 of index, and the headers of UDP and IP.
    const length = 1200 + 16 + 4 + 28;
    assert.equal(taken(1_000), Math.floor(RTCP_BYTES_AT_ONCE / length));
    assert.ok(transport.overBudget > 500);
    client.sendRtp(buildRtp({ sequenceNumber: 1 }));
    transport.endBatch(0);
    assert.deepEqual(told.splice(0), ["rtp 1"]);
    setup.nowMs = 1_000;
    assert.equal(taken(1_000), Math.floor((RTCP_BYTES_AT_ONCE % length + RTCP_BYTES_PER_SECOND) / length));
  },
});
