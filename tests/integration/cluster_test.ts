import assert from "node:assert/strict";
import { MemoryBrokerNetwork } from "../../src/bus/memory_broker.ts";
import { type CreateOptions, createSwitchboard, type SwitchboardServer } from "../../src/mod.ts";
import type { BusMedia } from "../../src/io/sharing.ts";
import { GONE_MS } from "../../src/signaling/shared_room.ts";
import { cross, newsFor } from "../harness/crossing.ts";
import { HttpMediaClient } from "../harness/http_media_client.ts";
import { LoopbackServer } from "../harness/loopback_server.ts";
import { pause } from "../harness/pause.ts";
import { WeriftClient } from "../harness/werift_client.ts";

const PERMISSIONS = { net: ["127.0.0.1"] } satisfies Deno.PermissionOptionsObject;
const ROOM = "a room, of many";
const PACKETS = 100;
/** By then what was away is back. */
const HEALED_MS = 5000;

/** Servers that share rooms by a broker in memory. */
class Cluster implements AsyncDisposable {
  readonly network = new MemoryBrokerNetwork();
  readonly servers: LoopbackServer[] = [];

  constructor(count: number, media: BusMedia = "direct") {
    for (let i = 0; i < count; i++) this.open({ bus: { broker: this.network.open(), media } });
  }

  open(options: CreateOptions = { bus: { broker: this.network.open() } }): LoopbackServer {
    const server = new LoopbackServer(options);
    this.servers.push(server);
    return server;
  }

  /** A client of each server, in one room, all of whom know each other. */
  async meet(): Promise<WeriftClient[]> {
    const clients: WeriftClient[] = [];
    for (const { signalingUrl } of this.servers) {
      clients.push(await WeriftClient.join(signalingUrl, ROOM));
      for (const other of clients.slice(0, -1)) {
        await other.signaling.receive("peerJoined", ({ peer }) => peer.id === clients.at(-1)?.id);
      }
    }
    return clients;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.servers) await server[Symbol.asyncDispose]();
  }
}

async function end(clients: readonly WeriftClient[]): Promise<void> {
  for (const client of clients) await client[Symbol.asyncDispose]();
}

for (const media of ["direct", "broker", "auto"] as const) {
  Deno.test({
    name:
      `B444, P118: peers of three servers that share rooms see and hear each other, and when they leave; media: ${media}`,
    permissions: PERMISSIONS,
    fn: () => meetAndLeave(media),
  });
}

async function meetAndLeave(media: BusMedia): Promise<void> {
  await using cluster = new Cluster(3, media);
  const clients = await cluster.meet();
  const [alice, bob, carol] = clients;
  for (const { welcome } of clients) assert.equal(welcome.shared, true);
  try {
    const ofAlice = [alice.publish("audio"), alice.publish("video")];
    await alice.connect();
    for (const publication of ofAlice) {
      for (const subscriber of [bob, carol]) {
        const crossing = await cross(alice, publication, subscriber);
        await subscriber.connected();
        await crossing.flow(PACKETS);
      }
    }
    const ofBob = bob.publish("video");
    await bob.negotiate();
    await (await cross(bob, ofBob, alice)).flow(PACKETS);
    await bob.leave();
    for (const other of [alice, carol]) {
      assert.equal((await other.signaling.receive("peerLeft")).peerId, bob.id);
    }
  } finally {
    await end(clients);
  }
  for (const server of cluster.servers) await server.empty();
}

/** Until it reaches another server directly. */
async function reachesOther({ metrics }: SwitchboardServer): Promise<void> {
  for (const untilMs = performance.now() + HEALED_MS; !/^switchboard_reached_nodes 1$/m.test(await metrics());) {
    assert.ok(performance.now() < untilMs, "no server is reached directly");
    // What is asked for is told at once: datagrams need a turn of their own.
    await pause(10);
  }
}

Deno.test({
  name: "B444: what is published by WHIP at one server is played by WHEP from another",
  permissions: PERMISSIONS,
  async fn() {
    await using cluster = new Cluster(2);
    const [first, second] = cluster.servers;
    await using publisher = await HttpMediaClient.connect(`${first.url}/whip/stage`, "whip");
    publisher.sendPictures();
    await using viewer = await HttpMediaClient.connect(`${second.url}/whep/stage`, "whep");
    await viewer.received.reach(PACKETS, "a picture");
  },
});

Deno.test({
  name:
    "B445: where the broker carries media each server goes on by itself without it, and all are one 5 s after its return",
  permissions: PERMISSIONS,
  async fn() {
    await using cluster = new Cluster(2, "broker");
    const clients = await cluster.meet();
    const [alice, bob] = clients;
    clients.push(await WeriftClient.join(cluster.servers[0].signalingUrl, ROOM));
    const carol = clients[2];
    try {
      const publication = alice.publish("audio");
      await alice.connect();
      const crossing = await cross(alice, publication, bob);
      const local = await cross(alice, publication, carol, crossing.source);
      const atAlice = newsFor(alice);
      const atBob = newsFor(bob);
      cluster.network.takeAway();
      await local.flow(PACKETS);
      await Promise.all([atAlice.left(bob.id), atBob.left(alice.id), atBob.left(carol.id)]);
      await local.flow(PACKETS);
      // Who comes and goes meanwhile is known to the others once it is back.
      await carol.leave();
      const dave = await WeriftClient.join(cluster.servers[0].signalingUrl, ROOM);
      clients.push(dave);
      assert.deepEqual(dave.welcome.peers.map(({ id }) => id), [alice.id]);
      const back = newsFor(bob);
      cluster.network.bringBack();
      await Promise.all([
        atAlice.joined(bob.id, HEALED_MS),
        back.joined(alice.id, HEALED_MS),
        back.joined(dave.id, HEALED_MS),
        back.published(alice.id, HEALED_MS),
      ]);
      await crossing.again();
      await crossing.flow(PACKETS);
    } finally {
      await end(clients);
    }
    for (const server of cluster.servers) await server.empty();
  },
});

Deno.test({
  name:
    "B446: servers that reach each other directly stay one while the broker is away, and tell what is new when it is back",
  permissions: PERMISSIONS,
  async fn() {
    await using cluster = new Cluster(2);
    const clients = await cluster.meet();
    const [alice, bob] = clients;
    try {
      const publication = alice.publish("audio");
      await alice.connect();
      const crossing = await cross(alice, publication, bob);
      for (const { switchboard } of cluster.servers) await reachesOther(switchboard);
      cluster.network.takeAway();
      // Longer than a node may be silent.
      for (const beganMs = performance.now(); performance.now() < beganMs + 2 * GONE_MS;) await crossing.flow(10);
      const carol = await WeriftClient.join(cluster.servers[0].signalingUrl, ROOM);
      clients.push(carol);
      const atBob = newsFor(bob);
      cluster.network.bringBack();
      await atBob.joined(carol.id, HEALED_MS);
      await crossing.flow(PACKETS);
      for (const { signaling } of [alice, bob]) assert.deepEqual(signaling.received("peerLeft"), []);
      // A server that ends while the broker is away is gone all the same.
      cluster.network.takeAway();
      const left = newsFor(bob);
      await end(clients.splice(0, 1));
      await cluster.servers.splice(0, 1)[0][Symbol.asyncDispose]();
      await Promise.all([left.left(alice.id), left.left(carol.id)]);
    } finally {
      await end(clients);
    }
  },
});

Deno.test({
  name: "P119: a peer whose client is led to another server is gone at once, by its token and not by a guess",
  permissions: PERMISSIONS,
  async fn() {
    await using cluster = new Cluster(2);
    const clients = await cluster.meet();
    const [alice, bob] = clients;
    try {
      const { signalingUrl } = cluster.servers[1];
      alice.publish("audio");
      await alice.connect();
      const token = alice.resumeToken;
      const guess = `${token.slice(0, -1)}${token.endsWith("A") ? "B" : "A"}`;
      await assert.rejects(alice.resume(signalingUrl, guess), /resume-failed/);
      const late = await WeriftClient.join(cluster.servers[0].signalingUrl, ROOM);
      clients.push(late);
      await bob.signaling.receive("peerJoined", ({ peer }) => peer.id === late.id);
      assert.deepEqual(bob.signaling.received("peerLeft"), []);
      await assert.rejects(alice.resume(signalingUrl, token), /resume-failed/);
      for (const { signaling } of [bob, late]) {
        assert.equal((await signaling.receive("peerLeft")).peerId, alice.id);
      }
      assert.equal((await alice.signaling.closed).code, 4000);
    } finally {
      await end(clients);
    }
  },
});

Deno.test({
  name: "B443: without its broker a server starts, is ready, and says so; what it tells is of no meaning to others",
  permissions: PERMISSIONS,
  async fn() {
    await using cluster = new Cluster(0);
    cluster.network.takeAway();
    const server = cluster.open({ bus: { broker: cluster.network.open(), region: "north", prefix: "calls.test" } });
    const health = async () => (await (await fetch(`${server.url}/healthz`)).json()).bus;
    const ready = await fetch(`${server.url}/readyz`);
    assert.deepEqual([ready.status, await ready.json()], [200, { status: "ready" }]);
    const { node, ...rest } = await health();
    assert.match(node, /^[\w-]{12}$/);
    assert.deepEqual(rest, { region: "north", broker: "away", others: 0, reached: 0, draining: 0 });
    await using alice = await WeriftClient.join(server.signalingUrl, ROOM);
    assert.deepEqual(alice.welcome.peers, []);
    cluster.network.bringBack();
    const other = cluster.open({ bus: { broker: cluster.network.open(), prefix: "calls.test" } });
    cluster.open();
    await using bob = await WeriftClient.join(other.signalingUrl, ROOM);
    assert.equal((await alice.signaling.receive("peerJoined", undefined, HEALED_MS)).peer.id, bob.id);
    const { broker, others } = await health();
    assert.deepEqual([broker, others], ["connected", 1], "those of another prefix are not heard");
  },
});

Deno.test({
  name: "B447: what goes by the broker is told by metrics, those of a server without one left out",
  permissions: PERMISSIONS,
  async fn() {
    await using cluster = new Cluster(2);
    const clients = await cluster.meet();
    try {
      const publication = clients[0].publish("audio");
      await clients[0].connect();
      await (await cross(clients[0], publication, clients[1])).flow(PACKETS);
      const [first, second] = await Promise.all(cluster.servers.map(({ switchboard }) => switchboard.metrics()));
      const value = (text: string, name: string) => Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1]);
      const bus = (direction: string) =>
        `switchboard_bus_packets_total{bus="direct",worker="main",direction="${direction}"}`;
      assert.ok(value(first, bus("sent")) > PACKETS);
      assert.ok(value(second, bus("received")) > PACKETS);
      for (const text of [first, second]) {
        assert.equal(value(text, "switchboard_broker_connected"), 1);
        assert.equal(value(text, "switchboard_broker_reconnects_total"), 0);
        assert.equal(value(text, "switchboard_broker_dropped_total"), 0);
        assert.equal(value(text, "switchboard_other_nodes"), 1);
        assert.ok(value(text, 'switchboard_broker_messages_total{direction="sent"}') > 0);
      }
      cluster.network.takeAway();
      assert.equal(value(await cluster.servers[0].switchboard.metrics(), "switchboard_broker_connected"), 0);
    } finally {
      await end(clients);
    }
    await using alone = new LoopbackServer();
    assert.doesNotMatch(await alone.switchboard.metrics(), /^switchboard_broker_\w+[ {]/m);
  },
});

Deno.test({
  name: "B444: what cannot be the broker of a server, or goes together with none, is refused before anything is opened",
  permissions: "none",
  fn() {
    const refused = (options: CreateOptions, message: RegExp) =>
      assert.throws(() => createSwitchboard(options), { name: "TypeError", message });
    const bus = { url: "nats://127.0.0.1" };
    for (const url of ["", "127.0.0.1:4222", "http://127.0.0.1", "nats://", "redis://127.0.0.1:0"]) {
      refused({ bus: { url } }, /^bus: /);
    }
    for (const prefix of ["", "a b", "a..b", ".", "*", "a.>"]) {
      refused({ bus: { ...bus, prefix } }, /^bus: .* no subject/);
    }
    for (const region of ["", "x".repeat(65)]) refused({ bus: { ...bus, region } }, /^bus: a region/);
    for (const port of [-1, 0.5, 65536]) refused({ bus: { ...bus, port } }, /^bus: .* no UDP port/);
    for (const workers of [1, "auto"] as const) refused({ bus, workers }, /^bus: .* no media workers$/);
    refused({ bus, sharedRooms: { node: 0 } }, /two ways/);
  },
});
