import type { Clock } from "../io/clock.ts";

/** What a promise comes to. Rejects with an Error of this message where that takes longer. */
export async function within<T>(clock: Clock, timeoutMs: number, promise: Promise<T>, message: string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const deadline = clock.setTimeout(() => late.reject(new Error(message)), timeoutMs);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clock.clearTimeout(deadline);
  }
}
