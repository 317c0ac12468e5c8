/** SRTP protection profiles (RFC 5764 section 4.1.2, RFC 7714 section 14.2), by their names in those RFCs. */
export type SrtpProfile = "SRTP_AEAD_AES_128_GCM" | "SRTP_AEAD_AES_256_GCM" | "SRTP_AES128_CM_HMAC_SHA1_80";

export interface SrtpProfileParameters {
  /** The value on the wire in the use_srtp extension. */
  readonly id: number;
  readonly keyLength: number;
  readonly saltLength: number;
  readonly aead: boolean;
  /** Bytes of the authentication tag of SRTP and SRTCP. */
  readonly tagLength: number;
}

export const SRTP_PROFILES: Readonly<Record<SrtpProfile, SrtpProfileParameters>> = {
  SRTP_AEAD_AES_128_GCM: { id: 0x0007, keyLength: 16, saltLength: 12, aead: true, tagLength: 16 },
  SRTP_AEAD_AES_256_GCM: { id: 0x0008, keyLength: 32, saltLength: 12, aead: true, tagLength: 16 },
  SRTP_AES128_CM_HMAC_SHA1_80: { id: 0x0001, keyLength: 16, saltLength: 14, aead: false, tagLength: 10 },
};

/** The profiles that the server takes, best first. */
export const SRTP_PROFILE_PREFERENCE: readonly SrtpProfile[] = [
  "SRTP_AEAD_AES_128_GCM",
  "SRTP_AEAD_AES_256_GCM",
  "SRTP_AES128_CM_HMAC_SHA1_80",
];
