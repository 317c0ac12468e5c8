import type { QualityReport, TrackQuality } from "../sfu/quality.ts";
import type { TrackId } from "../sfu/types.ts";

/** What is believed of the way to a subscriber, without what became of each track. */
export type EstimateReport = Omit<QualityReport, "tracks">;

/** What media has told last of one peer: for whoever looks at the server, as clients are told of changes alone. */
export class MediaKnowledge {
  #estimate: EstimateReport | undefined;
  readonly #qualities = new Map<TrackId, TrackQuality>();
  readonly #activeLayers = new Map<TrackId, readonly string[]>();

  /** Undefined before the first report, as of a peer that receives nothing. */
  get estimate(): EstimateReport | undefined {
    return this.#estimate;
  }

  /** What the peer gets of a track, and why; undefined where nothing was told, as of sound that was never off. */
  qualityOf(trackId: TrackId): TrackQuality | undefined {
    return this.#qualities.get(trackId);
  }

  /** RIDs of the simulcast encodings of the peer's own track that anybody receives; undefined where nothing was told. */
  activeLayersOf(trackId: TrackId): readonly string[] | undefined {
    return this.#activeLayers.get(trackId);
  }

  /** Takes a report, which may have changes alone; `received` are the tracks that the peer receives now. */
  handleQuality({ tracks, ...estimate }: QualityReport, received: ReadonlySet<TrackId>): void {
    this.#estimate = estimate;
    for (const track of tracks) this.#qualities.set(track.trackId, track);
    for (const trackId of this.#qualities.keys()) if (!received.has(trackId)) this.#qualities.delete(trackId);
  }

  /** Takes which encodings of a track are received; `published` are the tracks that the peer publishes now. */
  handleLayers(trackId: TrackId, active: readonly string[], published: ReadonlySet<TrackId>): void {
    this.#activeLayers.set(trackId, active);
    for (const known of this.#activeLayers.keys()) if (!published.has(known)) this.#activeLayers.delete(known);
  }

  /** The media is another one: nothing of what was told holds. */
  clear(): void {
    this.#estimate = undefined;
    this.#qualities.clear();
    this.#activeLayers.clear();
  }
}
