import { parseIpAddress } from "./ip_address.ts";

/** The addresses of one family that begin with the same bits. */
export interface IpPrefix {
  /** An address of that family, as `parseIpAddress` gives it: what stands behind the first `bits` says nothing. */
  readonly bytes: Uint8Array;
  readonly bits: number;
}

const PREFIX = /^([^/]+)(?:\/(\d{1,3}))?$/;

/** Of a text as in `10.0.0.0/8` or `2001:db8::/32`, or of a single address; undefined for anything else. */
export function parseIpPrefix(text: string): IpPrefix | undefined {
  const [, address = "", bits] = PREFIX.exec(text) ?? [];
  const bytes = parseIpAddress(address);
  if (bytes === undefined || Number(bits ?? 0) > 8 * bytes.length) return undefined;
  return { bytes, bits: Number(bits ?? 8 * bytes.length) };
}

/** Whether an address, as `parseIpAddress` gives it, is one of those. */
export function isWithin(bytes: Uint8Array, prefix: IpPrefix): boolean {
  if (bytes.length !== prefix.bytes.length) return false;
  for (let bit = 0; bit < prefix.bits; bit += 8) {
    const mask = 0xff00 >> Math.min(8, prefix.bits - bit);
    if (((bytes[bit >> 3] ^ prefix.bytes[bit >> 3]) & mask) !== 0) return false;
  }
  return true;
}
