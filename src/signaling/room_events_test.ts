import assert from "node:assert/strict";
import type { ProducerParameters, PublishedTrack } from "../sfu/types.ts";
import { type RoomEvent, RoomEvents } from "./room_events.ts";
import type { RoomLink } from "./room.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

const PARAMETERS = {} as ProducerParameters;
const peer = (id: string, name?: string, identity?: string) => ({ id, name, identity });
const track = (id: string, peerId: string): PublishedTrack => ({
  id,
  peerId,
  kind: "video",
  source: "camera",
  codec: { mimeType: "video/vp8", clockRate: 90_000, payloadType: 96, fmtp: "" },
});

function listen(others?: RoomLink) {
  const events: RoomEvent[] = [];
  const feed = new RoomEvents((event) => events.push(event));
  const link = feed.link(others);
  const take = () => events.splice(0).map(({ type, roomId, ...rest }) => [type, roomId, rest]);
  return { feed, link, take };
}

test("B473: a room starts with its first peer here and ends behind its last one, whose tracks end before it leaves", () => {
  const { feed, link, take } = listen();
  feed.joined("blue", peer("a", "Ann", "user-1"));
  feed.joined("blue", peer("b"));
  link.trackAdded(track("t1", "a"), PARAMETERS);
  feed.connected("a");
  assert.deepEqual(take(), [
    ["roomStarted", "blue", {}],
    ["peerJoined", "blue", { peerId: "a", name: "Ann", identity: "user-1" }],
    ["peerJoined", "blue", { peerId: "b" }],
    ["trackPublished", "blue", { peerId: "a", track: { id: "t1", kind: "video", source: "camera" } }],
    ["peerConnected", "blue", { peerId: "a" }],
  ]);
  feed.left("b", "leave");
  link.trackRemoved("t1");
  // As Room has it: over before the session is told that its peer has left.
  link.close();
  feed.left("a", "kicked");
  feed.left("a", "kicked");
  assert.deepEqual(take(), [
    ["peerLeft", "blue", { peerId: "b", reason: "leave" }],
    ["trackUnpublished", "blue", { peerId: "a", trackId: "t1" }],
    ["peerLeft", "blue", { peerId: "a", reason: "kicked" }],
    ["roomEnded", "blue", {}],
  ]);
});

test("B473: tracks that are there before their peer's join is settled are told behind it; a refused join tells nothing", () => {
  const { feed, link, take } = listen();
  link.trackAdded(track("t1", "a"), PARAMETERS);
  link.trackAdded(track("t2", "a"), PARAMETERS);
  link.trackAdded(track("t3", "b"), PARAMETERS);
  assert.deepEqual(take(), []);
  feed.joined("blue", peer("a"));
  assert.deepEqual(take().map(([type]) => type), ["roomStarted", "peerJoined", "trackPublished", "trackPublished"]);
  link.trackRemoved("t3");
  feed.left("b", "refused");
  feed.connected("b");
  assert.deepEqual(take(), []);
  feed.joined("blue", peer("b"));
  assert.deepEqual(take(), [["peerJoined", "blue", { peerId: "b" }]], "what was early and refused is forgotten");
});

test("B473: what tells other nodes hears all as before", () => {
  const heard: string[] = [];
  const { link, feed, take } = listen({
    peerAdded: ({ id }) => heard.push(`+${id}`),
    peerRemoved: (id) => heard.push(`-${id}`),
    trackAdded: ({ id }) => heard.push(`+${id}`),
    trackRemoved: (id) => heard.push(`-${id}`),
    trackMuted: (id, isMuted) => heard.push(`${id} ${isMuted}`),
    close: () => heard.push("closed"),
  });
  feed.joined("blue", peer("a"));
  take();
  link.trackAdded(track("t1", "a"), PARAMETERS);
  link.trackMuted("t1", true);
  link.trackMuted("of another node", true);
  link.trackRemoved("of another node");
  link.peerRemoved("a");
  link.close();
  assert.deepEqual(heard, ["+t1", "t1 true", "of another node true", "-of another node", "-a", "closed"]);
  assert.deepEqual(take().map(([type]) => type), ["trackPublished", "trackMuted"]);
});
