import { createRings } from "../../src/bus/ring_bus.ts";
import { systemClock } from "../../src/io/clock.ts";
import { MediaPool } from "../../src/io/media_pool.ts";
import { openEventfd } from "../../src/io/native/eventfd.ts";
import { SocketBinder } from "../../src/io/native/socket_binder.ts";
import { WORKER_URL, WorkerMedia } from "../../src/io/native/worker_media.ts";
import type { BusCounters } from "../../src/media/media_bus.ts";
import { testLibc } from "./native_libc.ts";
import { seededRandom } from "./seeded_random.ts";
import { descriptorsAreBack, idleDescriptors, peerOpener, type WorkerSetup } from "./worker_setup.ts";

export interface PoolSetup extends Pick<WorkerSetup, "open"> {
  readonly pool: MediaPool;
  readonly hosts: readonly WorkerMedia[];
  /** What each worker has sent to others, and received. */
  counters(): Promise<BusCounters[]>;
}

/** When a worker that hangs is broken off: once it was found to, which takes two seconds. */
const LIMIT_MS = 3000;

/** Checks media workers that share rooms, each with one peer of a room, and that they leave no descriptor open. */
export async function withPool(
  count: number,
  check: (setup: PoolSetup) => Promise<void>,
  url = WORKER_URL,
): Promise<void> {
  const before = await idleDescriptors();
  const libc = testLibc();
  const wakeFds = Array.from({ length: count }, () => openEventfd(libc));
  const rings = createRings(count);
  const hosts = wakeFds.map((wakeFd, node) => {
    const own = testLibc();
    const binder = new SocketBinder(own, { random: seededRandom(node) });
    return new WorkerMedia({
      libc: own,
      clock: systemClock,
      binder,
      wakeFd,
      bus: { node, rings, wakeFds },
      limitMs: LIMIT_MS,
      url,
    });
  });
  const pool = new MediaPool(hosts, { clock: systemClock, roomPeersPerWorker: 1 });
  const { open, closeClients } = peerOpener(pool);
  const counters = async () =>
    (await pool.gather()).map(({ figures: { bus } }) => {
      if (bus === undefined) throw new TypeError("a worker tells nothing of its bus");
      return bus.counters;
    });
  try {
    await check({ pool, hosts, open, counters });
  } finally {
    await closeClients();
    await pool.close();
    for (const fd of wakeFds) libc.call.close(fd);
    libc.close();
  }
  await descriptorsAreBack(before);
}
