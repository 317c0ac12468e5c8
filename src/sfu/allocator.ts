import { type Climb, distribute, newClimb, setCosts } from "./distribution.ts";
import { compareLayers, type Ladder, ladderOf, type Layer } from "./layer_ladder.ts";
import { DEFAULT_PRIORITY, type WantedQuality } from "./quality.ts";

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
  /** By what it is known again at the next allocation. */
  readonly id: object | string;
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

/** What a track is sent as, and why; until the next allocation, of whichever subscriber. */
export interface Allocation {
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

/** What is remembered of a track from one allocation to the next. */
interface TrackMemory {
  readonly id: object | string;
  layer: Layer | undefined;
  wanted: WantedQuality;
  /** It gets no better before. */
  heldUntilMs: number;
  holdMs: number;
  roseMs: number;
  /** When it was taken. */
  readonly sinceMs: number;
}

/** A track in the allocation that is under way. */
interface Candidate {
  ladder: Ladder;
  /** Something else is wanted than at the last allocation, or it was in none. */
  asksAnew: boolean;
  readonly climb: Climb;
}

/** As an allocation leaves it. */
type Result = { -readonly [Key in keyof Allocation]: Allocation[Key] };

/** What one allocation of so many tracks works with. */
interface Workplace {
  readonly candidates: readonly Candidate[];
  readonly climbs: readonly Climb[];
  readonly results: readonly Result[];
}

const OFF: Ladder = { rungs: [], isCapped: true };

/** Up to so many tracks. Of more each allocation makes its own. */
const MAX_SHARED = 64;
/** By their numbers of tracks, for all subscribers: each is looked at twice a second, and nothing of this outlives a look. */
const workplaces: (Workplace | undefined)[] = [];

function workplaceOf(count: number): Workplace {
  return count > MAX_SHARED ? newWorkplace(count) : workplaces[count] ??= newWorkplace(count);
}

function newWorkplace(count: number): Workplace {
  const candidates = Array.from({ length: count }, () => ({ ladder: OFF, asksAnew: false, climb: newClimb() }));
  return {
    candidates,
    climbs: candidates.map(({ climb }) => climb),
    results: candidates.map(() => newResult()),
  };
}

function newResult(): Result {
  return { layer: undefined, rule: "nothing", next: undefined, othersBitsPerSecond: 0, waitMs: 0 };
}

/**
 * Splits what the network carries to one subscriber between the videos that it receives (rules B330 to B338). Sound goes
 * first, nothing is sent above what is wanted, and what got worse takes its time to get better.
 */
export class Allocator {
  /** Bits per second of all that is wanted, sound included, as of the last allocation. */
  wantedBitsPerSecond = 0;
  /** In the order of the tracks. */
  #memories: readonly TrackMemory[] = [];
  #riseMs = -Infinity;
  /** Since when first layers that are sent do not fit; Infinity where they do. */
  #shortMs = Infinity;

  /** What was in vain on one way to the subscriber says nothing of another: nothing waits for it any longer. */
  forgetWaits(): void {
    this.#riseMs = -Infinity;
    this.#shortMs = Infinity;
    for (const memory of this.#memories) {
      memory.heldUntilMs = -Infinity;
      memory.holdMs = HOLD_MS;
      memory.roseMs = -Infinity;
    }
  }

  /** `tracks` in the order in which they were subscribed; so are the allocations. */
  allocate(tracks: readonly AllocatedTrack[], supply: Supply, nowMs: number): readonly Allocation[] {
    const { soundBitsPerSecond } = supply;
    const { candidates, climbs, results } = workplaceOf(tracks.length);
    this.#take(tracks, candidates, nowMs);
    const memories = this.#memories;
    let wanted = 0;
    for (const { ladder: { rungs } } of candidates) {
      if (rungs.length > 0) wanted += rungs[rungs.length - 1].bitsPerSecond;
    }
    this.wantedBitsPerSecond = wanted + soundBitsPerSecond;
    const isAmple = supply.bitsPerSecond >= this.wantedBitsPerSecond * AMPLE;
    for (let i = 0; i < candidates.length; i++) {
      const { climb, asksAnew } = candidates[i];
      climb.isHeld = nowMs < memories[i].heldUntilMs;
      // Who asks for more does not wait for what others got before.
      climb.staysAtFloor = !isAmple && nowMs < this.#mayRiseMs(memories[i], nowMs) && !asksAnew;
    }
    const budget = supply.bitsPerSecond - soundBitsPerSecond;
    distribute(budget, climbs);
    if (this.#keepFirsts(climbs, nowMs)) distribute(budget, climbs);
    let sent = soundBitsPerSecond;
    for (const climb of climbs) sent += costAt(climb);
    for (let i = 0; i < results.length; i++) this.#tell(results[i], tracks[i], candidates[i], memories[i], sent, nowMs);
    for (let i = 0; i < results.length; i++) this.#remember(memories[i], candidates[i], nowMs);
    return results;
  }

  /** True where tracks that would be paused keep their first layers for the present: then all have less. */
  #keepFirsts(climbs: readonly Climb[], nowMs: number): boolean {
    let isShort = false;
    for (const { present, level } of climbs) isShort ||= present >= 0 && level < 0;
    this.#shortMs = isShort ? Math.min(this.#shortMs, nowMs) : Infinity;
    if (!isShort || nowMs - this.#shortMs >= KEEP_MS) return false;
    for (const climb of climbs) climb.isKept = climb.present >= 0;
    return true;
  }

  /** Makes candidates of these tracks, ready to climb; what was remembered of others is forgotten. */
  #take(tracks: readonly AllocatedTrack[], candidates: readonly Candidate[], nowMs: number): void {
    for (const candidate of candidates) candidate.asksAnew = false;
    if (!isOf(this.#memories, tracks)) {
      const before = new Map(this.#memories.map((memory) => [memory.id, memory]));
      this.#memories = tracks.map((track, i) => {
        candidates[i].asksAnew = !before.has(track.id);
        return before.get(track.id) ?? newMemory(track, nowMs);
      });
    }
    for (let i = 0; i < tracks.length; i++) prepare(candidates[i], tracks[i], this.#memories[i]);
  }

  #mayRiseMs(memory: TrackMemory, nowMs: number): number {
    return this.#riseMs + (isYoung(memory, nowMs) ? YOUNG_WAIT_MS : RISE_MS);
  }

  #tell(
    result: Result,
    track: AllocatedTrack,
    { ladder: { rungs, isCapped }, climb }: Candidate,
    memory: TrackMemory,
    sent: number,
    nowMs: number,
  ): void {
    result.layer = climb.level < 0 ? undefined : rungs[climb.level];
    result.next = climb.level + 1 < rungs.length ? rungs[climb.level + 1] : undefined;
    result.othersBitsPerSecond = sent - costAt(climb);
    result.waitMs = Math.max(memory.heldUntilMs, this.#mayRiseMs(memory, nowMs)) - nowMs;
    result.rule = ruleOf(track, climb, isCapped);
  }

  #remember(memory: TrackMemory, { ladder: { rungs }, climb }: Candidate, nowMs: number): void {
    const before = memory.layer;
    memory.layer = climb.level < 0 ? undefined : rungs[climb.level];
    const change = compareOptional(memory.layer, before);
    if (change > 0) {
      memory.roseMs = nowMs;
      if (before !== undefined) this.#riseMs = nowMs;
    }
    // Where it has all that is wanted, or that there is, the network has taken nothing.
    if (change < 0 && climb.stop !== "top") {
      const wasVain = nowMs - memory.roseMs < VAIN_MS;
      memory.holdMs = wasVain ? Math.min(memory.holdMs * 2, MAX_HOLD_MS) : HOLD_MS;
      if (isYoung(memory, nowMs)) memory.holdMs = HOLD_MS;
      memory.heldUntilMs = nowMs + (isYoung(memory, nowMs) ? YOUNG_WAIT_MS : memory.holdMs);
      this.#riseMs = nowMs;
    }
  }
}

function isOf(memories: readonly TrackMemory[], tracks: readonly AllocatedTrack[]): boolean {
  if (memories.length !== tracks.length) return false;
  for (let i = 0; i < tracks.length; i++) if (memories[i].id !== tracks[i].id) return false;
  return true;
}

function newMemory({ id, wanted }: AllocatedTrack, nowMs: number): TrackMemory {
  return {
    id,
    layer: undefined,
    wanted,
    heldUntilMs: -Infinity,
    holdMs: HOLD_MS,
    roseMs: -Infinity,
    sinceMs: nowMs,
  };
}

/** At the foot of its ladder, as of now. */
function prepare(candidate: Candidate, { layers, wanted, prefersSize }: AllocatedTrack, memory: TrackMemory): void {
  const { climb } = candidate;
  if (memory.wanted !== wanted) candidate.asksAnew = true;
  memory.wanted = wanted;
  candidate.ladder = wanted.off ? OFF : ladderOf(layers, wanted, prefersSize);
  const { rungs } = candidate.ladder;
  setCosts(climb, rungs);
  climb.rank = wanted.pinned ? Infinity : wanted.priority ?? DEFAULT_PRIORITY;
  climb.stage = wanted.pinned ? stageOf(rungs, prefersSize) : -1;
  climb.present = presentOf(rungs, memory.layer);
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
function presentOf(rungs: readonly Layer[], layer: Layer | undefined): number {
  if (layer === undefined) return -1;
  let present = rungs.length - 1;
  while (present > 0 && compareLayers(rungs[present], layer) > 0) present--;
  return present;
}

function isYoung({ sinceMs }: TrackMemory, nowMs: number): boolean {
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
