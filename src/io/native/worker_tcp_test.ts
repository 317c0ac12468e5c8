import assert from "node:assert/strict";
import { FATAL_TRACK } from "../../../tests/harness/fatal_track.ts";
import { openingOf } from "../../../tests/harness/media_setup.ts";
import { openDescriptors, testLibc, WITH_LIBC } from "../../../tests/harness/native_libc.ts";
import { seededRandom } from "../../../tests/harness/seeded_random.ts";
import { stunRequest } from "../../../tests/harness/datagram_peer.ts";
import { TcpClient } from "../../../tests/harness/tcp_client.ts";
import { TestClient } from "../../../tests/harness/test_client.ts";
import { connect, ended, publish, until, WITH_WORKER, withWorker } from "../../../tests/harness/worker_setup.ts";
import type { PeerOpening } from "../../media/messages.ts";
import { systemClock } from "../clock.ts";
import { openEventfd } from "./eventfd.ts";
import { routeByUfrag } from "./hand_over.ts";
import { listenTcp } from "./listen_tcp.ts";
import { SocketBinder } from "./socket_binder.ts";
import type { TcpHandover } from "./tcp_connection.ts";
import { WorkerMedia } from "./worker_media.ts";

const { ignore, permissions } = WITH_WORKER;
const LOOPBACK = "127.0.0.1";
const TCP = { hostname: LOOPBACK, port: 0 };
const FAILING_WORKER = new URL("../../../tests/harness/failing_media_worker.ts", import.meta.url);
const BROKEN_WORKER = new URL("data:text/javascript,throw new Error('it is broken');");

/** Connects to the port and has a valid request answered there. */
async function join(port: number, { ice }: PeerOpening): Promise<TcpClient> {
  const client = await TcpClient.connect(port);
  new TestClient((bytes) => void client.send(bytes)).check(ice);
  await client.received.reach(1, "an answer by TCP");
  return client;
}

Deno.test({
  name: "B197, B165: a worker that fails leaves no connection open, and its successor accepts at the same port",
  ignore,
  permissions,
  fn: () =>
    withWorker(async ({ media, tcpPort = 0, open }) => {
      for (let round = 0; round < 2; round++) {
        const peer = await connect(open);
        const client = await join(tcpPort, peer.opening);
        const stranger = await TcpClient.connect(tcpPort);
        await until(() => media.connectionCount === 2, "both are counted");
        publish(peer, FATAL_TRACK);
        await ended(peer);
        await Promise.all([client.ended, stranger.ended]);
        await Promise.all([client.close(), stranger.close()]);
        assert.equal(media.connectionCount, 0);
      }
    }, { url: FAILING_WORKER, tcp: TCP }),
});

Deno.test({
  name: "B197: a peer's close ends its connections, and those that a worker has when it stops end with it",
  ignore,
  permissions,
  async fn() {
    let closing: Promise<void> | undefined;
    await withWorker(async ({ media, tcpPort = 0, open }) => {
      const [one, two] = [await connect(open), await connect(open)];
      const client = await join(tcpPort, one.opening);
      const last = await join(tcpPort, two.opening);
      closing = last.ended.then(() => last.close());
      for (const type of ["leave", "close"] as const) one.send({ type });
      await client.ended;
      await client.close();
      await until(() => media.connectionCount === 1, "one is left");
    }, { tcp: TCP });
    await closing;
  },
});

/** Two workers, of which the first accepts; a room is in each. */
async function withTwoWorkers(check: (port: number, media: readonly [WorkerMedia, WorkerMedia]) => Promise<void>) {
  const libc = testLibc();
  const bound = [TCP, undefined].map((tcp) => {
    const libc = testLibc();
    return { libc, binder: new SocketBinder(libc, { random: seededRandom(1), tcp }) };
  });
  const { fd, port = 0 } = bound[0].binder.listener ?? {};
  const media: WorkerMedia[] = [];
  const route = routeByUfrag(media, (fd) => libc.call.close(fd));
  for (const [index, opened] of bound.entries()) {
    const tcp = index === 0 ? { listener: fd, handsOver: true } : { listener: undefined, handsOver: false };
    media.push(new WorkerMedia({ ...opened, clock: systemClock, tcp, route }));
  }
  try {
    await check(port, [media[0], media[1]]);
  } finally {
    await Promise.all(media.map((host) => host.close()));
    libc.close();
  }
}

Deno.test({
  name:
    "B198: the worker that accepts hands a connection over to the one that has its peer, also after a restart of ICE",
  ignore,
  permissions,
  fn: () =>
    withTwoWorkers(async (port, media) => {
      const openings = [openingOf(1), openingOf(2)];
      const peers = media.map((host, i) => host.openPeer(LOOPBACK, openings[i], () => {}));
      const clients = [];
      for (const opening of openings) clients.push(await join(port, opening));
      const ice = { ufrag: "restartd", password: "q".repeat(24) };
      peers[1].send({ type: "restartIce", ice });
      clients.push(await join(port, { ...openings[1], ice }));
      await until(() => media[0].connectionCount === 1 && media[1].connectionCount === 2, "each has its own");
      const stranger = await TcpClient.connect(port);
      await stranger.send(stunRequest("nobodyXX"));
      await stranger.ended;
      for (const client of [...clients, stranger]) await client.close();
      await until(() => media.every(({ connectionCount }) => connectionCount === 0), "none is left");
      for (const { send } of peers) for (const type of ["leave", "close"] as const) send({ type });
      await until(() => media.every(({ socketCount }) => socketCount === 0), "the peers are gone");
      assert.equal(media[1].hasUfrag(ice.ufrag), false);
    }),
});

Deno.test({
  name: "B198: a connection that was on its way to a worker which fails, or is closed or given up, is closed",
  ignore,
  permissions,
  async fn() {
    const libc = testLibc();
    const tcp = { listener: undefined, handsOver: false };
    const wakeFd = openEventfd(libc);
    const closed: number[] = [];
    const real = testLibc();
    const binder = new SocketBinder(real, { random: seededRandom(1) });
    const close: typeof real.call.close = (fd) => {
      closed.push(fd);
      return real.call.close(fd);
    };
    const media = new WorkerMedia({
      libc: { ...real, call: { ...real.call, close } },
      clock: systemClock,
      binder,
      tcp,
      wakeFd,
      url: BROKEN_WORKER,
    });
    const handover = (): TcpHandover => {
      const { fd, port } = listenTcp(libc, TCP);
      return { fd, port, hostname: LOOPBACK, ufrag: "server12", received: new Uint8Array(64 * 1024) };
    };
    // More than its ring holds.
    const given = Array.from({ length: 40 }, handover);
    for (const connection of given) media.adopt(connection);
    await until(() => closed.length === given.length, "all are closed");
    const late = handover();
    media.adopt(late);
    await media.close();
    const later = handover();
    media.adopt(later);
    assert.deepEqual(
      closed.toSorted((a, b) => a - b),
      [...given, late, later].map(({ fd }) => fd).sort((a, b) => a - b),
    );
    libc.call.close(wakeFd);
    libc.close();
  },
});

Deno.test({
  name: "B196: a TCP port is had once, by IPv4 or by both families, and a name is none",
  ignore: WITH_LIBC.ignore,
  permissions: WITH_LIBC.permissions,
  fn() {
    const libc = testLibc();
    const before = openDescriptors();
    for (const hostname of [LOOPBACK, "0.0.0.0", "::"]) {
      const { fd, port } = listenTcp(libc, { hostname, port: 0 });
      assert.ok(port > 0);
      assert.throws(() => listenTcp(libc, { hostname, port }), {
        name: "SocketError",
        message: `TCP port ${port} of ${hostname} cannot be had: EADDRINUSE`,
      });
      libc.call.close(fd);
      const again = listenTcp(libc, { hostname, port });
      libc.call.close(again.fd);
    }
    assert.throws(() => listenTcp(libc, { hostname: "example.org", port: 0 }), TypeError);
    assert.deepEqual(openDescriptors(), before);
    libc.close();
  },
});
