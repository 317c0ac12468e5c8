import assert from "node:assert/strict";
import type { PublishedTrack, Source, Speakers } from "../sfu/types.ts";
import type { Candidate } from "../webrtc/slot_assignment.ts";
import { TrackOrder } from "./track_order.ts";

const CODEC = { mimeType: "video/vp8", clockRate: 90_000, payloadType: 96, fmtp: "" };

function track(peerId: string, source: Source): PublishedTrack {
  const kind = source === "camera" || source === "screen" ? "video" : "audio";
  return { id: `${peerId}-${source}`, peerId, kind, source, codec: CODEC };
}

/** A room of which the test says everything. */
class TestRoom {
  readonly tracks = new Map<string, PublishedTrack>();
  speakers: Speakers = { active: [] };
  recentSpeakers: readonly string[] = [];
  readonly order = new TrackOrder(this);

  publish(peerId: string, ...sources: Source[]): void {
    for (const source of sources) this.tracks.set(`${peerId}-${source}`, track(peerId, source));
    this.order.invalidate();
  }

  speak(active: readonly string[], recent: readonly string[]): void {
    this.speakers = { dominant: active[0], active: active.map((peerId) => ({ peerId, level: 1 })) };
    this.recentSpeakers = recent;
    this.order.invalidate();
  }
}

function words(candidates: readonly Candidate[]): string {
  return candidates.map(({ track, claim }) => `${track.id}:${claim}`).join(" ");
}

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

test("P106: screens come first, then who speaks, then who spoke, then the order of publication", () => {
  const room = new TestRoom();
  for (const id of ["ann", "bob", "cat", "dan"]) room.publish(id, "microphone", "camera");
  room.publish("eve", "screen", "screenAudio");
  room.speak(["cat"], ["cat", "bob"]);
  assert.equal(
    words(room.order.of("video")),
    "eve-screen:now cat-camera:inTurn bob-camera:whereFree ann-camera:whereFree dan-camera:whereFree",
  );
  assert.equal(
    words(room.order.of("audio")),
    "eve-screenAudio:now cat-microphone:inTurn bob-microphone:whereFree ann-microphone:whereFree dan-microphone:whereFree",
  );
});

test("P106: of those who speak the dominant one comes first, and a screen of theirs is a screen", () => {
  const room = new TestRoom();
  room.publish("ann", "camera");
  room.publish("bob", "screen", "camera");
  room.speak(["bob", "ann"], ["bob", "ann"]);
  assert.equal(words(room.order.of("video")), "bob-screen:now bob-camera:inTurn ann-camera:inTurn");
});

test("P106: the order is made anew only where something has changed", () => {
  const room = new TestRoom();
  room.publish("ann", "camera");
  const order = room.order.of("video");
  assert.equal(room.order.of("video"), order);
  room.publish("bob", "camera");
  assert.equal(words(room.order.of("video")), "ann-camera:whereFree bob-camera:whereFree");
});
