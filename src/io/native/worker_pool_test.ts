import assert from "node:assert/strict";
import { FATAL_TRACK, HANGING_TRACK } from "../../../tests/harness/fatal_track.ts";
import { FAILING_WORKER } from "../../../tests/harness/faulty_workers.ts";
import { withPool } from "../../../tests/harness/pool_setup.ts";
import {
  carriedOut,
  connect,
  ended,
  publish,
  subscribe,
  until,
  WITH_WORKER,
  type WorkerPeer,
} from "../../../tests/harness/worker_setup.ts";
import { buildRtp, parseRtp, VP8_KEY_FRAME } from "../../../tests/harness/rtp_builder.ts";
import type { BusCounters } from "../../media/media_bus.ts";
import { systemClock } from "../clock.ts";

const { ignore, permissions } = WITH_WORKER;

const PICTURE_MS = 20;

/** Sends pictures of the published track until each of those who receive it under an SSRC has another one. */
async function crosses(
  publisher: WorkerPeer,
  ...subscriptions: readonly (readonly [subscriber: WorkerPeer, ssrc: number])[]
): Promise<void> {
  const countOf = ([{ udp }, ssrc]: readonly [WorkerPeer, number]) =>
    udp.received.entries.filter(({ kind, plain }) => kind === "rtp" && parseRtp(plain).ssrc === ssrc).length;
  const before = subscriptions.map(countOf);
  let nextMs = systemClock.now();
  const sequenceNumbers = sentBy.get(publisher) ?? { next: 1 };
  sentBy.set(publisher, sequenceNumbers);
  await until(() => subscriptions.every((one, i) => countOf(one) > before[i]), "a picture", () => {
    if (systemClock.now() < nextMs) return;
    nextMs += PICTURE_MS;
    const sequenceNumber = sequenceNumbers.next++;
    publisher.udp.client.sendRtp(buildRtp({ ssrc: 1000, sequenceNumber, payload: VP8_KEY_FRAME }));
  });
}

const sentBy = new WeakMap<WorkerPeer, { next: number }>();

function leave({ send }: WorkerPeer): void {
  for (const type of ["leave", "close"] as const) send({ type });
}

function sumOf(counters: readonly BusCounters[], key: keyof BusCounters): number {
  return counters.reduce((sum, one) => sum + one[key], 0);
}

function isUndisturbed({ events }: WorkerPeer): boolean {
  return events.entries.every(({ type }) => type !== "ended");
}

Deno.test({
  name: "B400: peers of one room in three workers receive each other, and nothing crosses that nobody receives",
  ignore,
  permissions,
  fn: () =>
    withPool(3, async ({ open, counters, hosts }) => {
      const peers = [await connect(open), await connect(open), await connect(open)];
      assert.deepEqual(hosts.map(({ socketCount }) => socketCount), [1, 1, 1]);
      for (const [i, peer] of peers.entries()) publish(peer, `track${i}`);
      await Promise.all(peers.map(carriedOut));
      assert.equal(sumOf(await counters(), "framesSent"), 0, "nobody has subscribed");

      for (const [i, peer] of peers.entries()) {
        for (const other of [(i + 1) % 3, (i + 2) % 3]) subscribe(peer, `track${other}`, 7000 + other, `${other}`);
      }
      await Promise.all(peers.map(carriedOut));
      for (let picture = 1; picture <= 3; picture++) {
        for (const [i, publisher] of peers.entries()) {
          await crosses(publisher, [peers[(i + 1) % 3], 7000 + i], [peers[(i + 2) % 3], 7000 + i]);
        }
      }
      const crossed = await counters();
      for (const { framesSent, framesReceived, bytesSent, messagesSent, dropped, lost } of crossed) {
        assert.ok(framesSent >= 3 && framesReceived >= 6, `${framesSent} sent, ${framesReceived} received`);
        assert.ok(bytesSent > 0 && messagesSent > 0 && messagesSent <= framesSent);
        assert.deepEqual([dropped, lost], [0, 0]);
      }
    }),
});

for (const [what, trackId] of [["fails", FATAL_TRACK], ["hangs", HANGING_TRACK]] as const) {
  Deno.test({
    name: `B165, B396: a worker that ${what} takes its own peers of a room and no others, time and again`,
    ignore,
    permissions,
    fn: () =>
      withPool(3, async ({ open, pool, hosts }) => {
        const [publisher, subscriber] = [await connect(open), await connect(open)];
        publish(publisher);
        subscribe(subscriber);
        await carriedOut(subscriber);
        await crosses(publisher, [subscriber, 7000]);
        for (let round = 1; round <= 2; round++) {
          const victim = await connect(open);
          publish(victim, `lost${round}`);
          subscribe(subscriber, `lost${round}`, 8000 + round, `${round}`);
          subscribe(victim, "track", 9000);
          await crosses(publisher, [victim, 9000], [subscriber, 7000]);
          await crosses(victim, [subscriber, 8000 + round]);
          publish(victim, trackId);
          const isOver = () => victim.events.entries.some(({ type }) => type === "ended");
          while (!isOver()) await crosses(publisher, [subscriber, 7000]);
          assert.equal((await ended(victim)).reason, "media-lost");
          leave(victim);
          assert.deepEqual(pool.placed, { rooms: 1, tracks: 1 });
          await crosses(publisher, [subscriber, 7000]);
          assert.equal(hosts[2].socketCount, 0);
        }
        assert.ok(isUndisturbed(publisher) && isUndisturbed(subscriber));
        for (const peer of [publisher, subscriber]) leave(peer);
        await until(() => pool.socketCount === 0, "every socket is given back");
        assert.deepEqual(pool.placed, { rooms: 0, tracks: 0 });
      }, FAILING_WORKER),
  });
}

Deno.test({
  name: "B399: a drained worker's peers go on, and who comes to their room is in another one",
  ignore,
  permissions,
  fn: () =>
    withPool(2, async ({ open, pool, hosts }) => {
      const publisher = await connect(open);
      pool.drain(1);
      const subscriber = await connect(open);
      assert.deepEqual(hosts.map(({ socketCount }) => socketCount), [2, 0]);
      pool.undrain(1);
      const other = await connect(open);
      assert.deepEqual(hosts.map(({ socketCount }) => socketCount), [2, 1]);
      publish(publisher);
      for (const peer of [subscriber, other]) subscribe(peer);
      await crosses(publisher, [subscriber, 7000], [other, 7000]);
    }),
});
