/** One line of `--trace-gc`: the isolate, its age in ms, the kind, MB before and after, the pause in ms. */
const LINE =
  /\[\d+:(0x[0-9a-f]+)\]\s+(\d+) ms: (.+?) [\d.]+ \([\d.]+\) -> ([\d.]+) \([\d.]+\) MB.*?, ([\d.]+) \/ [\d.]+ ms/;
/** Marking goes on in steps between the pauses; the longest of them is a pause as well. */
const LONGEST_STEP = /biggest step ([\d.]+) ms/;

export interface GcPause {
  /** When it was told, of performance.now(). */
  readonly atMs: number;
  readonly pauseMs: number;
  /** Of the heap, behind it. */
  readonly megabytesLeft: number;
  /** Whether it was a collection of the whole heap. */
  readonly full: boolean;
}

interface Isolate {
  /** When it came to be, of performance.now(): as told by the line that came here with the least delay. */
  bornMs: number;
  readonly pauses: GcPause[];
}

/** The garbage collections of one process, by isolate. */
export class GcLog {
  /** By their addresses. A worker that takes the address of one that ended is a worker as well. */
  readonly #isolates = new Map<string, Isolate>();

  /** Takes a line of the process's output; false where it is about something else. */
  handleLine(line: string, nowMs: number): boolean {
    const found = LINE.exec(line);
    if (found === null) return false;
    const [, address, age, kind, left, pause] = found;
    const step = Number(LONGEST_STEP.exec(line)?.[1] ?? 0);
    const isolate = this.#isolates.get(address) ?? { bornMs: Infinity, pauses: [] };
    this.#isolates.set(address, isolate);
    isolate.bornMs = Math.min(isolate.bornMs, nowMs - Number(age));
    isolate.pauses.push({
      atMs: nowMs,
      pauseMs: Math.max(Number(pause), step),
      megabytesLeft: Number(left),
      full: kind.includes("Mark-Compact"),
    });
    return true;
  }

  /** Those of a process without workers; undefined before the first, as long as it is not known that any are told. */
  get main(): readonly GcPause[] | undefined {
    return this.#byAge()[0]?.pauses;
  }

  /**
   * Those of all workers: of every isolate but the oldest, since the main isolate starts the others. Which one collects
   * first says nothing: workers collect before the server is ready. Undefined before two have told of a collection: a
   * single one may be either.
   */
  get workers(): readonly GcPause[] | undefined {
    const [, ...workers] = this.#byAge();
    return workers.length === 0 ? undefined : workers.flatMap(({ pauses }) => pauses);
  }

  #byAge(): Isolate[] {
    return [...this.#isolates.values()].sort((a, b) => a.bornMs - b.bornMs);
  }
}
