import { type Climb, distribute, newClimb, setCosts } from "./distribution.ts";
import { compareLayers, type Ladder, ladderOf, type Layer } from "./layer_ladder.ts";
import { DEFAULT_PRIORITY, type WantedQuality } from "./quality.ts";
import type { TrackId } from "./types.ts";

/** After a picture got worse it gets no better for so long, and for longer where that was in vain the last time. */
export const HOLD_MS = 5_000;
export const MAX_HOLD_MS = 10_000;
/** A picture that got better and worse again within so long got better in vain. */
const VAIN_MS = 20_000;
/** A picture that does not fit is kept for so long: to pause it is worse than a short queue. */
export const KEEP_MS = 3_000;
/** Pictures get better together, and not again for so long. */
export const RISE_MS = 5_000;
/** A track that was taken a moment ago waits less: nobody has got used to it, and little is known of its way. */
const YOUNG_MS = 6_000;
const YOUNG_WAIT_MS = 2_000;
/** Unless there is so much more than all that is wanted that nothing can come between. */
const AMPLE = 1.3;

/** A video as one subscriber may be sent it. */
export interface AllocatedTrack {
  readonly id: TrackId;
  /** Those that its publisher sends, or would send if somebody received them. */
  readonly layers: readonly Layer[];
  readonly wanted: WantedQuality;
  /** A screen: read rather than watched. */
  readonly prefersSize: boolean;
}

/** What there is for a subscriber. */
export interface Supply {
  /** Of all that goes to it. */
  readonly bitsPerSecond: number;
  /** Of what it is sent in any case: sound. */
  readonly soundBitsPerSecond: number;
}

/** Which rule decided about a track. */
export type AllocationRule =
  /** Nothing of it is wanted. */
  | "off"
  /** Its publisher sends nothing of it. */
  | "nothing"
  /** It is all there is. */
  | "best"
  /** It is all that is wanted. */
  | "wanted"
  /** The next layer does not fit. */
  | "room"
  /** The next layer would fit, but not with the margin that it takes to begin. */
  | "margin"
  /** The next layer fits, but something has changed a moment ago. */
  | "hold";

/** What a track is sent as, and why. */
export interface Allocation {
  readonly id: TrackId;
  /** Undefined where it is not sent. */
  readonly layer: Layer | undefined;
  readonly rule: AllocationRule;
  /** What would be sent if the rule were not. */
  readonly next: Layer | undefined;
  /** Bits per second of all that the subscriber is sent besides. */
  readonly othersBitsPerSecond: number;
  /** How long the rule holds, where it is `hold`. */
  readonly waitMs: number;
}

/** A track in the allocation that is under way, and what is remembered of it until the next one. */
interface Candidate {
  readonly id: TrackId;
  track: AllocatedTrack;
  ladder: Ladder;
  readonly climb: Climb;
  layer: Layer | undefined;
  wanted: WantedQuality;
  /** Something else is wanted than at the last allocation. */
  asksAnew: boolean;
  /** It gets no better before. */
  heldUntilMs: number;
  holdMs: number;
  roseMs: number;
  /** When it was taken. */
  readonly sinceMs: number;
}

const OFF: Ladder = { rungs: [], isCapped: true };

/**
 * Splits what the network carries to one subscriber between the videos that it receives (rules B330 to B338). Sound goes
 * first, nothing is sent above what is wanted, and what got worse takes its time to get better.
 */
export class Allocator {
  /** Bits per second of all that is wanted, sound included, as of the last allocation. */
  wantedBitsPerSecond = 0;
  /** In the order of the tracks. They stay, and so do their climbs: each subscriber's are asked for twice a second. */
  #candidates: readonly Candidate[] = [];
  #climbs: readonly Climb[] = [];
  #riseMs = -Infinity;
  /** Since when first layers that are sent do not fit; Infinity where they do. */
  #shortMs = Infinity;

  /** What was in vain on one way to the subscriber says nothing of another: nothing waits for it any longer. */
  forgetWaits(): void {
    this.#riseMs = -Infinity;
    this.#shortMs = Infinity;
    for (const candidate of this.#candidates) {
      candidate.heldUntilMs = -Infinity;
      candidate.holdMs = HOLD_MS;
      candidate.roseMs = -Infinity;
    }
  }

  /** `tracks` in the order in which they were subscribed. */
  allocate(tracks: readonly AllocatedTrack[], supply: Supply, nowMs: number): readonly Allocation[] {
    const { soundBitsPerSecond } = supply;
    const candidates = this.#take(tracks, nowMs);
    let wanted = 0;
    for (const { ladder: { rungs } } of candidates) wanted += rungs.at(-1)?.bitsPerSecond ?? 0;
    this.wantedBitsPerSecond = wanted + soundBitsPerSecond;
    const isAmple = supply.bitsPerSecond >= this.wantedBitsPerSecond * AMPLE;
    for (const candidate of candidates) {
      const { climb, heldUntilMs, asksAnew } = candidate;
      climb.isHeld = nowMs < heldUntilMs;
      // Who asks for more does not wait for what others got before.
      climb.staysAtFloor = !isAmple && nowMs < this.#mayRiseMs(candidate, nowMs) && !asksAnew;
    }
    const budget = supply.bitsPerSecond - soundBitsPerSecond;
    distribute(budget, this.#climbs);
    if (this.#keepFirsts(nowMs)) distribute(budget, this.#climbs);
    let sent = soundBitsPerSecond;
    for (const climb of this.#climbs) sent += costAt(climb);
    const allocations: Allocation[] = [];
    for (const candidate of candidates) allocations.push(this.#allocationOf(candidate, sent, nowMs));
    for (const candidate of candidates) this.#remember(candidate, nowMs);
    return allocations;
  }

  /** True where tracks that would be paused keep their first layers for the present: then all have less. */
  #keepFirsts(nowMs: number): boolean {
    let isShort = false;
    for (const { present, level } of this.#climbs) isShort ||= present >= 0 && level < 0;
    this.#shortMs = isShort ? Math.min(this.#shortMs, nowMs) : Infinity;
    if (!isShort || nowMs - this.#shortMs >= KEEP_MS) return false;
    for (const climb of this.#climbs) climb.isKept = climb.present >= 0;
    return true;
  }

  /** The candidates of these tracks, ready to climb; what was remembered of others is forgotten. */
  #take(tracks: readonly AllocatedTrack[], nowMs: number): readonly Candidate[] {
    if (!isOf(this.#candidates, tracks)) {
      const before = new Map(this.#candidates.map((candidate) => [candidate.id, candidate]));
      this.#candidates = tracks.map((track) => before.get(track.id) ?? newCandidate(track, nowMs));
      this.#climbs = this.#candidates.map(({ climb }) => climb);
    }
    for (let i = 0; i < tracks.length; i++) prepare(this.#candidates[i], tracks[i]);
    return this.#candidates;
  }

  #mayRiseMs(candidate: Candidate, nowMs: number): number {
    return this.#riseMs + (isYoung(candidate, nowMs) ? YOUNG_WAIT_MS : RISE_MS);
  }

  #allocationOf(candidate: Candidate, sent: number, nowMs: number): Allocation {
    const { track, ladder: { rungs, isCapped }, climb } = candidate;
    const layer = rungs[climb.level];
    const next = rungs[climb.level + 1];
    const othersBitsPerSecond = sent - costAt(climb);
    const waitMs = Math.max(candidate.heldUntilMs, this.#mayRiseMs(candidate, nowMs)) - nowMs;
    return { id: track.id, layer, rule: ruleOf(track, climb, isCapped), next, othersBitsPerSecond, waitMs };
  }

  #remember(candidate: Candidate, nowMs: number): void {
    const { layer: before, climb, ladder } = candidate;
    const layer = ladder.rungs[climb.level];
    candidate.layer = layer;
    candidate.asksAnew = false;
    const change = compareOptional(layer, before);
    if (change > 0) {
      candidate.roseMs = nowMs;
      if (before !== undefined) this.#riseMs = nowMs;
    }
    // Where it has all that is wanted, or that there is, the network has taken nothing.
    if (change < 0 && climb.stop !== "top") {
      const wasVain = nowMs - candidate.roseMs < VAIN_MS;
      candidate.holdMs = wasVain ? Math.min(candidate.holdMs * 2, MAX_HOLD_MS) : HOLD_MS;
      if (isYoung(candidate, nowMs)) candidate.holdMs = HOLD_MS;
      candidate.heldUntilMs = nowMs + (isYoung(candidate, nowMs) ? YOUNG_WAIT_MS : candidate.holdMs);
      this.#riseMs = nowMs;
    }
  }
}

function isOf(candidates: readonly Candidate[], tracks: readonly AllocatedTrack[]): boolean {
  if (candidates.length !== tracks.length) return false;
  for (let i = 0; i < tracks.length; i++) if (candidates[i].id !== tracks[i].id) return false;
  return true;
}

function newCandidate(track: AllocatedTrack, nowMs: number): Candidate {
  return {
    id: track.id,
    track,
    ladder: OFF,
    climb: newClimb(),
    layer: undefined,
    wanted: track.wanted,
    asksAnew: true,
    heldUntilMs: -Infinity,
    holdMs: HOLD_MS,
    roseMs: -Infinity,
    sinceMs: nowMs,
  };
}

/** At the foot of its ladder, as of now. */
function prepare(candidate: Candidate, track: AllocatedTrack): void {
  const { layers, wanted, prefersSize } = track;
  const { climb } = candidate;
  candidate.track = track;
  candidate.asksAnew ||= candidate.wanted !== wanted;
  candidate.wanted = wanted;
  candidate.ladder = wanted.off ? OFF : ladderOf(layers, wanted, prefersSize);
  const { rungs } = candidate.ladder;
  setCosts(climb, rungs);
  climb.rank = wanted.pinned ? Infinity : wanted.priority ?? DEFAULT_PRIORITY;
  climb.stage = wanted.pinned ? stageOf(rungs, prefersSize) : -1;
  climb.present = presentOf(candidate.ladder, candidate.layer);
  climb.isKept = false;
}

/** What is on the stage is worth seeing from this height on: up to there it goes before all others have anything. */
const STAGE_HEIGHT = 360;

/** Of the rungs of a pinned track the one that it gets before others get theirs; a screen is worth seeing as a whole. */
function stageOf(rungs: readonly Layer[], prefersSize: boolean): number {
  if (prefersSize) return rungs.length - 1;
  const enough = rungs.findIndex(({ width, height }) => Math.min(width, height) >= STAGE_HEIGHT);
  return enough < 0 ? rungs.length - 1 : enough;
}

/** The rung that a track is at; where that is none any more the one below, or the first: what is sent does not begin anew. */
function presentOf({ rungs }: Ladder, layer: Layer | undefined): number {
  if (layer === undefined || rungs.length === 0) return -1;
  return Math.max(0, rungs.findLastIndex((rung) => compareLayers(rung, layer) <= 0));
}

function isYoung({ sinceMs }: Candidate, nowMs: number): boolean {
  return nowMs - sinceMs < YOUNG_MS;
}

function costAt({ costs, level }: Climb): number {
  return level < 0 ? 0 : costs[level];
}

function ruleOf({ layers, wanted }: AllocatedTrack, { stop }: Climb, isCapped: boolean): AllocationRule {
  if (wanted.off) return "off";
  if (layers.length === 0) return "nothing";
  if (stop === "top") return isCapped ? "wanted" : "best";
  return stop;
}

function compareOptional(a: Layer | undefined, b: Layer | undefined): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  return compareLayers(a, b);
}
