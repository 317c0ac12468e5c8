import { NoiseFloor, SILENCE_DB } from "./noise_floor.ts";
import type { PeerId } from "./types.ts";

/** So much above its noise a packet counts as voiced. */
const VOICED_DB = 9;
/**
 * Voiced for so long, in a row or with pauses that count half against it, is speech: coughs and clicks are over by then, and
 * typing, of which a third is silence at the least, never gets there.
 */
export const SPEECH_MS = 320;
/** What was said before counts for no more: after a second of silence, which is no pause in a sentence, it is over. */
const MAX_SPEECH_MS = 500;
const PAUSE_WEIGHT = 0.5;
/** The longest packets that are usual. What comes after more than that comes after silence (DTX). */
const MAX_PACKET_MS = 60;
/** Of the first packet, of which nothing tells. */
const USUAL_PACKET_MS = 20;
/** No packet for so long is silence; a network delivers later than that what it was late with. */
const SILENT_MS = 150;
/** Whose timestamps go back by more has begun anew. */
const RESTART_MS = 10_000;
/** The level follows a voice within this time. */
const LEVEL_MS = 500;
/** A loud moment is remembered so: 20 dB fade in a second. */
const PEAK_DB_PER_MS = 0.02;
const NEVER = -Infinity;

/**
 * How loud one microphone is, by the levels of its packets (RFC 6464), and whether somebody speaks into it. Takes each
 * packet in some ten operations, and allocates nothing.
 */
export class Voice {
  readonly peerId: PeerId;
  /** Somebody speaks, or has a moment ago. Kept by the `SpeakerDetector`. */
  speaking = false;
  /** It is among those that `SpeakerDetector` looks at. */
  watched = false;
  /** Whether it goes to those who receive it. Kept by `LoudestTracks`. */
  forwarded = true;
  /** Since when it has gone to them. */
  forwardedMs = NEVER;
  /** Of the newest packet: dB above the noise. */
  excess = 0;
  /** When it was voiced last. */
  voicedMs = NEVER;
  /** Voiced time, without pauses. */
  speechMs = 0;
  /** Of what is voiced, smoothed: dB above silence. */
  loudness = 0;
  readonly #noise = new NoiseFloor();
  readonly #msPerTick: number;
  /** dB above the noise, of the loudest moment, as it was when the newest packet came. */
  #peak = 0;
  /** As a signed number. */
  #timestamp = 0;
  #heardMs = NEVER;
  /** Until when silence has counted. */
  #settledMs = NEVER;

  /** `clockRate` in Hz, of the timestamps. */
  constructor(peerId: PeerId, clockRate: number) {
    this.peerId = peerId;
    this.#msPerTick = 1000 / clockRate;
  }

  /** Linear, 0 to 1, with three digits. */
  get level(): number {
    return Math.round(10 ** ((this.loudness - SILENCE_DB) / 20) * 1000) / 1000;
  }

  /** Takes a packet: `level` in -dBov, 0 to 127. One that is late or was there before changes nothing. */
  handlePacket(timestamp: number, level: number, nowMs: number): void {
    const step = ((timestamp - this.#timestamp) | 0) * this.#msPerTick;
    const isFirst = this.#heardMs === NEVER || step < -RESTART_MS;
    if (!isFirst && step <= 0) return;
    const ms = isFirst ? USUAL_PACKET_MS : Math.min(step, MAX_PACKET_MS);
    this.#timestamp = timestamp | 0;
    this.#heardMs = nowMs;
    this.#handleSound(SILENCE_DB - level, ms, nowMs);
  }

  /** Counts silence where no packets come. */
  settle(nowMs: number): void {
    if (nowMs - this.#heardMs < SILENT_MS) return;
    const from = Math.max(this.#heardMs, this.#settledMs);
    this.#settledMs = nowMs;
    this.#handlePause(nowMs - from);
  }

  /** How loud it was in the last moments: dB above its noise. */
  peakAt(nowMs: number): number {
    return Math.max(0, this.#peak - (nowMs - this.#heardMs) * PEAK_DB_PER_MS);
  }

  #handleSound(loudness: number, ms: number, nowMs: number): void {
    const noise = this.#noise;
    noise.handleSound(loudness, ms);
    const excess = loudness - noise.loudness;
    this.excess = excess;
    this.#peak = Math.max(excess, this.#peak - ms * PEAK_DB_PER_MS, 0);
    if (excess < VOICED_DB) return this.#handlePause(ms);
    const isOnset = this.speechMs === 0;
    this.loudness = isOnset ? loudness : this.loudness + (loudness - this.loudness) * ms / LEVEL_MS;
    this.speechMs = Math.min(MAX_SPEECH_MS, this.speechMs + ms);
    this.voicedMs = nowMs;
  }

  #handlePause(ms: number): void {
    this.speechMs = Math.max(0, this.speechMs - ms * PAUSE_WEIGHT);
  }
}
