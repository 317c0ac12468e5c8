import assert from "node:assert/strict";
import { MAX_PUBLISHED_TRACKS } from "../webrtc/negotiation.ts";
import { Admission } from "./admission.ts";
import { DEFAULT_LIMITS } from "./limits.ts";
import { type Room, Rooms } from "./room.ts";

Deno.test({
  name:
    "P80, P81, P82: the defaults let a thousand subscribers of one machine into a room, and a hall behind one address",
  permissions: "none",
  fn() {
    const rooms = new Rooms();
    const admission = new Admission(rooms, DEFAULT_LIMITS);
    const room: Room = rooms.enter("room");
    const observer = {
      peerJoined() {},
      peerLeft() {},
      trackPublished() {},
      trackUnpublished() {},
      trackMuted() {},
      speakersChanged() {},
      trackEnded() {},
      replaced() {},
    };
    for (let n = 0; n <= 1000; n++) {
      assert.equal(admission.refuse("room", "127.0.0.1", 0), undefined, `subscriber ${n}`);
      const none = new Map<string, unknown>();
      const member = { id: `${n}`, name: undefined, identity: undefined, observer, producers: none, consumers: none };
      room.addPeer({ ...member, forgetTrack() {} });
    }
    for (let n = 0; n < 500; n++) assert.equal(admission.refuse("room", "192.0.2.1", 0), undefined, `guest ${n}`);
    assert.equal(DEFAULT_LIMITS.maxTracks, MAX_PUBLISHED_TRACKS);
  },
});
