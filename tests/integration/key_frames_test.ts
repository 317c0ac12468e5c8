import assert from "node:assert/strict";
import { KEY_FRAME_REQUEST_INTERVAL_MS } from "../../src/stream/key_frame_gate.ts";
import { LoopbackServer } from "../harness/loopback_server.ts";
import { isKeyFrame, MediaSource } from "../harness/media_source.ts";
import { WeriftClient } from "../harness/werift_client.ts";

Deno.test({
  name: "many key-frame requests of a subscriber reach the publisher as one in each interval, until a key frame comes",
  permissions: { net: ["127.0.0.1"] },
  sanitizeOps: true,
  sanitizeResources: true,
  async fn() {
    await using server = new LoopbackServer();
    await using alice = await WeriftClient.join(server.signalingUrl, "room");
    const [publication, other] = [alice.publish("video"), alice.publish("video")];
    const [source, otherSource] = [new MediaSource(alice, publication), new MediaSource(alice, other)];
    const { keyFrameRequests } = publication;
    await alice.connect();
    await using bob = await WeriftClient.join(server.signalingUrl, "room");
    const [subscription, otherSubscription] = [bob.subscribe("video"), bob.subscribe("video")];
    await bob.connect();
    await source.flow(bob.streamOf(subscription), 20);
    await otherSource.flow(bob.streamOf(otherSubscription), 20);
    assert.equal(keyFrameRequests.entries.length, 0, "nobody has asked");

    const { ssrc = 0 } = bob.sectionOf(subscription);
    const beganMs = performance.now();
    for (let i = 0; i < 25; i++) await bob.requestKeyFrame(ssrc);
    await keyFrameRequests.reach(3, "a key-frame request");
    const tookMs = performance.now() - beganMs;
    assert(tookMs >= 2 * KEY_FRAME_REQUEST_INTERVAL_MS, `3 requests in ${tookMs} ms`);

    await source.sendKeyFrame();
    // The other track's encoder does not answer: two more requests for it mean that an interval has gone by.
    await bob.requestKeyFrame(bob.sectionOf(otherSubscription).ssrc ?? 0);
    await other.keyFrameRequests.reach(3, "a key-frame request");
    assert.equal(keyFrameRequests.entries.length, 3, "answered by the key frame");
  },
});

Deno.test({
  name: "a late joiner has the publisher asked for a key frame, and its stream begins with that",
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
    const early = bob.subscribe("video");
    await bob.connect();
    await source.flow(bob.streamOf(early), 30);

    await using carol = await WeriftClient.join(server.signalingUrl, "room");
    const late = carol.subscribe("video");
    await carol.connect();
    await publication.keyFrameRequests.reach(1, "a key-frame request");
    // The encoder takes a while.
    await source.flow(bob.streamOf(early), 10);
    assert.equal(carol.streamOf(late).entries.length, 0, "nothing that a decoder could not begin with");
    const before = source.sent.length;
    await source.sendKeyFrame();
    await carol.streamOf(late).reach(1, "key frame");
    await source.flow(carol.streamOf(late), 20);

    const packets = carol.streamOf(late).entries;
    assert.equal(isKeyFrame(packets[0]), true);
    assert.deepEqual(packets.map(({ payload }) => new Uint8Array(payload)), source.sent.slice(before));
    const [{ header: { sequenceNumber: first } }] = packets;
    const numbers = packets.map(({ header }) => (header.sequenceNumber - first) & 0xffff);
    assert.deepEqual(numbers, [...packets.keys()]);
    await bob.streamOf(early).reach(source.sent.length, "video packet");
  },
});
