import { parseIpAddress } from "../webrtc/ip_address.ts";
import { type IpPrefix, isWithin, parseIpPrefix } from "../webrtc/ip_prefix.ts";

/** Those of IANA's registry of special-purpose IPv4 addresses (RFC 6890), and multicast. */
const SPECIAL_IPV4 = prefixes(
  "0.0.0.0/8", // This network.
  "10.0.0.0/8", // Private.
  "100.64.0.0/10", // Behind a carrier's NAT.
  "127.0.0.0/8", // Loopback.
  "169.254.0.0/16", // Link-local: clouds tell machines their credentials there.
  "172.16.0.0/12", // Private.
  "192.0.0.0/24", // Protocol assignments.
  "192.0.2.0/24", // Documentation.
  "192.88.99.0/24", // Relays of 6to4.
  "192.168.0.0/16", // Private.
  "198.18.0.0/15", // Benchmarks.
  "198.51.100.0/24", // Documentation.
  "203.0.113.0/24", // Documentation.
  "224.0.0.0/3", // Multicast, reserved, broadcast.
);
/** Global unicast: all that IANA has given out of IPv6. */
const GLOBAL_IPV6 = prefixes("2000::/3");
/** Those of it that are no single machine's, or stand for an IPv4 address. */
const SPECIAL_IPV6 = prefixes(
  "2001::/23", // Protocol assignments, Teredo.
  "2001:db8::/32", // Documentation.
  "2002::/16", // 6to4.
  "3fff::/20", // Documentation.
);
/** Where a network has IPv6 alone it reaches IPv4 by these: the last four bytes are that address (RFC 6052). */
const NAT64 = prefixes("64:ff9b::/96");

/**
 * Whether an IP address in text form is one of the public internet. False for what is of this machine or its networks
 * alone, in whatever form it is written (IPv4-mapped and NAT64 addresses are the IPv4 address that is in them), and for
 * what is no address.
 */
export function isPublicAddress(address: string): boolean {
  const bytes = parseIpAddress(address);
  if (bytes === undefined) return false;
  if (bytes.length === 4) return isPublicIpv4(bytes);
  if (isIn(NAT64, bytes)) return isPublicIpv4(bytes.subarray(12));
  return isIn(GLOBAL_IPV6, bytes) && !isIn(SPECIAL_IPV6, bytes);
}

function isPublicIpv4(bytes: Uint8Array): boolean {
  return !isIn(SPECIAL_IPV4, bytes);
}

function isIn(list: readonly IpPrefix[], bytes: Uint8Array): boolean {
  return list.some((prefix) => isWithin(bytes, prefix));
}

function prefixes(...texts: readonly string[]): readonly IpPrefix[] {
  return texts.flatMap((text) => parseIpPrefix(text) ?? []);
}
