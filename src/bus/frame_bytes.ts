/**
 * Writes `head[0, headLength)` and `body[bodyOffset, bodyOffset + bodyLength)` to `out` from index `at` on, and returns the
 * index behind them. What is in the body's array behind the body may come along where `out` has room for it.
 */
export function writeFrame(
  out: Uint8Array,
  at: number,
  head: Uint8Array,
  headLength: number,
  body: Uint8Array,
  bodyOffset: number,
  bodyLength: number,
): number {
  const start = at + headLength;
  // To copy the array as it is takes no loop and no `subarray`. What stands in front of the body is written over.
  if (bodyOffset <= headLength && start - bodyOffset + body.length <= out.length) out.set(body, start - bodyOffset);
  else for (let i = 0; i < bodyLength; i++) out[start + i] = body[bodyOffset + i];
  for (let i = 0; i < headLength; i++) out[at + i] = head[i];
  return start + bodyLength;
}
