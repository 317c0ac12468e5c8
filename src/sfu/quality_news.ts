import type { QualityReport, TrackQuality } from "./quality.ts";
import type { TrackId } from "./types.ts";

/** A rate that was told is no longer true where it is so many times as much, or as little. */
const RATE_CHANGE = 2;

/** What is worth telling one subscriber of the quality that it gets: what a person would notice (rule P91). */
export class QualityNews {
  readonly #isWhole: boolean;
  #network: string | undefined;
  /** As they were told last. */
  readonly #told = new Map<TrackId, TrackQuality>();

  /** `isWhole`: what is told has all tracks, also those that are as they were. */
  constructor(isWhole = false) {
    this.#isWhole = isWhole;
  }

  hasTold(trackId: TrackId): boolean {
    return this.#told.has(trackId);
  }

  /**
   * What of the report is to be told, which counts as told then; undefined where nothing is. Where there is something the
   * numbers of other tracks that are no longer true come with it.
   */
  take(report: QualityReport): QualityReport | undefined {
    const network = roughly(report);
    const isOther = network !== this.#network;
    if (!isOther && !report.tracks.some((track) => isNews(track, this.#told.get(track.trackId)))) return undefined;
    const tracks = this.#isWhole
      ? report.tracks
      : report.tracks.filter((track) => isChanged(track, this.#told.get(track.trackId), isOther));
    this.#network = network;
    for (const track of tracks) this.#told.set(track.trackId, track);
    return { ...report, tracks };
  }

  /** The track is received no more. */
  forget(trackId: TrackId): void {
    this.#told.delete(trackId);
    if (this.#isWhole) this.#network = undefined;
  }

  /** What was told may be lost. */
  forgetAll(): void {
    this.#told.clear();
    this.#network = undefined;
  }
}

function isNews(track: TrackQuality, told: TrackQuality | undefined): boolean {
  return told === undefined || roughlyTrack(track) !== roughlyTrack(told);
}

/** Reasons have numbers of the network: they are told with it. */
function isChanged(track: TrackQuality, told: TrackQuality | undefined, hasNetworkChanged: boolean): boolean {
  if (told === undefined || isNews(track, told)) return true;
  const [least, most] = [track.bitrate ?? 0, told.bitrate ?? 0].sort((a, b) => a - b);
  return most > RATE_CHANGE * least || (hasNetworkChanged && track.reason !== told.reason);
}

function roughly({ bitrate, loss = 0, limitedBy }: QualityReport): string {
  return [bitrateStep(bitrate), lossStep(loss), limitedBy].join(";");
}

/** The numbers in reasons follow the rates. */
function roughlyTrack({ state, width, rid, spatial, temporal, wanted, reason }: TrackQuality): string {
  const words = reason.replaceAll(/\d+/g, "");
  return [state, width, rid, spatial, temporal, wanted?.width, wanted?.height, words].join();
}

const LOSSES = [0.01, 0.03, 0.1, 0.3];

/** Losses are told apart where people speak of them in other words. */
export function lossStep(fraction: number): number {
  for (let i = 0; i < LOSSES.length; i++) if (fraction < LOSSES[i]) return i;
  return LOSSES.length;
}

/** Rates are told apart by a fifth. */
export function bitrateStep(bitsPerSecond: number): number {
  return Math.round(Math.log(Math.max(bitsPerSecond, 1)) / Math.log(1.2));
}
