import { cpuUsage } from "node:process";
import type { Histogram } from "./histogram.ts";
import type { IncomingTrack } from "./incoming_track.ts";
import type { LoadLoop } from "./loop.ts";
import { GIVE_UP_US } from "./loss_window.ts";
import type { OutgoingTrack } from "./outgoing_track.ts";
import type { MeasureReply } from "./protocol.ts";
import type { Room } from "./room.ts";

/** What missing packets are judged after: the time that they have, and a round of repairs. */
export const GRACE_US = GIVE_UP_US + 20_000;

/** Sums over tracks at one time. */
interface Totals {
  readonly published: number;
  readonly expected: number;
  readonly received: number;
  readonly recovered: number;
  readonly duplicates: number;
  readonly reordered: number;
  readonly checked: number;
  readonly bad: number;
  readonly nacks: number;
  readonly skippedFrames: number;
}

/** One track and how many subscribers it has. */
interface Source {
  readonly track: OutgoingTrack;
  readonly subscribers: number;
}

/** One window in which those tracks are measured that were there when it began. */
export class Measurement {
  readonly #loop: LoadLoop;
  readonly #latency: Histogram;
  readonly #sources: readonly Source[];
  readonly #received: readonly IncomingTrack[];
  readonly #before: Totals;
  readonly #receivedBefore: readonly number[];
  readonly #startUs: number;
  readonly #cpuBefore = cpuUsage();
  #lostBefore: number;
  #graceOver = false;

  constructor(loop: LoadLoop, rooms: readonly Room[], latency: Histogram) {
    this.#loop = loop;
    this.#latency = latency;
    this.#sources = rooms.flatMap((room) =>
      room.tracks.map((track) => ({ track, subscribers: room.subscribers.length }))
    );
    this.#received = rooms.flatMap((room) => room.subscribers.flatMap((subscriber) => subscriber.tracks));
    latency.clear();
    this.#before = this.#totals();
    this.#receivedBefore = this.#received.map(({ window }) => window.received);
    this.#lostBefore = this.#lost();
    this.#startUs = loop.clock.now();
  }

  get startUs(): number {
    return this.#startUs;
  }

  /** To be called GRACE_US after the start: what was lost up to now was missing when the window began. */
  beginLosses(): void {
    if (this.#graceOver) return;
    this.#graceOver = true;
    this.#lostBefore = this.#lost();
  }

  /** Ends the window. The result is asked for GRACE_US later, and knows of the losses since. */
  end(): () => MeasureReply {
    const seconds = (this.#loop.clock.now() - this.#startUs) / 1e6;
    const { user, system } = cpuUsage(this.#cpuBefore);
    const totals = difference(this.#totals(), this.#before);
    const silent = this.#received.filter(({ window }, i) => window.received === this.#receivedBefore[i]).length;
    const latencyMs = this.#latency.percentiles;
    return () => ({
      seconds,
      ...totals,
      lost: this.#lost() - this.#lostBefore,
      latencyMs,
      silent,
      loadCpuMicroseconds: user + system,
    });
  }

  #lost(): number {
    return this.#received.reduce((sum, { window }) => sum + window.lost, 0);
  }

  #totals(): Totals {
    const sent = (pick: (source: Source) => number) => this.#sources.reduce((sum, source) => sum + pick(source), 0);
    const came = (pick: (track: IncomingTrack) => number) =>
      this.#received.reduce((sum, track) => sum + pick(track), 0);
    return {
      published: sent(({ track }) => track.packets),
      expected: sent(({ track, subscribers }) => track.packets * subscribers),
      received: came(({ window }) => window.received),
      recovered: came(({ window }) => window.recovered),
      duplicates: came(({ window }) => window.duplicates),
      reordered: came(({ window }) => window.reordered),
      checked: came(({ checked }) => checked),
      bad: came(({ bad }) => bad),
      nacks: came(({ window }) => window.nacks),
      skippedFrames: sent(({ track }) => track.skippedFrames),
    };
  }
}

function difference(after: Totals, before: Totals): Totals {
  return {
    published: after.published - before.published,
    expected: after.expected - before.expected,
    received: after.received - before.received,
    recovered: after.recovered - before.recovered,
    duplicates: after.duplicates - before.duplicates,
    reordered: after.reordered - before.reordered,
    checked: after.checked - before.checked,
    bad: after.bad - before.bad,
    nacks: after.nacks - before.nacks,
    skippedFrames: after.skippedFrames - before.skippedFrames,
  };
}
