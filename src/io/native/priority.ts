import type { Libc } from "./libc.ts";

/** Of getpriority(2) and setpriority(2); Linux means a thread by it, and by 0 the one that calls. */
const PRIO_PROCESS = 0;
const CALLER = 0;
/** A thread without it gets nine times as much of a core that both want (sched(7)). */
const YIELDING_NICE = 10;

/**
 * Has this isolate's thread give way to others, for good: without a privilege nobody takes it back, and threads that it
 * starts later inherit it. False where it yields more already.
 */
export function yieldToOthers(libc: Libc): boolean {
  return libc.call.setpriority(PRIO_PROCESS, CALLER, YIELDING_NICE) === 0;
}

/** The nice value of this isolate's thread. */
export function niceValue(libc: Libc): number {
  return libc.call.getpriority(PRIO_PROCESS, CALLER);
}

/**
 * Takes this nice value in place of what the thread has inherited from one that yields by now. False where that takes a
 * privilege (CAP_SYS_NICE) which the process has not: nothing has changed then.
 */
export function takePriority(libc: Libc, nice: number): boolean {
  return libc.call.setpriority(PRIO_PROCESS, CALLER, nice) === 0;
}
