import { ReplayWindow } from "./replay_window.ts";

/** SSRCs that one peer may send from: 32 tracks, each with RTX. */
export const MAX_SSRCS = 64;
/** Packets of a peer after which an SSRC that sent none of them counts as silent. */
export const SILENT_AFTER_PACKETS = 4096;

/** What is remembered of one SSRC. */
export class SsrcState {
  readonly window = new ReplayWindow();
  /** The number, in the table's count, of the last packet of this SSRC. */
  lastPacket = 0;
}

/**
 * The SSRCs that a peer sends from, MAX_SSRCS at most. Only authenticated packets come in, so nobody but the peer can
 * fill it, and a peer that does loses its own streams only.
 */
export class SsrcTable {
  readonly #states = new Map<number, SsrcState>();
  #packets = 0;
  /** What came last is what comes next, mostly. */
  #lastSsrc = 0;
  #lastState: SsrcState | undefined;

  get size(): number {
    return this.#states.size;
  }

  find(ssrc: number): SsrcState | undefined {
    if (ssrc === this.#lastSsrc && this.#lastState !== undefined) return this.#lastState;
    this.#lastSsrc = ssrc;
    this.#lastState = this.#states.get(ssrc);
    return this.#lastState;
  }

  /**
   * Notes an authenticated packet; `state` is what `find` gave for its SSRC. A new SSRC in a full table takes the place
   * of the one that is silent for longest; false where none is silent.
   */
  accept(ssrc: number, state: SsrcState | undefined, index: number): boolean {
    this.#packets++;
    const known = state ?? this.#add(ssrc);
    if (known === undefined) return false;
    known.lastPacket = this.#packets;
    known.window.accept(index);
    return true;
  }

  #add(ssrc: number): SsrcState | undefined {
    if (this.#states.size >= MAX_SSRCS && !this.#removeSilent()) return undefined;
    const state = new SsrcState();
    this.#states.set(ssrc, state);
    return state;
  }

  /** Looks at all entries, which is cheap enough: it happens for new SSRCs of authenticated packets alone. */
  #removeSilent(): boolean {
    let silentSsrc = -1;
    let lastPacket = this.#packets - SILENT_AFTER_PACKETS;
    for (const [ssrc, state] of this.#states) {
      if (state.lastPacket >= lastPacket) continue;
      silentSsrc = ssrc;
      lastPacket = state.lastPacket;
    }
    this.#lastState = undefined;
    return this.#states.delete(silentSsrc);
  }
}
