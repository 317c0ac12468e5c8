import inspector from "node:inspector/promises";

/** Bytes between two samples, on average: less than anything that is allocated, or little more. */
const INTERVAL = 32;
const ROWS = 12;
const SOURCES = new URL("../src/", import.meta.url).href;

const session = new inspector.Session();
session.connect();
await session.post("HeapProfiler.enable");

/** What one kind of work allocates on V8's heap, in what functions of `src/` and what these call. */
export class AllocationProfile {
  readonly #unit: string;
  #units = 0;
  readonly #bytes = new Map<string, number>();

  constructor(unit: string) {
    this.#unit = unit;
  }

  /** Does `work`, which is so many units; it counts where `isMeasured`. */
  async measure(isMeasured: boolean, units: number, work: () => void): Promise<void> {
    if (!isMeasured) return work();
    const options = { includeObjectsCollectedByMajorGC: true, includeObjectsCollectedByMinorGC: true };
    await session.post("HeapProfiler.startSampling", { samplingInterval: INTERVAL, ...options });
    work();
    const { profile } = await session.post("HeapProfiler.stopSampling");
    this.#units += units;
    this.#add(profile.head, false);
  }

  /** Bytes for each unit. */
  get perUnit(): number {
    let sum = 0;
    for (const bytes of this.#bytes.values()) sum += bytes;
    return sum / this.#units;
  }

  print(isDetailed: boolean): void {
    console.log(`${this.perUnit.toFixed(1)} bytes a ${this.#unit}`);
    if (!isDetailed) return;
    const rows = [...this.#bytes].sort(([, a], [, b]) => b - a).slice(0, ROWS);
    for (const [name, bytes] of rows) console.log(`${(bytes / this.#units).toFixed(2).padStart(10)} ${name}`);
  }

  #add({ callFrame, selfSize, children }: inspector.HeapProfiler.SamplingHeapProfileNode, isBelow: boolean): void {
    const { functionName, url, lineNumber } = callFrame;
    const counts = isBelow || url.startsWith(SOURCES);
    const name = `${functionName} ${url.split("/").pop()}:${lineNumber + 1}`;
    if (counts && selfSize > 0) this.#bytes.set(name, (this.#bytes.get(name) ?? 0) + selfSize);
    for (const child of children) this.#add(child, counts);
  }
}
