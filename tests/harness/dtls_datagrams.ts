import { Buffer } from "node:buffer";
import { ALERT, HANDSHAKE, writeRecord } from "../../src/io/dtls/record.ts";
import { seededRandom } from "./seeded_random.ts";

/** A handshake type and an alert that only tests name (RFC 5246 sections 7.4 and 7.2). */
export const SERVER_HELLO = 2;
export const INTERNAL_ERROR = 80;

/** A plain alert of DTLS 1.2. */
export function plainAlert(level: number, description: number): Uint8Array {
  return Uint8Array.of(ALERT, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 99, 0, 2, level, description);
}

/** The same handshake message, which is a datagram of its own, as two datagrams (RFC 6347 section 4.2.3). */
export function inTwoFragments(datagram: Uint8Array): Uint8Array[] {
  const record = Buffer.from(datagram);
  const [header, body] = [record.subarray(13, 25), record.subarray(25)];
  const middle = body.length >>> 1;
  return [[0, middle], [middle, body.length]].map(([start, end], index) => {
    const fragment = Buffer.concat([header, body.subarray(start, end)]);
    fragment.writeUIntBE(start, 6, 3);
    fragment.writeUIntBE(end - start, 9, 3);
    const recordNumber = 2 * record.readUIntBE(5, 6) + index;
    return writeRecord(HANDSHAKE, 0, recordNumber, fragment);
  });
}

/** Integers in [0, bound) from a seed. */
export function seeded(seed: number): (bound: number) => number {
  const random = seededRandom(seed);
  return (bound) => random.uint32() % bound;
}

/** Changes one to four bytes, or cuts, or lengthens. */
export function mutate(datagram: Uint8Array, random: (bound: number) => number): Uint8Array {
  const kind = random(8);
  if (kind === 0) return datagram.slice(0, random(datagram.length));
  if (kind === 1) return Uint8Array.of(...datagram, ...Array.from({ length: 1 + random(40) }, () => random(256)));
  // The slice of a Buffer would be a view of it.
  const mutant = Uint8Array.from(datagram);
  for (let n = 1 + random(4); n > 0; n--) mutant[random(mutant.length)] = random(256);
  return mutant;
}

/** The same in another order (Fisher and Yates). */
export function shuffle<T>(items: readonly T[], random: (bound: number) => number): T[] {
  const order = items.slice();
  for (let last = order.length - 1; last > 0; last--) {
    const pick = random(last + 1);
    [order[last], order[pick]] = [order[pick], order[last]];
  }
  return order;
}
