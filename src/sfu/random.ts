/** Randomness as an argument: cryptographic on the I/O side, seeded in tests. */
export interface RandomSource {
  /** An integer in [0, 2^32). */
  uint32(): number;
  /** `length` characters of the ice-char alphabet (RFC 8839 section 5.4: letters, digits, `+`, `/`), 6 bits each. */
  text(length: number): string;
}
