import assert from "node:assert/strict";
import { LoopbackServer } from "../harness/loopback_server.ts";
import { assertForwarded, MediaSource } from "../harness/media_source.ts";
import { samplesOf } from "../harness/metrics_text.ts";
import { type Subscription, WeriftClient } from "../harness/werift_client.ts";
import { WITH_WORKER } from "../harness/worker_setup.ts";

const { ignore, permissions } = WITH_WORKER;

const PACKETS = 60;
const KINDS = ["audio", "video"] as const;
/** A wish that is not repeated lasts for 3 s. */
const QUIET_MS = 10_000;

/** A peer with a camera and a microphone. */
interface Member {
  readonly client: WeriftClient;
  readonly sources: readonly MediaSource[];
}

async function join(server: LoopbackServer): Promise<Member> {
  const client = await WeriftClient.join(server.signalingUrl, "room");
  const sources = KINDS.map((kind) => new MediaSource(client, client.publish(kind)));
  await client.connect();
  return { client, sources };
}

/** Subscribes to both tracks of each other member; the subscriptions are in the order of the others' sources. */
async function receiveAll({ client }: Member, others: readonly Member[]): Promise<Subscription[]> {
  const { peers } = client.welcome;
  const subscriptions: Subscription[] = [];
  for (const { client: { id } } of others) {
    for (const kind of KINDS) {
      const known = peers.find((peer) => peer.id === id)?.tracks.find((track) => track.kind === kind);
      const track = known ??
        (await client.signaling.receive(
          "trackPublished",
          ({ peerId, track }) => peerId === id && track.kind === kind,
        )).track;
      subscriptions.push(client.subscribe(kind, track.id));
    }
  }
  await client.negotiate();
  return subscriptions;
}

/** What `switchboard_bus_…_total` says, by worker. */
async function crossed({ switchboard }: LoopbackServer, what: string): Promise<number[]> {
  const samples = samplesOf(await switchboard.metrics());
  const values: number[] = [];
  for (let worker = 0;; worker++) {
    const value = samples.get(
      `switchboard_bus_${what.replace("_", `_total{bus="ring",worker="${worker}",direction="`)}"}`,
    );
    if (value === undefined) return values;
    values.push(value);
  }
}

/** Waits until each worker has heard of so many wishes of the others: what is wanted is known before media flows. */
async function wished(server: LoopbackServer, wishes: number): Promise<void> {
  while ((await crossed(server, "packets_received")).some((count) => count < wishes)) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** What worker 0 has sent to others while these sources sent so many packets each. */
async function crossesNow(server: LoopbackServer, sources: readonly MediaSource[], packets: number): Promise<number> {
  const [before] = await crossed(server, "packets_sent");
  const arrived = await received(server);
  for (const source of sources) await source.send(packets);
  while (await received(server) < arrived + packets * sources.length) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const [after] = await crossed(server, "packets_sent");
  return after - before;
}

/** Packets of publishers that have come to the server. */
async function received({ switchboard }: LoopbackServer): Promise<number> {
  const samples = samplesOf(await switchboard.metrics());
  const counts = KINDS.map((kind) => samples.get(`switchboard_packets_received_total{kind="${kind}"}`) ?? 0);
  return counts.reduce((sum, count) => sum + count);
}

for (const workers of [2, 3]) {
  Deno.test({
    name: `B400, B405: ${workers} peers of a room, each in another worker, get all of each other, whole and in order`,
    ignore,
    permissions,
    async fn() {
      await using server = new LoopbackServer({ backend: "native", workers, roomPeersPerWorker: 1 });
      const members: Member[] = [];
      try {
        for (let i = 0; i < workers; i++) members.push(await join(server));
        const samples = samplesOf(await server.switchboard.metrics());
        for (let i = 0; i < workers; i++) assert.equal(samples.get(`switchboard_worker_peers{worker="${i}"}`), 1);
        assert.equal((await crossed(server, "packets_sent")).length, workers);
        const received = await Promise.all(
          members.map((member) => receiveAll(member, members.filter((other) => other !== member))),
        );
        await wished(server, KINDS.length * (workers - 1));
        const flows = members.flatMap((member, i) => {
          const sources = members.filter((other) => other !== member).flatMap((other) => other.sources);
          return received[i].map((subscription, at) => ({ member, subscription, source: sources[at] }));
        });
        for (const { member, subscription, source } of flows) {
          await source.flow(member.client.streamOf(subscription), PACKETS);
        }
        for (const worker of await crossed(server, "packets_sent")) {
          assert.ok(worker >= 2 * PACKETS, `${worker} packets`);
        }
        for (const worker of await crossed(server, "bytes_received")) assert.ok(worker > 2 * PACKETS * 100);
        const [member, subscription] = [flows[0].member, flows[0].subscription];
        const { ssrc = 0 } = member.client.sectionOf(subscription);
        const first = member.client.streamOf(subscription).entries.slice(0, PACKETS);
        assertForwarded(first, flows[0].source.sent.slice(0, PACKETS), { ssrc, payloadType: 111, kind: "audio" });
      } finally {
        for (const { client } of members) await client.leave();
      }
      await server.empty();
    },
  });
}

Deno.test({
  name: "B400: what crosses to a worker stops once nobody there receives it",
  ignore,
  permissions,
  async fn() {
    await using server = new LoopbackServer({ backend: "native", workers: 2, roomPeersPerWorker: 1 });
    const alice = await join(server);
    const bob = await join(server);
    const [audio, video] = await receiveAll(bob, [alice]);
    await receiveAll(alice, [bob]);
    await wished(server, KINDS.length);
    for (const [at, subscription] of [audio, video].entries()) {
      await alice.sources[at].flow(bob.client.streamOf(subscription), PACKETS);
    }
    await bob.client.leave();
    const endMs = performance.now() + QUIET_MS;
    while (await crossesNow(server, alice.sources, 5) > 0) assert.ok(performance.now() < endMs, "it goes on");
    assert.equal(await crossesNow(server, alice.sources, PACKETS), 0);
    const [sent] = await crossed(server, "packets_sent");
    assert.ok(sent >= 2 * PACKETS);
    await alice.client.leave();
    await server.empty();
  },
});

Deno.test({
  name: "B399: an embedder drains a worker: who joins is in another one, whatever room it is, and who is there stays",
  ignore,
  permissions,
  async fn() {
    await using server = new LoopbackServer({ backend: "native", workers: 2 });
    const peers = async () => {
      const samples = samplesOf(await server.switchboard.metrics());
      return [0, 1].map((worker) => samples.get(`switchboard_worker_peers{worker="${worker}"}`));
    };
    const alice = await join(server);
    assert.deepEqual(await peers(), [1, 0]);
    server.switchboard.drainWorker(0);
    const bob = await join(server);
    assert.deepEqual(await peers(), [1, 1]);
    server.switchboard.undrainWorker(0);
    const carol = await join(server);
    assert.deepEqual(await peers(), [2, 1]);
    assert.throws(() => server.switchboard.drainWorker(2), { name: "RangeError" });
    const [subscription] = await receiveAll(bob, [alice]);
    await receiveAll(alice, [bob]);
    await wished(server, KINDS.length);
    await alice.sources[0].flow(bob.client.streamOf(subscription), PACKETS);
    for (const { client } of [alice, bob, carol]) await client.leave();
    await server.empty();
  },
});
