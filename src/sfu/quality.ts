import type { TrackId } from "./types.ts";

/** What a subscriber wants of one track. What is left out is at its default: all there is, of the usual importance. */
export interface WantedQuality {
  /** Pixels in which it is shown; what covers them is enough. */
  readonly width?: number | undefined;
  readonly height?: number | undefined;
  /** Pictures per second; what has that many is enough. */
  readonly fps?: number | undefined;
  /** 0 to 255; more goes before less. 1 where it is left out. */
  readonly priority?: number | undefined;
  /** Goes before all that is not. */
  readonly pinned?: boolean | undefined;
  /** Nothing of it is wanted for now. */
  readonly off?: boolean | undefined;
}

export const ALL_WANTED: WantedQuality = {};
export const DEFAULT_PRIORITY = 1;

/** Whether both want the same, by what is left out too. */
export function isSameWanted(a: WantedQuality, b: WantedQuality): boolean {
  return a.width === b.width && a.height === b.height && a.fps === b.fps &&
    (a.priority ?? DEFAULT_PRIORITY) === (b.priority ?? DEFAULT_PRIORITY) &&
    (a.pinned ?? false) === (b.pinned ?? false) && (a.off ?? false) === (b.off ?? false);
}

/**
 * What becomes of a track: it is sent; it is paused, as the network has no room for it; it is off, as its subscriber wants;
 * or it waits until its picture or its sound begins.
 */
export type TrackState = "sent" | "paused" | "off" | "waiting";

/** What one subscriber gets of one track, and why. */
export interface TrackQuality {
  readonly trackId: TrackId;
  readonly state: TrackState;
  /** Pixels; left out where they are not known, as the others. */
  readonly width?: number;
  readonly height?: number;
  readonly fps?: number;
  /** Of the simulcast encoding that is sent. */
  readonly rid?: string;
  /** Layers, from 0; left out where the track has one. */
  readonly spatial?: number;
  readonly temporal?: number;
  /** Bits per second. */
  readonly bitrate?: number;
  /** What of the size and rate the subscriber asked for. */
  readonly wanted?: { readonly width?: number; readonly height?: number; readonly fps?: number };
  /** The rule that decided, in words and numbers for people. */
  readonly reason: string;
}

/** What a subscriber is told: what has changed since it was told last, or all there is where something has. */
export type QualityTelling = "changes" | "whole";

/** What one subscriber gets, and why. */
export interface QualityReport {
  /** Bits per second that the network is believed to carry to the subscriber, or the server allows where that is less. */
  readonly bitrate: number;
  /** Part of the packets that were lost on the way, 0 to 1, in the last second or so. */
  readonly loss?: number;
  /** Milliseconds. */
  readonly roundTrip?: number;
  /** What the estimate was decided by. */
  readonly limitedBy: string;
  readonly tracks: readonly TrackQuality[];
}
