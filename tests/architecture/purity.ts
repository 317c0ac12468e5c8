import { isPure } from "./layers.ts";
import { isTest, type ProjectFile } from "./repository.ts";
import { lineAt, scan } from "./source_text.ts";

/** What only the I/O side has: time, timers, randomness, waiting, output, and the ways to reach them. */
const IMPURE = new RegExp(
  [
    /\bDeno\b/,
    /\bDate\b/,
    /\bperformance\b/,
    /\b(?:setTimeout|setInterval|setImmediate|queueMicrotask)\b/,
    /\bMath\s*\.\s*random\b/,
    /\b(?:getRandomValues|randomUUID|randomBytes|randomFillSync|randomInt)\b/,
    /\b(?:await|async|Promise)\b/,
    /\bconsole\b/,
    /\bprocess\s*\.\s*\w+/,
    /\bfetch\s*\(/,
    /\bglobalThis\b/,
  ].map((pattern) => pattern.source).join("|"),
  "g",
);

/** Uses of clock, timer, randomness, promise or output in the pure layers. */
export function purityViolations(files: readonly ProjectFile[]): string[] {
  return files.filter(({ path }) => isPure(path) && !isTest(path)).flatMap(({ path, text }) =>
    [...scan(text).code.matchAll(IMPURE)].map(({ 0: use, index }) => `${path}:${lineAt(text, index)}: ${use}`)
  );
}
