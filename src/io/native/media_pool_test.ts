import assert from "node:assert/strict";
import { openingOf } from "../../../tests/harness/media_setup.ts";
import type { PeerCommand, PeerEventHandler, PeerOpening } from "../../media/messages.ts";
import { noFigures } from "../../media/media_figures.ts";
import type { HostedMedia, HostFigures, MediaHost } from "../media_host.ts";
import { MediaPool } from "./media_pool.ts";

const LOOPBACK = "127.0.0.1";
const IGNORED = () => {};

/** A host that has its peers on paper. */
class FakeHost implements MediaHost {
  socketCount = 0;
  ssrcCount = 0;
  connectionCount = 0;
  needsTicks = false;
  failure: Error | undefined;
  readonly commands: PeerCommand[] = [];
  readonly handlers: PeerEventHandler[] = [];
  readonly told: unknown[] = [];
  readonly #port: number;
  readonly #closed = Promise.withResolvers<void>();

  constructor(port: number) {
    this.#port = port;
  }

  openPeer(hostname: string, opening: PeerOpening, handleEvent: PeerEventHandler): HostedMedia {
    if (this.failure !== undefined) throw this.failure;
    this.told.push([hostname, opening.peerId]);
    this.handlers.push(handleEvent);
    this.socketCount++;
    return {
      port: this.#port,
      send: (command) => {
        this.commands.push(command);
        if (command.type === "close") this.socketCount--;
      },
    };
  }

  obstacle(): string | undefined {
    return this.failure?.message;
  }

  gather(): Promise<readonly HostFigures[]> {
    const figures = noFigures();
    figures.tracks.video.packetsSent = this.#port;
    return Promise.resolve([{ isUp: true, figures, failures: 0 }]);
  }

  handleTimeout(nowMs: number): void {
    this.told.push(nowMs);
  }

  flush(): void {
    this.told.push("flush");
  }

  close(): Promise<void> {
    this.told.push("close");
    return this.#closed.promise;
  }

  /** Its close is done. */
  end(): void {
    this.#closed.resolve();
  }
}

function setUp(count: number) {
  const hosts = Array.from({ length: count }, (_, i) => new FakeHost(5000 + i));
  const pool = new MediaPool(hosts);
  let lastPeer = 0;
  const open = (roomId: string) => pool.openPeer(LOOPBACK, openingOf(++lastPeer, roomId), IGNORED);
  /** Peers of each host. */
  const loads = () => hosts.map(({ socketCount }) => socketCount);
  return { hosts, pool, open, loads };
}

Deno.test({
  name: "B164: a room begins in the host with the fewest peers, and all its peers are there, however many they become",
  permissions: "none",
  fn() {
    const { open, loads } = setUp(3);
    for (let i = 0; i < 4; i++) open("a");
    assert.deepEqual(loads(), [4, 0, 0]);
    for (const roomId of ["b", "c", "b"]) open(roomId);
    assert.deepEqual(loads(), [4, 2, 1]);
    open("d");
    assert.deepEqual(loads(), [4, 2, 2]);
    open("a");
    assert.deepEqual(loads(), [5, 2, 2], "where the others are, though that host has the most");
  },
});

Deno.test({
  name: "B164: a room stays where it is until its last peer has closed, and then begins anew",
  permissions: "none",
  fn() {
    const { open, loads } = setUp(2);
    const peers = [open("a"), open("a"), open("a")];
    open("b");
    peers[0].send({ type: "leave" });
    peers[0].send({ type: "close" });
    peers[1].send({ type: "leave" });
    peers.push(open("a"));
    assert.deepEqual(loads(), [3, 1], "the host with more peers: the room is there still");
    for (const peer of peers.slice(1)) peer.send({ type: "close" });
    open("b");
    assert.deepEqual(loads(), [0, 2]);
    open("c");
    open("d");
    open("e");
    open("a");
    assert.deepEqual(loads(), [3, 3], "now the room has begun in the other");
  },
});

Deno.test({
  name: "B164: a room begins in the next host where the first can take none; where none can, it has not begun",
  permissions: "none",
  fn() {
    const { hosts, open, loads } = setUp(2);
    hosts[0].failure = new Error("EMFILE");
    hosts[1].failure = new Error("the media worker does not run");
    assert.throws(() => open("a"), { message: "EMFILE" });
    assert.deepEqual(loads(), [0, 0]);
    hosts[1].failure = undefined;
    open("a");
    assert.deepEqual(loads(), [0, 1]);
    hosts[0].failure = undefined;
    hosts[0].socketCount = 3;
    hosts[1].failure = new Error("EMFILE");
    assert.throws(() => open("a"), { message: "EMFILE" });
    hosts[1].failure = undefined;
    hosts[1].socketCount = 9;
    open("a");
    assert.deepEqual(loads(), [3, 10], "a room that has begun stays, though a later peer got none");
  },
});

Deno.test({
  name: "what a peer is told and tells goes by its host, whose port it has",
  permissions: "none",
  fn() {
    const { hosts, pool } = setUp(2);
    const events: unknown[] = [];
    hosts[0].socketCount = 1;
    const media = pool.openPeer(LOOPBACK, openingOf(7), (event, nowMs) => void events.push(event, nowMs));
    assert.equal(media.port, 5001);
    assert.deepEqual(hosts[1].told, [[LOOPBACK, "peer007"]]);
    media.send({ type: "detach" });
    assert.deepEqual([hosts[0].commands, hosts[1].commands], [[], [{ type: "detach" }]]);
    hosts[1].handlers[0]({ type: "iceCredentialsUsed", ufrag: "u" }, 5);
    assert.deepEqual(events, [{ type: "iceCredentialsUsed", ufrag: "u" }, 5]);
  },
});

Deno.test({
  name: "what is open is counted over all hosts, and each is given its time, flushed and closed",
  permissions: "none",
  async fn() {
    const { hosts, pool } = setUp(2);
    [hosts[0].socketCount, hosts[1].socketCount, hosts[0].ssrcCount, hosts[1].ssrcCount] = [1, 2, 30, 40];
    assert.deepEqual([pool.socketCount, pool.ssrcCount, pool.needsTicks], [3, 70, false]);
    hosts[1].needsTicks = true;
    assert.equal(pool.needsTicks, true);
    pool.handleTimeout(25);
    pool.flush();
    let isClosed = false;
    const closed = pool.close().then(() => isClosed = true);
    for (const { told } of hosts) assert.deepEqual(told, [25, "flush", "close"]);
    hosts[1].end();
    await Promise.resolve();
    assert.equal(isClosed, false, "one of them is not done");
    hosts[0].end();
    await closed;
  },
});

Deno.test({
  name: "B257: all hosts are asked for what they have counted, each by itself",
  permissions: "none",
  async fn() {
    const { pool } = setUp(3);
    const gathered = await pool.gather();
    assert.deepEqual(gathered.map(({ figures }) => figures.tracks.video.packetsSent), [5000, 5001, 5002]);
  },
});

Deno.test({
  name: "B263: as long as one host can take peers there is no obstacle",
  permissions: "none",
  fn() {
    const { pool, hosts } = setUp(2);
    assert.equal(pool.obstacle(LOOPBACK), undefined);
    hosts[0].failure = new Error("the first");
    assert.equal(pool.obstacle(LOOPBACK), undefined);
    hosts[1].failure = new Error("the second");
    assert.equal(pool.obstacle(LOOPBACK), "the first");
  },
});
