import assert from "node:assert/strict";
import { seeded } from "../harness/dtls_datagrams.ts";
import { hostileDatagram } from "../harness/hostile_datagrams.ts";
import { LoopbackServer } from "../harness/loopback_server.ts";
import { assertForwarded, MediaSource } from "../harness/media_source.ts";
import { candidateAddress } from "../harness/sdp_sections.ts";
import { credentialsOf } from "../harness/signaling_room.ts";
import { WeriftClient } from "../harness/werift_client.ts";

const SEED = 45;
const DATAGRAMS = 4_000;
/** Few enough at once for a socket's buffer, so that no packet of the call is lost in the kernel. */
const BATCH = 16;

const fence = Uint8Array.of(0xfe, 0xce);

/** The next datagram that the stranger gets: one that was sent to it now, where the server has sent none before. */
async function nextDatagram(stranger: Deno.DatagramConn): Promise<Uint8Array> {
  await stranger.send(fence, stranger.addr);
  const [bytes] = await stranger.receive();
  return bytes;
}

Deno.test({
  name: `B45: what a stranger sends to a peer's port is not answered and disturbs nothing (seed ${SEED})`,
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

    const targets = [alice, bob].map(({ answer, connection }, i) => ({
      to: { transport: "udp", ...candidateAddress(answer) } as const,
      ufrag: credentialsOf(answer).ufrag,
      remoteUfrag: credentialsOf(connection.localDescription?.sdp ?? "").ufrag,
      ssrc: [publication.transceiver.sender.ssrc, ssrc][i],
    }));
    const random = seeded(SEED);
    using open = new DisposableStack();
    const stranger = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
    open.adopt(stranger, (socket) => socket.close());
    for (let sent = 0; sent < DATAGRAMS; sent += BATCH) {
      for (let i = 0; i < BATCH; i++) {
        const target = targets[i % 2];
        await stranger.send(hostileDatagram(random, target), target.to);
      }
      // A socket gives up its datagrams in order: these packets come after all that was sent before them.
      await source.flow(stream, 2);
    }
    // Bob's port as well.
    await bob.requestKeyFrame(ssrc);
    await publication.keyFrameRequests.reach(1, "a key-frame request");
    assert.deepEqual(await nextDatagram(stranger), fence);

    assertForwarded(stream.entries, source.sent, { ssrc, payloadType: 96, kind: "video" });
    assert.equal(bob.receivedSsrcs.length, 1);
    assert.deepEqual([alice, bob].map(({ connection }) => connection.connectionState), ["connected", "connected"]);
    for (const { signaling } of [alice, bob]) assert.deepEqual(signaling.received("error"), []);
    assert.deepEqual(alice.signaling.received("peerLeft"), []);
  },
});
