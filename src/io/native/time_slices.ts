import { Script } from "node:vm";

/** Work is begun anew after so long. */
export const SLICE_MS = 500;
/**
 * A slice that has not ended by then will not. The process may have stood still meanwhile, as one does that a debugger or a
 * container's runtime stops: for so long that its calls are lost in any case, as browsers give up about then.
 */
export const SLICE_LIMIT_MS = 15_000;
const NAME = "switchboardSlice";

/** What comes after a slice: another one, at once or once there is something to do, or nothing. */
export type AfterSlice = "more" | "wait" | "end";

/**
 * Runs slices of work, and waits between them where they say so, until one says that it is the end. A slice that runs in a
 * circle is broken off in its midst: this throws then, which nothing within the slice can catch. It cannot be done from
 * outside: Worker.terminate() of Deno 2.9 leaves a loop running.
 */
export function runInSlices(slice: () => AfterSlice, wait: () => void, limitMs = SLICE_LIMIT_MS): void {
  let after = "more" as AfterSlice;
  Object.defineProperty(globalThis, NAME, { configurable: true, value: () => void (after = slice()) });
  const script = new Script(`${NAME}()`);
  do {
    runWithin(script, limitMs);
    if (after === "wait") wait();
  } while (after !== "end");
}

function runWithin(script: Script, limitMs: number): void {
  try {
    script.runInThisContext({ timeout: limitMs });
  } catch (error) {
    const isTimeout = (error as { readonly code?: unknown }).code === "ERR_SCRIPT_EXECUTION_TIMEOUT";
    throw isTimeout ? new Error(`broken off after ${limitMs} ms without an end`) : error;
  }
}
