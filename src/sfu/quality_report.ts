import type { Layer } from "./layer_ladder.ts";
import type { TrackQuality, TrackState, WantedQuality } from "./quality.ts";
import type { Kind, Source, TrackId } from "./types.ts";

/** A track on its way to a subscriber, as far as its quality goes: `Consumer`. */
export interface ConsumerLike {
  readonly producer: {
    readonly id: TrackId;
    readonly kind: Kind;
    readonly source: Source;
    /** Nothing of it is to be forwarded. */
    readonly isMuted: boolean;
    readonly encodings: { readonly length: number };
    readonly layers: { at(nowMs: number): readonly Layer[] };
  };
  /** Whether packets go on to the subscriber. */
  readonly started: boolean;
  /** The subscriber tells which of its packets came. */
  readonly numbersPackets: boolean;
  /** What is forwarded. */
  readonly current: {
    readonly encoding: {
      readonly rid: string | undefined;
      readonly spatialLayers: number;
      readonly temporalLayers: number;
      widthOf(spatial: number): number;
      heightOf(spatial: number): number;
      framesPerSecond(temporal: number, nowMs: number): number;
    };
    readonly spatial: number;
    readonly temporal: number;
  };
  /** All that was sent of it, modulo 2^32 as a signed number. */
  readonly bytesSent: number;
  /** The highest encoding to forward, by its index, and the highest layers of it; Infinity for all. */
  setTarget(encoding: number, spatial: number, temporal: number, nowMs: number): void;
  /** Takes packets for the first time: who asks for a picture is who knows when the way is open. */
  begin(): void;
  pause(): void;
  /** Goes on with a picture, which is asked for. */
  resume(nowMs: number): void;
}

/** What was decided about a track. */
export interface TrackFacts {
  reason: string;
  wanted: WantedQuality;
  isPaused: boolean;
}

/** What a subscriber gets of one track: of what is chosen that which is sent already. */
export function describeTrack(
  consumer: ConsumerLike,
  bitsPerSecond: number,
  facts: TrackFacts,
  nowMs: number,
): TrackQuality {
  const { producer: { id: trackId, kind, encodings }, current, started } = consumer;
  const { isPaused, reason } = facts;
  const state = stateOf(facts, started);
  const wanted = sizeWanted(facts.wanted);
  const isPicture = state === "sent" && kind === "video";
  const { encoding: { rid, spatialLayers, temporalLayers }, spatial, temporal } = current;
  const width = current.encoding.widthOf(spatial);
  const height = current.encoding.heightOf(spatial);
  const fps = Math.round(current.encoding.framesPerSecond(temporal, nowMs));
  return {
    trackId,
    state,
    ...(isPicture && width > 0 && { width, height }),
    ...(isPicture && fps > 0 && { fps }),
    ...(isPicture && rid !== undefined && encodings.length > 1 && { rid }),
    ...(isPicture && spatialLayers > 1 && { spatial }),
    ...(isPicture && temporalLayers > 1 && { temporal }),
    ...(!isPaused && { bitrate: Math.round(bitsPerSecond) }),
    ...(wanted !== undefined && { wanted }),
    reason,
  };
}

function stateOf({ isPaused, wanted }: TrackFacts, started: boolean): TrackState {
  if (wanted.off) return "off";
  if (isPaused) return "paused";
  return started ? "sent" : "waiting";
}

function sizeWanted({ width, height, fps }: WantedQuality): TrackQuality["wanted"] {
  if (width === undefined && height === undefined && fps === undefined) return undefined;
  return {
    ...(width !== undefined && { width }),
    ...(height !== undefined && { height }),
    ...(fps !== undefined && { fps }),
  };
}
