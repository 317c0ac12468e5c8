import assert from "node:assert/strict";
import type { DtlsTest } from "./dtls_backend.ts";
import { seeded, shuffle } from "./dtls_datagrams.ts";
import { DEADLINE_MS, type DtlsPair, firstMessage, type PairOptions } from "./dtls_pair.ts";

/** A path by its one-way delays and its loss, and how long a handshake over it may take. */
interface Path {
  readonly upMs: number;
  readonly downMs: number;
  readonly loss: number;
  readonly limitMs: number;
}

const PATHS: readonly Path[] = [
  { upMs: 50, downMs: 200, loss: 0, limitMs: 2_000 },
  { upMs: 500, downMs: 500, loss: 0, limitMs: 5_000 },
  { upMs: 100, downMs: 100, loss: 0.02, limitMs: DEADLINE_MS },
  { upMs: 250, downMs: 250, loss: 0.1, limitMs: DEADLINE_MS },
];

const STEP_MS = 10;
/** A client's first wait for an answer, which doubles (RFC 6347 section 4.2.4.1). */
const CLIENT_WAIT_MS = 1_000;

/** Over paths that take their time. */
export function delayed(test: DtlsTest): void {
  for (const path of PATHS) {
    const { upMs, downMs, loss, limitMs } = path;
    test(`a handshake over ${upMs} ms up and ${downMs} ms down with ${100 * loss}% loss takes ${limitMs} ms at most`, async (make) => {
      for (let seed = 1; seed <= 5; seed++) {
        const tookMs = await overPath(make, path, seeded(seed));
        assert.ok(tookMs <= limitMs, `${tookMs} ms, seed ${seed}`);
      }
    });
  }

  test("a network that delivers every datagram five times, in any order, connects a client once", async (make) => {
    for (let seed = 1; seed <= 5; seed++) {
      const random = seeded(seed);
      const pair = make({ carryUp: (datagram) => shuffle(new Array<Uint8Array>(5).fill(datagram), random) });
      await pair.connect();
      await pair.assertWorks();
    }
  });
}

interface Flight {
  readonly atMs: number;
  readonly bytes: Uint8Array;
}

/** How long it takes until both sides are connected, in virtual time. */
async function overPath(
  make: (options: PairOptions) => DtlsPair,
  { upMs, downMs, loss }: Path,
  random: (bound: number) => number,
): Promise<number> {
  const [up, down]: [Flight[], Flight[]] = [[], []];
  const isLost = () => random(1_000) < 1_000 * loss;
  const fly = (flights: Flight[], bytes: Uint8Array, delayMs: number) => {
    if (!isLost()) flights.push({ atMs: pair.nowMs + delayMs, bytes: Uint8Array.from(bytes) });
  };
  const pair: DtlsPair = make({
    carryUp(datagram) {
      fly(up, datagram, upMs);
      return [];
    },
    losesDown(datagram) {
      fly(down, datagram, downMs);
      return true;
    },
  });
  // werift's client agrees on other keys, with nobody, where it gets a flight again.
  const arrived = new Set<string>();
  const startMs = pair.nowMs;
  let [resendMs, waitMs] = [startMs + CLIENT_WAIT_MS, CLIENT_WAIT_MS];
  await pair.connect();
  while (pair.client.connections === 0 || pair.connected.length === 0) {
    assert.deepEqual(pair.failed, []);
    pair.nowMs += STEP_MS;
    pair.session.handleTimeout(pair.nowMs);
    for (const bytes of due(up, pair.nowMs)) pair.session.handleDatagram(bytes, pair.nowMs);
    for (const bytes of due(down, pair.nowMs)) {
      const message = firstMessage(bytes);
      if (message === undefined || !arrived.has(message)) pair.client.handleDatagram(bytes);
      if (message !== undefined) arrived.add(message);
    }
    await pair.settle();
    if (pair.nowMs < resendMs) continue;
    waitMs *= 2;
    resendMs = pair.nowMs + waitMs;
    pair.client.resend();
  }
  return pair.nowMs - startMs;
}

/** What has arrived, taken out of what is on its way. */
function due(flights: Flight[], nowMs: number): Uint8Array[] {
  const index = flights.findIndex(({ atMs }) => atMs > nowMs);
  return flights.splice(0, index < 0 ? flights.length : index).map(({ bytes }) => bytes);
}
