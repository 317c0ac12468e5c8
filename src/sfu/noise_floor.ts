/** Loudness is 0 (silence, -127 dBov) to 127 (full scale) here, in dB: the level of RFC 6464 the other way round. */
export const SILENCE_DB = 127;

/** -60 dBov: what is quieter is no noise that anybody minds, and no speech. */
export const QUIET = SILENCE_DB - 60;
/** Speech pauses more often than in so many seconds; what does not is noise. */
const WINDOW_SECONDS = 8;
const SECOND_MS = 1000;

/**
 * The noise behind a voice: the least loudness of the last seconds, QUIET at least. A fan or a hum is as loud as its own
 * floor once it has lasted; a voice never is, as it falls back between syllables. A new microphone counts as quiet.
 */
export class NoiseFloor {
  loudness = QUIET;
  /** The least of each second; the oldest is written over. */
  readonly #minima = new Uint8Array(WINDOW_SECONDS).fill(QUIET);
  #at = 0;
  #minimum = SILENCE_DB;
  #elapsedMs = 0;

  /** Takes the loudness of the next `ms` of sound. */
  handleSound(loudness: number, ms: number): void {
    if (loudness < this.#minimum) this.#minimum = loudness;
    if (loudness < this.loudness) this.loudness = Math.max(loudness, QUIET);
    this.#elapsedMs += ms;
    if (this.#elapsedMs >= SECOND_MS) this.#endSecond();
  }

  #endSecond(): void {
    const minima = this.#minima;
    minima[this.#at] = this.#minimum;
    this.#at = (this.#at + 1) % WINDOW_SECONDS;
    this.#minimum = SILENCE_DB;
    this.#elapsedMs = 0;
    let least = SILENCE_DB;
    for (let i = 0; i < WINDOW_SECONDS; i++) if (minima[i] < least) least = minima[i];
    this.loudness = Math.max(least, QUIET);
  }
}
