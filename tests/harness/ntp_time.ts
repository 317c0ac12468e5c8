/** 2025-01-01 in seconds since 1900: where the virtual clocks of clients begin. */
const EPOCH_SECONDS = 3_944_678_400;

/** A client's wall clock as an NTP timestamp (RFC 3550 section 4). */
export function ntpTime(nowMs: number): { readonly seconds: number; readonly fraction: number } {
  const seconds = Math.floor(nowMs / 1000);
  return { seconds: EPOCH_SECONDS + seconds, fraction: Math.floor((nowMs / 1000 - seconds) * 2 ** 32) };
}

/** The middle 32 bits of the NTP timestamp: seconds times 65,536, modulo 2^32. */
export function compactNtpTime(nowMs: number): number {
  const { seconds, fraction } = ntpTime(nowMs);
  return ((seconds << 16) | (fraction >>> 16)) >>> 0;
}
