import type { PublishedTrack } from "../sfu/types.ts";

/**
 * How a track comes into a slot where all are taken: `now`, in the place of a less relevant one; `inTurn`, the same as
 * often as the pace allows; `whereFree`, not at all.
 */
export type Claim = "now" | "inTurn" | "whereFree";

/** A track that may fill a slot. */
export interface Candidate {
  readonly track: PublishedTrack;
  readonly claim: Claim;
}

/** A slot as it is filled at present. */
export interface FilledSlot {
  readonly track: PublishedTrack | undefined;
  /** When its track took the place of another one, ms; -Infinity where it found the slot empty. */
  readonly swappedMs: number;
  accepts(track: PublishedTrack): boolean;
}

/** How often tracks take each other's places in turn. */
export interface SwapPace {
  /** What has taken another one's place keeps it for so long. */
  readonly stayMs: number;
  /** From one swap to the next one, whichever the slot. */
  readonly intervalMs: number;
}

export interface Assignment {
  /** By the index of the slot. */
  readonly tracks: readonly (PublishedTrack | undefined)[];
  /** The slots whose track has taken another one's place. */
  readonly swapped: readonly number[];
  /** When a track that waits for its turn may have it; Infinity where none waits. */
  readonly nextMs: number;
}

/** When nothing but empty slots is to be filled: the time is not known. */
export const NO_SWAPS = -Infinity;

/**
 * Fills the slots of one kind. A track that is a candidate stays where it is. Empty slots take the first candidates that
 * they can; then each further one that claims a place takes that of the least relevant track, if that is less relevant.
 * `candidates` has the most relevant first, and claims in the order of `Claim`; `lastSwapMs` is when tracks have changed
 * places in turn last.
 */
export function assignSlots(
  slots: readonly FilledSlot[],
  candidates: readonly Candidate[],
  pace: SwapPace,
  lastSwapMs: number,
  nowMs: number,
): Assignment {
  const ranks = new Map(candidates.map(({ track }, rank) => [track.id, rank]));
  const tracks = slots.map(({ track }) => track !== undefined && ranks.has(track.id) ? track : undefined);
  const shown = new Set(tracks.map((track) => track?.id));
  fillEmpty(slots, candidates, tracks, shown);
  const swapped: number[] = [];
  if (nowMs === NO_SWAPS) return { tracks, swapped, nextMs: Infinity };

  let nextMs = Infinity;
  let turnMs = lastSwapMs + pace.intervalMs;
  for (const [rank, { track, claim }] of candidates.entries()) {
    if (claim === "whereFree") break;
    if (shown.has(track.id)) continue;
    const place = leastRelevant(slots, tracks, ranks, rank, track);
    if (place === undefined) continue;
    if (claim === "inTurn") {
      const stayedMs = swapped.includes(place) ? nowMs : slots[place].swappedMs;
      const dueMs = Math.max(turnMs, stayedMs + pace.stayMs);
      if (dueMs > nowMs) {
        nextMs = Math.min(nextMs, dueMs);
        continue;
      }
      turnMs = nowMs + pace.intervalMs;
    }
    shown.delete(tracks[place]?.id);
    shown.add(track.id);
    tracks[place] = track;
    swapped.push(place);
  }
  return { tracks, swapped, nextMs };
}

function fillEmpty(
  slots: readonly FilledSlot[],
  candidates: readonly Candidate[],
  tracks: (PublishedTrack | undefined)[],
  shown: Set<string | undefined>,
): void {
  let empty = tracks.filter((track) => track === undefined).length;
  for (const { track } of candidates) {
    if (empty === 0) return;
    if (shown.has(track.id)) continue;
    const place = tracks.findIndex((held, index) => held === undefined && slots[index].accepts(track));
    if (place < 0) continue;
    tracks[place] = track;
    shown.add(track.id);
    empty--;
  }
}

/** The slot of the track that matters least, and less than the one of `rank`; undefined where there is none. */
function leastRelevant(
  slots: readonly FilledSlot[],
  tracks: readonly (PublishedTrack | undefined)[],
  ranks: ReadonlyMap<string, number>,
  rank: number,
  track: PublishedTrack,
): number | undefined {
  let place: number | undefined;
  let least = rank;
  for (const [index, held] of tracks.entries()) {
    const heldRank = held === undefined ? -1 : ranks.get(held.id) ?? -1;
    if (heldRank <= least || !slots[index].accepts(track)) continue;
    place = index;
    least = heldRank;
  }
  return place;
}
