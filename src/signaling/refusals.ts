/** What is refused because it is too much, or because of where it comes from, by the codes that clients are told. */
const NONE = {
  "too-many-joins": 0,
  "too-many-rooms": 0,
  "too-many-requests": 0,
  "too-many-connections": 0,
  "join-timeout": 0,
  "room-full": 0,
  "no-capacity": 0,
  "too-many-tracks": 0,
  "bitrate-exceeded": 0,
  "too-many": 0,
  "too-large": 0,
  "origin-not-allowed": 0,
  "too-many-handshakes": 0,
};

export type RefusalCode = keyof typeof NONE;

/** How often what was refused. */
export type RefusalCounts = Readonly<Record<RefusalCode, number>>;

/** Of what was refused by whichever code, what limits refused: each of their codes, and no other. */
export function limitRefusals(refusals: Readonly<Record<string, number>>): RefusalCounts {
  const counts: Record<RefusalCode, number> = { ...NONE };
  for (const [code, count] of Object.entries(refusals)) if (isRefusalCode(code)) counts[code] = count;
  return counts;
}

function isRefusalCode(code: string): code is RefusalCode {
  return Object.hasOwn(NONE, code);
}
