import type { TrackId } from "../sfu/types.ts";
import type { SlotFilling } from "../webrtc/slots.ts";

/** A client is told of its slots so often at most. */
export const TELL_INTERVAL_MS = 250;

/** The slots of a peer, as its negotiation has them. */
export interface FilledSlots {
  readonly hasSlots: boolean;
  readonly slots: readonly SlotFilling[];
  /** Returns when something that waits for its turn may have it. */
  fillSlots(nowMs: number): number;
}

export interface SlotFillerOptions {
  readonly slots: FilledSlots;
  /** There is something to do at the time of `nextTimeout`, where there was nothing. */
  readonly timeWanted: () => void;
  /** These slots hold another track than the client was told last, or none. */
  readonly changed: (slots: readonly SlotFilling[]) => void;
}

/** Has slots filled as who matters changes, and says so to the client: once for all that happens together (rule P99). */
export class SlotFiller {
  readonly #options: SlotFillerOptions;
  /** By MID: what the client was told last. */
  #told = new Map<string, TrackId | undefined>();
  /** When slots are to be looked at. */
  #fillMs = Infinity;
  /** When the client may be told again. */
  #tellMs = -Infinity;
  #untold = false;

  constructor(options: SlotFillerOptions) {
    this.#options = options;
  }

  /** Who matters may be somebody else now. */
  refresh(): void {
    const { slots, timeWanted } = this.#options;
    if (!slots.hasSlots) return;
    const idle = this.nextTimeout() === Infinity;
    this.#fillMs = -Infinity;
    if (idle) timeWanted();
  }

  /** All slots, for a client that may not know of them; it is told of what changes from now on. */
  takeAll(): readonly SlotFilling[] {
    const { slots } = this.#options.slots;
    this.#told = new Map(slots.map(({ mid, trackId }) => [mid, trackId]));
    this.#untold = false;
    return slots;
  }

  nextTimeout(): number {
    return Math.min(this.#fillMs, this.#untold ? this.#tellMs : Infinity);
  }

  handleTimeout(nowMs: number): void {
    if (nowMs >= this.#fillMs) {
      this.#fillMs = this.#options.slots.fillSlots(nowMs);
      this.#untold = true;
    }
    if (this.#untold && nowMs >= this.#tellMs) this.#tell(nowMs);
  }

  #tell(nowMs: number): void {
    const told = this.#told;
    const changed = this.#options.slots.slots.filter(({ mid, trackId }) => told.get(mid) !== trackId);
    this.#untold = false;
    if (changed.length === 0) return;
    this.#tellMs = nowMs + TELL_INTERVAL_MS;
    for (const { mid, trackId } of changed) told.set(mid, trackId);
    this.#options.changed(changed);
  }
}
