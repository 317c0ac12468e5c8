import { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";

/** P_hash (RFC 5246 section 5): `length` bytes; `seed` begins with the label. */
export function prf(hash: "sha256" | "sha384", secret: Uint8Array, seed: Buffer, length: number): Buffer {
  const blocks: Buffer[] = [];
  let a: Buffer = seed;
  for (let made = 0; made < length; made += blocks[0].length) {
    a = createHmac(hash, secret).update(a).digest();
    blocks.push(createHmac(hash, secret).update(a).update(seed).digest());
  }
  const result = Buffer.alloc(length);
  let end = 0;
  for (const block of blocks) {
    end += block.copy(result, end);
    block.fill(0);
  }
  return result;
}
