import assert from "node:assert/strict";
import { fakePeerConnections } from "../harness/fake_peer_connection.ts";
import { SdkWorld } from "../harness/sdk_world.ts";

/** As much of the SDK's Room as is used here; its own types are the browser's. */
interface SdkRoom {
  on(name: string, handler: (event: Record<string, unknown>) => void): void;
  setQuality(trackId: string, wanted: object): void;
  leave(): void;
}

const SDK = new URL("../../static/sdk/", import.meta.url);
const { Room } = await import(new URL("room.js", SDK).href);

const ANN = { id: "ann", tracks: [] };
const CAMERA = { id: "camera 1", kind: "video", source: "camera", codec: "video/vp8" };

/** A browser's MediaStream as far as the room holds some. */
function fakeMediaStreams(): Disposable {
  Object.defineProperty(globalThis, "MediaStream", { value: class {}, configurable: true });
  return { [Symbol.dispose]: () => void Reflect.deleteProperty(globalThis, "MediaStream") };
}

function test(name: string, fn: (world: SdkWorld, room: SdkRoom) => Promise<void>): void {
  Deno.test({
    name,
    permissions: "none",
    async fn() {
      using world = new SdkWorld(0.5);
      using _connections = fakePeerConnections();
      using _streams = fakeMediaStreams();
      const welcome = { type: "welcome", peerId: "me", peers: [ANN], resume: "token" };
      const room: SdkRoom = new Room(new URL("ws://sfu.example/ws"), world.connect(), welcome, { roomId: "room" });
      await fn(world, room);
      room.leave();
      assert.equal(world.clock.pendingCount, 0);
    },
  });
}

test(
  "P90: of a track that is over the application is told only where it has asked for it itself",
  async (world, room) => {
    const errors: unknown[] = [];
    room.on("error", ({ code, trackId }) => errors.push(`${code} ${trackId}`));
    const refuse = (trackId: string) =>
      world.socket.say({ type: "error", code: "unknown-track", message: "no", trackId });
    world.socket.say({ type: "trackPublished", peerId: "ann", track: CAMERA });
    room.setQuality("camera 1", { pinned: true });
    room.setQuality("camera 2", { pinned: true });
    await world.advance(300);
    world.socket.say({ type: "trackUnpublished", peerId: "ann", trackId: "camera 1" });
    for (const trackId of ["camera 1", "camera 2", "camera 3"]) refuse(trackId);
    assert.deepEqual(errors, ["unknown-track camera 2"]);
  },
);

test("P12: a track is told of as it is published, whether it arrives or not", async (world, room) => {
  const told: unknown[] = [];
  room.on("trackPublished", ({ peer, info }) => told.push([Reflect.get(Object(peer), "id"), info]));
  world.socket.say({ type: "trackPublished", peerId: "ann", track: CAMERA });
  await world.settle();
  assert.deepEqual(told, [["ann", { ...CAMERA, muted: false, track: null }]]);
});

test("P133, P134, P135: what whoever runs the server does is told as it comes", async (world, room) => {
  const told: unknown[] = [];
  room.on("message", ({ message }) => told.push(message));
  room.on("moved", ({ roomId }) => told.push(roomId));
  room.on("trackMuted", ({ info }) => told.push(Reflect.get(Object(info), "muted")));
  room.on("trackPublished", ({ info }) => told.push(Reflect.get(Object(info), "muted")));
  world.socket.say({ type: "message", message: { text: "five minutes left" } });
  world.socket.say({ type: "trackPublished", peerId: "ann", track: { ...CAMERA, muted: true } });
  for (const muted of [true, false, true]) {
    world.socket.say({ type: "trackMuted", peerId: "ann", trackId: "camera 1", muted });
  }
  world.socket.say({ type: "trackMuted", peerId: "ann", trackId: "unknown", muted: true });
  world.socket.say({ type: "moved", roomId: "office" });
  await world.settle();
  assert.deepEqual(told, [{ text: "five minutes left" }, true, false, true, "office"]);
});
