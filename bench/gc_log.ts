/** One line of `--trace-gc`: the isolate, its age in ms, the kind, MB before and after, the pause in ms. */
const LINE =
  /\[\d+:(0x[0-9a-f]+)\]\s+\d+ ms: (.+?) [\d.]+ \([\d.]+\) -> ([\d.]+) \([\d.]+\) MB.*?, ([\d.]+) \/ [\d.]+ ms/;
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

/** The garbage collections of one process, by isolate. */
export class GcLog {
  readonly #isolates = new Map<string, GcPause[]>();

  /** Takes a line of the process's output; false where it is about something else. */
  handleLine(line: string, nowMs: number): boolean {
    const found = LINE.exec(line);
    if (found === null) return false;
    const [, isolate, kind, left, pause] = found;
    const step = Number(LONGEST_STEP.exec(line)?.[1] ?? 0);
    const pauses = this.#isolates.get(isolate) ?? [];
    this.#isolates.set(isolate, pauses);
    pauses.push({
      atMs: nowMs,
      pauseMs: Math.max(Number(pause), step),
      megabytesLeft: Number(left),
      full: kind.includes("Mark-Compact"),
    });
    return true;
  }

  /** The main isolate's: it is the first that collects anything. */
  get main(): readonly GcPause[] {
    return [...this.#isolates.values()][0] ?? [];
  }

  /** Those of all workers. */
  get workers(): readonly GcPause[] {
    return [...this.#isolates.values()].slice(1).flat();
  }
}
