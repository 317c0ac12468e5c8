import { readUint16 } from "../rtp/bytes.ts";
import { TokenBucket } from "./token_bucket.ts";

/** Bytes of a record before its content (RFC 6347 section 4.1), and where its length stands. */
const RECORD_HEADER = 13;
const LENGTH_OFFSET = 11;

/**
 * Records that a peer may send at once: a handshake has a dozen, and networks repeat and duplicate. In the long run a
 * second's worth of forged ones costs 1 ms, or 4 with the portable backend.
 */
export const DTLS_RECORDS_AT_ONCE = 256;
export const DTLS_RECORDS_PER_SECOND = 64;

/**
 * What of a peer's DTLS is looked at. Each encrypted record costs a decryption, authentic or not, in the isolate of all
 * handshakes, and a datagram has room for dozens; so records count, not datagrams.
 */
export class DtlsBudget {
  readonly #bucket: TokenBucket;

  constructor(nowMs: number) {
    this.#bucket = new TokenBucket(DTLS_RECORDS_AT_ONCE, DTLS_RECORDS_PER_SECOND, nowMs);
  }

  /** Whether the datagram `bytes[0, length)` is to be looked at. */
  allow(bytes: Uint8Array, length: number, nowMs: number): boolean {
    return this.#bucket.take(nowMs, countRecords(bytes, length));
  }
}

/** Records by their headers; what is left at the end, whatever it is, counts as one. */
function countRecords(bytes: Uint8Array, length: number): number {
  let count = 0;
  for (let start = 0; start < length; count++) {
    if (start + RECORD_HEADER > length) return count + 1;
    start += RECORD_HEADER + readUint16(bytes, start + LENGTH_OFFSET);
  }
  return count;
}
