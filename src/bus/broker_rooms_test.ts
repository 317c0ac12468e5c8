import assert from "node:assert/strict";
import { randomSeed } from "../../tests/harness/random_seed.ts";
import { seededRandom } from "../../tests/harness/seeded_random.ts";
import type { NodeId } from "../media/media_bus.ts";
import { readRoomNews, type RoomNews, type SharedTrack } from "../signaling/room_news.ts";
import { MAX_BROKER_MESSAGE } from "./broker.ts";
import { BrokerRooms } from "./broker_rooms.ts";
import { MemoryBrokerNetwork } from "./memory_broker.ts";
import { NodeNames } from "./node_names.ts";
import { roomSubject } from "./subjects.ts";

const PREFIX = "test";
const ROOM = "räum / 1 *.>";

interface Site {
  readonly rooms: BrokerRooms;
  readonly names: NodeNames;
  readonly news: RoomNews[];
  send(news: RoomNews): void;
  close(): void;
}

function open() {
  const due: (() => void)[] = [];
  const network = new MemoryBrokerNetwork({ defer: (callback) => void due.push(callback) });
  return {
    network,
    /** Hands over what was published. */
    settle() {
      for (let callback = due.shift(); callback !== undefined; callback = due.shift()) callback();
    },
    site(name: string, room = ROOM): Site {
      const names = new NodeNames(name, 0);
      const rooms = new BrokerRooms({ broker: network.open(), names, prefix: PREFIX, now: () => 0 });
      const news: RoomNews[] = [];
      const channel = rooms.open(room, (value) => {
        const read = readRoomNews(value);
        assert.ok(read !== undefined, JSON.stringify(value));
        news.push(read);
      });
      return { rooms, names, news, send: (told) => channel.send(told), close: () => channel.close() };
    },
  };
}

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });
const beat = (version: number): RoomNews => ({ type: "beat", from: 0, epoch: "epoch", version });

/** Of a node with so many tracks. */
function state(count: number, fmtp: (track: number) => string): RoomNews {
  const tracks = Array.from({ length: count }, (_, track): SharedTrack => ({
    id: `track${track}`,
    peerId: "peer",
    relay: track,
    parameters: {
      mid: `${track}`,
      kind: "video",
      source: "camera",
      codec: { mimeType: "video/vp8", clockRate: 90_000, payloadType: 96, fmtp: fmtp(track) },
      headerExtensions: [],
      ssrcs: [track],
    },
  }));
  return { type: "state", from: 0, epoch: "epoch", version: 1, peers: [{ id: "peer" }], tracks };
}

test("B436: what a node tells of a room is told to all others of that room, under their number for it, and not to itself", () => {
  const { site, settle } = open();
  const [a, b, c, other] = [site("a"), site("b"), site("c"), site("other", "another room")];
  a.send(beat(1));
  c.send(beat(3));
  settle();
  const from = (at: Site, name: string): NodeId => at.names.aliasOf(name, 0) ?? -1;
  assert.deepEqual(a.news, [{ ...beat(3), from: from(a, "c") }]);
  assert.deepEqual(b.news, [{ ...beat(1), from: from(b, "a") }, { ...beat(3), from: from(b, "c") }]);
  assert.deepEqual(c.news, [{ ...beat(1), from: from(c, "a") }]);
  assert.deepEqual([other.news, other.names.size], [[], 0]);
});

test("B436: what is for one node is heard by that one, as 0, and by nobody else", () => {
  const { site, settle } = open();
  const [a, b, c] = [site("a"), site("b"), site("c")];
  a.send({ type: "ask", from: 0 });
  settle();
  const to = b.names.aliasOf("a", 0);
  b.send({ type: "replace", from: 0, to: to ?? -1, peerId: "peer" });
  b.send({ type: "ask", from: 0, to });
  b.send({ type: "ask", from: 0, to: 17 });
  settle();
  assert.deepEqual(a.news, [{ type: "replace", from: 1, to: 0, peerId: "peer" }, { type: "ask", from: 1, to: 0 }]);
  assert.deepEqual(c.news, [{ type: "ask", from: 1 }]);
});

test("B436: a closed channel neither sends nor hears, and while the broker is away nothing is kept for later", () => {
  const { network, site, settle } = open();
  const [a, b] = [site("a"), site("b")];
  network.takeAway();
  a.send(beat(1));
  network.bringBack();
  a.send(beat(2));
  settle();
  assert.deepEqual(b.news.map((news) => "version" in news && news.version), [2]);
  b.close();
  b.send(beat(3));
  a.send(beat(4));
  settle();
  assert.deepEqual([a.news, b.news.length], [[], 1]);
});

test("B437: a room of a thousand tracks fits into one message, and one that does not is left out without a fault", () => {
  const { site, settle } = open();
  const [a, b] = [site("a"), site("b")];
  const large = state(1000, () => "profile-level-id=42e01f;level-asymmetry-allowed=1;packetization-mode=1".repeat(10));
  a.send(large);
  settle();
  assert.deepEqual(b.news, [{ ...large, from: 1 }]);
  const random = seededRandom(1);
  a.send(state(100, () => random.text(2 * MAX_BROKER_MESSAGE / 100)));
  a.send(state(1000, () => "x".repeat(20_000)));
  a.send(beat(2));
  settle();
  assert.deepEqual(b.news.slice(1), [{ ...beat(2), from: 1 }]);
});

test("B438: what is no news of a node changes nothing, whatever it is", () => {
  const seed = randomSeed();
  const random = seededRandom(seed);
  const { network, site, settle } = open();
  const a = site("a");
  const stranger = network.open();
  const subject = roomSubject(PREFIX, ROOM);
  const bytes = (text: string) => new TextEncoder().encode(text);
  const texts = [
    "",
    "{",
    "null",
    "1",
    '"text"',
    "[]",
    "{}",
    '{"from":1}',
    '{"from":"a b","type":"ask"}',
    '{"from":""}',
  ];
  for (const text of texts) stranger.publish(subject, bytes(text));
  for (let i = 0; i < 300; i++) {
    const noise = Uint8Array.from({ length: random.uint32() % 300 }, () => random.uint32());
    // As what is deflated begins, too.
    if (i % 3 === 0 && noise.length > 0) noise[0] = 1;
    stranger.publish(subject, noise);
  }
  settle();
  assert.deepEqual([a.news, a.names.size], [[], 0], `seed ${seed}`);
});

test("B438: beyond 30 other nodes of its rooms a node hears no more", () => {
  const { site, settle } = open();
  const a = site("a");
  const others = Array.from({ length: 31 }, (_, i) => site(`node${i}`));
  for (const other of others) other.send(beat(1));
  settle();
  assert.deepEqual(a.news.map(({ from }) => from), Array.from({ length: 30 }, (_, i) => i + 1));
});
