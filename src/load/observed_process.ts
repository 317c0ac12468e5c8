/** Linux tells CPU time in hundredths of a second (proc(5), USER_HZ). */
const TICK_US = 10_000;
/** Of what stands behind the name in /proc/<pid>/stat: utime and stime. */
const USER_TIME = 11;
const SYSTEM_TIME = 12;

/** A process at one time. */
export interface ProcessLook {
  /** That all its threads have run, in hundredths of a second. */
  readonly cpuMicroseconds: number;
  readonly residentBytes: number;
}

/** A process on this machine, which is not of this program. */
export class ObservedProcess {
  readonly #pid: number;
  readonly #read: (path: string) => string | undefined;

  /** `read` gives the text of a file, undefined where there is none. */
  constructor(pid: number, read: (path: string) => string | undefined) {
    this.#pid = pid;
    this.#read = read;
  }

  /** Undefined where there is no such process, or none any more. */
  look(): ProcessLook | undefined {
    const stat = this.#read(`/proc/${this.#pid}/stat`);
    const resident = /^VmRSS:\s+(\d+) kB$/m.exec(this.#read(`/proc/${this.#pid}/status`) ?? "");
    if (stat === undefined || resident === null) return undefined;
    // The name stands in parentheses and may hold any characters.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return {
      cpuMicroseconds: TICK_US * (Number(fields[USER_TIME]) + Number(fields[SYSTEM_TIME])),
      residentBytes: 1024 * Number(resident[1]),
    };
  }
}
