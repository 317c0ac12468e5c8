import { assumeSizes, type PictureSize, usualBitsPerSecond, usualFps } from "./layer_defaults.ts";
import type { Layer } from "./layer_ladder.ts";

/** Layers are looked at anew after so long: all subscribers of a track share what was found. */
const LOOK_MS = 250;
/** Rates are a mean of so long: a key frame is not what a layer takes. */
const MEAN_MS = 2_000;
/** An encoding that a publisher was asked for and that does not come for so long cannot be had, ... */
export const WAKE_MS = 8_000;
/** ... and is tried again after so long. */
export const RETRY_MS = 15_000;
/** A track that is in one encoding of an unknown rate counts as little: it is sent or not, and soon measured. */
const UNKNOWN_SINGLE: PictureSize = { width: 320, height: 180 };

/** An encoding of a track as far as its layers go: `Encoding`. */
interface LayeredEncoding {
  readonly rid: string | undefined;
  readonly active: boolean;
  readonly spatialLayers: number;
  readonly temporalLayers: number;
  /** Of its highest layer: pixels, 0 where they are not known. */
  readonly width: number;
  readonly height: number;
  widthOf(spatial: number): number;
  heightOf(spatial: number): number;
  /** Of the layers up to these. */
  layerBitsPerSecond(spatial: number, temporal: number, nowMs: number): number;
}

/** A published track as far as its layers go: `Producer`. */
interface LayeredTrack {
  /** Lowest first. */
  readonly encodings: readonly LayeredEncoding[];
  /** Of those that its publisher is to send. */
  readonly wantedRids: readonly string[];
}

/** What is remembered of one encoding. */
interface EncodingMemory {
  /** By spatial and temporal layer, flat; bits per second. */
  readonly means: Map<number, number>;
  /** Since when the publisher was asked in vain; Infinity where it was not. */
  askedMs: number;
  /** Not to be had before. */
  absentUntilMs: number;
}

/** The layers that a published track can be sent in, with what each takes, for all its subscribers. */
export class TrackLayers {
  readonly #track: LayeredTrack;
  readonly #memories = new Map<LayeredEncoding, EncodingMemory>();
  #layers: readonly Layer[] = [];
  #lookedMs = -Infinity;
  #isStale = false;

  constructor(track: LayeredTrack) {
    this.#track = track;
  }

  /** The encodings have another order, by which layers name theirs. */
  handleOrder(): void {
    this.#isStale = true;
  }

  /** Those that are sent, or would be if somebody received them; lowest first. */
  at(nowMs: number): readonly Layer[] {
    const elapsedMs = nowMs - this.#lookedMs;
    if (elapsedMs < LOOK_MS && !this.#isStale) return this.#layers;
    this.#lookedMs = nowMs;
    this.#isStale = false;
    const { encodings, wantedRids } = this.#track;
    const sizes = assumeSizes(encodings.map(({ width, height }) => ({ width, height })));
    this.#layers = encodings.flatMap((encoding, index) => {
      const memory = this.#memoryOf(encoding);
      if (encodings.length > 1 && !canBeHad(encoding, memory, wantedRids, nowMs)) return [];
      return describe(encoding, index, encodings.length, sizes[index], memory, elapsedMs, nowMs);
    });
    return this.#layers;
  }

  #memoryOf(encoding: LayeredEncoding): EncodingMemory {
    let memory = this.#memories.get(encoding);
    if (memory === undefined) {
      memory = { means: new Map(), askedMs: Infinity, absentUntilMs: -Infinity };
      this.#memories.set(encoding, memory);
    }
    return memory;
  }
}

/** Whether an encoding is sent, or comes once it is asked for. */
function canBeHad(
  encoding: LayeredEncoding,
  memory: EncodingMemory,
  wantedRids: readonly string[],
  nowMs: number,
): boolean {
  if (encoding.active) {
    memory.askedMs = Infinity;
    memory.absentUntilMs = -Infinity;
    return true;
  }
  // Nobody can ask for what has no name.
  if (encoding.rid === undefined) return false;
  if (!wantedRids.includes(encoding.rid)) memory.askedMs = Infinity;
  else if (memory.askedMs === Infinity) memory.askedMs = nowMs;
  else if (nowMs - memory.askedMs >= WAKE_MS) {
    memory.askedMs = Infinity;
    memory.absentUntilMs = nowMs + RETRY_MS;
  }
  return nowMs >= memory.absentUntilMs;
}

function describe(
  encoding: LayeredEncoding,
  index: number,
  count: number,
  size: PictureSize,
  memory: EncodingMemory,
  elapsedMs: number,
  nowMs: number,
): Layer[] {
  const layers: Layer[] = [];
  const { spatialLayers, temporalLayers } = encoding;
  for (let spatial = 0; spatial < spatialLayers; spatial++) {
    const picture = sizeOf(encoding, spatial, size);
    for (let temporal = 0; temporal < temporalLayers; temporal++) {
      const fps = usualFps(temporal, temporalLayers);
      const measured = encoding.layerBitsPerSecond(spatial, temporal, nowMs);
      const key = spatial * temporalLayers + temporal;
      const unknown = count > 1 || picture.width > 0 ? picture : UNKNOWN_SINGLE;
      const usual = usualBitsPerSecond(unknown, temporal, temporalLayers);
      const mean = meanOf(memory.means.get(key), measured, usual, elapsedMs);
      if (measured > 0) memory.means.set(key, mean);
      layers.push({
        encoding: index,
        spatial,
        temporal,
        name: nameOf(encoding, index, count, spatial, temporal === temporalLayers - 1 ? "" : `at ${fps} fps`),
        width: picture.width,
        height: picture.height,
        fps,
        bitsPerSecond: mean,
      });
    }
  }
  return layers;
}

/** Of an encoding's spatial layers each has half of the next one's pixels a side, where nothing else is known. */
function sizeOf(encoding: LayeredEncoding, spatial: number, size: PictureSize): PictureSize {
  const width = encoding.widthOf(spatial);
  const height = encoding.heightOf(spatial);
  if (width > 0 && height > 0) return { width, height };
  const scale = 2 ** (encoding.spatialLayers - 1 - spatial);
  return { width: Math.round(size.width / scale), height: Math.round(size.height / scale) };
}

function nameOf(
  { rid, spatialLayers }: LayeredEncoding,
  index: number,
  count: number,
  spatial: number,
  rate: string,
): string {
  const layer = spatialLayers > 1 ? `S${spatial}` : "";
  const encoding = rid ?? (count > 1 ? String(index + 1) : "");
  return [encoding, layer, rate].filter((part) => part !== "").join(" ");
}

/** Nothing measured says nothing: what was is kept. An encoder begins with less than it will send: with how much less it tells. */
function meanOf(before: number | undefined, measured: number, usual: number, elapsedMs: number): number {
  if (measured <= 0) return before ?? usual;
  if (before === undefined) return Math.max(measured, Math.sqrt(measured * usual));
  return before + (measured - before) * (1 - Math.exp(-Math.min(elapsedMs, MEAN_MS * 10) / MEAN_MS));
}
