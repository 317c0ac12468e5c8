import assert from "node:assert/strict";
import { FATAL_TRACK, HANGING_TRACK } from "../../../tests/harness/fatal_track.ts";
import { BROKEN_WORKER, FAILING_WORKER, HUNG_WORKER, TIMELESS_WORKER } from "../../../tests/harness/faulty_workers.ts";
import { openingOf } from "../../../tests/harness/media_setup.ts";
import { testLibc } from "../../../tests/harness/native_libc.ts";
import { seededRandom } from "../../../tests/harness/seeded_random.ts";
import { TcpClient } from "../../../tests/harness/tcp_client.ts";
import { VirtualClock } from "../../../tests/harness/virtual_clock.ts";
import {
  connect,
  connectPair,
  ended,
  forwards,
  publish,
  until,
  WITH_WORKER,
  withWorker,
} from "../../../tests/harness/worker_setup.ts";
import { systemClock } from "../clock.ts";
import { SocketBinder } from "./socket_binder.ts";
import { WorkerMedia } from "./worker_media.ts";

const { ignore, permissions } = WITH_WORKER;
const LOOPBACK = "127.0.0.1";
/** When a worker that hangs is broken off: once it was found to, which takes two seconds. */
const LIMIT_MS = 3000;

function bindOnce(port: number): void {
  Deno.listenDatagram({ transport: "udp", hostname: LOOPBACK, port }).close();
}

for (const shared of [undefined, { hostname: LOOPBACK, port: 0 }]) {
  Deno.test({
    name: `B165: a worker that fails ends its peers, who are told, and is replaced${
      shared ? ", on the same port" : ""
    }`,
    ignore,
    permissions,
    fn: () =>
      withWorker(async ({ media, open, starts }) => {
        for (let round = 1; round <= 2; round++) {
          const peers = [...await connectPair(open, `before ${round}`), open("another room")];
          const told = peers.map(({ events }) => events.entries.length);
          publish(peers[0], FATAL_TRACK);
          for (const [i, peer] of peers.entries()) {
            const { reason, detail } = await ended(peer);
            assert.equal(reason, "media-lost");
            assert.match(detail, /^the media worker has failed: .*the worker's fault/);
            assert.equal(peer.events.entries.length, told[i] + 1);
          }
          assert.deepEqual([media.socketCount, starts()], [0, round + 1]);
          if (!shared) bindOnce(peers[0].port);
          // They are left and closed, which says nothing to the worker that has taken over.
          for (const { send } of peers) for (const type of ["leave", "close"] as const) send({ type });
          const successors = await connectPair(open, `after ${round}`);
          for (const peer of peers) await ended(peer);
          for (const { send } of successors) for (const type of ["leave", "close"] as const) send({ type });
        }
      }, { url: FAILING_WORKER, shared }),
  });
}

Deno.test({
  name:
    "B397: a worker that hangs is ended within two seconds and replaced; its peers are told, and nothing stays open",
  ignore,
  permissions,
  fn: () =>
    withWorker(async ({ media, tcpPort, open, starts }) => {
      assert.ok(tcpPort);
      for (let round = 1; round <= 2; round++) {
        const peers = [...await connectPair(open, `before ${round}`), open("another room")];
        const stranger = await TcpClient.connect(tcpPort);
        await until(() => media.connectionCount === 1, "the worker has accepted a connection");
        const hangMs = systemClock.now();
        publish(peers[0], HANGING_TRACK);
        for (const peer of peers) {
          const { reason, detail } = await ended(peer);
          assert.deepEqual([reason, detail], ["media-lost", "the media worker has failed: it does not answer"]);
        }
        const tookMs = systemClock.now() - hangMs;
        assert.ok(tookMs >= 1000, `ended too soon, after ${tookMs} ms`);
        assert.deepEqual([media.socketCount, starts()], [0, round + 1]);
        await stranger.ended;
        await stranger.close();
        const [publisher, subscriber] = await connectPair(open, `after ${round}`);
        await forwards(publisher, subscriber, 2);
        for (const { send } of [publisher, subscriber]) for (const type of ["leave", "close"] as const) send({ type });
        await until(() => media.socketCount === 0, "the sockets are given back");
      }
    }, { url: FAILING_WORKER, limitMs: LIMIT_MS, tcp: { hostname: LOOPBACK, port: 0 } }),
});

Deno.test({
  name: "B397: a worker that hangs while it is closed, or is closed soon after, leaves nothing open either",
  ignore,
  permissions,
  async fn() {
    for (const waits of [true, false]) {
      await withWorker(async ({ open }) => {
        const [publisher] = await connectPair(open);
        publish(publisher, HANGING_TRACK);
        if (waits) await ended(publisher);
      }, { url: FAILING_WORKER, limitMs: LIMIT_MS });
    }
  },
});

Deno.test({
  name: "B397: a worker whose peers say nothing for a while is none that hangs",
  ignore,
  permissions,
  fn: () =>
    withWorker(async ({ open, starts }) => {
      const [publisher, subscriber] = await connectPair(open);
      const endMs = systemClock.now() + 2500;
      await until(() => systemClock.now() > endMs, "five looks have passed");
      for (const { events } of [publisher, subscriber]) assert.ok(events.entries.every(({ type }) => type !== "ended"));
      await forwards(publisher, subscriber, 2);
      assert.equal(starts(), 1);
    }),
});

Deno.test({
  name: "B165: the peers of other workers go on when one fails",
  ignore,
  permissions,
  fn: () =>
    withWorker(async ({ open }) => {
      const [publisher, subscriber] = await connectPair(open);
      await withWorker(async (other) => {
        const peer = await connect(other.open);
        publish(peer, FATAL_TRACK);
        await ended(peer);
      }, { url: FAILING_WORKER });
      await forwards(publisher, subscriber, 2);
      for (const { events } of [publisher, subscriber]) assert.ok(events.entries.every(({ type }) => type !== "ended"));
    }),
});

Deno.test({
  name: "B165: a worker that cannot start ends its peers, refuses new ones by the reason, and is not started again",
  ignore,
  permissions,
  fn: () =>
    withWorker(async ({ media, open, starts }) => {
      const peer = open();
      const { reason, detail } = await ended(peer);
      assert.equal(reason, "media-lost");
      assert.match(detail, /^the media worker has failed: .*it is broken/);
      bindOnce(peer.port);
      for (let i = 0; i < 3; i++) {
        assert.throws(() => open(), { message: /^the media worker does not run: .*it is broken/ });
      }
      peer.send({ type: "leave" });
      peer.send({ type: "close" });
      media.handleTimeout();
      assert.deepEqual([media.socketCount, media.ssrcCount, starts()], [0, 0, 1]);
    }, { url: BROKEN_WORKER }),
});

Deno.test({
  name: "B165: a worker that fails before it is ready leaves no descriptor open",
  ignore,
  permissions,
  fn: () =>
    withWorker(async ({ open }) => {
      const { detail } = await ended(open());
      assert.match(detail, /^the media worker has failed: .*no time/);
    }, { url: TIMELESS_WORKER }),
});

Deno.test({
  name: "B157: a worker that does not stop is given a second, then its sockets are closed all the same",
  ignore,
  permissions,
  async fn() {
    const clock = new VirtualClock();
    const libc = testLibc();
    const binder = new SocketBinder(libc, { random: seededRandom(1) });
    const media = new WorkerMedia({ libc, clock, binder, url: HUNG_WORKER });
    const { port } = media.openPeer(LOOPBACK, openingOf(1), () => {});
    let isClosed = false;
    const closed = media.close().then(() => isClosed = true);
    clock.advance(999);
    await new Promise<void>((resolve) => void systemClock.setTimeout(resolve, 0));
    assert.equal(isClosed, false);
    clock.advance(1);
    await closed;
    assert.equal(clock.pendingCount, 0);
    bindOnce(port);
  },
});

Deno.test({
  name: "B165: a worker that fails again and again is given up after five successors, and who comes is told why",
  ignore,
  permissions,
  fn: () =>
    withWorker(async ({ open, starts }) => {
      for (let failures = 1; failures <= 6; failures++) {
        const [peer] = await connectPair(open, `${failures}`);
        publish(peer, FATAL_TRACK);
        await ended(peer);
      }
      assert.equal(starts(), 6);
      assert.throws(() => open(), { message: /^the media worker does not run: .*the worker's fault/ });
    }, { url: FAILING_WORKER }),
});
