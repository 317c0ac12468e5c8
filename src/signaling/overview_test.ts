import assert from "node:assert/strict";
import { describePeers } from "./descriptions.ts";
import { summarizePeers, summarizeRoom } from "./overview.ts";
import { RemotePeer } from "./remote_peer.ts";
import { Room } from "./room.ts";

const NOBODY = { participant: () => undefined, nodeName: (node: number) => node === 3 ? "east" : undefined };
const VP8 = { mimeType: "video/vp8", clockRate: 90_000, payloadType: 96, fmtp: "" };

Deno.test({
  name: "B492: of peers of other servers names, tracks and node are told, as far as they are known",
  permissions: "none",
  fn() {
    const room = new Room("blue");
    const peers = [
      new RemotePeer({ id: "ada", name: "Ada", identity: "user 1" }, 3, () => {}),
      new RemotePeer({ id: "ben" }, 4, () => {}),
    ];
    for (const peer of peers) room.bringPeer(peer);
    room.bringTrack({ id: "track", peerId: "ada", kind: "video", source: "screen", codec: VP8 });
    assert.deepEqual(summarizeRoom(room), { id: "blue", peers: 0, remotePeers: 2, tracks: 1 });
    assert.deepEqual(summarizePeers(room, room.peers.values(), NOBODY), [
      {
        id: "ada",
        name: "Ada",
        identity: "user 1",
        remote: true,
        node: "east",
        tracks: [{ id: "track", kind: "video", source: "screen", codec: "video/vp8" }],
      },
      { id: "ben", remote: true, tracks: [] },
    ]);
    assert.equal(describePeers(room, "", true).length, 2, "who is in the room sees the same of them");
  },
});
