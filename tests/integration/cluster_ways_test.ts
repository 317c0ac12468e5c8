import assert from "node:assert/strict";
import { openAt } from "../harness/broker_pair.ts";
import {
  BROKER_KINDS,
  type BrokerKind,
  brokerPermissions,
  brokerProgram,
  BrokerServer,
} from "../harness/broker_server.ts";
import { ClusterRoom, type Site } from "../harness/cluster_room.ts";
import { cross, type Crossing } from "../harness/crossing.ts";
import { DirectWays, type NodeBroker } from "../harness/direct_ways.ts";
import { type FaultTimes, HEALED_MS, inRounds, IS_THOROUGH } from "../harness/fault_rounds.ts";
import { LoopbackServer } from "../harness/loopback_server.ts";
import { isMissing } from "../harness/missing_program.ts";
import { pause } from "../harness/pause.ts";
import { samplesOf } from "../harness/metrics_text.ts";
import { randomSeed } from "../harness/random_seed.ts";
import { seededRandom } from "../harness/seeded_random.ts";
import { TcpProxy } from "../harness/tcp_proxy.ts";

const PACKETS = 20;
const LOSSY_PACKETS = 300;
/** Between packets, where they may be lost. */
const PACE_MS = 5;
const POLL_MS = 20;

/** One server, and all its ways out of its process. */
interface Node {
  readonly site: Site<LoopbackServer>;
  readonly broker: NodeBroker;
  readonly tcp: TcpProxy;
}

/** Whole servers, each with a way of its own to a real broker, and to each other by UDP. */
class Network implements AsyncDisposable {
  readonly seed = randomSeed();
  readonly ways = new DirectWays(seededRandom(this.seed));
  readonly room = new ClusterRoom<LoopbackServer>({ isDirect: true });
  readonly nodes: Node[] = [];
  readonly #broker: BrokerServer;
  readonly #servers: LoopbackServer[] = [];
  readonly #proxies: TcpProxy[] = [];

  private constructor(broker: BrokerServer) {
    this.#broker = broker;
  }

  static async open(kind: BrokerKind, count: number): Promise<Network> {
    const network = new Network(await BrokerServer.start(kind));
    try {
      for (let i = 0; i < count; i++) await network.#add();
      return network;
    } catch (error) {
      await network[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The ways between two nodes: from the first to the second, from there back, or both. */
  change(first: Node, second: Node, which: "there" | "back" | "both", loss: number): void {
    if (which !== "back") this.ways.change(first.broker, second.broker, { loss });
    if (which !== "there") this.ways.change(second.broker, first.broker, { loss });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const proxy of this.#proxies) proxy.goOn();
    await this.room[Symbol.asyncDispose]();
    for (const server of this.#servers) await server[Symbol.asyncDispose]();
    await this.ways[Symbol.asyncDispose]();
    for (const proxy of this.#proxies) await proxy[Symbol.asyncDispose]();
    await this.#broker[Symbol.asyncDispose]();
  }

  async #add(): Promise<void> {
    const tcp = new TcpProxy(this.#broker.port);
    this.#proxies.push(tcp);
    const url = this.#broker.url();
    url.port = String(tcp.port);
    const broker = this.ways.through(await openAt(url));
    const server = new LoopbackServer({ bus: { broker, media: "direct" } });
    this.#servers.push(server);
    const site = await this.room.add(server);
    await this.room.settle();
    this.nodes.push({ site, broker, tcp });
  }
}

/** `kinds` are those of every day: both are done where faults are done often. */
function test(
  behaviour: string,
  count: number,
  check: (network: Network, name: string) => Promise<void>,
  kinds: readonly BrokerKind[] = ["nats"],
): void {
  for (const kind of IS_THOROUGH ? BROKER_KINDS : kinds) {
    const name = `${behaviour}; ${kind}`;
    Deno.test({
      name,
      permissions: brokerPermissions(kind),
      ignore: isMissing(brokerProgram(kind)),
      async fn() {
        await using network = await Network.open(kind, count);
        try {
          await check(network, name);
        } catch (cause) {
          throw new Error(`seed ${network.seed}`, { cause });
        }
      },
    });
  }
}

/** Until none of the nodes reaches, or all of them reach, so many others directly; `meanwhile` is done again and again. */
async function reach(nodes: readonly Node[], count: number, meanwhile: () => Promise<void>): Promise<void> {
  const untilMs = performance.now() + HEALED_MS;
  for (;;) {
    const isLast = performance.now() >= untilMs;
    const healths = await Promise.all(nodes.map(({ site }) => site.server.health()));
    const reached = healths.map(({ bus }) => Object(bus).reached);
    if (reached.every((each) => each === count)) return;
    assert.ok(!isLast, `${reached} are reached, and not ${count}`);
    await meanwhile();
  }
}

/** How many messages with packets each of the nodes gets by the broker while everybody hears everybody. */
async function byBroker({ nodes, room }: Network): Promise<number[]> {
  const before = nodes.map(({ broker }) => broker.mediaMessages);
  await room.flow();
  return nodes.map(({ broker }, i) => broker.mediaMessages - before[i]);
}

/** Until media goes by the direct way alone, and none is lost on the way there. */
async function leavesBroker(network: Network): Promise<void> {
  const untilMs = performance.now() + HEALED_MS;
  for (let counts = await byBroker(network); counts.some((count) => count > 0); counts = await byBroker(network)) {
    assert.ok(performance.now() < untilMs, `${counts} messages by the broker`);
  }
}

/** The direct way alone is cut: media goes by the broker, and returns. */
async function cutWay(network: Network, which: "there" | "back" | "both"): Promise<FaultTimes> {
  const { room, nodes } = network;
  const [first, second] = nodes;
  room.begin();
  const cutMs = performance.now();
  network.change(first, second, which, 1);
  await reach(nodes, 0, () => pause(POLL_MS));
  for (const { site } of nodes) for (const crossing of site.crossings.values()) await crossing.goOn();
  const fellBack = performance.now() - cutMs;
  for (const count of await byBroker(network)) assert.ok(count > 0, "by the broker");
  const mendedMs = performance.now();
  network.change(first, second, which, 0);
  await reach(nodes, 1, () => room.flow());
  const healed = await room.heal(mendedMs);
  await leavesBroker(network);
  await room.check();
  return { "fell back": fellBack, healed };
}

for (const which of ["both", "there", "back"] as const) {
  test(
    `B454, B457: where the direct way is cut, ${
      which === "both" ? "both directions" : `${which} alone`
    }, media goes by ` +
      "the broker within 5 s, nobody leaves, and it returns without a loss",
    2,
    (network, name) => inRounds(name, () => cutWay(network, which)),
    which === "both" ? BROKER_KINDS : ["nats"],
  );
}

/** One node has neither the broker nor a way to the others. */
async function isolate(network: Network): Promise<FaultTimes> {
  const { room, nodes: [alone, ...others] } = network;
  const { site, tcp } = alone;
  room.begin();
  const local = await room.join(site);
  const heard = await cross(site.client, site.source.publication, local, site.source);
  await Promise.all(others.map((other) => room.hasCome(local, other.site)));
  const cutMs = performance.now();
  tcp.holdUp();
  for (const other of others) network.change(alone, other, "both", 1);
  const goesOn = async () => {
    await heard.flow(PACKETS);
    await flowAmong(others);
  };
  await goesOn();
  await Promise.all([
    room.parted([site], others.map((other) => other.site)),
    ...others.map((other) => room.hasGone(local, other.site)),
  ]);
  const parted = performance.now() - cutMs;
  await goesOn();
  await local.leave();
  const mendedMs = performance.now();
  tcp.goOn();
  for (const other of others) network.change(alone, other, "both", 0);
  const healed = await room.heal(mendedMs);
  await room.check(others.flatMap((other) => [[site, other.site], [other.site, site]] as const));
  return { parted, healed };
}

/** Those hear each other, and lose nothing. */
async function flowAmong(nodes: readonly Node[]): Promise<void> {
  for (const { site } of nodes) {
    for (const other of nodes) await site.crossings.get(other.site)?.flow(PACKETS);
  }
}

test(
  "B455, B457: a server without the broker and the others goes on alone, and 5 s after both are back all are one",
  3,
  (network, name) => inRounds(name, () => isolate(network)),
);

/** How many of the packets that were sent, from one to another, a client has not got. */
function missing({ source, subscription }: Crossing, { client }: Site, from: number, to: number): number {
  const come = new Set(client.streamOf(subscription).entries.map(({ payload }) => payload.toString("base64")));
  return source.sent.slice(from, to).filter((sent) => !come.has(sent.toBase64())).length;
}

async function sendPaced({ source }: Crossing, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    await source.send();
    await pause(PACE_MS);
  }
}

test("B456: over a way that loses and reorders pictures cross whole, and nobody leaves", 2, async (network) => {
  const { ways, nodes } = network;
  const [first, second] = nodes;
  const publication = first.site.client.publish("video");
  await first.site.client.negotiate();
  const video = await cross(first.site.client, publication, second.site.client);
  const from = video.source.sent.length;
  for (const [a, b] of [[first, second], [second, first]]) {
    ways.change(a.broker, b.broker, { loss: 0.1, reordering: { share: 0.1, heldBackMs: 20 } });
  }
  await sendPaced(video, LOSSY_PACKETS);
  const left = () => missing(video, second.site, from, from + LOSSY_PACKETS);
  for (const untilMs = performance.now() + HEALED_MS; left() > 0;) {
    assert.ok(performance.now() < untilMs, `${left()} have not come`);
    await sendPaced(video, 1);
  }
  assert.ok(ways.link(first.broker, second.broker).lost > 0);
  await reach(nodes, 1, () => pause(POLL_MS));
  for (const { site } of nodes) assert.deepEqual(site.client.signaling.received("peerLeft"), []);
});

test(
  "B456: of sound that crosses by a way that loses nothing is missing but what is counted as lost",
  2,
  async (network) => {
    const { ways, nodes: [first, second] } = network;
    const sound = second.site.crossings.get(first.site);
    assert.ok(sound);
    const from = sound.source.sent.length;
    ways.change(first.broker, second.broker, { loss: 0.1 });
    await sendPaced(sound, LOSSY_PACKETS);
    ways.change(first.broker, second.broker, { loss: 0 });
    await sound.goOn();
    const samples = samplesOf(await second.site.server.switchboard.metrics());
    const lost = samples.get('switchboard_bus_lost_total{bus="direct",worker="main"}') ?? 0;
    const left = missing(sound, second.site, from, from + LOSSY_PACKETS);
    assert.ok(0 < left && left <= lost, `${left} have not come, and ${lost} are lost`);
  },
);
