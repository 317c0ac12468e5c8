import type { Allocation, AllocationRule } from "./allocator.ts";
import type { Layer } from "./layer_ladder.ts";
import type { ConsumerLike } from "./quality_report.ts";
import type { WantedQuality } from "./quality.ts";

const RULES: readonly AllocationRule[] = ["off", "nothing", "best", "wanted", "room", "margin", "hold"];
/** Of FNV-1a, in 32 bits. */
const OFFSET = 0x811c9dc5 | 0;
const PRIME = 0x01000193;

/**
 * Tells in one number whether anything has changed of what a report would say, numbers that tremble apart: so reports, and
 * the words in them, are made for news alone. Different situations have the same number once in four billion.
 */
export class QualityFingerprint {
  value = OFFSET;

  begin(): void {
    this.value = OFFSET;
  }

  /** A whole number, or a truth. */
  add(value: number | boolean): void {
    this.value = Math.imul(this.value ^ Number(value), PRIME);
  }

  addText(text: string): void {
    for (let i = 0; i < text.length; i++) this.add(text.charCodeAt(i));
    this.add(text.length);
  }

  /** What is sent of a track, and whether it has come to that yet. */
  addConsumer({ started, current: { encoding, spatial, temporal } }: ConsumerLike, isPaused: boolean): void {
    this.add(started);
    this.add(isPaused);
    this.addText(encoding.rid ?? "");
    this.add(spatial);
    this.add(temporal);
    this.add(encoding.widthOf(spatial));
  }

  addWanted({ width = -1, height = -1, fps = -1, off = false }: WantedQuality): void {
    this.add(width);
    this.add(height);
    this.add(fps);
    this.add(off);
  }

  /** `sound`: bits per second of it, which have words of their own. */
  addAllocation({ layer, next, rule, othersBitsPerSecond }: Allocation, sound: number): void {
    this.add(RULES.indexOf(rule));
    this.#addLayer(layer);
    this.#addLayer(next);
    this.add(othersBitsPerSecond === 0);
    this.add(othersBitsPerSecond === sound);
  }

  #addLayer(layer: Layer | undefined): void {
    this.add(layer === undefined ? -1 : layer.encoding);
    this.add(layer === undefined ? -1 : layer.spatial);
    this.add(layer === undefined ? -1 : layer.temporal);
  }
}
