import { hostCandidate } from "../webrtc/candidate.ts";

/** The part of a network interface that matters here. */
type Interface = Pick<Deno.NetworkInterfaceInfo, "family" | "address">;

/**
 * Addresses for candidates, best first. Bound to all addresses (0.0.0.0, or :: for both families) these are the machine's
 * own, loopback last, for clients on this machine. Announced ones replace them all.
 */
export function localAddresses(
  hostname: string,
  announce: readonly string[],
  interfaces: () => readonly Interface[] = Deno.networkInterfaces,
): string[] {
  if (announce.length > 0) return [...announce];
  if (hostname !== "0.0.0.0" && hostname !== "::") return [hostname];
  const usable = interfaces().filter(({ family, address }) => isUsable(family, address, hostname));
  const addresses = [...new Set(usable.map(({ address }) => address))];
  return [...addresses.filter((address) => !isLoopback(address)), ...addresses.filter(isLoopback)];
}

/** The candidate lines, without `a=`, of one port on these addresses. */
export function candidateLines(addresses: readonly string[], port: number): string[] {
  return addresses.map((address, index) => hostCandidate({ foundation: `${index + 1}`, address, port, order: index }));
}

/** A link-local address means nothing without its interface, which a candidate cannot name (RFC 8445 section 5.1.1.1). */
function isUsable(family: "IPv4" | "IPv6", address: string, hostname: string): boolean {
  return family === "IPv4" || (hostname === "::" && !/^fe[89ab]/i.test(address));
}

function isLoopback(address: string): boolean {
  return address === "::1" || address.startsWith("127.");
}
