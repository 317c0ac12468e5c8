import { allocationWords } from "../../src/sfu/allocation_words.ts";
import { type AllocatedTrack, type Allocation, Allocator } from "../../src/sfu/allocator.ts";
import { describeAllocations } from "./layers.ts";

const STEP_MS = 100;

/** One subscriber, whose estimate changes as time goes on. */
export class AllocatorScene {
  nowMs = 0;
  tracks: AllocatedTrack[];
  soundBitsPerSecond = 0;
  /** Each allocation that was another one than before, and when. */
  readonly changes: { ms: number; words: string }[] = [];
  readonly allocator = new Allocator();

  constructor(...tracks: AllocatedTrack[]) {
    this.tracks = tracks;
  }

  at(kilobits: number): readonly Allocation[] {
    const supply = { bitsPerSecond: kilobits * 1000, soundBitsPerSecond: this.soundBitsPerSecond };
    const allocations = this.allocator.allocate(this.tracks, supply, this.nowMs);
    const words = describeAllocations(this.tracks, allocations);
    if (words !== this.changes.at(-1)?.words) this.changes.push({ ms: this.nowMs, words });
    return allocations;
  }

  run(kilobits: number, ms: number): string {
    for (let left = ms; left > 0; left -= STEP_MS) {
      this.nowMs += STEP_MS;
      this.at(kilobits);
    }
    return this.changes.at(-1)?.words ?? "";
  }

  /** Why each track is sent as it is. */
  why(kilobits: number): string[] {
    const supply = { bitsPerSecond: kilobits * 1000, soundBitsPerSecond: this.soundBitsPerSecond };
    return this.at(kilobits).map((allocation, i) =>
      allocationWords(allocation, supply, "estimate", this.tracks[i].wanted)
    );
  }
}
