import { type MediaCounters, newMediaCounters } from "../sfu/track_counters.ts";
import { Drops } from "../webrtc/drops.ts";
import { FORWARD_BOUNDS_MS, type TurnFigures } from "./forward_meter.ts";
import type { BusCounters } from "./media_bus.ts";

/** What carries media from one isolate to another: see src/bus. */
export const BUS_DRIVERS = ["ring", "broadcast", "memory", "broker", "direct"] as const;

/** What an isolate has sent to others by one bus, and received. */
export interface BusFigures {
  readonly driver: (typeof BUS_DRIVERS)[number];
  readonly counters: BusCounters;
}

/** What the media of one isolate has counted since its start. Goes from one isolate to another as JSON. */
export interface MediaFigures {
  readonly tracks: MediaCounters;
  readonly drops: Drops;
  readonly turns: TurnFigures;
  /** Left out where it shares rooms with no other. */
  readonly bus?: BusFigures;
}

/** Of an isolate that has counted nothing yet. */
export function noFigures(): MediaFigures {
  return {
    tracks: newMediaCounters(),
    drops: new Drops(),
    turns: {
      forwarding: { counts: Array(FORWARD_BOUNDS_MS.length + 1).fill(0), sumMs: 0 },
      busyMs: 0,
      longestTurnMs: 0,
    },
  };
}

/** The sums of both; of the longest turns the longer one. */
export function addFigures(a: MediaFigures, b: MediaFigures): MediaFigures {
  const bus = addBusFigures(a.bus, b.bus);
  return {
    ...(bus !== undefined && { bus }),
    tracks: { audio: added(a.tracks.audio, b.tracks.audio), video: added(a.tracks.video, b.tracks.video) },
    drops: added(a.drops, b.drops),
    turns: {
      forwarding: {
        counts: a.turns.forwarding.counts.map((count, at) => count + b.turns.forwarding.counts[at]),
        sumMs: a.turns.forwarding.sumMs + b.turns.forwarding.sumMs,
      },
      busyMs: a.turns.busyMs + b.turns.busyMs,
      longestTurnMs: Math.max(a.turns.longestTurnMs, b.turns.longestTurnMs),
    },
  };
}

/** Those of one isolate and its successor are by one driver. */
function addBusFigures(a: BusFigures | undefined, b: BusFigures | undefined): BusFigures | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return { driver: a.driver, counters: added(a.counters, b.counters) };
}

/** Field by field. */
function added<T extends { readonly [K in keyof T]: number }>(a: T, b: T): T {
  const sum = { ...a };
  for (const key of Object.keys(a) as (keyof T)[]) Object.assign(sum, { [key]: a[key] + b[key] });
  return sum;
}
