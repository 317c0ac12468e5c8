/** More layers than a stream has in practice count as its highest one here. */
export const MAX_SPATIAL = 4;
export const MAX_TEMPORAL = 4;
const LAYERS = MAX_SPATIAL * MAX_TEMPORAL;
const BUCKET_MS = 250;
/** The rate is that of the last whole buckets: a second. The one that is being filled is no measure yet. */
const WHOLE_BUCKETS = 4;
const BUCKETS = WHOLE_BUCKETS + 1;

/** Bits per second of each layer of one stream, and its pictures per second, over the last second. */
export class LayerRates {
  /** Bytes by bucket, spatial and temporal layer. */
  readonly #bytes = new Int32Array(BUCKETS * LAYERS);
  /** Pictures by bucket and temporal layer. */
  readonly #frames = new Int32Array(BUCKETS * MAX_TEMPORAL);
  /** What was measured when the stream stopped, by spatial and temporal layer; undefined while it goes on. */
  #held: Float64Array | undefined;
  #heldFrames = new Float64Array(MAX_TEMPORAL);
  #firstBucket = -1;
  #newestBucket = -1;

  /** Layers count from 0. `endsFrame`: the packet is the last one of a picture. */
  handlePacket(spatial: number, temporal: number, bytes: number, endsFrame: boolean, nowMs: number): void {
    const bucket = Math.floor(nowMs / BUCKET_MS);
    if (bucket !== this.#newestBucket) this.#advance(bucket);
    const place = bucket % BUCKETS;
    const rate = Math.min(temporal, MAX_TEMPORAL - 1);
    this.#bytes[place * LAYERS + Math.min(spatial, MAX_SPATIAL - 1) * MAX_TEMPORAL + rate] += bytes;
    if (endsFrame) this.#frames[place * MAX_TEMPORAL + rate]++;
  }

  /** The stream has stopped, as is seen some time later: its rates stay those of its last packet, until it goes on. */
  hold(): void {
    const lastMs = this.#newestBucket * BUCKET_MS;
    const held = new Float64Array(LAYERS);
    for (let layer = 0; layer < LAYERS; layer++) {
      held[layer] = this.bitsPerSecond(Math.floor(layer / MAX_TEMPORAL), layer % MAX_TEMPORAL, lastMs);
    }
    for (let temporal = 0; temporal < MAX_TEMPORAL; temporal++) {
      this.#heldFrames[temporal] = this.framesPerSecond(temporal, lastMs);
    }
    this.#held = held;
  }

  /** Of all layers up to these two, which may be Infinity; 0 before anything was measured. */
  bitsPerSecond(spatial: number, temporal: number, nowMs: number): number {
    const highestSpatial = Math.min(spatial, MAX_SPATIAL - 1);
    const highestTemporal = Math.min(temporal, MAX_TEMPORAL - 1);
    if (this.#held !== undefined) return this.#held[highestSpatial * MAX_TEMPORAL + highestTemporal];
    const present = Math.floor(nowMs / BUCKET_MS);
    const buckets = this.#wholeBuckets(present);
    if (buckets === 0) return 0;
    let bytes = 0;
    for (let bucket = present - buckets; bucket <= Math.min(present - 1, this.#newestBucket); bucket++) {
      bytes += this.#bytesOf(bucket, highestSpatial, highestTemporal);
    }
    return (bytes * 8 * 1000) / (buckets * BUCKET_MS);
  }

  /** Of all temporal layers up to this one, which may be Infinity; 0 before anything was measured. */
  framesPerSecond(temporal: number, nowMs: number): number {
    const highest = Math.min(temporal, MAX_TEMPORAL - 1);
    if (this.#held !== undefined) return this.#heldFrames[highest];
    const present = Math.floor(nowMs / BUCKET_MS);
    const buckets = this.#wholeBuckets(present);
    if (buckets === 0) return 0;
    let frames = 0;
    for (let bucket = present - buckets; bucket <= Math.min(present - 1, this.#newestBucket); bucket++) {
      const place = (bucket % BUCKETS) * MAX_TEMPORAL;
      for (let rate = 0; rate <= highest; rate++) frames += this.#frames[place + rate];
    }
    return (frames * 1000) / (buckets * BUCKET_MS);
  }

  /** How many there are before the present one. */
  #wholeBuckets(present: number): number {
    return this.#firstBucket < 0 ? 0 : Math.max(0, Math.min(WHOLE_BUCKETS, present - this.#firstBucket));
  }

  #bytesOf(bucket: number, highestSpatial: number, highestTemporal: number): number {
    const place = (bucket % BUCKETS) * LAYERS;
    let bytes = 0;
    for (let spatial = 0; spatial <= highestSpatial; spatial++) {
      for (let temporal = 0; temporal <= highestTemporal; temporal++) {
        bytes += this.#bytes[place + spatial * MAX_TEMPORAL + temporal];
      }
    }
    return bytes;
  }

  /** Makes room for `bucket`, and for those in which nothing came. */
  #advance(bucket: number): void {
    if (this.#firstBucket < 0 || this.#held !== undefined || bucket - this.#newestBucket >= BUCKETS) {
      this.#bytes.fill(0);
      this.#frames.fill(0);
      this.#firstBucket = bucket;
      this.#held = undefined;
    } else {
      for (let each = this.#newestBucket + 1; each <= bucket; each++) {
        const place = each % BUCKETS;
        this.#bytes.fill(0, place * LAYERS, (place + 1) * LAYERS);
        this.#frames.fill(0, place * MAX_TEMPORAL, (place + 1) * MAX_TEMPORAL);
      }
    }
    this.#newestBucket = bucket;
  }
}
