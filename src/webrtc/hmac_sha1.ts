import { readInt32, writeUint32 } from "../rtp/bytes.ts";

export const DIGEST_LENGTH = 20;
const BLOCK_LENGTH = 64;
const ROUNDS = 80;
/** Bytes that padding adds at most: a bit, zeros and the length. */
const MAX_PADDING = BLOCK_LENGTH + 8;
const INNER_PAD = 0x36;
const OUTER_PAD = 0x5c;

/** What one call uses. The text grows with the longest message that there was. */
const scratch = {
  key: new Uint8Array(BLOCK_LENGTH),
  text: new Uint8Array(BLOCK_LENGTH + 2048 + MAX_PADDING),
  schedule: new Int32Array(ROUNDS),
  state: new Int32Array(DIGEST_LENGTH / 4),
  digest: new Uint8Array(DIGEST_LENGTH),
};

/**
 * HMAC-SHA1 (RFC 2104, RFC 3174) of `head` and `bytes[from, to)`, under an ASCII key; valid until the next call. As STUN
 * asks for it at every connectivity check: node:crypto makes a dozen objects for each, which is 20 us and garbage.
 */
export function hmacSha1(key: string, head: Uint8Array, bytes: Uint8Array, from: number, to: number): Uint8Array {
  const { text, digest } = withRoom(Math.max(key.length, BLOCK_LENGTH + head.length + to - from));
  writeKey(key);
  writeKeyPad(INNER_PAD);
  let length = BLOCK_LENGTH;
  for (let i = 0; i < head.length; i++) text[length++] = head[i];
  for (let i = from; i < to; i++) text[length++] = bytes[i];
  hash(length);
  writeKeyPad(OUTER_PAD);
  writeState(text, BLOCK_LENGTH);
  hash(BLOCK_LENGTH + DIGEST_LENGTH);
  writeState(digest, 0);
  return digest;
}

function withRoom(length: number): typeof scratch {
  if (scratch.text.length < length + MAX_PADDING) scratch.text = new Uint8Array(2 * length + MAX_PADDING);
  return scratch;
}

/** A key that is longer than a block counts as its digest (RFC 2104 section 2). */
function writeKey(ascii: string): void {
  const { key, text } = scratch;
  const isLong = ascii.length > BLOCK_LENGTH;
  const to = isLong ? text : key.fill(0);
  for (let i = 0; i < ascii.length; i++) to[i] = ascii.charCodeAt(i);
  if (!isLong) return;
  hash(ascii.length);
  writeState(key.fill(0), 0);
}

function writeKeyPad(pad: number): void {
  const { key, text } = scratch;
  for (let i = 0; i < BLOCK_LENGTH; i++) text[i] = key[i] ^ pad;
}

function writeState(to: Uint8Array, at: number): void {
  for (let i = 0; i < scratch.state.length; i++) writeUint32(to, at + 4 * i, scratch.state[i]);
}

/** Hashes the first `length` bytes of the text into the state; the padding goes behind them (RFC 3174 section 4). */
function hash(length: number): void {
  const { text, state } = scratch;
  const end = (length + MAX_PADDING) & ~(BLOCK_LENGTH - 1);
  text.fill(0, length, end);
  text[length] = 0x80;
  writeUint32(text, end - 4, length << 3);
  state[0] = 0x67452301;
  state[1] = 0xefcdab89;
  state[2] = 0x98badcfe;
  state[3] = 0x10325476;
  state[4] = 0xc3d2e1f0;
  for (let at = 0; at < end; at += BLOCK_LENGTH) hashBlock(at);
}

/** RFC 3174 section 6.1. */
function hashBlock(at: number): void {
  const { text, schedule: w, state } = scratch;
  for (let t = 0; t < 16; t++) w[t] = readInt32(text, at + 4 * t);
  for (let t = 16; t < ROUNDS; t++) w[t] = rotate(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
  let [a, b, c, d, e] = [state[0], state[1], state[2], state[3], state[4]];
  for (let t = 0; t < ROUNDS; t++) {
    const next = (rotate(a, 5) + mix(t, b, c, d) + e + w[t] + constant(t)) | 0;
    e = d;
    d = c;
    c = rotate(b, 30);
    b = a;
    a = next;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
}

function rotate(word: number, count: number): number {
  return (word << count) | (word >>> (32 - count));
}

/** The function of round `t` (RFC 3174 section 5). */
function mix(t: number, b: number, c: number, d: number): number {
  if (t < 20) return (b & c) | (~b & d);
  if (t >= 40 && t < 60) return (b & c) | (b & d) | (c & d);
  return b ^ c ^ d;
}

function constant(t: number): number {
  if (t < 20) return 0x5a827999;
  if (t < 40) return 0x6ed9eba1;
  return t < 60 ? 0x8f1bbcdc : 0xca62c1d6;
}
