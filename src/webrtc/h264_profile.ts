/** The profile that every WebRTC endpoint decodes (RFC 7742 section 6.2). */
export const CONSTRAINED_BASELINE = "Constrained Baseline";

/** Combinations of profile_idc and profile-iop that name one profile: RFC 6184, table 5, and Constrained High. */
interface Combination {
  readonly profileIdc: number;
  /** Which bits of profile-iop count; the others are the encoder's business. */
  readonly mask: number;
  readonly profileIop: number;
  readonly profile: string;
}

const COMBINATIONS: readonly Combination[] = [
  { profileIdc: 0x42, mask: 0x4f, profileIop: 0x40, profile: CONSTRAINED_BASELINE },
  { profileIdc: 0x4d, mask: 0x8f, profileIop: 0x80, profile: CONSTRAINED_BASELINE },
  { profileIdc: 0x58, mask: 0xcf, profileIop: 0xc0, profile: CONSTRAINED_BASELINE },
  { profileIdc: 0x42, mask: 0x4f, profileIop: 0x00, profile: "Baseline" },
  { profileIdc: 0x58, mask: 0xcf, profileIop: 0x80, profile: "Baseline" },
  { profileIdc: 0x4d, mask: 0xaf, profileIop: 0x00, profile: "Main" },
  { profileIdc: 0x58, mask: 0xcf, profileIop: 0x00, profile: "Extended" },
];

/** High, Progressive High and Constrained High: profile_idc 100, as `h264Profile` writes them. */
const HIGH = /^64[0-9a-f]{2}$/;

/** Baseline, level 1: what an absent parameter means (RFC 6184 section 8.1). */
const DEFAULT_PROFILE_LEVEL_ID = "42000a";

/**
 * The profile that a `profile-level-id` names, without the level. Ids that table 5 counts as one profile have one name; all
 * others, and text that is no id, are told apart as they are written.
 */
export function h264Profile(profileLevelId = DEFAULT_PROFILE_LEVEL_ID): string {
  const id = profileLevelId.toLowerCase();
  if (!/^[0-9a-f]{6}$/.test(id)) return id;
  const profileIdc = parseInt(id.slice(0, 2), 16);
  const profileIop = parseInt(id.slice(2, 4), 16);
  const named = COMBINATIONS.find((one) => one.profileIdc === profileIdc && (profileIop & one.mask) === one.profileIop);
  return named?.profile ?? id.slice(0, 4);
}

/**
 * Whether a decoder for this profile decodes Constrained Baseline as well (ITU-T H.264 annex A.2): its pictures are made
 * with what Baseline, Main, Extended and the High profiles have in common.
 */
export function decodesConstrainedBaseline(profile: string): boolean {
  return COMBINATIONS.some((combination) => combination.profile === profile) || HIGH.test(profile);
}
