import type { AllocatedTrack, Allocation } from "../../src/sfu/allocator.ts";
import type { Layer } from "../../src/sfu/layer_ladder.ts";
import type { WantedQuality } from "../../src/sfu/quality.ts";

/** What a camera's encoding takes in all, in bits per second. */
export const CAMERA_RATES = [150_000, 500_000, 2_000_000];
const RIDS = ["q", "h", "f"];
const RATES = [7.5, 15, 30];

/** A camera of 1280x720 in three sizes, each at 7.5, 15 and 30 fps, which take a third, two thirds and all of its bits. */
export function cameraLayers(rates: readonly number[] = CAMERA_RATES): readonly Layer[] {
  return rates.flatMap((bitsPerSecond, encoding) =>
    RATES.map((fps, temporal) => ({
      encoding,
      spatial: 0,
      temporal,
      name: fps === 30 ? RIDS[encoding] : `${RIDS[encoding]} at ${fps} fps`,
      width: 320 * 2 ** encoding,
      height: 180 * 2 ** encoding,
      fps,
      bitsPerSecond: Math.round(bitsPerSecond * (temporal + 1) / 3),
    }))
  );
}

export function camera(id: string, wanted: WantedQuality = {}, layers = cameraLayers()): AllocatedTrack {
  return { id, layers, wanted, prefersSize: false };
}

/** As in `A: 360p30, B: -`. */
export function describeAllocations(tracks: readonly AllocatedTrack[], allocations: readonly Allocation[]): string {
  return allocations
    .map(({ layer }, i) => `${tracks[i].id}: ${layer === undefined ? "-" : `${layer.height}p${layer.fps}`}`)
    .join(", ");
}
