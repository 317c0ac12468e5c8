import assert from "node:assert/strict";
import { videoProducer } from "../../../tests/harness/engine.ts";
import { openingOf } from "../../../tests/harness/media_setup.ts";
import { testLibc } from "../../../tests/harness/native_libc.ts";
import { seededRandom } from "../../../tests/harness/seeded_random.ts";
import {
  carriedOut,
  connect,
  connectPair,
  ended,
  forwards,
  subscribe,
  until,
  WITH_WORKER,
  withWorker,
} from "../../../tests/harness/worker_setup.ts";
import type { SocketHandle } from "../../media/messages.ts";
import { systemClock } from "../clock.ts";
import type { Libc } from "./libc.ts";
import { SocketBinder } from "./socket_binder.ts";
import { WorkerMedia } from "./worker_media.ts";

const { ignore, permissions } = WITH_WORKER;
const LOOPBACK = "127.0.0.1";
const ROUNDS = 200;
const BURST = 16;

/** A binder that hands out, where it is told so, a descriptor that is none. */
class FaultyBinder extends SocketBinder {
  isFaulty = false;

  override openSocket(hostname: string): SocketHandle {
    const handle = super.openSocket(hostname);
    return this.isFaulty ? { ...handle, id: 9999 } : handle;
  }
}

for (const shared of [undefined, { hostname: LOOPBACK, port: 0 }]) {
  Deno.test({
    name: `B162: peers of a worker${shared ? ", on one port," : ""} connect, and what one publishes is forwarded there`,
    ignore,
    permissions,
    fn: () =>
      withWorker(async ({ media, open }) => {
        const [publisher, subscriber] = await connectPair(open);
        assert.deepEqual(publisher.events.entries.slice(0, 2), [
          { type: "iceCredentialsUsed", ufrag: publisher.opening.ice.ufrag },
          { type: "addressSelected", address: { hostname: LOOPBACK, port: publisher.udp.client.address.port } },
        ]);
        assert.equal(publisher.port === subscriber.port, shared !== undefined);
        assert.equal(media.socketCount, 2);
        await until(() => media.ssrcCount === 1, "the publisher's SSRC is counted");
      }, { shared }),
  });
}

Deno.test({
  name: "B44: a peer's close gives its port back while the worker goes on, and it is told nothing afterwards",
  ignore,
  permissions,
  fn: () =>
    withWorker(async ({ media, open }) => {
      const [publisher, subscriber] = await connectPair(open);
      publisher.send({ type: "leave" });
      publisher.send({ type: "close" });
      await until(() => media.socketCount === 1, "the socket is given back");
      Deno.listenDatagram({ transport: "udp", hostname: LOOPBACK, port: publisher.port }).close();
      const told = publisher.events.entries.length;
      publisher.udp.client.connect(publisher.opening.ice);
      publisher.send({ type: "requestKeyFrames" });
      await carriedOut(subscriber);
      assert.equal(publisher.events.entries.length, told);
      await until(() => media.ssrcCount === 0, "the publisher's SSRC is not counted any more");
    }),
});

Deno.test({
  name: "a peer whose socket the worker cannot use is told so, and no other peer notices",
  ignore,
  permissions,
  async fn() {
    let binder: FaultyBinder | undefined;
    await withWorker(async ({ media, open, starts }) => {
      assert.ok(binder);
      const [publisher, subscriber] = await connectPair(open);
      binder.isFaulty = true;
      const peer = open();
      binder.isFaulty = false;
      const { reason, detail } = await ended(peer);
      assert.equal(reason, "fault");
      assert.match(detail, /^epoll_ctl/);
      peer.send({ type: "leave" });
      peer.send({ type: "close" });
      await forwards(publisher, subscriber, 2);
      await connect(open);
      assert.deepEqual([media.socketCount, starts()], [3, 1]);
    }, { createBinder: (libc, plan) => binder = new FaultyBinder(libc, plan) });
  },
});

Deno.test({
  name: "B163: more commands than a ring holds are carried out, in their order, whoever else asks for time or not",
  ignore,
  permissions,
  fn: () =>
    withWorker(async ({ open }) => {
      const [publisher, subscriber] = await connectPair(open);
      const parameters = videoProducer();
      const long = { ...parameters, codec: { ...parameters.codec, fmtp: "x".repeat(100_000) } };
      for (let i = 0; i < 50; i++) publisher.send({ type: "publish", trackId: `track${i}`, parameters: long });
      subscribe(subscriber, "track48", 7001);
      subscribe(subscriber, "track49", 7002);
      await carriedOut(subscriber);
      await forwards(publisher, subscriber, 2, 7002);
    }),
});

Deno.test({
  name: "B163: a command is carried out before what a client sends after it, however busy the worker is",
  ignore,
  permissions,
  fn: () =>
    withWorker(async ({ open }) => {
      const [peer, other] = await connectPair(open);
      const { client, received } = peer.udp;
      const isAnswer = ({ kind }: { readonly kind: string }) => kind === "stun";
      let answers = received.entries.filter(isAnswer).length;
      for (let round = 0; round < ROUNDS; round++) {
        // What keeps the worker from the command.
        for (let i = 0; i < BURST; i++) other.udp.client.check(other.opening.ice);
        await other.udp.sent;
        const ice = { ufrag: `again${100 + round}`, password: "p".repeat(24) };
        peer.send({ type: "restartIce", ice });
        client.check(ice);
        let before = answers++;
        await received.find((datagram) => isAnswer(datagram) && before-- === 0, `an answer in round ${round}`);
      }
    }),
});

Deno.test({
  name: "B175: a worker that is closed again closes and wakes nothing more, and its descriptors were closed once",
  ignore,
  permissions,
  async fn() {
    const real = testLibc();
    const calls: string[] = [];
    const libc: Libc = {
      ...real,
      call: {
        ...real.call,
        close(fd) {
          calls.push(`close ${fd}`);
          return real.call.close(fd);
        },
        write(fd, bytes, length) {
          calls.push(`write ${fd}`);
          return real.call.write(fd, bytes, length);
        },
      },
    };
    const binder = new SocketBinder(libc, { random: seededRandom(1), shared: { hostname: LOOPBACK, port: 0 } });
    const media = new WorkerMedia({ libc, clock: systemClock, binder });
    const { send } = media.openPeer(LOOPBACK, openingOf(1), () => {});
    // To see what is left the binder has opened and closed more.
    calls.length = 0;
    await until(() => calls.length > 0, "the worker is ready, and woken");
    const wakeFd = calls[0].replace("write ", "");
    await Promise.all([media.close(), media.close()]);
    const closed = calls.filter((call) => call.startsWith("close"));
    assert.equal(closed.length, 3, "eventfd, epoll, the shared port");
    assert.ok(closed.includes(`close ${wakeFd}`), "the worker may be woken until it has stopped");
    assert.equal(new Set(closed).size, 3);
    calls.length = 0;
    await media.close();
    send({ type: "leave" });
    media.flush();
    media.handleTimeout();
    assert.deepEqual(calls, []);
  },
});

Deno.test({
  name: "B225: the commands of one task wake the worker once, behind the last of them, and all are carried out",
  ignore,
  permissions,
  async fn() {
    const real = testLibc();
    let wakes = 0;
    const write: Libc["call"]["write"] = (...args) => {
      wakes++;
      return real.call.write(...args);
    };
    const libc: Libc = { ...real, call: { ...real.call, write } };
    const media = new WorkerMedia({
      libc,
      clock: systemClock,
      binder: new SocketBinder(libc, { random: seededRandom(1) }),
    });
    const open = (id: number) => media.openPeer(LOOPBACK, openingOf(id), () => {});
    const first = open(1);
    await until(() => wakes > 0, "the worker is ready, and woken");
    const peers = [first, ...[2, 3, 4].map(open)];
    wakes = 0;
    for (const { send } of peers) {
      send({ type: "leave" });
      send({ type: "close" });
      assert.equal(wakes, 0);
    }
    await Promise.resolve();
    // None, where the worker has not yet read what woke it before.
    assert.ok(wakes <= 1, `woken ${wakes} times`);
    await until(() => media.socketCount === 0, "the sockets are given back");
    await media.close();
  },
});

Deno.test({
  name: "B157: a worker that is closed before it runs leaves nothing, nor one whose peers were not closed",
  ignore,
  permissions,
  async fn() {
    await withWorker(() => Promise.resolve());
    await withWorker(({ open }) => {
      for (let i = 0; i < 3; i++) open();
      return Promise.resolve();
    });
  },
});

Deno.test({
  name: "B157: a worker without peers, which waits for as long as it takes, stops at once when it is told to",
  ignore,
  permissions,
  fn: () =>
    withWorker(async ({ media, open }) => {
      const peer = await connect(open);
      peer.send({ type: "leave" });
      peer.send({ type: "close" });
      await until(() => media.socketCount === 0, "the peer's socket is given back");
    }),
});
