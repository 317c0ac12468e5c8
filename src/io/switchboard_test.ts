import assert from "node:assert/strict";
import { buildOffer } from "../../tests/harness/offer_builder.ts";
import { joinConnected, NOTHING, setUp } from "../../tests/harness/switchboard_setup.ts";

Deno.test({
  name: "B44: nothing outlives the peers: sessions, sockets, rooms, SSRCs and the timer are gone with them",
  permissions: "none",
  fn() {
    const setup = setUp();
    const clients = [joinConnected(setup), joinConnected(setup)];
    const { peers, producers, sockets, sessions, timers } = setup.switchboard.stats;
    assert.deepEqual({ peers, producers, sockets, sessions, timers }, {
      peers: 2,
      producers: 2,
      sockets: 2,
      sessions: 2,
      timers: 1,
    });
    for (const { endpoint } of clients) endpoint.handleClose(1000, true);
    assert.deepEqual(setup.switchboard.stats, NOTHING);
    assert.equal(setup.clock.pendingCount, 0);
    assert.ok(setup.sockets.every((socket) => socket.closed));
  },
});

Deno.test({
  name: "B150: what the datagrams of a batch cause leaves once, at the end of the batch",
  permissions: "none",
  fn() {
    const setup = setUp();
    const { socket, test } = joinConnected(setup);
    const before = setup.flushes();
    for (let i = 0; i < 5; i++) socket.handler.handleDatagram(new Uint8Array(20).fill(128), 20, test.address);
    assert.equal(setup.flushes(), before);
    socket.handler.endBatch();
    assert.equal(setup.flushes(), before + 1);
  },
});

Deno.test({
  name: "P15: the clock lets a silent peer go after 30 s, to the precision of a tick",
  permissions: "none",
  fn() {
    const setup = setUp();
    const { closed } = joinConnected(setup);
    setup.clock.advance(29_975);
    assert.deepEqual(closed, []);
    setup.clock.advance(50);
    assert.deepEqual(closed, [4000]);
    assert.equal(setup.clock.pendingCount, 0);
  },
});

Deno.test({
  name: "P14: a peer whose WebSocket is lost is let go by the clock, and its socket with it",
  permissions: "none",
  fn() {
    const setup = setUp();
    const { endpoint, socket } = joinConnected(setup);
    endpoint.handleClose(1006, false);
    assert.equal(setup.switchboard.stats.sessions, 0);
    assert.equal(setup.switchboard.stats.peers, 1);
    setup.clock.advance(29_900);
    assert.equal(setup.switchboard.stats.peers, 1);
    setup.clock.advance(200);
    assert.equal(socket.closed, true);
    assert.deepEqual(setup.switchboard.stats, NOTHING);
  },
});

Deno.test({
  name:
    "P65, P66: within 30 s of the clock a peer is resumed by its token, with its time and its socket; later it is not",
  permissions: "none",
  fn() {
    const setup = setUp();
    const { endpoint, socket, test, token, credentials } = joinConnected(setup);
    endpoint.handleClose(1006, false);
    setup.clock.advance(20_000);
    test.check(credentials);
    setup.clock.advance(9_900);
    const second = setup.connect();
    const [welcome] = second.say({ type: "join", roomId: "room", resume: token });
    assert.ok(welcome.type === "welcome" && welcome.resume !== undefined);
    const { sessions, peers, sockets } = setup.switchboard.stats;
    assert.deepEqual([sessions, peers, sockets, socket.closed], [1, 1, 1, false]);

    setup.clock.advance(15_000);
    test.check(credentials);
    second.endpoint.handleClose(1006, false);
    setup.clock.advance(29_900);
    assert.equal(setup.switchboard.stats.peers, 1, "the 30 s began anew");
    setup.clock.advance(200);
    assert.deepEqual(setup.switchboard.stats, NOTHING);
    const third = setup.connect();
    const [refusal] = third.say({ type: "join", roomId: "room", resume: welcome.resume });
    assert.equal(refusal.type === "error" && refusal.code, "resume-failed");
    third.endpoint.handleClose(1006, false);
    assert.deepEqual(setup.switchboard.stats, NOTHING);
  },
});

Deno.test({
  name:
    "P15, P65: a peer that never connects ends by the clock at its present WebSocket, not at the one that it was resumed from",
  permissions: "none",
  fn() {
    const setup = setUp();
    const first = setup.connect();
    const [welcome] = first.say({ type: "join", roomId: "room" });
    assert.ok(welcome.type === "welcome");
    const second = setup.connect();
    second.say({ type: "join", roomId: "room", resume: welcome.resume });
    first.endpoint.handleClose(4001, true);
    assert.deepEqual([first.closed, second.closed], [[4001], []]);
    setup.clock.advance(30_100);
    assert.deepEqual(second.received.map((message) => message.type === "error" && message.code), ["transport-failed"]);
    assert.deepEqual([first.closed, second.closed], [[4001], [4000]]);
    second.endpoint.handleClose(4000, true);
    assert.deepEqual(setup.switchboard.stats, NOTHING);
  },
});

Deno.test({
  name: "P61, B260: where no socket can be opened the client is told, by WebSocket, WHIP or WHEP, and the others stay",
  permissions: "none",
  async fn() {
    const setup = setUp();
    const neighbour = joinConnected(setup);
    setup.fail(new Error("too many open files"));
    const client = setup.connect();
    const [reply] = client.say({ type: "join", roomId: "room" });
    assert.equal(reply.type === "error" && reply.code, "no-capacity");
    assert.deepEqual(client.closed, [1013]);
    client.endpoint.handleClose(1013, true);
    for (const [role, direction] of [["whip", "sendonly"], ["whep", "recvonly"]] as const) {
      const sdp = buildOffer([{ mid: "0", kind: "video", direction }]);
      const result = setup.switchboard.openHttpSession({
        role,
        roomId: "new",
        name: undefined,
        publisher: undefined,
        sdp,
        address: "192.0.2.1",
      });
      assert.equal(!result.ok && result.code, "no-capacity");
    }
    assert.equal(setup.switchboard.stats.rooms, 1);
    // What WHIP and WHEP answer is counted where they answer.
    assert.equal(setup.switchboard.stats.refusals["no-capacity"], 1);
    assert.deepEqual(neighbour.closed, []);
    assert.equal(setup.switchboard.stats.peers, 1);
    assert.equal(setup.switchboard.obstacle, "too many open files");
    setup.fail(undefined);
    assert.equal(setup.switchboard.obstacle, undefined);
    assert.equal(setup.connect().say({ type: "join", roomId: "room" })[0].type, "welcome");
    const { joins, refusals } = (await setup.switchboard.gather()).admissions;
    assert.deepEqual(joins, { connected: 1, left: 0, failed: 0, refused: 3 });
    assert.deepEqual(refusals, { "no-capacity": 1 }, "whoever answers HTTP counts the others");
  },
});

Deno.test({
  name: "P7: a fault while a datagram is handled closes its peer only",
  permissions: "none",
  fn() {
    const setup = setUp();
    const [one, two] = [joinConnected(setup), joinConnected(setup)];
    one.socket.slot = () => {
      throw new Error("a fault");
    };
    one.test.check({ ufrag: "x", password: "y" });
    assert.deepEqual(one.closed, [1011]);
    assert.deepEqual(two.closed, []);
    const { peers, sockets } = setup.switchboard.stats;
    assert.deepEqual({ peers, sockets }, { peers: 1, sockets: 1 }, "though it met the fault again when it ended");
    setup.clock.advance(30_025);
    assert.deepEqual(two.closed, [4000], "time goes on for the others");
  },
});

Deno.test({
  name: "P7: a fault of one lost peer keeps no other from ending when the server closes",
  permissions: "none",
  async fn() {
    const setup = setUp();
    const clients = [joinConnected(setup), joinConnected(setup)];
    for (const { endpoint } of clients) endpoint.handleClose(1006, false);
    clients[0].socket.slot = () => {
      throw new Error("a fault");
    };
    const closing = setup.switchboard.close();
    setup.clock.advance(100);
    await closing;
    assert.deepEqual(setup.switchboard.stats, NOTHING);
    assert.ok(setup.sockets.every((socket) => socket.closed));
  },
});

Deno.test({
  name: "B44: a peer that cannot learn the machine's addresses leaves no socket behind",
  permissions: "none",
  fn() {
    const { connect, sockets, switchboard } = setUp("0.0.0.0");
    const { say, closed, endpoint } = connect();
    say({ type: "join", roomId: "room" });
    const [reply] = say({
      type: "offer",
      sdp: buildOffer([{ mid: "0", kind: "video", direction: "sendonly", ssrc: 1 }]),
    });
    assert.equal(reply.type === "error" && reply.code, "internal", "without the permission to read them");
    assert.deepEqual(closed, [1011]);
    endpoint.handleClose(1011, true);
    assert.deepEqual(sockets.map((socket) => socket.closed), [true]);
    assert.deepEqual(switchboard.stats, NOTHING);
  },
});

Deno.test({
  name: "P16: close tells every client, joined or not or lost, and gives everything back",
  permissions: "none",
  async fn() {
    const setup = setUp();
    const [joined, lost, idle] = [joinConnected(setup), joinConnected(setup), setup.connect()];
    lost.endpoint.handleClose(1006, false);
    const closing = setup.switchboard.close();
    setup.clock.advance(100);
    await closing;
    assert.deepEqual(joined.closed, [1001]);
    assert.deepEqual(idle.closed, [1001]);
    for (const { endpoint } of [joined, idle]) endpoint.handleClose(1001, true);
    assert.deepEqual(setup.switchboard.stats, NOTHING);
    assert.equal(setup.clock.pendingCount, 0);
    const late = setup.connect();
    assert.deepEqual(late.closed, [1001], "who comes during the shutdown is told so too");
  },
});

Deno.test({
  name: "B175: who closes again gets the same end, and nothing is closed twice",
  permissions: "none",
  async fn() {
    const { clock, switchboard, closes } = setUp();
    const closing = switchboard.close();
    assert.equal(switchboard.close(), closing);
    clock.advance(100);
    await closing;
    assert.equal(switchboard.close(), closing);
    assert.deepEqual([closes(), clock.pendingCount], [1, 0]);
  },
});
