import type { Voice } from "./voice.ts";

/** What is no louder above its noise than this asks for nothing. */
const LEAST_DB = 3;
/** Who is to be heard in place of somebody silent must be louder by this, so that two noises do not take turns. */
const LOUDER_DB = 3;
/** Where all who are heard speak: in place of who is this much quieter, once that one was heard for so long. */
const DROWNED_DB = 6;
const LEAST_MS = 3000;

/**
 * Chooses the microphones of a room that are forwarded: the loudest, as many as the limit says. Who begins to speak is
 * forwarded from the first packet on, in place of who has been silent longest and least; who speaks stays until a second
 * after the last word.
 */
export class LoudestTracks {
  readonly #limit: number;
  readonly #voices = new Set<Voice>();
  /** Not more than the limit. */
  readonly #forwarded: Voice[] = [];

  /** `limit` may be Infinity. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** A microphone that tells its levels. */
  add(voice: Voice, nowMs: number): void {
    if (this.#voices.has(voice)) return;
    this.#voices.add(voice);
    if (this.#forwarded.length < this.#limit) this.#admit(voice, nowMs);
    else {
      voice.forwarded = false;
      this.handleVoice(voice, nowMs);
    }
  }

  /** It is over, or tells no levels any more: then it always passes. */
  remove(voice: Voice): void {
    if (!this.#voices.delete(voice)) return;
    const at = this.#forwarded.indexOf(voice);
    voice.forwarded = true;
    if (at < 0) return;
    this.#forwarded.splice(at, 1);
    let next: Voice | undefined;
    for (const other of this.#voices) {
      if (!other.forwarded && (next === undefined || other.voicedMs > next.voicedMs)) next = other;
    }
    if (next !== undefined) this.#admit(next, next.voicedMs);
  }

  /** A packet of a voice came that is not forwarded: from this packet on it is, where it is loud enough. */
  handleVoice(voice: Voice, nowMs: number): void {
    if (voice.excess < LEAST_DB) return;
    const silent = this.#leastSilent(nowMs);
    if (silent !== undefined) {
      if (voice.excess >= silent.peakAt(nowMs) + LOUDER_DB) this.#replace(silent, voice, nowMs);
      return;
    }
    const quietest = this.#quietest();
    const isDrowned = voice.speaking && quietest !== undefined &&
      voice.loudness >= quietest.loudness + DROWNED_DB && nowMs - quietest.forwardedMs >= LEAST_MS;
    if (isDrowned) this.#replace(quietest, voice, nowMs);
  }

  #admit(voice: Voice, nowMs: number): void {
    voice.forwarded = true;
    voice.forwardedMs = nowMs;
    this.#forwarded.push(voice);
  }

  #replace(old: Voice, voice: Voice, nowMs: number): void {
    old.forwarded = false;
    this.#forwarded[this.#forwarded.indexOf(old)] = voice;
    voice.forwarded = true;
    voice.forwardedMs = nowMs;
  }

  /** Of those forwarded that do not speak, the one whose last sound was longest ago and least; undefined where all speak. */
  #leastSilent(nowMs: number): Voice | undefined {
    let least: Voice | undefined;
    let leastPeak = Infinity;
    for (const voice of this.#forwarded) {
      if (voice.speaking) continue;
      const peak = voice.peakAt(nowMs);
      if (peak >= leastPeak) continue;
      least = voice;
      leastPeak = peak;
    }
    return least;
  }

  #quietest(): Voice | undefined {
    let quietest: Voice | undefined;
    for (const voice of this.#forwarded) {
      if (quietest === undefined || voice.loudness < quietest.loudness) quietest = voice;
    }
    return quietest;
  }
}
