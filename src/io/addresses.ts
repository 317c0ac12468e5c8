import { hostCandidate, tcpHostCandidate } from "../webrtc/candidate.ts";

/** The part of a network interface that matters here. */
type Interface = Pick<Deno.NetworkInterfaceInfo, "family" | "address">;

/**
 * What UDP sockets bind to, for media on these addresses of the machine: the one that there is, or all of the machine's
 * where there are several. A socket has one address, and a peer has one socket.
 */
export function bindAddress(hosts: readonly string[]): string {
  if (hosts.length === 1) return hosts[0];
  return hosts.some(isIpv6) ? "::" : "0.0.0.0";
}

/** Whether clients at IPv4, or IPv6, addresses can reach media on these addresses of the machine. */
export function servesFamily(hosts: readonly string[], family: "IPv4" | "IPv6"): boolean {
  return hosts.some((host) => (isIpv6(host) && isUnspecified(host)) || isIpv6(host) === (family === "IPv6"));
}

/** Those of the addresses that no client can reach media at: of a family that `hosts` have no address of. */
export function unservedAddresses(hosts: readonly string[], addresses: readonly string[]): string[] {
  return addresses.filter((address) => !servesFamily(hosts, isIpv6(address) ? "IPv6" : "IPv4"));
}

/**
 * Addresses for candidates, best first. Those of `hosts`; for all of the machine's (0.0.0.0, or :: for both families) the
 * ones that it has, loopback last, for clients on this machine. Announced ones replace them all.
 */
export function localAddresses(
  hosts: readonly string[],
  announced: readonly string[],
  interfaces: () => readonly Interface[] = Deno.networkInterfaces,
): string[] {
  if (announced.length > 0) return [...announced];
  if (!hosts.some(isUnspecified)) return [...hosts];
  const usable = interfaces().filter(({ family, address }) => servesFamily(hosts, family) && !isLinkLocal(address));
  const addresses = [...new Set(usable.map(({ address }) => address))];
  return [...addresses.filter((address) => !isLoopback(address)), ...addresses.filter(isLoopback)];
}

/** The candidate lines, without `a=`, of one UDP port on these addresses and, where it is given, one TCP port. */
export function candidateLines(addresses: readonly string[], port: number, tcpPort?: number): string[] {
  const candidates = (write: typeof hostCandidate, port: number, firstFoundation: number) =>
    addresses.map((address, order) => write({ foundation: `${firstFoundation + order}`, address, port, order }));
  const udp = candidates(hostCandidate, port, 1);
  return tcpPort === undefined ? udp : [...udp, ...candidates(tcpHostCandidate, tcpPort, 1 + addresses.length)];
}

/** 0.0.0.0, or :: in any form. */
export function isUnspecified(address: string): boolean {
  return /^[0:.]+$/.test(address);
}

function isIpv6(address: string): boolean {
  return address.includes(":");
}

/** Whether a client could send to the address, which is not its own and not one of a link. */
export function isReachable(address: string): boolean {
  return !isUnspecified(address) && !isLinkLocal(address);
}

/** A link-local address means nothing without its interface, which a candidate cannot name (RFC 8445 section 5.1.1.1). */
function isLinkLocal(address: string): boolean {
  return /^fe[89ab]/i.test(address);
}

function isLoopback(address: string): boolean {
  return address === "::1" || address.startsWith("127.");
}
