import assert from "node:assert/strict";
import { fakePool, leaveAndClose } from "../../tests/harness/fake_node_host.ts";
import { openingOf } from "../../tests/harness/media_setup.ts";

const LOOPBACK = "127.0.0.1";

Deno.test({
  name: "B164: a room begins in the host with the fewest peers, and without a limit for each it stays there",
  permissions: "none",
  fn() {
    const { open, loads } = fakePool(3);
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
  name: "B164: a room that has its peers in a host begins in the least loaded other one, and then spreads evenly",
  permissions: "none",
  fn() {
    const { open, loads } = fakePool(3, 2);
    open("a");
    open("a");
    open("b");
    assert.deepEqual(loads(), [2, 1, 0]);
    open("a");
    assert.deepEqual(loads(), [2, 1, 1], "the host without it that has the fewest peers");
    open("a");
    assert.deepEqual(loads(), [2, 1, 2], "where there is room for it");
    const first = open("a");
    assert.deepEqual(loads(), [2, 2, 2]);
    open("a");
    assert.deepEqual(loads(), [2, 3, 2]);
    open("b");
    assert.deepEqual(loads(), [2, 4, 2], "another room has a limit of its own");
    open("a");
    assert.deepEqual(loads(), [3, 4, 2], "all hosts have two peers of the room, the first the fewest others");
    open("a");
    assert.deepEqual(loads(), [3, 4, 3]);
    open("a");
    assert.deepEqual(loads(), [3, 5, 3], "where the fewest peers of the room are, whatever else is there");
    leaveAndClose(first);
    open("a");
    assert.deepEqual(loads(), [3, 5, 3]);
  },
});

Deno.test({
  name: "B164: of a room's hosts that have space the one with the fewest peers is taken",
  permissions: "none",
  fn() {
    const { hosts, open, loads } = fakePool(2, 2);
    const [first] = [open("a"), open("a"), open("a")];
    leaveAndClose(first);
    assert.deepEqual(loads(), [1, 1]);
    hosts[0].socketCount = 7;
    open("a");
    assert.deepEqual(loads(), [7, 2]);
  },
});

Deno.test({
  name: "B164: a room stays where it is until its last peer has closed, and then begins anew",
  permissions: "none",
  fn() {
    const { open, loads, pool } = fakePool(2);
    const peers = [open("a"), open("a"), open("a")];
    open("b");
    leaveAndClose(peers[0]);
    peers[1].send({ type: "leave" });
    peers.push(open("a"));
    assert.deepEqual(loads(), [3, 1], "the host with more peers: the room is there still");
    for (const peer of peers.slice(1)) peer.send({ type: "close" });
    assert.deepEqual(pool.placed, { rooms: 1, tracks: 0 });
    open("b");
    assert.deepEqual(loads(), [0, 2]);
    for (const roomId of ["c", "d", "e", "a"]) open(roomId);
    assert.deepEqual(loads(), [3, 3], "now the room has begun in the other");
  },
});

Deno.test({
  name: "B164: where a host can take no peer the next one does; where none can, the first one's reason is told",
  permissions: "none",
  fn() {
    const { hosts, open, loads, pool } = fakePool(2);
    hosts[0].failure = new Error("EMFILE");
    hosts[1].failure = new Error("the media worker does not run");
    assert.throws(() => open("a"), { message: "EMFILE" });
    assert.deepEqual(loads(), [0, 0]);
    assert.equal(pool.placed.rooms, 0);
    hosts[1].failure = undefined;
    open("a");
    assert.deepEqual(loads(), [0, 1]);
    hosts[0].failure = undefined;
    hosts[1].failure = new Error("EMFILE");
    const guest = open("a");
    assert.deepEqual(loads(), [1, 1], "the room has grown, though its host had space");
    leaveAndClose(guest);
    hosts[1].failure = undefined;
    open("a");
    assert.deepEqual(loads(), [0, 2]);
  },
});

Deno.test({
  name: "B399: new peers go past a host that is drained, also those of rooms that are there, whose others stay",
  permissions: "none",
  fn() {
    const { open, pool, loads } = fakePool(2);
    const guest = open("a");
    pool.drain(0);
    open("a");
    open("b");
    assert.deepEqual(loads(), [1, 2]);
    guest.send({ type: "detach" });
    pool.undrain(0);
    open("a");
    assert.deepEqual(loads(), [2, 2]);
  },
});

Deno.test({
  name: "B399: where all hosts are drained nobody can join, and it is said why; there are no others to drain",
  permissions: "none",
  fn() {
    const { open, pool, loads } = fakePool(2);
    pool.drain(1);
    pool.drain(0);
    pool.drain(0);
    assert.throws(() => open("a"), { message: "all media workers are drained" });
    assert.equal(pool.obstacle(LOOPBACK), "media worker 0 is drained");
    pool.undrain(1);
    assert.equal(pool.obstacle(LOOPBACK), undefined);
    open("a");
    assert.deepEqual(loads(), [0, 1]);
    for (const index of [-1, 2, 0.5, NaN]) {
      const error = { name: "RangeError", message: `there is no media worker ${index}: they are 0 to 1` };
      assert.throws(() => pool.drain(index), error);
      assert.throws(() => pool.undrain(index), error);
    }
  },
});

Deno.test({
  name: "what a peer is told and tells goes by its host, whose port it has",
  permissions: "none",
  fn() {
    const { hosts, pool } = fakePool(2);
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
    const { hosts, pool } = fakePool(2);
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
    const { pool } = fakePool(3);
    const gathered = await pool.gather();
    assert.deepEqual(gathered.map(({ figures }) => figures.tracks.video.packetsSent), [5000, 5001, 5002]);
  },
});

Deno.test({
  name: "B263: as long as one host can take peers there is no obstacle",
  permissions: "none",
  fn() {
    const { pool, hosts } = fakePool(2);
    assert.equal(pool.obstacle(LOOPBACK), undefined);
    hosts[0].failure = new Error("the first");
    assert.equal(pool.obstacle(LOOPBACK), undefined);
    hosts[1].failure = new Error("the second");
    assert.equal(pool.obstacle(LOOPBACK), "the first");
  },
});
