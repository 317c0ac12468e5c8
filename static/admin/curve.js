// @ts-check
/** @import { Sample } from "./history.js" */
import { SPAN_MS } from "./history.js";

/** @typedef {Exclude<keyof Sample, "atMs">} Rated what of a sample can be drawn */

/** Of a plot, in its own units. */
export const [WIDTH, HEIGHT] = [300, 80];
/** Samples that are further apart are not joined: nobody looked meanwhile. */
const GAP_MS = 10_000;

/**
 * The line of one value, as an SVG path: the newest sample is at the right edge.
 * @param {Sample[]} samples the oldest first
 * @param {Rated} key
 * @param {number} top what the upper edge stands for
 */
export function curve(samples, key, top) {
  const endMs = samples.at(-1)?.atMs ?? 0;
  let path = "";
  let beforeMs = -Infinity;
  for (const { atMs, [key]: value } of samples) {
    if (value === null) continue;
    const x = WIDTH * (1 - (endMs - atMs) / SPAN_MS);
    const y = HEIGHT * (1 - value / top);
    path += `${atMs - beforeMs > GAP_MS ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`;
    beforeMs = atMs;
  }
  return path;
}

/**
 * The next of 1, 2 and 5 times a power of ten.
 * @param {number} value above 0
 */
export function niceTop(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 5, 10].find((each) => each * power >= value * (1 - 1e-9)) ?? 10;
  return step * power;
}
