/** What is refused because it is too much, or because of where it comes from, by the codes that clients are told. */
const NONE = {
  "too-many-joins": 0,
  "too-many-rooms": 0,
  "room-full": 0,
  "no-capacity": 0,
  "too-many-tracks": 0,
  "bitrate-exceeded": 0,
  "track-paused": 0,
  "too-many": 0,
  "too-large": 0,
  "origin-not-allowed": 0,
  "too-many-handshakes": 0,
};

export type RefusalCode = keyof typeof NONE;

/** How often what was refused. */
export type RefusalCounts = Readonly<Record<RefusalCode, number>>;

/** Counts refusals by their codes, of which there is a fixed number. */
export class Refusals {
  readonly #counts = { ...NONE };

  /** Since the start. */
  get counts(): RefusalCounts {
    return { ...this.#counts };
  }

  /** Counts a code that is one of a refusal; other errors are none. */
  count(code: string): void {
    if (isRefusalCode(code)) this.#counts[code]++;
  }
}

function isRefusalCode(code: string): code is RefusalCode {
  return Object.hasOwn(NONE, code);
}
