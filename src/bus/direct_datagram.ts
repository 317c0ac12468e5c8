import { readInt32, writeUint32 } from "../rtp/bytes.ts";
import { SLOT_SIZE } from "../webrtc/datagram.ts";

// A datagram from one node to another, all numbers in network order:
//   u32 MAGIC, u32 key id, u64 number: in the clear, authenticated
//   sealed by AES-128-GCM: u32 frames that began before it, u16 where in the sealed bytes the first one begins that does so
//     here, u8 session, u8 flags, and frames, each behind its length in 16 bits
//   16 bytes of tag
//
// Frames are one sequence of bytes that is cut where a datagram is full, so that all but the last of a flush are of one
// length, as the kernel wants those that it is to take as one message. A length is not cut: one byte that is left is 0.

/** Begins each datagram: what else comes is a stranger's. Its last byte is the version. */
export const MAGIC = 0x53776401;
export const HEAD_LENGTH = 16;
export const TAG_LENGTH = 16;
export const NONCE_LENGTH = 12;
/** Where frames begin in the sealed bytes. */
export const FRAMES_OFFSET = 8;
/** Bytes in front of each frame. */
export const LENGTH_BYTES = 2;
/** In place of where the first frame begins. */
export const NONE_BEGINS = 0;
/** Addresses of a node at most: flags have 3 bits for one of them. */
export const MAX_ADDRESSES = 8;
/** In the flags: the sender hears the node that it sends to, lately at the address of this number, ... */
export const HEARS = 1;
export const HEARD_AT_SHIFT = 4;
/** ... and sends this datagram to the address of this number. */
export const SENT_TO_SHIFT = 1;
export const ADDRESS_MASK = MAX_ADDRESSES - 1;
/** The sender is cut off from what carries news: that it tells none says nothing. */
export const CUT_OFF = 1 << 7;

/** Sealed bytes of a datagram: with what is around them, 1232 and the headers of UDP and IPv6, what every way carries. */
export const DEFAULT_PAYLOAD = 1200;
export const MAX_PAYLOAD = SLOT_SIZE - HEAD_LENGTH - TAG_LENGTH;
export const MIN_DATAGRAM = HEAD_LENGTH + FRAMES_OFFSET + TAG_LENGTH;

const KEY_ID = 4;
const NUMBER = 8;
const TWO_32 = 2 ** 32;
/** Numbers are exact in a double: 2^53 datagrams take longer than a node stays. */
const MAX_HIGH_WORD = 2 ** 21 - 1;
/** Where the number is in the nonce. */
const NONCE_NUMBER = 4;

/** Writes what stands in front of the sealed bytes. */
export function writeHead(out: Uint8Array, keyId: number, number: number): void {
  writeUint32(out, 0, MAGIC);
  writeUint32(out, KEY_ID, keyId);
  writeUint32(out, NUMBER, highWord(number));
  writeUint32(out, NUMBER + 4, number);
}

/** Whether it may be a datagram of a node. */
export function hasForm(bytes: Uint8Array, length: number): boolean {
  return length >= MIN_DATAGRAM && readInt32(bytes, 0) === MAGIC;
}

/** 32 bits, signed. */
export function readKeyId(bytes: Uint8Array): number {
  return readInt32(bytes, KEY_ID);
}

/** -1 for one that is too large. */
export function readNumber(bytes: Uint8Array): number {
  const high = readInt32(bytes, NUMBER);
  const low = readInt32(bytes, NUMBER + 4);
  if (high === 0 && low >= 0) return low;
  return high < 0 || high > MAX_HIGH_WORD ? -1 : high * TWO_32 + (low >>> 0);
}

/** The nonce is the salt, with the number added without carry (as in RFC 8446 section 5.3). */
export function writeNonce(out: Uint8Array, salt: Uint8Array, number: number): void {
  for (let i = 0; i < NONCE_NUMBER; i++) out[i] = salt[i];
  writeUint32(out, NONCE_NUMBER, readInt32(salt, NONCE_NUMBER) ^ highWord(number));
  writeUint32(out, NONCE_NUMBER + 4, readInt32(salt, NONCE_NUMBER + 4) ^ (number | 0));
}

/** A small integer for as long as that is possible: a division makes none, and what is none costs an allocation. */
function highWord(number: number): number {
  return number < TWO_32 ? 0 : Math.floor(number / TWO_32);
}
