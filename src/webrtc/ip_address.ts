import { writeUint16 } from "../rtp/bytes.ts";

const IPV4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;
const IPV6_GROUP = /^[0-9a-f]{1,4}$/i;
const IPV6_GROUPS = 8;
/** Bytes of an IPv6 address that one customer has: any of the addresses behind them may be the same machine's. */
const IPV6_PREFIX = 8;

/**
 * The bytes of an IP address in text form: 4 for IPv4, 16 for IPv6 (RFC 4291 section 2.2; a zone behind `%` is
 * dropped), undefined for anything else. An IPv4-mapped address (`::ffff:192.0.2.1`, RFC 4291 section 2.5.5.2), which
 * is how a dual-stack socket shows IPv4, gives the 4 bytes of the IPv4 address.
 */
export function parseIpAddress(text: string): Uint8Array | undefined {
  if (!text.includes(":")) return parseIpv4(text);
  const zone = text.indexOf("%");
  const groups = parseIpv6(zone < 0 ? text : text.slice(0, zone));
  if (groups === undefined) return undefined;
  const bytes = new Uint8Array(2 * IPV6_GROUPS);
  for (let i = 0; i < IPV6_GROUPS; i++) writeUint16(bytes, 2 * i, groups[i]);
  return isIpv4Mapped(groups) ? bytes.subarray(12) : bytes;
}

/** Who an IP address in text form is of, as far as limits go: the address itself, or of IPv6 the /64 that it is in. */
export function networkOf(hostname: string): string {
  const bytes = parseIpAddress(hostname);
  return bytes?.length === 16 ? bytes.subarray(0, IPV6_PREFIX).toHex() : bytes?.toHex() ?? hostname;
}

function parseIpv4(text: string): Uint8Array | undefined {
  const octets = IPV4.exec(text);
  if (octets === null) return undefined;
  const bytes = new Uint8Array(4);
  for (let i = 0; i < 4; i++) {
    const octet = octets[i + 1];
    // A leading zero means octal to some and decimal to others: such text is no address.
    if (Number(octet) > 255 || (octet.length > 1 && octet[0] === "0")) return undefined;
    bytes[i] = Number(octet);
  }
  return bytes;
}

/** The eight 16-bit groups. */
function parseIpv6(text: string): number[] | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const compressed = halves.length === 2;
  const head = parseGroups(halves[0], !compressed);
  const tail = parseGroups(halves[1] ?? "", true);
  if (head === undefined || tail === undefined) return undefined;
  const missing = IPV6_GROUPS - head.length - tail.length;
  if (compressed ? missing < 1 : missing !== 0) return undefined;
  return [...head, ...new Array<number>(missing).fill(0), ...tail];
}

/** `mayEndInIpv4`: the last group may be an IPv4 address, which is worth two groups. */
function parseGroups(text: string, mayEndInIpv4: boolean): number[] | undefined {
  const groups: number[] = [];
  if (text === "") return groups;
  const parts = text.split(":");
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i];
    if (IPV6_GROUP.test(part)) {
      groups.push(parseInt(part, 16));
      continue;
    }
    const ipv4 = mayEndInIpv4 && i === parts.length - 1 ? parseIpv4(part) : undefined;
    if (ipv4 === undefined) return undefined;
    groups.push((ipv4[0] << 8) | ipv4[1], (ipv4[2] << 8) | ipv4[3]);
  }
  return groups;
}

function isIpv4Mapped(groups: readonly number[]): boolean {
  return groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0);
}
