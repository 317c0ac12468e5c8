import assert from "node:assert/strict";
import { DatagramNetwork } from "../../tests/harness/datagram_network.ts";
import { seededRandom } from "../../tests/harness/seeded_random.ts";
import { VirtualClock } from "../../tests/harness/virtual_clock.ts";
import { DIRECT_TICK_MS } from "../bus/direct_bus.ts";
import { UNHEARD_MS } from "../bus/direct_peer.ts";
import { MemoryBrokerNetwork } from "../bus/memory_broker.ts";
import { GONE_MS } from "../signaling/shared_room.ts";
import type { Superseded } from "../signaling/superseded.ts";
import { FORGET_MS } from "../bus/node_names.ts";
import { nodesSubject } from "../bus/subjects.ts";
import { ClusterNode } from "./cluster_node.ts";
import { CpuLoad } from "./cpu_load.ts";
import type { AdminNews } from "../signaling/admin_news.ts";
import { Expulsions } from "./expulsions.ts";
import { portableCiphers } from "./portable/cipher.ts";

const PREFIX = "test";
const ROOM = "room";

function open() {
  const clock = new VirtualClock();
  const random = seededRandom(1);
  const due: (() => void)[] = [];
  const network = new MemoryBrokerNetwork({ defer: (callback) => void due.push(callback) });
  const settle = () => {
    for (let callback = due.shift(); callback !== undefined; callback = due.shift()) callback();
  };
  return {
    clock,
    random,
    network,
    settle,
    node(isDraining = () => false) {
      const node = new ClusterNode({ broker: network.open(), prefix: PREFIX, clock, random });
      const superseded: Superseded[] = [];
      const news: AdminNews[] = [];
      const expulsions = new Expulsions({
        participants: () => [],
        end() {},
        others: node,
        unixSeconds: () => Math.floor(clock.now() / 1000),
      });
      node.start({
        expulsions,
        administration: { handleNews: (wanted) => news.push(wanted) },
        condition: () => ({ peers: 0, load: 0, isDraining: isDraining() }),
        superseded: (peer) => superseded.push(peer),
      });
      return Object.assign(node, { superseded, expulsions, news });
    },
    /** What is published arrives within the second in which it was. */
    run(seconds: number) {
      for (let i = 0; i < 10 * seconds; i++) {
        clock.advance(100);
        settle();
      }
    },
  };
}

Deno.test({
  name:
    "B442: nodes know each other as soon as the second one is there, hear at once of a drain, and of the end of one",
  permissions: "none",
  async fn() {
    const { clock, node, settle, run } = open();
    let isDraining = false;
    const [a, b] = [node(), node(() => isDraining)];
    settle();
    const known = () => [a, b].map(({ figures: { others, draining } }) => [others, draining]);
    assert.deepEqual(known(), [[1, 0], [1, 0]]);
    assert.notEqual(a.figures.name, b.figures.name);
    isDraining = true;
    b.announce();
    settle();
    assert.deepEqual(known(), [[1, 1], [1, 0]]);
    run(60);
    assert.deepEqual(known(), [[1, 1], [1, 0]]);
    await b.close();
    settle();
    assert.deepEqual(a.figures.others, 0);
    await a.close();
    assert.equal(clock.pendingCount, 0);
  },
});

Deno.test({
  name: "B442, B452: a node whose broker is there before its server neither tells nor hears anything until that is",
  permissions: "none",
  async fn() {
    const { clock, random, network, node, run } = open();
    const early = node();
    const late = new ClusterNode({ broker: network.open(), prefix: PREFIX, clock, random });
    run(5);
    assert.deepEqual([early.figures.others, late.figures.others], [0, 0]);
    const heard: unknown[] = [];
    late.start({
      expulsions: { digest: 0, list: [], handleNews: (news) => heard.push(news) },
      administration: { handleNews() {} },
      condition: () => ({ peers: 0, load: 0, isDraining: false }),
      superseded() {},
    });
    early.tellRevoked([{ identity: "one", atSeconds: 1 }]);
    run(1);
    assert.deepEqual([early.figures.others, late.figures.others], [1, 1]);
    assert.ok(heard.length > 0);
    await Promise.all([early.close(), late.close()]);
  },
});

Deno.test({
  name:
    "B443, B442: without the broker a node hears of no others, and of all again once it is back; noise changes nothing",
  permissions: "none",
  async fn() {
    const { network, node, settle, run } = open();
    network.takeAway();
    const [a, b] = [node(), node()];
    run(5);
    assert.deepEqual([a.figures.isConnected, a.figures.others], [false, 0]);
    network.bringBack();
    settle();
    assert.deepEqual([a.figures.isConnected, a.figures.others, b.figures.others], [true, 1, 1]);
    const stranger = network.open();
    for (const text of ["", "{", "null", '{"type":"gone"}', '{"type":"here","name":"x"}']) {
      stranger.publish(nodesSubject(PREFIX), new TextEncoder().encode(text));
    }
    settle();
    assert.equal(a.figures.others, 1);
    network.takeAway();
    run(5);
    assert.deepEqual([a.figures.isConnected, a.figures.others], [false, 0]);
    assert.equal(a.rooms.heardMs?.(1), -Infinity, "nobody is reached directly");
    await Promise.all([a.close(), b.close()]);
  },
});

Deno.test({
  name:
    "B501: what all servers are to do is told to each of the others once, and cannot be told while the broker is away",
  permissions: "none",
  async fn() {
    const { network, node, settle } = open();
    const nodes = [node(), node(), node()];
    settle();
    const news = { type: "sendMessage", roomId: "blue", message: { text: "hello" } } as const;
    assert.equal(nodes[0].tellNews(news), true);
    settle();
    assert.deepEqual(nodes.map((each) => each.news), [[], [news], [news]]);
    network.takeAway();
    assert.equal(nodes[0].tellNews(news), false);
    await Promise.all(nodes.map((each) => each.close()));
  },
});

/** Two nodes that share a room and reach each other directly, by a broker that each of them can lose alone. */
function openDirect() {
  const { clock, random, network, settle } = open();
  const datagrams = new DatagramNetwork();
  const nodes = ["192.0.2.1", "192.0.2.2"].map((address) => {
    const broker = network.open();
    const direct = { hostname: address, port: 0, addresses: () => [address] };
    const node = new ClusterNode({ broker, prefix: PREFIX, clock, random, direct });
    const { bus } = node.media.open({
      now: () => clock.now(),
      received() {},
      sockets: {
        isBatched: false,
        openNodeSocket: (hostname, _port, handler) => datagrams.open(hostname, handler),
        flush() {},
      },
      ciphers: portableCiphers,
    });
    node.start({
      condition: () => ({ peers: 0, load: 0, isDraining: false }),
      expulsions: { digest: 0, list: [], handleNews() {} },
      administration: { handleNews() {} },
      superseded() {},
    });
    const share = () => site.channel = node.rooms.open(ROOM, () => {});
    const close = () => {
      bus.close();
      return node.close();
    };
    /** How long ago the other one was heard, as far as the room is to know. */
    const silenceMs = () => clock.now() - (node.rooms.heardMs?.(1) ?? -Infinity);
    const channel = node.rooms.open(ROOM, () => {});
    const site = { broker, channel, share, silenceMs, close, figures: () => node.figures };
    return site;
  });
  const run = (seconds: number) => {
    for (let i = 0; i < 10 * seconds; i++) {
      clock.advance(100);
      if (i % 10 === 0) {
        for (const { channel } of nodes) channel.send({ type: "beat", from: 0, epoch: "epoch", version: 0 });
      }
      settle();
      datagrams.deliver();
    }
  };
  run(2);
  return { a: nodes[0], b: nodes[1], datagrams, clock, run };
}

Deno.test({
  name:
    "B453: a node that has lost the broker alone says so directly, and both count each other as heard as long as it has",
  permissions: "none",
  async fn() {
    const { a, b, clock, run } = openDirect();
    const silences = () => [a.silenceMs(), b.silenceMs()];
    assert.deepEqual([a.figures().reached, b.figures().reached, ...silences()], [1, 1, Infinity, Infinity]);
    a.broker.handleAway();
    assert.ok(a.silenceMs() <= DIRECT_TICK_MS);
    run(1);
    for (let i = 0; i < 60; i++) {
      assert.ok(silences().every((silenceMs) => silenceMs <= DIRECT_TICK_MS), `${silences()}`);
      run(1);
    }
    a.broker.handleBack();
    run(1);
    assert.deepEqual(silences(), [Infinity, Infinity]);
    await Promise.all([a.close(), b.close()]);
    assert.equal(clock.pendingCount, 0);
  },
});

Deno.test({
  name: "B453: a broker that brings nothing though it is connected is noticed before others count its node as gone",
  permissions: "none",
  async fn() {
    const { a, b, run } = openDirect();
    a.broker.holdUp();
    run(GONE_MS / 1000 - 1);
    assert.ok(b.silenceMs() <= DIRECT_TICK_MS, `${b.silenceMs()}`);
    a.broker.goOn();
    run(2);
    assert.deepEqual([a.silenceMs(), b.silenceMs()], [Infinity, Infinity]);
    await Promise.all([a.close(), b.close()]);
  },
});

Deno.test({
  name:
    "B458: nodes that share no rooms any more let go of each other, and say nothing more directly, until they do again",
  permissions: "none",
  async fn() {
    const { a, b, datagrams, run } = openDirect();
    for (const { channel } of [a, b]) channel.close();
    run((FORGET_MS + UNHEARD_MS) / 1000);
    assert.deepEqual([a.figures().others, a.figures().reached, b.figures().reached], [1, 0, 0]);
    datagrams.sent.length = 0;
    run(60);
    assert.deepEqual(datagrams.sent, []);
    for (const { share } of [a, b]) share();
    run(2);
    assert.deepEqual([a.figures().reached, b.figures().reached], [1, 1]);
    await Promise.all([a.close(), b.close()]);
  },
});

Deno.test({
  name: "B455: where a node has lost the broker and the way to the others it was heard last when the way still went",
  permissions: "none",
  async fn() {
    const { a, b, datagrams, run } = openDirect();
    a.broker.handleAway();
    run(2);
    datagrams.change = () => [];
    run(10);
    for (const { silenceMs } of [a, b]) assert.ok(silenceMs() >= 10_000 && silenceMs() <= 10_000 + DIRECT_TICK_MS);
    await Promise.all([a.close(), b.close()]);
  },
});

Deno.test({
  name: "B442: the load that a node tells is that of its process since half a second at least",
  permissions: "none",
  fn() {
    const load = new CpuLoad(0);
    for (let i = 0, sum = 0; i < 1e6; i++) sum += i % 7;
    assert.equal(load.take(499), 0);
    const taken = load.take(1000);
    assert.ok(taken > 0 && taken < 10, `${taken}`);
    assert.equal(load.take(1001), taken);
  },
});

Deno.test({
  name: "P119: a token that came to nothing is told to all nodes, not one that has no token's form, nor many at once",
  permissions: "none",
  async fn() {
    const { node, settle, clock } = open();
    const [a, b] = [node(), node()];
    const token = `${"i".repeat(12)}.${"s".repeat(32)}`;
    a.tellSuperseded("room", token, "ann");
    for (const guess of ["", "x", `${token}x`, `x${token}`, token.replace(".", "-")]) {
      a.tellSuperseded("room", guess, "ann");
    }
    a.tellSuperseded("", token, undefined);
    settle();
    assert.deepEqual(b.superseded, [{ type: "superseded", roomId: "room", token, identity: "ann" }]);
    for (let i = 0; i < 1000; i++) a.tellSuperseded("room", token, undefined);
    settle();
    assert.equal(b.superseded.length, 200);
    clock.advance(1000);
    for (let i = 0; i < 1000; i++) a.tellSuperseded("room", token, undefined);
    settle();
    assert.equal(b.superseded.length, 220);
    await Promise.all([a.close(), b.close()]);
  },
});

Deno.test({
  name:
    "B452: what one node knows to be revoked all know within 5 s, whoever was away or is new, and then nothing is told",
  permissions: "none",
  async fn() {
    const { network, node, settle, run } = open();
    const [a, b] = [node(), node()];
    const listsOf = (...nodes: (typeof a)[]) =>
      nodes.map(({ expulsions }) => expulsions.list.map(({ identity }) => identity).sort());
    a.expulsions.revoke("ann", "room");
    settle();
    assert.deepEqual(listsOf(a, b), [["ann"], ["ann"]]);
    network.takeAway();
    a.expulsions.revoke("ben");
    for (let i = 0; i < 1200; i++) b.expulsions.revoke(`user-${i}`);
    run(5);
    network.bringBack();
    const c = node();
    run(5);
    const [ofA, ofB, ofC] = listsOf(a, b, c);
    assert.equal(ofA.length, 1202);
    assert.deepEqual([ofB, ofC], [ofA, ofA]);
    const told: string[] = [];
    network.open().subscribe(nodesSubject(PREFIX), (message) => {
      told.push(JSON.parse(new TextDecoder().decode(message)).type);
    });
    run(10);
    assert.deepEqual(new Set(told), new Set(["here"]));
    await Promise.all([a, b, c].map((each) => each.close()));
  },
});

Deno.test({
  name: "B452: a node that says to know of other tokens again and again has all told every 3 s at most",
  permissions: "none",
  async fn() {
    const { network, node, settle, clock } = open();
    const a = node();
    a.expulsions.revoke("ann");
    settle();
    let told = 0;
    const stranger = network.open();
    stranger.subscribe(nodesSubject(PREFIX), (message) => {
      if (JSON.parse(new TextDecoder().decode(message)).type === "revoked") told++;
    });
    const here = { type: "here", name: "stranger", peers: 0, load: 0, isDraining: false, revoked: 17 };
    for (let i = 0; i < 120; i++) {
      stranger.publish(nodesSubject(PREFIX), new TextEncoder().encode(JSON.stringify(here)));
      settle();
      clock.advance(100);
    }
    assert.equal(told, 4);
    await a.close();
  },
});
