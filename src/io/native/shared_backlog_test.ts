import assert from "node:assert/strict";
import { openAttached } from "../../../tests/harness/attached_sockets.ts";
import { queue, RecordingHandler, stunRequest } from "../../../tests/harness/datagram_peer.ts";
import { testLibc, WITH_LIBC } from "../../../tests/harness/native_libc.ts";
import { seededRandom } from "../../../tests/harness/seeded_random.ts";
import type { DatagramHandler, DatagramSocket } from "../sockets.ts";
import type { Libc } from "./libc.ts";
import { BATCH_LENGTH } from "./receive_batch.ts";
import { SocketBinder } from "./socket_binder.ts";
import { AttachedSockets, openNativeSockets } from "./sockets.ts";

const { ignore, permissions } = WITH_LIBC;
const LOOPBACK = "127.0.0.1";

interface Peer {
  readonly handler: RecordingHandler;
  readonly socket: DatagramSocket;
  /** The client's: what it queues waits together. */
  readonly client: DatagramSocket;
}

interface Fixture {
  readonly peers: readonly Peer[];
  /** How many datagrams each call received. */
  readonly calls: number[];
  /** Has each peer's client send this many datagrams, in turns, before the port receives any. */
  send(rounds: number): void;
}

/** Peers on one port, whose clients are known there; `wrap` stands between a peer and its handler. */
async function withPeers(
  count: number,
  check: (fixture: Fixture) => Promise<void>,
  wrap: (handler: DatagramHandler, index: number) => DatagramHandler = (handler) => handler,
): Promise<void> {
  const [libc, clientLibc] = [testLibc(), testLibc()];
  const calls: number[] = [];
  const recvmmsg: Libc["call"]["recvmmsg"] = (...args) => {
    const received = libc.call.recvmmsg(...args);
    calls.push(Math.max(received, 0));
    return received;
  };
  const opened = openNativeSockets({
    random: seededRandom(1),
    shared: { hostname: LOOPBACK, port: 0 },
    libc: { ...libc, call: { ...libc.call, recvmmsg } },
  });
  const others = openNativeSockets({ random: seededRandom(2), libc: clientLibc });
  assert.ok(opened.ok && others.ok);
  const peers: Peer[] = [];
  for (let i = 0; i < count; i++) {
    const handler = new RecordingHandler();
    const socket = openAttached(opened.sockets, LOOPBACK, wrap(handler, i));
    const client = openAttached(others.sockets, LOOPBACK, new RecordingHandler());
    const ufrag = `ufrag${100 + i}`;
    socket.claimUfrag(ufrag);
    const request = stunRequest(ufrag);
    client.slot()?.set(request);
    client.commit(request.length, { hostname: LOOPBACK, port: socket.port });
    others.sockets.flush();
    const [{ from }] = await handler.take(1);
    queue(socket, from, 0);
    handler.batches.length = 0;
    peers.push({ handler, socket, client });
  }
  calls.length = 0;
  await check({
    peers,
    calls,
    send(rounds) {
      for (let round = 0; round < rounds; round++) {
        for (const { client, socket } of peers) queue(client, { hostname: LOOPBACK, port: socket.port }, 128 + round);
        others.sockets.flush();
      }
    },
  });
  await others.sockets.close();
  await opened.sockets.close();
}

Deno.test({
  name:
    "B178: however deep the backlog of a shared port is, it is one batch of each peer, and its bytes stay until the end",
  ignore,
  permissions,
  fn: () =>
    withPeers(100, async ({ peers, calls, send }) => {
      // As many as fit into the buffer that Linux grants where nothing is set.
      for (const rounds of [3, 1, 4]) {
        calls.length = 0;
        send(rounds);
        for (const { handler } of peers) {
          const values = (await handler.take(rounds)).map(({ bytes }) => bytes[0]);
          assert.deepEqual(values, Array.from({ length: rounds }, (_, round) => 128 + round));
          assert.deepEqual(handler.batches.splice(0), [rounds]);
        }
        const full = Math.floor(100 * rounds / BATCH_LENGTH);
        assert.deepEqual(calls, [...new Array(full).fill(BATCH_LENGTH), 100 * rounds % BATCH_LENGTH]);
      }
    }),
});

Deno.test({
  name: "B178: where less waits than one call receives there is no other call",
  ignore,
  permissions,
  fn: () =>
    withPeers(1, async ({ peers: [{ handler }], calls, send }) => {
      for (const count of [1, BATCH_LENGTH - 1]) {
        calls.length = 0;
        send(count);
        await handler.take(count);
        assert.deepEqual(calls, [count]);
      }
      calls.length = 0;
      send(BATCH_LENGTH);
      await handler.take(BATCH_LENGTH);
      assert.deepEqual(calls, [BATCH_LENGTH, 0]);
    }),
});

Deno.test({
  name: "B178: 4096 datagrams are one batch at most: then what they cause leaves first",
  ignore,
  permissions,
  async fn() {
    const libc = testLibc();
    let calls = 0;
    // A kernel that always has more, of nobody.
    const recvmmsg = () => {
      calls++;
      return BATCH_LENGTH;
    };
    const random = seededRandom(1);
    const binder = new SocketBinder(libc, { random, shared: { hostname: LOOPBACK, port: 0 } });
    const sockets = new AttachedSockets({ ...libc, call: { ...libc.call, recvmmsg } }, { random, blocking: true });
    const socket = sockets.attachSocket(binder.openSocket(LOOPBACK), new RecordingHandler());
    for (let round = 1; round <= 2; round++) {
      queue(socket, { hostname: LOOPBACK, port: socket.port }, 0);
      sockets.flush();
      assert.equal(sockets.loop.round(-1), 1);
      assert.deepEqual([calls, sockets.counters.refused], [64 * round, 4096 * round]);
    }
    await sockets.close();
    binder.close();
    libc.close();
  },
});

Deno.test({
  name:
    "B44, B178: a peer that closes in the middle of a backlog takes nothing more of it, and its neighbours all of theirs",
  ignore,
  permissions,
  async fn() {
    const sockets: DatagramSocket[] = [];
    let isClosing = false;
    const received: number[] = [];
    const closing = (handler: DatagramHandler): DatagramHandler => ({
      handleDatagram(bytes, length, from) {
        if (isClosing) received.push(bytes[0]);
        else handler.handleDatagram(bytes, length, from);
        if (received.length === 3) sockets[1].close();
      },
      endBatch: () => isClosing ? void received.push(-1) : handler.endBatch(),
    });
    await withPeers(3, async ({ peers, send }) => {
      sockets.push(...peers.map(({ socket }) => socket));
      isClosing = true;
      send(100);
      for (const i of [0, 2]) {
        await peers[i].handler.take(100);
        assert.deepEqual(peers[i].handler.batches, [100]);
      }
      assert.deepEqual(received, [128, 129, 130], "and no end of its batch");
    }, (handler, index) => index === 1 ? closing(handler) : handler);
  },
});
