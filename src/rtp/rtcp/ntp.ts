/** NTP timestamps (RFC 3550 section 4): seconds, and a fraction of the second in 2^-32 s. */

const FRACTIONS = 2 ** 32;

/**
 * The whole seconds of a clock of ours, for an NTP timestamp. The clock may begin anywhere: without a wall clock the
 * timestamps need only tell times apart (RFC 3550 section 6.4.1).
 */
export function ntpSeconds(nowMs: number): number {
  return Math.floor(nowMs / 1000) >>> 0;
}

/** What goes with `ntpSeconds`. */
export function ntpFraction(nowMs: number): number {
  return Math.floor((nowMs / 1000 - Math.floor(nowMs / 1000)) * FRACTIONS) >>> 0;
}

/** The middle 32 bits of an NTP timestamp, in 1/65536 s: what LSR and LRR hold. */
export function compactNtp(seconds: number, fraction: number): number {
  return ((seconds << 16) | (fraction >>> 16)) >>> 0;
}
