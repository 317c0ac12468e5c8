import assert from "node:assert/strict";
import { type FakePeerConnection, fakePeerConnections, type FakeTransceiver } from "../harness/fake_peer_connection.ts";
import { SdkWorld } from "../harness/sdk_world.ts";

interface LocalTrack {
  readonly track: object;
  readonly activeLayers: readonly string[] | null;
  replace(track: object): Promise<void>;
  unpublish(): Promise<void>;
}

/** As much of the SDK's Room as is used here; its own types are the browser's. */
interface SdkRoom {
  readonly state: string;
  readonly peerId: string;
  readonly localTracks: ReadonlySet<LocalTrack>;
  on(name: string, handler: (event: Record<string, unknown>) => void): void;
  publish(track: object, options?: object): Promise<LocalTrack>;
  setQuality(trackId: string, wanted: object): void;
  leave(): void;
}

interface Offer {
  readonly type: string;
  readonly id: string;
  readonly tracks: readonly { readonly mid: string; readonly trackId?: string; readonly source?: string }[];
}

const SDK = new URL("../../static/sdk/", import.meta.url);
const { Room } = await import(new URL("room.js", SDK).href);

const CAMERA = { id: "camera 1", kind: "video", source: "camera", codec: "video/vp8" };
const VOICE = { id: "voice 1", kind: "audio", source: "microphone", codec: "audio/opus" };
const ANN = { id: "ann", tracks: [CAMERA] };
const BEN = { id: "ben", tracks: [VOICE] };
const OWN_CAMERA = { kind: "video", enabled: true, getSettings: () => ({ height: 720 }) };
const OWN_VOICE = { kind: "audio", enabled: true };

/** A browser's MediaStream as far as the room uses it. */
function fakeMediaStreams(): Disposable {
  class MediaStream {
    addTrack() {}
    removeTrack() {}
  }
  Object.defineProperty(globalThis, "MediaStream", { value: MediaStream, configurable: true });
  return { [Symbol.dispose]: () => void Reflect.deleteProperty(globalThis, "MediaStream") };
}

/** A client in a call, and the server in the hands of the test. */
class Call {
  readonly room: SdkRoom;
  /** Names of events, with what they are about. */
  readonly told: string[] = [];
  readonly #world: SdkWorld;
  readonly #made: readonly FakePeerConnection[];
  #tokens = 1;

  constructor(world: SdkWorld, made: readonly FakePeerConnection[], options: object = {}) {
    this.#world = world;
    this.#made = made;
    this.room = new Room(new URL("ws://sfu.example/ws"), world.connect(), this.#welcome([ANN, BEN]), {
      roomId: "room",
      tracks: [{ track: OWN_CAMERA, source: "camera" }, { track: OWN_VOICE }],
      ...options,
    });
    const idOf = (value: unknown) => Reflect.get(Object(value), "id");
    for (const name of ["trackAdded", "trackRemoved"]) this.#note(name, ({ info }) => idOf(info));
    for (const name of ["peerJoined", "peerLeft"]) this.#note(name, ({ peer }) => idOf(peer));
    for (const name of ["error", "closed"]) this.#note(name, ({ code }) => code);
    this.#note("stateChanged", ({ state }) => state);
  }

  /** The connection of now. */
  get connection(): FakePeerConnection {
    return this.#made[this.#made.length - 1];
  }

  get connections(): number {
    return this.#made.length;
  }

  /** The messages of a type that the newest WebSocket has carried. */
  sent(type: string): Offer[] {
    return JSON.parse(JSON.stringify(this.#world.socket.sent.filter((message) => message.type === type)));
  }

  /** The m-line of the connection of now that sends this track. */
  lineOf(track: object): FakeTransceiver | undefined {
    return this.connection.transceivers.find(({ sender }) => sender.track === track);
  }

  take(): string[] {
    return this.told.splice(0);
  }

  async offered(): Promise<Offer> {
    await this.#world.advance(200);
    const offer = this.sent("offer").at(-1);
    assert.ok(offer, "there is no offer");
    return offer;
  }

  /** The server answers the newest offer: it refuses the m-lines of these MIDs. */
  async answer(...refused: readonly string[]): Promise<Offer> {
    const offer = await this.offered();
    for (const mid of refused) this.#world.socket.say({ type: "error", code: "too-many-tracks", message: "no", mid });
    this.#world.socket.say({ type: "answer", id: offer.id, sdp: refused.join(" ") });
    await this.#world.settle();
    return offer;
  }

  async connect(): Promise<Offer> {
    const offer = await this.answer();
    this.connection.become("connected");
    return offer;
  }

  /** The server loses the media of this client. */
  async lose(): Promise<void> {
    this.#world.socket.drop(4003, "media-lost");
    await this.#world.settle();
  }

  /** The newest WebSocket is welcomed: all media is new, or what there was is still there. */
  async resume(media: "new" | undefined, peers: readonly object[] = [ANN, BEN]): Promise<void> {
    this.#world.socket.open();
    this.#world.socket.say({ ...this.#welcome(peers), media });
    await this.#world.settle();
  }

  /** The server ends soon; another one welcomes this client, as a peer with this id. */
  async move(peerId: string, peers: readonly object[]): Promise<void> {
    this.#world.socket.say({ type: "draining", seconds: 60 });
    await this.#world.advance(3000);
    this.#world.socket.open();
    this.#world.socket.say(this.#welcome(peers, peerId));
    await this.#world.settle();
  }

  #welcome(peers: readonly object[], peerId = "me"): object {
    return { type: "welcome", peerId, peers, resume: `token ${this.#tokens++}` };
  }

  #note(name: string, about: (event: Record<string, unknown>) => unknown): void {
    this.room.on(name, (event) => this.told.push(`${name} ${about(event)}`));
  }
}

function test(name: string, fn: (call: Call, world: SdkWorld) => Promise<void>, options?: object): void {
  Deno.test({
    name,
    permissions: "none",
    async fn() {
      using world = new SdkWorld(0.5);
      using connections = fakePeerConnections();
      using _streams = fakeMediaStreams();
      const call = new Call(world, connections.made, options);
      await call.connect();
      call.take();
      await fn(call, world);
      call.room.leave();
      assert.ok(connections.made.every(({ connectionState }) => connectionState === "closed"));
      await world.settle();
      assert.equal(world.clock.pendingCount, 0);
    },
  });
}

test(
  "P114: a client whose media the server lost resumes at once, and makes a new connection for all that it had",
  async (call, world) => {
    const [old, local] = [call.connection, [...call.room.localTracks]];
    const atMs = world.clock.now();
    await call.lose();
    assert.equal(world.clock.now(), atMs);
    assert.deepEqual([call.take(), call.connections], [["stateChanged reconnecting"], 1]);
    await call.resume("new");
    assert.deepEqual(call.take(), ["trackRemoved camera 1", "trackRemoved voice 1"]);
    assert.deepEqual([old.connectionState, call.connections], ["closed", 2]);
    const { tracks } = await call.connect();
    const named = tracks.map(({ trackId, source }) => trackId ?? source);
    assert.deepEqual(named.toSorted(), ["camera", "camera 1", "microphone", "voice 1"]);
    assert.deepEqual(call.take(), ["trackAdded camera 1", "trackAdded voice 1", "stateChanged connected"]);
    assert.deepEqual([...call.room.localTracks], local, "the application has the same tracks");
    assert.equal(call.room.peerId, "me");
    assert.deepEqual(call.lineOf(OWN_CAMERA)?.sender.encodings.map(({ rid }) => rid), ["q", "h", "f"]);
  },
);

test(
  "P114: what is wanted of tracks that go on is said again, to a server that knows nothing of it",
  async (call, world) => {
    call.room.setQuality("camera 1", { width: 320, height: 180 });
    await world.advance(300);
    assert.equal(call.sent("setQuality").length, 1);
    await call.lose();
    await call.resume("new");
    await call.connect();
    await world.advance(300);
    assert.deepEqual(call.sent("setQuality"), [{ type: "setQuality", trackId: "camera 1", width: 320, height: 180 }]);
  },
);

test("P114: who came, left and published meanwhile is told, and received with all others", async (call) => {
  await call.lose();
  await call.resume("new", [{ id: "ann", tracks: [{ ...CAMERA, id: "camera 2" }] }, { id: "cleo", tracks: [VOICE] }]);
  assert.deepEqual(call.take(), [
    "stateChanged reconnecting",
    "trackRemoved camera 1",
    "trackRemoved voice 1",
    "peerLeft ben",
    "peerJoined cleo",
  ]);
  await call.connect();
  assert.deepEqual(call.take(), ["trackAdded camera 2", "trackAdded voice 1", "stateChanged connected"]);
});

test(
  "P134: what is muted of this client is told once, though the server tells it again behind a resume",
  async (call, world) => {
    const [camera] = call.room.localTracks;
    const told: unknown[] = [];
    call.room.on("muted", ({ muted }) => told.push(muted));
    for (const muted of [true, true, false, false]) {
      const { mid } = call.lineOf(camera.track) ?? {};
      world.socket.say({ type: "trackMuted", peerId: "me", trackId: "own", muted, mid });
    }
    await world.settle();
    assert.deepEqual(told, [true, false]);
  },
);

test(
  "P114: the encodings that somebody receives are told anew, and a track in place of another one is sent as it is",
  async (call, world) => {
    const [camera] = call.room.localTracks;
    const say = (active: string[]) =>
      world.socket.say({ type: "layers", trackId: "own", mid: call.lineOf(camera.track)?.mid, active });
    say(["q"]);
    await world.settle();
    assert.deepEqual(camera.activeLayers, ["q"]);
    await call.lose();
    const other = { ...OWN_CAMERA, getSettings: () => ({ height: 360 }) };
    await camera.replace(other);
    await call.resume("new");
    assert.equal(camera.activeLayers, null);
    await call.connect();
    const sender = call.lineOf(other)?.sender;
    assert.deepEqual(sender?.encodings.map(({ rid, active }) => [rid, active]), [["h", undefined], ["f", undefined]]);
    say(["h"]);
    await world.settle();
    assert.deepEqual(sender?.encodings.map(({ rid, active }) => [rid, active]), [["h", true], ["f", false]]);
  },
);

test("P114: a track that is refused this time ends by an error, and all others go on", async (call) => {
  const [camera, voice] = call.room.localTracks;
  await call.lose();
  await call.resume("new");
  const { tracks } = await call.offered();
  await call.answer(...tracks.filter(({ source }) => source === "camera").map(({ mid }) => mid));
  // Of its m-line and of itself, as behind a join.
  const told = ["error too-many-tracks", "error too-many-tracks"];
  assert.deepEqual(call.take().filter((event) => event.startsWith("error")), told);
  assert.deepEqual([...call.room.localTracks], [voice]);
  await assert.rejects(camera.replace(OWN_CAMERA), { code: "unpublished" });
  await call.answer();
});

test(
  "P114: an offer that was under way is not repeated, and who waits for its track gets it by the next one",
  async (call, world) => {
    const screen = { kind: "video", enabled: true, getSettings: () => ({ height: 1080 }) };
    const published = call.room.publish(screen, { source: "screen" });
    await world.advance(200);
    await call.lose();
    await call.resume("new");
    const { tracks } = await call.connect();
    assert.equal(tracks.filter(({ source }) => source === "screen").length, 1);
    assert.equal((await published).track, screen);
    assert.equal(call.sent("offer").length, 1);
  },
);

test(
  "P114: a track that ends, or comes, while there is no media is none, or one, of the new connection",
  async (call, world) => {
    const [camera] = call.room.localTracks;
    await call.lose();
    await camera.unpublish();
    const screen = { kind: "video", enabled: true, getSettings: () => ({ height: 1080 }) };
    const published = call.room.publish(screen, { source: "screen" });
    await world.settle();
    await call.resume("new");
    const { tracks } = await call.connect();
    const sources = tracks.flatMap(({ source }) => source ?? []);
    assert.deepEqual(sources.toSorted(), ["microphone", "screen"]);
    await published;
  },
);

test("P114, P110: media that is lost again, at whichever moment, is made anew again", async (call, world) => {
  await call.lose();
  await call.resume("new");
  // Before the offer, while it has no answer, before the connection, and after it.
  for (const until of ["welcome", "offer", "answer", "connected"]) {
    if (until === "offer") await world.advance(200);
    if (until === "answer") await call.answer();
    if (until === "connected") await call.connect();
    await call.lose();
    await call.resume("new");
  }
  assert.equal(call.connections, 6);
  await call.connect();
  assert.equal(call.room.state, "connected");
  assert.equal(call.room.localTracks.size, 2);
  assert.deepEqual(call.take().filter((event) => /^(error|closed|peer)/.test(event)), []);
});

test(
  "P111: where the WebSocket was lost some other way `welcome` says all the same whether the media is new",
  async (call, world) => {
    world.socket.drop(1006);
    await world.settle();
    await call.resume(undefined);
    assert.equal(call.connections, 1);
    world.socket.drop(1006);
    await world.settle();
    await call.resume("new");
    await call.connect();
    assert.deepEqual([call.connections, call.room.state], [2, "connected"]);
  },
);

test("P112: where the server has no media for it at present the SDK tries again", async (call, world) => {
  await call.lose();
  world.socket.open();
  world.socket.say({ type: "error", code: "no-capacity", message: "the server is full" });
  await world.settle();
  assert.deepEqual(call.take(), ["stateChanged reconnecting"]);
  await world.advance(1000);
  await call.resume("new");
  await call.connect();
  assert.equal(call.room.state, "connected");
});

test("P114: who leaves on hearing that tracks are gone gets no other connection", async (call) => {
  call.room.on("trackRemoved", () => call.room.leave());
  await call.lose();
  await call.resume("new");
  assert.deepEqual([call.connections, call.room.state, call.sent("offer")], [1, "closed", []]);
});

test(
  "P114: slots are offered again, and filled as the server says",
  async (call, world) => {
    const fill = (connection: FakePeerConnection) => {
      const { mid } =
        connection.transceivers.find(({ receiver, direction }) =>
          direction === "recvonly" && receiver.track.kind === "video"
        ) ?? { mid: "" };
      world.socket.say({ type: "slots", slots: [{ mid, trackId: "camera 1" }] });
    };
    fill(call.connection);
    assert.deepEqual(call.take(), ["trackAdded camera 1"]);
    await call.lose();
    await call.resume("new");
    assert.deepEqual(call.take(), ["stateChanged reconnecting", "trackRemoved camera 1"]);
    const { tracks } = await call.connect();
    assert.equal(tracks.filter((track) => "slot" in track).length, 3);
    fill(call.connection);
    assert.deepEqual(call.take(), ["stateChanged connected", "trackAdded camera 1"]);
  },
  { slots: { video: 2, audio: 1 } },
);

test("P117: a client that goes on at another server is another peer there, with all that it had", async (call) => {
  const [old, local] = [call.connection, [...call.room.localTracks]];
  // Others there may not have heard yet that the peer it was has left.
  await call.move("me there", [ANN, { id: "me", tracks: [{ ...CAMERA, id: "own" }] }]);
  assert.deepEqual(call.take(), [
    "trackRemoved voice 1",
    "peerLeft ben",
    "trackRemoved camera 1",
    "stateChanged reconnecting",
  ]);
  assert.deepEqual([old.connectionState, call.connections], ["closed", 2]);
  const { tracks } = await call.connect();
  assert.deepEqual(tracks.map(({ trackId, source }) => trackId ?? source).toSorted(), [
    "camera",
    "camera 1",
    "microphone",
  ]);
  assert.deepEqual([...call.room.localTracks], local, "the application has the same tracks");
  assert.deepEqual([call.room.peerId, call.room.state], ["me there", "connected"]);
  assert.deepEqual(call.take().filter((event) => event.startsWith("track")), ["trackAdded camera 1"]);
});
