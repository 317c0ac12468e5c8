import assert from "node:assert/strict";
import { MAX_MESSAGE_BYTES } from "../../src/signaling/parse_message.ts";
import { LoopbackServer } from "../harness/loopback_server.ts";
import { assertForwarded, MediaSource } from "../harness/media_source.ts";
import { SignalingSocket } from "../harness/signaling_socket.ts";
import { WeriftClient } from "../harness/werift_client.ts";

const JOIN = JSON.stringify({ type: "join", roomId: "room" });
const OFFER = JSON.stringify({ type: "offer", sdp: "v=0\r\n" });

/** What a client may get wrong, in this order, and what it is told. */
const BAD_MESSAGES: readonly (readonly [string | Uint8Array<ArrayBuffer>, string])[] = [
  [new Uint8Array([1, 2, 3]), "bad-json"],
  ["", "bad-json"],
  ["{", "bad-json"],
  ["[]", "bad-json"],
  ["null", "bad-json"],
  ["{}", "unknown-type"],
  [JSON.stringify({ type: "__proto__" }), "unknown-type"],
  [JSON.stringify({ type: "join" }), "bad-message"],
  [JSON.stringify({ type: "join", roomId: "r".repeat(200) }), "bad-message"],
  ["[".repeat(200_000), "bad-json"],
  ["x".repeat(MAX_MESSAGE_BYTES + 1), "too-large"],
  [OFFER, "wrong-state"],
  [JSON.stringify({ type: "leave" }), "wrong-state"],
  [JOIN, ""],
  [JOIN, "wrong-state"],
  [OFFER, "bad-sdp"],
  [JSON.stringify({ type: "offer", sdp: "m=video 9 x 96\r\n".repeat(20_000) }), "bad-sdp"],
  [JSON.stringify({ type: "iceCandidate", candidate: { candidate: "candidate:" } }), "bad-message"],
];

/** Over the 200 of rule P4, whatever else was sent. */
const FLOOD = 300;

Deno.test({
  name:
    "P1, P2, P3, P4, P5, P7: what a third client says wrong is answered, and a call in the same room notices nothing",
  permissions: { net: ["127.0.0.1"] },
  sanitizeOps: true,
  sanitizeResources: true,
  async fn() {
    await using server = new LoopbackServer();
    await using alice = await WeriftClient.join(server.signalingUrl, "room");
    const source = new MediaSource(alice, alice.publish("video"));
    await alice.connect();
    await using bob = await WeriftClient.join(server.signalingUrl, "room");
    const subscription = bob.subscribe("video");
    await bob.connect();
    const stream = bob.streamOf(subscription);
    await source.flow(stream, 10);
    const before = bob.signaling.messages.entries.length;

    await using mallory = await SignalingSocket.open(server.signalingUrl);
    let answers = 0;
    for (const [data, code] of BAD_MESSAGES) {
      mallory.sendRaw(data);
      await source.flow(stream, 10);
      await mallory.messages.reach(++answers, "an answer");
      const answer = mallory.messages.entries[answers - 1];
      const told = answer.type === "error" ? answer.code : "";
      assert.equal(told, code, `to ${typeof data === "string" ? data.slice(0, 60) : "a binary frame"}`);
    }
    const { peerId } = await mallory.receive("welcome");

    for (let i = 0; i < FLOOD; i++) mallory.sendRaw("{}");
    await source.flow(stream, 100);
    assert.equal((await mallory.closed).code, 1008);
    assert.equal(mallory.received("error").at(-1)?.code, "too-many");

    await bob.signaling.receive("peerLeft");
    // What bob is told of his own network comes when it comes.
    const told = bob.signaling.messages.entries.slice(before).filter(({ type }) => type !== "quality");
    assert.deepEqual(told, [
      { type: "peerJoined", peer: { id: peerId } },
      { type: "peerLeft", peerId },
    ]);
    const { ssrc = 0 } = bob.sectionOf(subscription);
    assertForwarded(stream.entries, source.sent, { ssrc, payloadType: 96, kind: "video" });
  },
});
