import assert from "node:assert/strict";
import { LoopbackServer } from "../harness/loopback_server.ts";
import { assertForwarded, MediaSource } from "../harness/media_source.ts";
import { type Publication, type Subscription, WeriftClient } from "../harness/werift_client.ts";

const PACKETS = 250;

/** Every packet that the publisher's source sent is at the subscriber, as the subscriber's m-line wants it. */
function assertReceived(
  subscriber: WeriftClient,
  subscription: Subscription,
  source: MediaSource,
  payloadType: number,
) {
  const { ssrc = 0, mid } = subscriber.sectionOf(subscription);
  const packets = subscriber.stream(ssrc).entries;
  assertForwarded(packets, source.sent, { ssrc, payloadType, kind: subscription.kind });
  assert.notEqual(ssrc, source.publication.transceiver.sender.ssrc);
  for (const packet of packets) assert.equal(subscriber.midOf(packet), mid);
}

Deno.test({
  name: "audio and video of two peers reach each other at once, whole and in order, rewritten to what each negotiated",
  permissions: { net: ["127.0.0.1"] },
  sanitizeOps: true,
  sanitizeResources: true,
  async fn() {
    await using server = new LoopbackServer();
    await using alice = await WeriftClient.join(server.signalingUrl, "room", { name: "Alice" });
    const published: Publication[] = [alice.publish("audio"), alice.publish("video")];
    await alice.connect();

    const other = { payloadTypes: { audio: 100, video: 120 }, audioLevel: true };
    await using bob = await WeriftClient.join(server.signalingUrl, "room", other);
    const [{ id, name, tracks }] = bob.welcome.peers;
    assert.deepEqual({ id, name }, { id: alice.id, name: "Alice" });
    assert.deepEqual(tracks.map(({ kind, source }) => [kind, source]), [["audio", "microphone"], ["video", "camera"]]);
    // The other way round than Alice, so that the MIDs differ.
    const bobReceives = [bob.subscribe("video", tracks[1].id), bob.subscribe("audio", tracks[0].id)].reverse();
    const bobPublishes = [bob.publish("audio"), bob.publish("video")];
    await bob.connect();

    const aliceReceives: Subscription[] = [];
    for (const kind of ["audio", "video"] as const) {
      const { track } = await alice.signaling.receive("trackPublished", ({ track }) => track.kind === kind);
      aliceReceives.push(alice.subscribe(kind, track.id));
    }
    await alice.negotiate();

    const ofAlice = published.map((publication) => new MediaSource(alice, publication));
    const ofBob = bobPublishes.map((publication) => new MediaSource(bob, publication));
    await Promise.all([
      ...ofAlice.map((source, i) => source.flow(bob.streamOf(bobReceives[i]), PACKETS)),
      ...ofBob.map((source, i) => source.flow(alice.streamOf(aliceReceives[i]), PACKETS)),
    ]);

    ofAlice.forEach((source, i) => assertReceived(bob, bobReceives[i], source, [100, 120][i]));
    ofBob.forEach((source, i) => assertReceived(alice, aliceReceives[i], source, [111, 96][i]));
    assert.equal(alice.receivedSsrcs.length, 2);
    assert.equal(bob.receivedSsrcs.length, 2);
  },
});
