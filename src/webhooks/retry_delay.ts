import type { RandomSource } from "../sfu/random.ts";

const FIRST_MS = 1000;
const LONGEST_MS = 300_000;

/**
 * Milliseconds from a failure to the next attempt, after so many failures in a row before it: a second, each time twice as
 * long, up to five minutes; less up to a half by chance, so that what failed together does not come back together.
 */
export function retryDelayMs(failures: number, random: Pick<RandomSource, "uint32">): number {
  return Math.min(FIRST_MS * 2 ** failures, LONGEST_MS) * (1 - random.uint32() / 2 ** 33);
}
