/** Pixels. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** What cameras give where nobody asks for anything else. */
const USUAL_TOP: PictureSize = { width: 1280, height: 720 };
/** What browsers spend on 320x180 pixels 30 times a second. */
const SMALL_AREA = 320 * 180;
const SMALL_BITS_PER_SECOND = 150_000;
/** Bits grow slower than pixels. */
const GROWTH = 0.88;
const USUAL_FPS = 30;
/** Of the bits of a stream those that its lower temporal layers take, as browsers divide them, by the number of layers. */
const TEMPORAL_SHARES: readonly (readonly number[])[] = [[1], [0.6, 1], [0.4, 0.6, 1], [0.25, 0.4, 0.6, 1]];

/**
 * Sizes for those that are not known (0 pixels), lowest first: each is twice the one below it, and the highest that of a
 * usual camera. A single one stays unknown: it may be anything.
 */
export function assumeSizes(sizes: readonly PictureSize[]): readonly PictureSize[] {
  if (sizes.length < 2) return sizes;
  const known = sizes.findIndex(({ width, height }) => width > 0 && height > 0);
  const base = known < 0 ? USUAL_TOP : sizes[known];
  const from = known < 0 ? sizes.length - 1 : known;
  return sizes.map((size, i) => {
    if (size.width > 0 && size.height > 0) return size;
    const scale = 2 ** (i - from);
    return { width: Math.round(base.width * scale), height: Math.round(base.height * scale) };
  });
}

/** What a stream of this size will take, where none has been seen; of an unknown size that of a usual camera. */
export function usualBitsPerSecond({ width, height }: PictureSize, temporal: number, temporalLayers: number): number {
  const area = width > 0 && height > 0 ? width * height : USUAL_TOP.width * USUAL_TOP.height;
  const shares = TEMPORAL_SHARES[Math.min(temporalLayers, TEMPORAL_SHARES.length) - 1] ?? [1];
  const share = shares[Math.min(temporal, shares.length - 1)];
  return Math.round(SMALL_BITS_PER_SECOND * (area / SMALL_AREA) ** GROWTH * share);
}

/** Pictures per second up to a temporal layer of a usual camera: each has half of those of the one above it. */
export function usualFps(temporal: number, temporalLayers: number): number {
  return USUAL_FPS / 2 ** Math.max(0, temporalLayers - 1 - temporal);
}
