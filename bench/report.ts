import type { Candidate } from "./candidate.ts";
import { medianOf, type Windows } from "./windows.ts";

const MAX_GC_PAUSE_MS = 5;

/** What a run has found, line by line as it finds it. */
export class Report {
  /** Whether packets were lost, wrong or not checked where they must not be. */
  damaged = false;
  #missed = 0;

  title(text: string): void {
    this.#print(`\n${text}`);
  }

  line(text: string): void {
    this.#print(`  ${text}`);
  }

  /** Something that must be true. */
  mustHold(held: boolean, text: string): void {
    if (!held) this.#missed++;
    this.line(`${held ? "held  " : "MISSED"} ${text}`);
  }

  /** Something without which no figure counts: the run fails. */
  mustBeWhole(name: string, windows: Windows): void {
    const total = totals(windows);
    const problems = [
      [total.lost, "packets were lost"],
      [total.silent, "tracks got nothing, or stopped"],
      [total.checked === 0 ? 1 : 0, "window without any packet that was checked"],
    ].flatMap(([count, what]) => Number(count) > 0 ? [`${count} ${what}`] : []);
    if (problems.length > 0) this.#damage(`${name}: ${problems.join(", ")}`);
    this.mustBeRight(name, windows);
    if (total.skippedFrames > 0) this.line(`${name}: the load was late and left out ${total.skippedFrames} frames`);
  }

  /** Packets may be lost, as in an overload, but those that come must be right. */
  mustBeRight(name: string, windows: Windows): void {
    const { bad, checked } = totals(windows);
    if (bad > 0) this.#damage(`${name}: ${bad} of ${checked} packets that were checked were wrong`);
  }

  /** All that the windows tell, in one line, and whether packets were lost or wrong. */
  windows(candidate: Candidate, what: string, windows: Windows, ratio?: number): void {
    const figure = (select: Parameters<typeof medianOf>[1], digits = 2) => medianOf(windows, select).toFixed(digits);
    const { lost, recovered, checked } = totals(windows);
    this.line([
      `${candidate.name}, ${what}: ${figure(({ packetMicroseconds }) => packetMicroseconds)} us CPU a packet`,
      ...ratio === undefined ? [] : [`${ratio.toFixed(2)} x the reference`],
      `${figure(({ packetsPerSecond }) => packetsPerSecond, 0)} packets/s on ` +
      `${percent(medianOf(windows, ({ coreShare }) => coreShare))} of a core`,
      `latency p50 ${figure(({ load }) => load.latencyMs.p50)} p99 ${figure(({ load }) => load.latencyMs.p99)} ms`,
      `lost ${lost}, by RTX ${recovered}, checked ${checked}`,
      `RSS ${megabytes(candidate.residentBytes)}`,
      `load ${percent(medianOf(windows, ({ loadShare }) => loadShare))} of its core`,
      `others ${percent(medianOf(windows, ({ othersShare }) => othersShare))} of the server's`,
    ].join("; "));
    this.mustBeWhole(candidate.name, windows);
  }

  /** The collector's pauses in the isolate that forwards media, since the candidate's first window. */
  pauses(candidate: Candidate): void {
    const pauses = candidate.gcPauses;
    if (pauses === undefined) {
      const reason = "stdbuf is missing, or its log told of no collection in that isolate";
      return this.mustHold(
        false,
        `${candidate.name}: GC pauses of the isolate that forwards were not measured: ${reason}`,
      );
    }
    const longest = pauses.reduce((most, { pauseMs }) => Math.max(most, pauseMs), 0);
    const text = `${candidate.name}: ${pauses.length} GC pauses of the isolate that forwards, ` +
      `the longest ${longest.toFixed(1)} ms: under ${MAX_GC_PAUSE_MS} ms`;
    this.mustHold(longest < MAX_GC_PAUSE_MS, text);
  }

  /** The last lines, and the exit code. */
  end(): number {
    this.title(this.#missed === 0 ? "All that must be true held." : `${this.#missed} that must be true did not hold.`);
    if (this.damaged) this.line("Packets were lost or wrong: no figure of this run counts.");
    return this.damaged ? 1 : 0;
  }

  #damage(text: string): void {
    this.damaged = true;
    this.line(`DAMAGED ${text}`);
  }

  #print(text: string): void {
    Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
  }
}

function totals(windows: Windows) {
  const sum = (select: (load: Windows[number]["load"]) => number) =>
    windows.reduce((total, { load }) => total + select(load), 0);
  return {
    lost: sum(({ lost }) => lost),
    recovered: sum(({ recovered }) => recovered),
    checked: sum(({ checked }) => checked),
    bad: sum(({ bad }) => bad),
    silent: sum(({ silent }) => silent),
    skippedFrames: sum(({ skippedFrames }) => skippedFrames),
  };
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(0)}%`;
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
