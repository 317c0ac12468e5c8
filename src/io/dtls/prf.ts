import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";

type Hash = "sha256" | "sha384";

/** Bytes that the hash function takes at once (FIPS 180-4). */
const BLOCK_LENGTH = { sha256: 64, sha384: 128 } as const;
const INNER_PAD = 0x36;
const OUTER_PAD = 0x5c;

/** P_hash (RFC 5246 section 5): `length` bytes; `seed` begins with the label. */
export function prf(hash: Hash, secret: Uint8Array, seed: Buffer, length: number): Buffer {
  const result = Buffer.alloc(length);
  let a: Buffer = seed;
  for (let end = 0; end < length;) {
    a = hmac(hash, secret, a);
    const block = hmac(hash, secret, a, seed);
    end += block.copy(result, end);
    block.fill(0);
  }
  return result;
}

/**
 * HMAC (RFC 2104) of a key that is no longer than a block. node:crypto's own leaves copies of the key in memory, which
 * nobody can wipe.
 */
function hmac(hash: Hash, key: Uint8Array, ...data: readonly Buffer[]): Buffer {
  const pad = Buffer.alloc(BLOCK_LENGTH[hash]);
  const padWith = (value: number): Buffer => {
    for (let i = 0; i < pad.length; i++) pad[i] = value ^ (i < key.length ? key[i] : 0);
    return pad;
  };
  const inner = createHash(hash).update(padWith(INNER_PAD));
  for (const part of data) inner.update(part);
  const digest = inner.digest();
  const result = createHash(hash).update(padWith(OUTER_PAD)).update(digest).digest();
  digest.fill(0);
  pad.fill(0);
  return result;
}
