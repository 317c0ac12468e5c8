import type { Allocation, Supply } from "./allocator.ts";
import { riseMargin } from "./distribution.ts";
import type { Layer } from "./layer_ladder.ts";
import type { WantedQuality } from "./quality.ts";

/** What a subscriber's budget is called where it ends. */
export type SupplyName = "estimate" | "limit of the server";

/** Why a track is sent as it is, in words and numbers for people. */
export function allocationWords(
  allocation: Allocation,
  { bitsPerSecond, soundBitsPerSecond }: Supply,
  supplyName: SupplyName,
  wanted: WantedQuality,
): string {
  const { layer, next, rule, othersBitsPerSecond, waitMs } = allocation;
  const what = layer === undefined ? "paused" : labelOf(layer);
  const supply = `${supplyName} ${kilobits(bitsPerSecond)} kbit/s`;
  const needs = next === undefined ? "" : `${shortLabelOf(next)} needs ${kilobits(next.bitsPerSecond)}`;
  const margin = riseMargin(next?.bitsPerSecond ?? 0, bitsPerSecond - soundBitsPerSecond);
  const others = othersWords(othersBitsPerSecond, soundBitsPerSecond);
  switch (rule) {
    case "off":
      return "off, as wanted";
    case "nothing":
      return "nothing comes from the publisher";
    case "best":
      return `${what}: the best that there is`;
    case "wanted":
      return `${what}: enough for ${wantedWords(wanted)}`;
    case "room":
      return `${what}: ${supply}${others}, ${needs}`;
    case "margin":
      return `${what}: ${supply}${others}, ${needs} and ${kilobits(margin)} to spare to begin`;
    case "hold":
      return `${what}: ${shortLabelOf(next)} fits, and begins in ${Math.ceil(waitMs / 1000)} s if it still does`;
  }
}

function labelOf(layer: Layer): string {
  return isNamed(layer) ? `layer ${layer.name}` : shortLabelOf(layer);
}

function shortLabelOf(layer: Layer | undefined): string {
  if (layer === undefined || layer.name === "") return "the picture";
  return isNamed(layer) ? layer.name : `the picture ${layer.name}`;
}

/** A picture in one size has a rate alone, or nothing. */
function isNamed({ name }: Layer): boolean {
  return name !== "" && !name.startsWith("at ");
}

function othersWords(others: number, sound: number): string {
  if (others === 0) return "";
  return others === sound ? `, sound takes ${kilobits(sound)}` : `, the other tracks take ${kilobits(others)}`;
}

function wantedWords({ width, height, fps }: WantedQuality): string {
  const size = width !== undefined && height !== undefined ? `${width}x${height}` : oneSideWords(width, height);
  const rate = fps === undefined ? "" : `${fps} fps`;
  return [size, rate].filter((part) => part !== "").join(" at ");
}

function oneSideWords(width: number | undefined, height: number | undefined): string {
  if (width !== undefined) return `a width of ${width}`;
  return height === undefined ? "" : `a height of ${height}`;
}

function kilobits(bitsPerSecond: number): number {
  return Math.round(bitsPerSecond / 1000);
}
