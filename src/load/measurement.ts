import { cpuUsage } from "node:process";
import type { Histogram } from "./histogram.ts";
import type { IncomingTrack } from "./incoming_track.ts";
import { GIVE_UP_US } from "./loss_window.ts";
import type { OutgoingTrack } from "./outgoing_track.ts";
import type { MeasureReply } from "./replies.ts";
import type { Clock } from "./time.ts";

/** What missing packets are judged after: the time that they have, and a round of repairs. */
export const GRACE_US = GIVE_UP_US + 20_000;

/** Sums over tracks at one time. */
interface Totals {
  readonly published: number;
  readonly received: number;
  readonly recovered: number;
  readonly duplicates: number;
  readonly reordered: number;
  readonly checked: number;
  readonly bad: number;
  readonly nacks: number;
  readonly skippedFrames: number;
}

/** What a window is about: the tracks that publishers send, and those that subscribers receive. */
export interface MeasuredTracks {
  readonly sent: readonly Pick<OutgoingTrack, "packets" | "skippedFrames">[];
  readonly received: readonly Pick<IncomingTrack, "window" | "checked" | "bad">[];
}

/** One window in which those tracks are measured that were there when it began. */
export class Measurement {
  readonly #clock: Pick<Clock, "now">;
  readonly #tracks: MeasuredTracks;
  readonly #latency: Histogram;
  readonly #before: Totals;
  readonly #highestBefore: readonly number[];
  readonly #startUs: number;
  readonly #cpuBefore = cpuUsage();
  readonly #lostAtOnceBefore: number;
  #lostAfterWaitBefore: number;
  #graceOver = false;

  constructor(clock: Pick<Clock, "now">, tracks: MeasuredTracks, latency: Histogram) {
    this.#clock = clock;
    this.#tracks = tracks;
    this.#latency = latency;
    latency.clear();
    this.#before = this.#totals();
    this.#highestBefore = this.#highest();
    this.#lostAtOnceBefore = this.#lostAtOnce();
    this.#lostAfterWaitBefore = this.#lostAfterWait();
    this.#startUs = clock.now();
  }

  get startUs(): number {
    return this.#startUs;
  }

  /**
   * To be called GRACE_US after the start: what was waited for and given up by now was missing when the window began.
   * What was lost at once since the start was lost inside it.
   */
  beginLosses(): void {
    if (this.#graceOver) return;
    this.#graceOver = true;
    this.#lostAfterWaitBefore = this.#lostAfterWait();
  }

  /**
   * Ends the window. The result is asked for GRACE_US later, through which publishers must go on to send: it knows of
   * the losses since, and on which tracks nothing comes any more. A stream that stops leaves no gap: to LossWindow
   * nothing is missing before something later came.
   */
  end(): () => MeasureReply {
    const seconds = (this.#clock.now() - this.#startUs) / 1e6;
    const { user, system } = cpuUsage(this.#cpuBefore);
    const totals = difference(this.#totals(), this.#before);
    const highest = this.#highest();
    const lostAtOnce = this.#lostAtOnce() - this.#lostAtOnceBefore;
    const latencyMs = this.#latency.percentiles;
    return () => ({
      seconds,
      ...totals,
      lost: lostAtOnce + this.#lostAfterWait() - this.#lostAfterWaitBefore,
      latencyMs,
      silent: this.#silent(highest),
      loadCpuMicroseconds: user + system,
    });
  }

  #lostAtOnce(): number {
    return this.#tracks.received.reduce((sum, { window }) => sum + window.lostAtOnce, 0);
  }

  #lostAfterWait(): number {
    return this.#tracks.received.reduce((sum, { window }) => sum + window.lost - window.lostAtOnce, 0);
  }

  /** Of each track that is received. A repair of what came before does not raise it: only a stream that flows does. */
  #highest(): number[] {
    return this.#tracks.received.map(({ window }) => window.highest);
  }

  /** Tracks that got nothing in the window, or nothing since its end. */
  #silent(highestAtEnd: readonly number[]): number {
    return this.#highest().filter((highest, i) =>
      highestAtEnd[i] === this.#highestBefore[i] || highest === highestAtEnd[i]
    ).length;
  }

  #totals(): Totals {
    const sent = (pick: (track: MeasuredTracks["sent"][number]) => number) =>
      this.#tracks.sent.reduce((sum, track) => sum + pick(track), 0);
    const came = (pick: (track: MeasuredTracks["received"][number]) => number) =>
      this.#tracks.received.reduce((sum, track) => sum + pick(track), 0);
    return {
      published: sent(({ packets }) => packets),
      received: came(({ window }) => window.received),
      recovered: came(({ window }) => window.recovered),
      duplicates: came(({ window }) => window.duplicates),
      reordered: came(({ window }) => window.reordered),
      checked: came(({ checked }) => checked),
      bad: came(({ bad }) => bad),
      nacks: came(({ window }) => window.nacks),
      skippedFrames: sent(({ skippedFrames }) => skippedFrames),
    };
  }
}

function difference(after: Totals, before: Totals): Totals {
  return {
    published: after.published - before.published,
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
