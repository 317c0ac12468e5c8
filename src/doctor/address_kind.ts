import { parseIpAddress } from "../webrtc/ip_address.ts";

/** Who can send to an address; `container` is private too, of Docker's own bridge. */
export type AddressKind = "public" | "private" | "container" | "loopback";

/** Of an IP address in text form; what is no address counts as public, as names do. */
export function addressKind(address: string): AddressKind {
  if (isLoopback(address)) return "loopback";
  const bytes = parseIpAddress(address);
  if (bytes === undefined) return "public";
  if (bytes.length === 16) return isPrivateIpv6(bytes) ? "private" : "public";
  const [a, b] = bytes;
  if (a === 172 && b === 17) return "container";
  return isPrivateIpv4(a, b) ? "private" : "public";
}

export function isLoopback(address: string): boolean {
  return address === "localhost" || address === "::1" || address.startsWith("127.");
}

/** RFC 1918; shared by a provider's customers (RFC 6598); link-local (RFC 3927). */
function isPrivateIpv4(a: number, b: number): boolean {
  return a === 10 || (a === 172 && b >= 16 && b < 32) || (a === 192 && b === 168) ||
    (a === 100 && b >= 64 && b < 128) ||
    (a === 169 && b === 254);
}

/** Unique local (RFC 4193), link-local (RFC 4291 section 2.5.6). */
function isPrivateIpv6(bytes: Uint8Array): boolean {
  return (bytes[0] & 0xfe) === 0xfc || (bytes[0] === 0xfe && (bytes[1] & 0xc0) === 0x80);
}
