import type { WantedQuality } from "./quality.ts";

/** One way in which a track can be sent: a simulcast encoding or a spatial layer of it, up to a temporal layer. */
export interface Layer {
  /** Of the track's encodings, lowest first. */
  readonly encoding: number;
  readonly spatial: number;
  readonly temporal: number;
  /** For people: `h`, `2`, `h S1`, and `h at 15 fps` below the full rate; `at 15 fps`, or empty, where there is one size. */
  readonly name: string;
  /** Pixels; 0 where they are not known. */
  readonly width: number;
  readonly height: number;
  /** Pictures per second, as usual: what is measured trembles, and a ladder is to stand still. */
  readonly fps: number;
  /** Of it with all that it needs. */
  readonly bitsPerSecond: number;
}

/** What a track may be sent as, from the least to the most that is wanted: each costs more than the one before. */
export interface Ladder {
  readonly rungs: readonly Layer[];
  /** There is more, which is not wanted. */
  readonly isCapped: boolean;
}

/** A picture that is a tenth too small for its place is shown there without a loss that anybody sees. */
const COVERING_PART = 0.9;

/**
 * The steps in which a track goes up. Frames come before size: a bigger picture of a person never has fewer frames than the
 * smaller one had. `prefersSize`: a screen is read rather than watched, so each of its sizes begins with few frames.
 * `layers` in any order.
 */
export function ladderOf(layers: readonly Layer[], wanted: WantedQuality, prefersSize: boolean): Ladder {
  if (layers.length <= 1) return { rungs: layers, isCapped: false };
  const sorted = layers.toSorted(compareLayers);
  const sizes = groupBySize(sorted);
  const covering = sizes.findIndex(([layer]) => coversSize(layer, wanted));
  const wantedSizes = covering < 0 ? sizes : sizes.slice(0, covering + 1);
  let fps = 0;
  const steps = wantedSizes.flatMap((size) => {
    const rates = upToRate(size, wanted.fps);
    const least = prefersSize ? 0 : fps;
    fps = Math.max(fps, rates.at(-1)?.fps ?? 0);
    const enough = rates.filter((layer) => layer.fps >= least * COVERING_PART);
    // Where the rate of this size is the lower one for good its best is better than nothing.
    return enough.length > 0 ? enough : rates.slice(-1);
  });
  const rungs = steps.filter((layer, i) =>
    steps.slice(i + 1).every((later) => later.bitsPerSecond > layer.bitsPerSecond)
  );
  return { rungs, isCapped: steps.at(-1) !== sorted.at(-1) };
}

/** By size, then by rate: below 0 where `a` is the lesser one. */
export function compareLayers(a: Layer, b: Layer): number {
  return a.encoding - b.encoding || a.spatial - b.spatial || a.temporal - b.temporal;
}

function groupBySize(sorted: readonly Layer[]): readonly (readonly Layer[])[] {
  const groups: Layer[][] = [];
  for (const layer of sorted) {
    const last = groups.at(-1);
    if (last?.[0].encoding === layer.encoding && last[0].spatial === layer.spatial) last.push(layer);
    else groups.push([layer]);
  }
  return groups;
}

/** False where it is not known: then the next size may be what is wanted. */
function coversSize(layer: Layer, { width, height }: WantedQuality): boolean {
  if (width === undefined && height === undefined) return false;
  if (layer.width === 0 || layer.height === 0) return false;
  return layer.width >= (width ?? 0) * COVERING_PART && layer.height >= (height ?? 0) * COVERING_PART;
}

function upToRate(size: readonly Layer[], fps: number | undefined): readonly Layer[] {
  if (fps === undefined) return size;
  const enough = size.findIndex((layer) => layer.fps >= fps * COVERING_PART);
  return enough < 0 ? size : size.slice(0, enough + 1);
}
