import assert from "node:assert/strict";
import type { RoomEvent } from "../signaling/room_events.ts";
import { webhookEvent } from "./webhook_event.ts";

const STAMP = { id: "server-1", timestamp: "2026-12-01T08:00:00.000Z", server: "server" };
const OF_PEER = { roomId: "blue", peerId: "ann" };
const TRACK = { id: "t", kind: "video", source: "camera" } as const;

const EVENTS: readonly (readonly [RoomEvent, string])[] = [
  [{ type: "roomStarted", roomId: "blue" }, "room.started"],
  [{ type: "peerJoined", ...OF_PEER, name: "Ann", identity: "user-1" }, "peer.joined"],
  [{ type: "peerConnected", ...OF_PEER }, "peer.connected"],
  [{ type: "trackPublished", ...OF_PEER, track: TRACK }, "track.published"],
  [{ type: "trackMuted", ...OF_PEER, trackId: "t", muted: true }, "track.muted"],
  [{ type: "trackUnpublished", ...OF_PEER, trackId: "t" }, "track.unpublished"],
  [{ type: "peerLeft", ...OF_PEER, reason: "leave" }, "peer.left"],
  [{ type: "roomEnded", roomId: "blue" }, "room.ended"],
];

for (const [event, type] of EVENTS) {
  Deno.test({
    name: `B505: ${type} has what the event has, with what tells it from all others`,
    permissions: "none",
    fn() {
      const { type: _, ...data } = event;
      assert.deepEqual(webhookEvent(event, STAMP), { ...STAMP, type, data });
    },
  });
}
