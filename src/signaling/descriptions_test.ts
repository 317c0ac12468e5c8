import assert from "node:assert/strict";
import type { PublishedTrack } from "../sfu/types.ts";
import { describeGrants, describePeer, describePeers, describeTrack } from "./descriptions.ts";
import { Room, type RoomMember } from "./room.ts";

const CAMERA: PublishedTrack = {
  id: "v",
  peerId: "ann",
  kind: "video",
  source: "camera",
  codec: { mimeType: "video/vp8", clockRate: 90_000, payloadType: 96, fmtp: "x=1" },
};

function member(id: string, name?: string, identity?: string): RoomMember {
  const ignored = () => {};
  const observer = {
    peerJoined: ignored,
    peerLeft: ignored,
    trackPublished: ignored,
    trackUnpublished: ignored,
    trackMuted: ignored,
    trackEnded: ignored,
    speakersChanged: ignored,
    replaced: ignored,
  };
  return { id, name, identity, observer, producers: new Map(), consumers: new Map(), forgetTrack: ignored };
}

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

test("P10: a track is told by its id, kind, source and codec, without what its publisher negotiated", () => {
  const told = { id: "v", kind: "video", source: "camera", codec: "video/vp8" };
  assert.deepEqual(describeTrack(CAMERA, false), told);
  assert.deepEqual(describeTrack(CAMERA, true), { ...told, muted: true });
});

test("P10, P76: all but the one who asks are told, with their tracks or without", () => {
  const room = new Room("room");
  for (const peer of [member("ann", "Ann"), member("bob")]) room.addPeer(peer);
  room.bringTrack(CAMERA);
  assert.deepEqual(describePeers(room, "bob", true), [{
    id: "ann",
    name: "Ann",
    tracks: [describeTrack(CAMERA, false)],
  }]);
  assert.deepEqual(describePeers(room, "bob", false), [{ id: "ann", name: "Ann", tracks: [] }]);
  assert.deepEqual(describePeers(room, "ann", true), [{ id: "bob", tracks: [] }]);
});

test("P77: a name, an identity and a limit that there are not are left out", () => {
  assert.deepEqual(describePeer(member("ann", undefined, "a@b")), { id: "ann", identity: "a@b" });
  const grants = { room: "*", identity: "a", name: "A", publish: ["audio"], subscribe: true, admin: false } as const;
  assert.deepEqual(describeGrants({ ...grants, maxBitrate: undefined }), {
    publish: ["audio"],
    subscribe: true,
    admin: false,
  });
  assert.deepEqual(describeGrants({ ...grants, maxBitrate: 9 }).maxBitrate, 9);
});
