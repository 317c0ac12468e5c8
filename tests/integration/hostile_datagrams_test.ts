import assert from "node:assert/strict";
import { createCertificate } from "../../src/io/dtls/certificate.ts";
import { SRTP_PROFILE_PREFERENCE } from "../../src/webrtc/srtp/profile.ts";
import { TestClient } from "../harness/dtls_client.ts";
import { plainAlert } from "../harness/dtls_datagrams.ts";
import { LoopbackServer } from "../harness/loopback_server.ts";
import { assertForwarded, MediaSource } from "../harness/media_source.ts";
import { credentialsOf } from "../harness/signaling_room.ts";
import { Stranger, targetOf } from "../harness/stranger.ts";
import { WeriftClient } from "../harness/werift_client.ts";

const SEED = 45;
const BATCHES = 250;

Deno.test({
  name: `B45: what a stranger sends to the ports of a call is not answered and disturbs nothing (seed ${SEED})`,
  permissions: { net: ["127.0.0.1"] },
  sanitizeOps: true,
  sanitizeResources: true,
  async fn() {
    await using server = new LoopbackServer();
    await using alice = await WeriftClient.join(server.signalingUrl, "room");
    const publication = alice.publish("video");
    const source = new MediaSource(alice, publication);
    await alice.connect();
    await using bob = await WeriftClient.join(server.signalingUrl, "room");
    const subscription = bob.subscribe("video");
    await bob.connect();
    const stream = bob.streamOf(subscription);
    await source.flow(stream, 10);

    const { ssrc = 0 } = bob.sectionOf(subscription);
    const targets = [targetOf(alice, publication.transceiver.sender.ssrc), targetOf(bob, ssrc)];
    using stranger = new Stranger(SEED);
    for (let batch = 0; batch < BATCHES; batch++) {
      await stranger.sendBatch(targets);
      // A socket gives up its datagrams in order: these packets come after all that was sent before them.
      await source.flow(stream, 2);
    }
    // On Bob's port as well.
    await bob.requestKeyFrame(ssrc);
    await publication.keyFrameRequests.reach(1, "a key-frame request");
    await stranger.assertNothingReceived();

    assertForwarded(stream.entries, source.sent, { ssrc, payloadType: 96, kind: "video" });
    assert.equal(bob.receivedSsrcs.length, 1);
    assert.deepEqual([alice, bob].map(({ connection }) => connection.connectionState), ["connected", "connected"]);
    for (const { signaling } of [alice, bob]) assert.deepEqual(signaling.received("error"), []);
    assert.deepEqual(alice.signaling.received("peerLeft"), []);
  },
});

Deno.test({
  name: `B40, B45: a stranger who is first at a peer's port gets no answer and keeps nobody out (seed ${SEED})`,
  permissions: { net: ["127.0.0.1"] },
  sanitizeOps: true,
  sanitizeResources: true,
  async fn() {
    await using server = new LoopbackServer();
    await using alice = await WeriftClient.join(server.signalingUrl, "room");
    alice.publish("video");
    const sent: Uint8Array[] = [];
    const profiles = SRTP_PROFILE_PREFERENCE;
    const send = (datagram: Uint8Array) => void sent.push(datagram.slice());
    await new TestClient({ certificate: createCertificate(Date.now()), profiles, send }).connect();
    const [clientHello] = sent;
    using stranger = new Stranger(SEED);
    await alice.negotiate(async (answer) => {
      const { ufrag } = credentialsOf(answer);
      await stranger.sendBatch([{ sdp: answer, target: { ufrag, remoteUfrag: "abcd", ssrc: 1 } }]);
      await stranger.send(clientHello, answer);
      await stranger.send(plainAlert(2, 40), answer);
    });
    await alice.connected();
    await stranger.assertNothingReceived();
    assert.equal(server.switchboard.stats().peers, 1);
  },
});
