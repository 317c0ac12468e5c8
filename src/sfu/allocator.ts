import { type Climb, distribute } from "./distribution.ts";
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

/** What is remembered of a track. */
interface Memory {
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

interface Candidate {
  readonly track: AllocatedTrack;
  readonly ladder: Ladder;
  readonly memory: Memory;
  readonly climb: Climb;
}

/**
 * Splits what the network carries to one subscriber between the videos that it receives (rules B330 to B338). Sound goes
 * first, nothing is sent above what is wanted, and what got worse takes its time to get better.
 */
export class Allocator {
  /** Bits per second of all that is wanted, sound included, as of the last allocation. */
  wantedBitsPerSecond = 0;
  readonly #memories = new Map<TrackId, Memory>();
  #riseMs = -Infinity;
  /** Since when first layers that are sent do not fit; Infinity where they do. */
  #shortMs = Infinity;

  /** What was in vain on one way to the subscriber says nothing of another: nothing waits for it any longer. */
  forgetWaits(): void {
    this.#riseMs = -Infinity;
    this.#shortMs = Infinity;
    for (const memory of this.#memories.values()) {
      memory.heldUntilMs = -Infinity;
      memory.holdMs = HOLD_MS;
      memory.roseMs = -Infinity;
    }
  }

  /** `tracks` in the order in which they were subscribed. */
  allocate(tracks: readonly AllocatedTrack[], supply: Supply, nowMs: number): readonly Allocation[] {
    this.#forgetOthers(tracks);
    const candidates = tracks.map((track) => this.#candidateOf(track, nowMs));
    const { soundBitsPerSecond } = supply;
    const wanted = candidates.reduce((sum, { ladder }) => sum + (ladder.rungs.at(-1)?.bitsPerSecond ?? 0), 0);
    this.wantedBitsPerSecond = wanted + soundBitsPerSecond;
    const isAmple = supply.bitsPerSecond >= this.wantedBitsPerSecond * AMPLE;
    for (const { climb, memory } of candidates) {
      climb.isHeld = nowMs < memory.heldUntilMs;
      // Who asks for more does not wait for what others got before.
      climb.staysAtFloor = !isAmple && nowMs < this.#mayRiseMs(memory, nowMs) && !memory.asksAnew;
    }
    const climbs = candidates.map(({ climb }) => climb);
    distribute(supply.bitsPerSecond - soundBitsPerSecond, climbs);
    if (this.#keepFirsts(candidates, nowMs)) distribute(supply.bitsPerSecond - soundBitsPerSecond, climbs);
    const sent = candidates.reduce((sum, { climb }) => sum + costAt(climb), soundBitsPerSecond);
    const allocations = candidates.map((candidate) => this.#allocationOf(candidate, sent, nowMs));
    for (const candidate of candidates) this.#remember(candidate, nowMs);
    return allocations;
  }

  /** True where tracks that would be paused keep their first layers for the present: then all have less. */
  #keepFirsts(candidates: readonly Candidate[], nowMs: number): boolean {
    const isShort = candidates.some(({ climb: { present, level } }) => present >= 0 && level < 0);
    this.#shortMs = isShort ? Math.min(this.#shortMs, nowMs) : Infinity;
    if (!isShort || nowMs - this.#shortMs >= KEEP_MS) return false;
    for (const { climb } of candidates) climb.isKept = climb.present >= 0;
    return true;
  }

  #forgetOthers(tracks: readonly AllocatedTrack[]): void {
    if (this.#memories.size === tracks.length && tracks.every(({ id }) => this.#memories.has(id))) return;
    const ids = new Set(tracks.map(({ id }) => id));
    for (const id of this.#memories.keys()) if (!ids.has(id)) this.#memories.delete(id);
  }

  #mayRiseMs(memory: Memory, nowMs: number): number {
    return this.#riseMs + (isYoung(memory, nowMs) ? YOUNG_WAIT_MS : RISE_MS);
  }

  #candidateOf(track: AllocatedTrack, nowMs: number): Candidate {
    const { wanted } = track;
    const memory = this.#memoryOf(track, nowMs);
    const ladder = wanted.off ? { rungs: [], isCapped: true } : ladderOf(track.layers, wanted, track.prefersSize);
    const climb: Climb = {
      costs: ladder.rungs.map(({ bitsPerSecond }) => bitsPerSecond),
      rank: wanted.pinned ? Infinity : wanted.priority ?? DEFAULT_PRIORITY,
      stage: wanted.pinned ? stageOf(ladder.rungs, track.prefersSize) : -1,
      present: presentOf(ladder, memory.layer),
      isKept: false,
      isHeld: false,
      staysAtFloor: false,
      level: -1,
      stop: "top",
    };
    return { track, ladder, memory, climb };
  }

  #memoryOf({ id, wanted }: AllocatedTrack, nowMs: number): Memory {
    let memory = this.#memories.get(id);
    if (memory === undefined) {
      memory = {
        layer: undefined,
        wanted,
        asksAnew: true,
        heldUntilMs: -Infinity,
        holdMs: HOLD_MS,
        roseMs: -Infinity,
        sinceMs: nowMs,
      };
      this.#memories.set(id, memory);
    }
    memory.asksAnew ||= memory.wanted !== wanted;
    memory.wanted = wanted;
    return memory;
  }

  #allocationOf({ track, ladder, memory, climb }: Candidate, sent: number, nowMs: number): Allocation {
    const { rungs, isCapped } = ladder;
    const layer = rungs[climb.level];
    const next = rungs[climb.level + 1];
    const othersBitsPerSecond = sent - costAt(climb);
    const waitMs = Math.max(memory.heldUntilMs, this.#mayRiseMs(memory, nowMs)) - nowMs;
    return { id: track.id, layer, rule: ruleOf(track, climb, isCapped), next, othersBitsPerSecond, waitMs };
  }

  #remember({ memory, climb, ladder }: Candidate, nowMs: number): void {
    const before = memory.layer;
    const layer = ladder.rungs[climb.level];
    memory.layer = layer;
    memory.asksAnew = false;
    const change = compareOptional(layer, before);
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

function isYoung({ sinceMs }: Memory, nowMs: number): boolean {
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
