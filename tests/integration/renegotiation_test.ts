import assert from "node:assert/strict";
import type { Kind } from "../../src/sfu/types.ts";
import { LoopbackServer } from "../harness/loopback_server.ts";
import { assertForwarded, MediaSource } from "../harness/media_source.ts";
import { type Subscription, WeriftClient } from "../harness/werift_client.ts";

const ROUNDS = 10;

/** Receives a new track: on the m-line that is parked, where there is one. */
async function take(client: WeriftClient, parked: Subscription | undefined, kind: Kind, trackId: string) {
  const subscription = parked ?? client.subscribe(kind, trackId);
  subscription.trackId = trackId;
  subscription.transceiver.direction = "recvonly";
  await client.negotiate();
  assert.equal(client.sectionOf(subscription).msid?.split(" ").at(1), trackId);
  return subscription;
}

function aliveTracks(server: LoopbackServer) {
  const { producers, consumers } = server.switchboard.stats();
  return { producers, consumers };
}

Deno.test({
  name: "P10, P12, P22, P23, P27: tracks that come and go for ten rounds use parked m-lines and disturb no other track",
  permissions: { net: ["127.0.0.1"] },
  sanitizeOps: true,
  sanitizeResources: true,
  async fn() {
    await using server = new LoopbackServer();
    await using alice = await WeriftClient.join(server.signalingUrl, "room");
    const camera = new MediaSource(alice, alice.publish("video", "camera"));
    await alice.connect();
    await using bob = await WeriftClient.join(server.signalingUrl, "room");
    const bobCamera = bob.subscribe("video");
    await bob.connect();
    await camera.flow(bob.streamOf(bobCamera), 20);

    // A third one joins late, and takes without naming it what is there.
    await using carol = await WeriftClient.join(server.signalingUrl, "room");
    assert.deepEqual(carol.welcome.peers.map(({ id, tracks }) => [id, tracks.length]), [[alice.id, 1], [bob.id, 0]]);
    const carolCamera = carol.subscribe("video");
    await carol.connect();
    await camera.sendKeyFrame();
    await carol.streamOf(carolCamera).reach(1, "video packet");

    const screen = new MediaSource(alice, alice.publish("video", "screen"));
    const { transceiver } = screen.publication;
    const subscribers = [bob, carol];
    const parked: (Subscription | undefined)[] = [undefined, undefined];
    const trackIds = new Set<string>();
    for (let round = 1; round <= ROUNDS; round++) {
      transceiver.direction = "sendonly";
      await alice.negotiate();
      for (const [i, client] of subscribers.entries()) {
        const { peerId, track } = await client.signaling.receive(
          "trackPublished",
          ({ track }) => !trackIds.has(track.id),
        );
        assert.deepEqual([peerId, track.kind, track.source], [alice.id, "video", "screen"]);
        parked[i] = await take(client, parked[i], "video", track.id);
      }
      trackIds.add(carol.signaling.received("trackPublished").at(-1)?.track.id ?? "");
      assert.equal(trackIds.size, round);

      const from = screen.sent.length;
      await screen.sendKeyFrame();
      await screen.send(9);
      await camera.flow(bob.streamOf(bobCamera), 10);
      for (const [i, client] of subscribers.entries()) {
        const subscription = parked[i];
        assert(subscription);
        const { ssrc = 0 } = client.sectionOf(subscription);
        await client.stream(ssrc).reach(10, "packet of the screen");
        const expected = { ssrc, payloadType: 96, kind: "video" } as const;
        assertForwarded(client.stream(ssrc).entries, screen.sent.slice(from), expected);
      }

      transceiver.direction = "inactive";
      await alice.negotiate();
      for (const [i, client] of subscribers.entries()) {
        const subscription = parked[i];
        assert(subscription?.trackId);
        const { trackId } = subscription;
        await client.signaling.receive("trackUnpublished", (message) => message.trackId === trackId);
        assert.deepEqual(aliveTracks(server), { producers: 1, consumers: 2 }, "the track ends before any offer");
        // Bob parks his m-line himself; Carol goes on to ask for the track, which is gone.
        if (client === bob) subscription.transceiver.direction = "inactive";
        await client.negotiate();
        const { direction, port, ssrc } = client.sectionOf(subscription);
        assert.deepEqual({ direction, port, ssrc }, { direction: "inactive", port: 9, ssrc: undefined });
      }
      assert.deepEqual([alice, bob, carol].map(({ sections }) => sections.length), [2, 2, 2], `round ${round}`);
      assert.deepEqual(aliveTracks(server), { producers: 1, consumers: 2 });
    }

    // Each round had an SSRC of its own, and the camera went on through all of them.
    assert.equal(bob.receivedSsrcs.length, 1 + ROUNDS);
    const { ssrc = 0 } = bob.sectionOf(bobCamera);
    await bob.stream(ssrc).reach(camera.sent.length, "packet of the camera");
    assertForwarded(bob.stream(ssrc).entries, camera.sent, { ssrc, payloadType: 96, kind: "video" });
    assert.deepEqual(alice.signaling.received("trackPublished"), [], "P12: not to its publisher");
  },
});
