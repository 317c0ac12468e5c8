/** As browsers number Opus, VP8 and its RTX. */
export const AUDIO_PAYLOAD_TYPE = 111;
export const VIDEO_PAYLOAD_TYPE = 96;
export const RTX_PAYLOAD_TYPE = 97;

export const AUDIO_CLOCK_RATE = 48_000;
export const VIDEO_CLOCK_RATE = 90_000;

/** What offers call transport-wide sequence numbers; they lie in the clear, and nothing has to be parsed for them. */
export const TRANSPORT_WIDE_ID = 3;
export const MID_ID = 4;
/** RID of an encoding, and of the one that a repair is of (RFC 8852). */
export const RID_ID = 10;
export const REPAIRED_RID_ID = 11;
