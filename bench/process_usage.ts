/** What Linux says about a process (proc(5)). */

const LOOKS = 10;
const LOOK_INTERVAL_MS = 100;

/** Nanoseconds that each thread has run, user and system. */
export type ThreadTimes = ReadonlyMap<string, number>;

export function threadTimes(pid: number): ThreadTimes {
  const times = new Map<string, number>();
  for (const { name } of Deno.readDirSync(`/proc/${pid}/task`)) {
    const text = readGone(`/proc/${pid}/task/${name}/schedstat`);
    if (text !== undefined) times.set(name, Number(text.split(" ")[0]));
  }
  return times;
}

/** CPU microseconds between two looks. What a thread did that ended between them is not seen. */
export function microsecondsBetween(before: ThreadTimes, after: ThreadTimes): number {
  let nanoseconds = 0;
  for (const [thread, time] of after) nanoseconds += time - (before.get(thread) ?? 0);
  return nanoseconds / 1000;
}

/** As `ps -T` names it; empty where it has ended. */
export function threadName(pid: number, thread: string): string {
  return readGone(`/proc/${pid}/task/${thread}/comm`)?.trim() ?? "";
}

/** Bytes of memory that the process has resident. */
export function residentBytes(pid: number): number {
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`));
  if (kibibytes === null) throw new Error(`/proc/${pid}/status tells no VmRSS`);
  return 1024 * Number(kibibytes[1]);
}

/** The least of ten looks in a second: garbage that waits to be collected comes and goes. */
export async function settledResidentBytes(pid: number): Promise<number> {
  let least = residentBytes(pid);
  for (let look = 1; look < LOOKS; look++) {
    await new Promise<void>((resolve) => setTimeout(resolve, LOOK_INTERVAL_MS));
    least = Math.min(least, residentBytes(pid));
  }
  return least;
}

/** Ticks of a core since the machine's start. */
export interface CoreTime {
  readonly total: number;
  /** In which nothing wanted to run. */
  readonly idle: number;
  /** That the hypervisor gave to other machines. */
  readonly stolen: number;
}

export function coreTime(core: number): CoreTime {
  const line = new RegExp(`^cpu${core} (.*)$`, "m").exec(Deno.readTextFileSync("/proc/stat"));
  // user, nice, system, idle, iowait, irq, softirq, steal; what guests take is in user and nice.
  const ticks = (line?.[1] ?? "").split(" ").slice(0, 8).map(Number);
  return { total: ticks.reduce((sum, time) => sum + time, 0), idle: ticks[3] + ticks[4], stolen: ticks[7] };
}

/** Shares of a core's time between two looks: 0 to 1. */
export function shareBetween(before: CoreTime, after: CoreTime): { readonly busy: number; readonly stolen: number } {
  const total = after.total - before.total;
  return { busy: 1 - (after.idle - before.idle) / total, stolen: (after.stolen - before.stolen) / total };
}

export function processorName(): string {
  return /^model name\s*: (.*)$/m.exec(Deno.readTextFileSync("/proc/cpuinfo"))?.[1] ?? Deno.build.arch;
}

/** A thread may end between the listing and the look. */
function readGone(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || isNoSuchProcess(error)) return undefined;
    throw error;
  }
}

function isNoSuchProcess(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ESRCH";
}
