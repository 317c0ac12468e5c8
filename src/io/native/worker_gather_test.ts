import assert from "node:assert/strict";
import { FATAL_TRACK } from "../../../tests/harness/fatal_track.ts";
import { BROKEN_WORKER, FAILING_WORKER, HUNG_WORKER } from "../../../tests/harness/faulty_workers.ts";
import { testLibc } from "../../../tests/harness/native_libc.ts";
import { seededRandom } from "../../../tests/harness/seeded_random.ts";
import { VirtualClock } from "../../../tests/harness/virtual_clock.ts";
import {
  connectPair,
  ended,
  forwards,
  publish,
  until,
  WITH_WORKER,
  withWorker,
} from "../../../tests/harness/worker_setup.ts";
import { GATHER_MS } from "../media_host.ts";
import { SocketBinder } from "./socket_binder.ts";
import { WorkerMedia } from "./worker_media.ts";

const { ignore, permissions } = WITH_WORKER;
const LOOPBACK = "127.0.0.1";
/** After so long a worker that does not stop is left to itself. */
const STOP_MS = 1000;

Deno.test({
  name: "B256, B258: a worker tells what it has counted and measured; what comes after a failure is added",
  ignore,
  permissions,
  fn: () =>
    withWorker(async ({ media, open }) => {
      const [publisher, subscriber] = await connectPair(open);
      await forwards(publisher, subscriber, 2);
      const [before] = await media.gather();
      assert.deepEqual([before.isUp, before.failures], [true, 0]);
      const { tracks: { video }, turns } = before.figures;
      assert.deepEqual([video.packetsReceived, video.packetsSent], [2, 2]);
      assert.equal(turns.forwarding.counts.reduce((sum, count) => sum + count), 2);
      assert.ok(turns.forwarding.sumMs > 0 && turns.forwarding.sumMs < turns.busyMs);
      assert.ok(turns.longestTurnMs > 0 && turns.longestTurnMs <= turns.busyMs);

      publish(publisher, FATAL_TRACK);
      for (const peer of [publisher, subscriber]) await ended(peer);
      const [next, other] = await connectPair(open, "after");
      await forwards(next, other, 2);
      const [after] = await media.gather();
      assert.deepEqual([after.isUp, after.failures, after.figures.tracks.video.packetsSent], [true, 1, 4]);
    }, { url: FAILING_WORKER }),
});

Deno.test({
  name: "B257: a worker that hangs is told as down within a second, and there is no place for a peer in it",
  ignore,
  permissions,
  async fn() {
    const clock = new VirtualClock();
    const libc = testLibc();
    const binder = new SocketBinder(libc, { random: seededRandom(1) });
    const media = new WorkerMedia({ libc, clock, binder, url: HUNG_WORKER });
    const gathered = media.gather();
    clock.advance(GATHER_MS);
    const [{ isUp, failures }] = await gathered;
    assert.deepEqual([isUp, failures], [false, 0]);
    assert.equal(media.obstacle(LOOPBACK), "the media worker has not started yet");
    const last = media.gather();
    const closed = media.close();
    assert.equal((await last)[0].isUp, false, "who waits at the close is told at once");
    clock.advance(STOP_MS);
    await closed;
    assert.equal(clock.pendingCount, 0);
    assert.equal((await media.gather())[0].isUp, false);
  },
});

Deno.test({
  name: "B263: there is an obstacle until the worker runs, and for good where it will not run any more",
  ignore,
  permissions,
  async fn() {
    await withWorker(async ({ media }) => {
      assert.equal(media.obstacle(LOOPBACK), "the media worker has not started yet");
      await until(() => media.obstacle(LOOPBACK) === undefined, "the worker runs");
    });
    await withWorker(async ({ media }) => {
      await until(() => media.obstacle(LOOPBACK)?.includes("it is broken") ?? false, "the worker has failed");
      const [{ isUp, failures }] = await media.gather();
      assert.deepEqual([isUp, failures], [false, 1]);
    }, { url: BROKEN_WORKER });
  },
});
