import assert from "node:assert/strict";

/** What a fault was about is well again so long after it. */
export const HEALED_MS = 5000;

const ASKED = Deno.env.get("FAULT_ROUNDS") ?? "";

/** Whether faults are done often, and in all ways: that takes half an hour. */
export const IS_THOROUGH = ASKED !== "";
const ROUNDS = IS_THOROUGH ? Number(ASKED) : 1;
if (!(Number.isInteger(ROUNDS) && ROUNDS > 0)) throw new TypeError(`FAULT_ROUNDS is ${ASKED}: no number of rounds`);

/** Milliseconds that something took, by what it is. */
export type FaultTimes = Readonly<Record<string, number>>;

/**
 * Does a fault again and again in one scene. `round`, which is told how many there were before, sees to it that all is well
 * again, and resolves to what took how long. Where rounds were asked for the times are printed.
 */
export async function inRounds(fault: string, round: (before: number) => Promise<FaultTimes>): Promise<void> {
  const rounds: FaultTimes[] = [];
  while (rounds.length < ROUNDS) {
    try {
      const times = await round(rounds.length);
      rounds.push(times);
      for (const [what, ms] of Object.entries(times)) assert.ok(ms <= HEALED_MS, `${what} took ${ms} ms`);
    } catch (cause) {
      throw new Error(`${fault}: after ${rounds.length} of ${ROUNDS} rounds, ${summary(rounds)}`, { cause });
    }
  }
  if (IS_THOROUGH) console.log(`${fault}: ${ROUNDS} rounds, ${summary(rounds)}`);
}

/** The least, the median and the most of each. */
function summary(rounds: readonly FaultTimes[]): string {
  const [first = {}] = rounds;
  return Object.keys(first).map((what) => {
    const sorted = rounds.map((times) => Math.round(times[what])).sort((a, b) => a - b);
    return `${what} in ${sorted[0]}, ${sorted[sorted.length >> 1]}, ${sorted[sorted.length - 1]} ms`;
  }).join("; ");
}
