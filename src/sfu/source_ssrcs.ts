import type { FidGroup } from "./types.ts";

/** As many as the demultiplexer binds to one track. */
const MAX_KEPT = 8;
/** Longer than the pauses of a live stream: a screen that stands still sends once a second, silent audio more often. */
const SILENCE_MS = 2000;

/** Which of the SSRCs that packets of one track come with is its present stream, and which RTX SSRC repairs that one. */
export class SourceSsrcs {
  readonly #announced: readonly number[];
  readonly #fidGroups: readonly FidGroup[];
  /** RTX SSRCs that nobody announced, with what was current at their first packet; the newest last. */
  readonly #learned: FidGroup[] = [];
  /** SSRCs that were current before, the newest last. */
  readonly #retired: number[] = [];
  #current: number | undefined;
  #lastPacketMs = 0;

  /** What the offer announces for the track. */
  constructor(announced: readonly number[], fidGroups: readonly FidGroup[]) {
    this.#announced = announced;
    this.#fidGroups = fidGroups;
  }

  /** The SSRC that the publisher sends at present; undefined before its first packet. */
  get current(): number | undefined {
    return this.#current;
  }

  /** Whether the offer announced the present SSRC. */
  get isAnnounced(): boolean {
    return this.#current !== undefined && this.#announced.includes(this.#current);
  }

  /**
   * Whether packets of `ssrc` belong to the present stream, which it then is. A new SSRC takes over at once. One that was
   * current before comes back only where the present one has fallen silent: neither do late packets of the old stream
   * freeze the new one, nor is a source refused for ever that alternates between two.
   */
  accept(ssrc: number, nowMs: number): boolean {
    if (ssrc !== this.#current && !this.#takeOver(ssrc, nowMs)) return false;
    this.#lastPacketMs = nowMs;
    return true;
  }

  /** The present stream is over: one that was current before need not wait. */
  handleBye(): void {
    this.#lastPacketMs = -Infinity;
  }

  /** Whether an RTX packet repairs the present stream (RFC 4588 section 8.3): that of its FID group, where there is one. */
  isRepairedBy(rtxSsrc: number): boolean {
    if (this.#current === undefined) return false;
    const known = find(this.#fidGroups, rtxSsrc) ?? find(this.#learned, rtxSsrc);
    if (known !== undefined) return known.ssrc === this.#current;
    keep(this.#learned, { ssrc: this.#current, rtxSsrc });
    return true;
  }

  #takeOver(ssrc: number, nowMs: number): boolean {
    const index = this.#retired.indexOf(ssrc);
    if (index >= 0) {
      if (nowMs - this.#lastPacketMs < SILENCE_MS) return false;
      this.#retired.splice(index, 1);
    }
    if (this.#current !== undefined) keep(this.#retired, this.#current);
    this.#current = ssrc;
    return true;
  }
}

function find(groups: readonly FidGroup[], rtxSsrc: number): FidGroup | undefined {
  for (let i = 0; i < groups.length; i++) if (groups[i].rtxSsrc === rtxSsrc) return groups[i];
  return undefined;
}

function keep<T>(list: T[], value: T): void {
  list.push(value);
  if (list.length > MAX_KEPT) list.shift();
}
