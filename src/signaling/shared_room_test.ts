import assert from "node:assert/strict";
import { randomSeed } from "../../tests/harness/random_seed.ts";
import { seededRandom } from "../../tests/harness/seeded_random.ts";
import { videoProducer } from "../../tests/harness/engine.ts";
import type { NodeId } from "../media/media_bus.ts";
import type { RelayCommand } from "../media/messages.ts";
import { newIdentifier } from "../sfu/identifier.ts";
import type { TrackId } from "../sfu/types.ts";
import { RemotePeer } from "./remote_peer.ts";
import { type PeerObserver, Room, type RoomMember } from "./room.ts";
import { RoomPeer } from "./room_peer.ts";
import type { RoomNews } from "./room_news.ts";
import { BEAT_MS, GONE_MS, SharedRoom } from "./shared_room.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

/** What news takes from one node to another. */
const DELAY_MS = 2;

interface OnTheWay {
  readonly news: RoomNews;
  readonly to: Site;
  readonly atMs: number;
}

/** One node: a room there, and what its peers and its media are told. */
class Site {
  readonly told: string[] = [];
  readonly room: Room;
  /** What its media was told to import, and not to end. */
  readonly imports = new Map<TrackId, NodeId>();
  shared!: SharedRoom;
  isDead = false;
  /** How often another one was heard under the number of this one. */
  twins = 0;
  #relays = 0;

  constructor(readonly world: World, readonly node: NodeId) {
    this.room = new Room("room", (room) => {
      return this.shared = new SharedRoom({
        room,
        node,
        epoch: newIdentifier(world.random),
        nextRelay: () => ++this.#relays,
        send: (news) => world.send(this, news),
        relay: (command) => this.#relay(command),
        twinHeard: () => this.twins++,
        heardMs: (node) => world.heardMs(node),
        nowMs: world.nowMs,
      });
    });
  }

  join(name: string, identity?: string): RoomPeer {
    const { random } = this.world;
    const observer: PeerObserver = {
      peerJoined: (_id, joined) => this.told.push(`${name}: ${joined} joined`),
      peerLeft: (id) => this.told.push(`${name}: ${this.world.nameOf(id)} left`),
      trackPublished: (id, track) => this.told.push(`${name}: ${this.world.nameOf(id)} publishes ${track.source}`),
      trackUnpublished: (id) => this.told.push(`${name}: ${this.world.nameOf(id)} unpublishes`),
      trackMuted: ({ source }, isMuted) => this.told.push(`${name}: ${source} ${isMuted ? "muted" : "unmuted"}`),
      trackEnded: () => this.told.push(`${name}: its track ended`),
      speakersChanged: () => {},
      replaced: () => this.told.push(`${name}: replaced`),
    };
    const id = newIdentifier(random);
    this.world.names.set(id, name);
    const peer = new RoomPeer(this.room, { id, name, identity, ssrc: 1, media: { send() {} }, observer, random });
    this.room.addPeer(peer);
    return peer;
  }

  /** Names and numbers of tracks of all who are in the room, as they are seen here. */
  get people(): string[] {
    const tracks = [...this.room.tracks.values()];
    const counts = (peer: RoomMember) => tracks.filter(({ peerId }) => peerId === peer.id).length;
    return [...this.room.peers.values()].map((peer) => `${peer.name} ${counts(peer)}`).sort();
  }

  #relay(command: RelayCommand): void {
    if (command.type === "import") {
      assert.ok(!this.imports.has(command.trackId));
      assert.ok(!this.room.tracks.has(command.trackId), "before anybody is told of the track");
      this.imports.set(command.trackId, command.from);
    } else if (command.type === "muteImport") {
      assert.ok(this.imports.has(command.trackId));
      this.told.push(`${command.isMuted ? "mute" : "unmute"} import`);
    } else if (command.type === "endImport") assert.ok(this.imports.delete(command.trackId));
  }
}

/** Nodes that share a room over a way that may lose news. */
class World {
  nowMs = 0;
  lossFraction = 0;
  /** When a node was heard some other way than by news. */
  heardMs: (node: NodeId) => number = () => -Infinity;
  readonly random;
  readonly sites: Site[] = [];
  readonly names = new Map<string, string>();
  #onTheWay: OnTheWay[] = [];

  constructor(seed = 1) {
    this.random = seededRandom(seed);
  }

  open(node = this.sites.length): Site {
    const site = new Site(this, node);
    this.sites.push(site);
    return site;
  }

  nameOf(id: string): string {
    return this.names.get(id) ?? "?";
  }

  chance(): number {
    return this.random.uint32() / 2 ** 32;
  }

  send(from: Site, news: RoomNews): void {
    if (from.isDead) return;
    for (const to of this.sites) {
      if (to === from || this.chance() < this.lossFraction) continue;
      this.#onTheWay.push({ news: structuredClone(news), to, atMs: this.nowMs + DELAY_MS });
    }
  }

  run(ms: number): void {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs; this.nowMs++) {
      const due = this.#onTheWay.filter(({ atMs }) => atMs <= this.nowMs);
      this.#onTheWay = this.#onTheWay.filter(({ atMs }) => atMs > this.nowMs);
      for (const { news, to } of due) if (!to.isDead) to.shared.handleNews(news, this.nowMs);
      for (const { isDead, shared } of this.sites) {
        if (isDead) continue;
        if (shared.nextTimeout() <= this.nowMs) shared.handleTimeout(this.nowMs);
        shared.flush();
      }
    }
  }

  /** A node fails without a word. */
  kill(site: Site): void {
    site.isDead = true;
  }
}

test("B410: peers of all nodes are in the room at each, with their tracks, in a round trip and told once", () => {
  const world = new World();
  const [a, b] = [world.open(), world.open()];
  const ada = a.join("ada");
  ada.publish(videoProducer());
  world.run(10);
  b.join("ben");
  world.run(10);
  for (const site of [a, b]) assert.deepEqual(site.people, ["ada 1", "ben 0"]);
  assert.deepEqual(a.told, ["ada: ben joined"]);
  assert.deepEqual(b.told, []);
  assert.deepEqual([a.imports.size, [...b.imports.values()]], [0, [a.node]]);
  ada.unpublish(videoProducer().mid);
  world.run(10);
  ada.publish(videoProducer());
  world.run(10);
  ada.close();
  world.run(10);
  assert.deepEqual(b.told, ["ben: ada unpublishes", "ben: ada publishes camera", "ben: ada left"]);
  assert.deepEqual([b.people, b.imports.size], [["ben 0"], 0]);
});

test("B410: who comes later learns of all that there are, from each node", () => {
  const world = new World();
  const sites = [world.open(), world.open(), world.open()];
  for (const [i, site] of sites.entries()) site.join(`person ${i}`).publish(videoProducer());
  world.run(10);
  const late = world.open();
  late.join("late");
  world.run(10);
  assert.deepEqual(late.people, ["late 0", "person 0 1", "person 1 1", "person 2 1"]);
  assert.deepEqual([...late.imports.values()].sort(), [0, 1, 2]);
});

test("B411: a node that is not heard for 3.5 s is gone with its peers, one that leaves at once", () => {
  const world = new World();
  const [a, b, c] = [world.open(), world.open(), world.open()];
  a.join("ada");
  b.join("ben").publish(videoProducer());
  c.join("cem").publish(videoProducer());
  world.run(10);
  c.room.close();
  world.kill(c);
  world.run(10);
  assert.deepEqual(a.people, ["ada 0", "ben 1"]);
  world.kill(b);
  world.run(GONE_MS - BEAT_MS - 20);
  assert.deepEqual(a.people, ["ada 0", "ben 1"]);
  world.run(BEAT_MS + 30);
  assert.deepEqual([a.people, a.imports.size], [["ada 0"], 0]);
});

test("B446: while news are away a node that is reached some other way stays, and its silence counts from then on", () => {
  const world = new World();
  const [a, b, c] = [world.open(), world.open(), world.open()];
  a.join("ada");
  b.join("ben").publish(videoProducer());
  c.join("cem");
  world.run(10);
  world.lossFraction = 1;
  world.heardMs = (node) => node === c.node ? -Infinity : world.nowMs;
  world.run(60_000);
  assert.deepEqual([a.people, a.imports.size], [["ada 0", "ben 1"], 1]);
  // They are back, and what is told next takes its time.
  world.heardMs = () => -Infinity;
  world.run(500);
  world.lossFraction = 0;
  world.run(BEAT_MS + 100);
  assert.deepEqual(a.people, ["ada 0", "ben 1", "cem 0"]);
  world.lossFraction = 1;
  world.heardMs = () => world.nowMs;
  world.run(10_000);
  world.heardMs = () => -Infinity;
  world.run(GONE_MS + 100);
  assert.deepEqual([a.people, a.imports.size], [["ada 0"], 0]);
});

test("B455: where the other way ends as well a node is gone 3.5 s after it was last heard by that", () => {
  const world = new World();
  const [a, b] = [world.open(), world.open()];
  a.join("ada");
  b.join("ben");
  world.run(10);
  world.lossFraction = 1;
  world.heardMs = () => world.nowMs;
  world.run(10_000);
  const lastMs = world.nowMs;
  world.heardMs = () => lastMs;
  world.run(GONE_MS - BEAT_MS / 2);
  assert.deepEqual(a.people, ["ada 0", "ben 0"]);
  world.run(BEAT_MS);
  assert.deepEqual(a.people, ["ada 0"]);
});

test("B411: a node that came back after it had failed is another one: its peers of before are gone at once", () => {
  const world = new World();
  const [a, b] = [world.open(), world.open()];
  a.join("ada");
  b.join("ben");
  world.run(10);
  world.kill(b);
  const again = world.open(b.node);
  again.join("bob");
  world.run(20);
  assert.deepEqual(a.people, ["ada 0", "bob 0"]);
});

test("B412: whatever is lost of what nodes tell each other, all see the same within seconds after it goes through", () => {
  const seed = randomSeed();
  const world = new World(seed);
  world.lossFraction = 0.4;
  const sites = [world.open(), world.open(), world.open()];
  const peers: RoomPeer[] = [];
  for (let step = 0; step < 300; step++) {
    const [what, which] = [world.chance(), world.chance()];
    const peer = peers[Math.floor(which * peers.length)];
    if (what < 0.3 || peer === undefined) {
      peers.push(sites[Math.floor(which * sites.length)].join(`peer ${step}`));
    } else if (what < 0.6) peer.publish({ ...videoProducer(), mid: `${step % 4}` });
    else if (what < 0.8) peer.unpublish([...peer.producers.keys()].at(0) ?? "none");
    else {
      peers.splice(peers.indexOf(peer), 1);
      peer.close();
    }
    world.run(Math.floor(30 * world.chance()));
  }
  world.lossFraction = 0;
  world.run(2 * BEAT_MS);
  const [first, ...others] = sites;
  assert.equal(first.people.length, peers.length, `seed ${seed}`);
  for (const site of others) assert.deepEqual(site.people, first.people, `seed ${seed}`);
  for (const { room, imports } of sites) {
    const foreign = [...room.tracks.values()].filter(({ peerId }) => room.peers.get(peerId) instanceof RemotePeer);
    assert.deepEqual([...imports.keys()].sort(), foreign.map(({ id }) => id).sort(), `seed ${seed}`);
  }
});

test("B412: what a fault of the server kept from being taken is asked for again", () => {
  const world = new World();
  const [a, b] = [world.open(), world.open()];
  const { observer } = b.join("ben");
  world.run(10);
  const { peerJoined } = observer;
  let faults = 1;
  Object.assign(observer, {
    peerJoined(...joined: Parameters<typeof peerJoined>) {
      if (faults-- > 0) throw new Error("as it happens");
      peerJoined(...joined);
    },
  });
  a.join("ada").publish(videoProducer());
  assert.throws(() => world.run(10), /as it happens/);
  world.run(2 * BEAT_MS);
  assert.deepEqual([b.people, b.told], [["ada 1", "ben 0"], ["ben: ada joined", "ben: ada publishes camera"]]);
});

test("B413: what is no news changes nothing and throws nothing, and nobody speaks for another node's peers", () => {
  const world = new World();
  const [a, b] = [world.open(), world.open()];
  const ada = a.join("ada");
  b.join("ben");
  world.run(10);
  const before = a.people;
  const told = { from: 5, epoch: "x", version: 1, peersGone: [], tracksGone: [] };
  const track = { id: "t", peerId: ada.id, relay: 1, parameters: videoProducer() };
  for (
    const news of [
      undefined,
      7,
      "state",
      {},
      { type: "state" },
      { type: "state", from: 31, epoch: "x", version: 1, peers: [], tracks: [] },
      { type: "change", ...told, peers: [{ id: ada.id }], tracks: [track] },
      { type: "state", ...told, peers: [{ id: ada.id, name: "eve" }], tracks: [track] },
      { type: "leave", from: 1, epoch: "of another stay" },
      { type: "replace", from: 1, to: 0, peerId: "nobody" },
    ]
  ) a.shared.handleNews(news, world.nowMs);
  world.run(10);
  assert.deepEqual(a.people, before);
});

test("B413: another one under the same number is noticed, and what it says changes nothing", () => {
  const world = new World();
  const [a, b] = [world.open(), world.open()];
  a.join("ada");
  b.join("ben");
  world.run(10);
  const before = a.people;
  a.shared.handleNews({ type: "ask", from: 0 }, world.nowMs);
  assert.equal(a.twins, 0, "this may be one's own word");
  a.shared.handleNews({ type: "beat", from: 0, epoch: "another one's", version: 9 }, world.nowMs);
  a.shared.handleNews(
    { type: "state", from: 0, epoch: "another one's", version: 9, peers: [], tracks: [] },
    world.nowMs,
  );
  world.run(10);
  assert.deepEqual([a.twins, b.twins, a.people], [2, 0, before]);
});

test("B414: who takes the place of a peer of its identity at another node has it leave there", () => {
  const world = new World();
  const [a, b] = [world.open(), world.open()];
  a.join("ada", "user 1");
  b.join("ada again", "user 1");
  world.run(10);
  for (const peer of b.room.peersOf("user 1")) if (peer.name === "ada") peer.observer.replaced();
  world.run(10);
  assert.deepEqual(a.told, ["ada: ada again joined", "ada: replaced"]);
});

test("B499, P134: a track that is muted is so at each node, for who comes later and where news were lost", () => {
  const world = new World();
  const [a, b] = [world.open(), world.open()];
  const [ada] = [a.join("ada"), b.join("ben")];
  world.run(10);
  const track = ada.publish(videoProducer());
  ada.muteTrack(track.id, true);
  world.run(10);
  assert.deepEqual(b.told.slice(-3), ["ben: ada publishes camera", "mute import", "ben: camera muted"]);
  ada.muteTrack(track.id, false);
  world.run(10);
  assert.deepEqual(b.told.slice(-2), ["unmute import", "ben: camera unmuted"]);
  world.lossFraction = 1;
  ada.muteTrack(track.id, true);
  world.run(10);
  world.lossFraction = 0;
  world.run(2000);
  assert.deepEqual(b.told.slice(-2), ["mute import", "ben: camera muted"]);
  const c = world.open();
  c.join("cem");
  world.run(10);
  assert.equal(c.room.isMuted(track.id), true);
});
