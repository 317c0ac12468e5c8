import { iceText } from "../../src/io/random.ts";
import type { RandomSource } from "../../src/sfu/random.ts";

/**
 * A random source that yields the same values for the same seed: mulberry32, a 32-bit counter behind a mixing function. Tests
 * print the seed when they fail.
 */
export function seededRandom(seed: number): RandomSource {
  let state = seed >>> 0;
  const uint32 = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  return { uint32, text: (length) => iceText(Uint8Array.from({ length }, () => uint32() >>> 24)) };
}
