/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/** A node of a room in an isolate of its own. It stands still while it is told to, and tells what came when it is asked. */
import { BroadcastBus } from "../../src/bus/broadcast_bus.ts";
import { BusJournal } from "./bus_journal.ts";
import { seededRandom } from "./seeded_random.ts";

export interface BroadcastWorkerStart {
  readonly node: number;
  readonly prefix: string;
  readonly roomId: string;
  /** Where the first word is 1 it stands still at the next frame, until it is 0 and notified. */
  readonly standstill: SharedArrayBuffer;
}

/** What came of node 0 so far, as text, and what did not. */
export interface BroadcastWorkerReport {
  readonly texts: readonly string[];
  readonly lost: number;
  readonly counted: number;
}

self.addEventListener("message", ({ data }: MessageEvent<BroadcastWorkerStart>) => {
  const { node, prefix, roomId, standstill } = data;
  const bus = new BroadcastBus({ node, prefix, now: () => performance.now(), random: seededRandom(node) });
  const journal = new BusJournal();
  const state = new Int32Array(standstill);
  bus.deliverTo({
    handleFrame(from, bytes, length) {
      journal.handleFrame(from, bytes, length);
      if (Atomics.load(state, 0) === 1) {
        self.postMessage("stands still");
        Atomics.wait(state, 0, 1);
      }
      if (journal.textsOf(0).at(-1) !== "report") return;
      const lost = journal.lost.get(0) ?? 0;
      self.postMessage({ texts: journal.textsOf(0), lost, counted: bus.counters.lost } satisfies BroadcastWorkerReport);
    },
    handleLoss: (from, count) => journal.handleLoss(from, count),
    endBatch() {},
  });
  bus.join(roomId);
  self.postMessage("ready");
}, { once: true });
