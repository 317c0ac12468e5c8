import assert from "node:assert/strict";
import { joinConnected, setUp } from "../../tests/harness/switchboard_setup.ts";
import type { RoomEvent } from "../signaling/room_events.ts";
import { EventFeed } from "./event_feed.ts";

const EVENT: RoomEvent = { type: "roomStarted", roomId: "blue" };

Deno.test({
  name: "B474: a listener is told until it unsubscribes, and one that throws keeps nothing from the others",
  permissions: "none",
  fn() {
    const feed = new EventFeed();
    const heard: string[] = [];
    feed.subscribe(() => {
      throw new Error("a fault of the listener");
    });
    const listener = ({ type }: RoomEvent) => heard.push(type);
    const first = feed.subscribe(listener);
    feed.subscribe(listener);
    feed.tell(EVENT);
    assert.equal(heard.length, 2, "twice the same function is two subscriptions");
    first();
    first();
    feed.tell(EVENT);
    assert.equal(heard.length, 3);
  },
});

Deno.test({
  name: "B473: of a peer that joins by WebSocket, connects, publishes and leaves each step is told in its order",
  permissions: "none",
  fn() {
    const setup = setUp();
    const types: string[] = [];
    setup.switchboard.events.subscribe(({ type }) => types.push(type));
    const { endpoint } = joinConnected(setup);
    assert.deepEqual(types, ["roomStarted", "peerJoined", "trackPublished", "peerConnected"]);
    types.length = 0;
    endpoint.handleClose(1000, true);
    assert.deepEqual(types, ["trackUnpublished", "peerLeft", "roomEnded"]);
  },
});
