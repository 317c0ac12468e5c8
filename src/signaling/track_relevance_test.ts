import assert from "node:assert/strict";
import type { PublishedTrack } from "../sfu/types.ts";
import { Room } from "./room.ts";
import { TrackRelevance } from "./track_relevance.ts";

const CODEC = { mimeType: "video/vp8", clockRate: 90_000, payloadType: 96, fmtp: "" };

/** A room with one camera of each of these peers, and what matters to the first of them. */
function setUp(...peerIds: string[]) {
  const room = new Room("room");
  const tracks = peerIds.map((peerId): PublishedTrack => ({
    id: `${peerId}-camera`,
    peerId,
    kind: "video",
    source: "camera",
    codec: CODEC,
  }));
  for (const track of tracks) room.bringTrack(track);
  const relevance = new TrackRelevance(room, peerIds[0]);
  const order = () => relevance.candidates("video").map(({ track, claim }) => `${track.peerId}:${claim}`).join(" ");
  return { room, tracks, relevance, order };
}

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

test("P106, P108: a peer's own tracks are not among those that matter to it", () => {
  assert.equal(setUp("ann", "bob", "cat").order(), "bob:whereFree cat:whereFree");
});

test("P106: what was pinned last comes first, and where it is let go it has its place again", () => {
  const { relevance, order } = setUp("ann", "bob", "cat", "dan");
  assert.equal(relevance.pin("cat-camera", true), true);
  assert.equal(relevance.pin("dan-camera", true), true);
  assert.equal(relevance.pin("dan-camera", true), false, "it is pinned already");
  assert.equal(order(), "dan:now cat:now bob:whereFree");
  assert.equal(relevance.pin("dan-camera", false), true);
  assert.equal(relevance.pin("bob-camera", false), false, "it never was");
  assert.equal(order(), "cat:now bob:whereFree dan:whereFree");
});

test("P106: pins of one kind say nothing of the other, and one of a track that is over is forgotten", () => {
  const { room, tracks, relevance, order } = setUp("ann", "bob", "cat");
  relevance.pin("cat-camera", true);
  assert.deepEqual(relevance.candidates("audio"), []);
  room.removeTrack(tracks[2], true);
  assert.equal(order(), "bob:whereFree");
  assert.equal(relevance.pin("cat-camera", false), false);
});

test("P106: of who pins one track after the other, and never asks what matters, those are remembered that there are", () => {
  const { room, tracks: [, track], relevance } = setUp("ann", "bob");
  for (let n = 0; n < 100; n++) {
    const next = { ...track, id: `screen ${n}` };
    room.bringTrack(next);
    relevance.pin(next.id, true);
    room.removeTrack(next, true);
  }
  assert.equal(relevance.pinnedCount, 1);
});
