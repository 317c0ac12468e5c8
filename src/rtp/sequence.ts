/** Serial number arithmetic (RFC 1982) for 16-bit sequence numbers and 32-bit timestamps. */

/** How far `a` is ahead of `b`, in [-32768, 32767]; exactly half the circle, whose order is undefined, is -32768. */
export function sequenceDiff(a: number, b: number): number {
  return ((a - b) << 16) >> 16;
}

/** How far the RTP timestamp `a` is ahead of `b`, in [-2^31, 2^31). */
export function timestampDiff(a: number, b: number): number {
  return (a - b) | 0;
}
