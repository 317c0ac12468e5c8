import { parseIpAddress } from "../webrtc/ip_address.ts";
import { type IpPrefix, isWithin, parseIpPrefix } from "../webrtc/ip_prefix.ts";

/** The proxies in front of the server: how many there are, or which, as IP addresses and prefixes (`10.0.0.0/8`). */
export type TrustedProxies = number | readonly string[];

/** Finds a client's IP address by X-Forwarded-For, undefined where there is none, and by who is connected. */
export type FindClientAddress = (forwardedFor: string | undefined, connected: string) => string;

/** An address with a port, as some proxies write it: `192.0.2.1:4000`, `[2001:db8::1]:4000`, `[2001:db8::1]`. */
const WITH_PORT = /^(?:\[([^\]]+)\](?::\d+)?|([^:]+):\d+)$/;

/** Whether a text is an IP address, or a prefix of such addresses. */
export function isProxy(text: string): boolean {
  return parseIpPrefix(text) !== undefined;
}

/**
 * Each proxy adds whom it was connected to at the right end of X-Forwarded-For, whatever stood there before: only what
 * trusted proxies have added counts. What stands there and is no IP address ends the search: the client is then the last
 * one who was found. Throws a TypeError for what is no proxy.
 */
export function clientAddressFinder(trusted: TrustedProxies): FindClientAddress {
  if (typeof trusted === "number" && !(Number.isSafeInteger(trusted) && trusted >= 0)) {
    throw new TypeError(`trustProxy: ${trusted} is no number of proxies`);
  }
  const isTrusted = typeof trusted === "number" ? nearest(trusted) : oneOf(trusted.map(prefixOf));
  return (forwardedFor, connected) => {
    let client = connected;
    const entries = forwardedFor?.split(",") ?? [];
    for (let hop = 0; isTrusted(client, hop) && entries.length > 0; hop++) {
      const address = addressIn(entries.pop() ?? "");
      if (address === undefined) break;
      client = address;
    }
    return client;
  };
}

function nearest(count: number): (address: string, hop: number) => boolean {
  return (_, hop) => hop < count;
}

function oneOf(prefixes: readonly IpPrefix[]): (address: string) => boolean {
  return (address) => {
    const bytes = parseIpAddress(address);
    return bytes !== undefined && prefixes.some((prefix) => isWithin(bytes, prefix));
  };
}

function prefixOf(text: string): IpPrefix {
  const prefix = parseIpPrefix(text);
  if (prefix === undefined) throw new TypeError(`trustProxy: ${text} is neither an IP address nor a prefix of some`);
  return prefix;
}

function addressIn(entry: string): string | undefined {
  const text = entry.trim();
  if (parseIpAddress(text) !== undefined) return text;
  const [, ipv6, ipv4] = WITH_PORT.exec(text) ?? [];
  const address = ipv6 ?? ipv4 ?? "";
  return parseIpAddress(address) === undefined ? undefined : address;
}
