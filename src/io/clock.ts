/** The only source of time. Below the I/O side time is an argument; tests drive a virtual clock. */
export interface Clock {
  /** Milliseconds that never go back, from an arbitrary start. */
  now(): number;
  /** Calls back once, `delayMs` from now or later, never before it returns. */
  setTimeout(callback: () => void, delayMs: number): number;
  /** Does nothing where the timer has fired or never was. */
  clearTimeout(handle: number): void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  // Deno 2.9 returns node's Timeout object; its number is a handle too.
  setTimeout: (callback, delayMs) => Number(setTimeout(callback, delayMs)),
  clearTimeout: (handle) => clearTimeout(handle),
};
