/**
 * How many layers of a kind a source has: those seen since the last key frame or in the time before it. With the first
 * packets behind a key frame the upper ones have not come yet.
 */
export class LayerCount {
  count = 1;
  #seen = 1;
  #before = 1;

  /** A packet of this layer came. */
  handleLayer(layer: number): void {
    if (layer < this.#seen) return;
    this.#seen = layer + 1;
    this.count = Math.max(this.#seen, this.#before);
  }

  handleKeyFrame(): void {
    this.#before = this.#seen;
    this.#seen = 1;
    this.count = this.#before;
  }
}
