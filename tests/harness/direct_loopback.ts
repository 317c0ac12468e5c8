import assert from "node:assert/strict";
import { systemClock } from "../../src/io/clock.ts";
import { DirectPath } from "../../src/io/direct_path.ts";
import { cryptoRandom } from "../../src/io/random.ts";
import type { Sockets } from "../../src/io/sockets.ts";
import type { SrtpCipherFactory } from "../../src/webrtc/srtp/cipher.ts";
import { BusJournal } from "./bus_journal.ts";

const LOOPBACK = "127.0.0.1";
const LOOK_MS = 20;

/** One end of a direct path; the other node has the alias 1. */
export interface LoopbackNode {
  readonly path: DirectPath;
  readonly journal: BusJournal;
  readonly name: string;
}

/** A node by real sockets, on the loopback address. */
export function openLoopbackNode(
  sockets: Sockets,
  ciphers: SrtpCipherFactory,
  name: string,
  other: string,
  hostname = LOOPBACK,
): LoopbackNode {
  const path = new DirectPath({
    names: {
      own: name,
      nameOf: (alias) => alias === 1 ? other : undefined,
      aliasOf: (heard) => heard === other ? 1 : undefined,
      onRelease() {},
    },
    sockets,
    ciphers,
    clock: systemClock,
    random: cryptoRandom,
    hostname,
    port: 0,
    addresses: () => [hostname],
    now: () => performance.now(),
    received: () => sockets.flush(),
  });
  const journal = new BusJournal();
  path.bus.deliverTo(journal);
  return { path, journal, name };
}

/** Both hear each other when it resolves. */
export async function connectNodes(a: LoopbackNode, b: LoopbackNode): Promise<void> {
  a.path.handleAnnouncement(b.name, b.path.announcement);
  b.path.handleAnnouncement(a.name, a.path.announcement);
  await until(() => a.path.isUp(b.name) && b.path.isUp(a.name), "the nodes hear each other");
}

/** Looks until it is so: what is waited for comes by sockets, and by the ticks of a path. */
export async function until(isSo: () => boolean, what: string): Promise<void> {
  const deadlineMs = performance.now() + 20_000;
  while (!isSo()) {
    assert.ok(performance.now() < deadlineMs, `in vain: ${what}`);
    await new Promise<void>((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
