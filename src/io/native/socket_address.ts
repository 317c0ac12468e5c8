import { writeUint16 } from "../../rtp/bytes.ts";
import type { RemoteAddress } from "../../webrtc/datagram.ts";
import { parseIpAddress } from "../../webrtc/ip_address.ts";

export const AF_INET = 2;
export const AF_INET6 = 10;
export type Family = typeof AF_INET | typeof AF_INET6;

/** Words of sockaddr_in6, the longer of the two forms (ip(7), ipv6(7)). */
export const SOCKADDR_WORDS = 7;
/**
 * Words that tell one address from another: the sockaddr, and behind it the address of this machine that it talks to,
 * one word for IPv4 or four for IPv6 and the interface's index. A word that its family does not use is 0.
 */
export const ADDRESS_WORDS = 12;
/** Where this machine's own address begins, and where the index of its interface is. */
export const LOCAL_WORD = 7;
export const INTERFACE_WORD = 11;

const SCOPE_WORD = 6;
const FIRST_IPV6_WORD = 2;
/** `00 00 ff ff`, the third word of an IPv4-mapped address. */
const MAPPED_WORD = 0xffff0000;

/** Who an address belongs to. */
export interface AddressOwner {
  /** Takes a datagram that came from the address, as DatagramHandler does. */
  deliver(bytes: Uint8Array, length: number, from: RemoteAddress): void;
  /** A datagram to the address was dropped. */
  countDrop(): void;
}

/** A remote address as the kernel writes it, and the address of this machine that it addressed. */
export class SocketAddress implements RemoteAddress {
  /** ADDRESS_WORDS words in network byte order, the family aside. Not to be changed. */
  readonly words: Uint32Array;
  readonly family: number;
  /** Of IPv4: the words that are not 0, here as well, since to send to many would find each array out of the cache. */
  readonly #head: number;
  readonly #ip: number;
  readonly #local: number;
  /** Who sends there; undefined for an address that nothing was sent to. */
  owner: AddressOwner | undefined;
  /** When the owner was heard there last, by the time of its AddressTable. */
  heardMs = 0;
  /** Whether runs of datagrams go there as one message (UDP GSO): false once the kernel refused one. */
  segmentation = true;
  /** The next one in the same row of an AddressTable. */
  next: SocketAddress | undefined;
  #hostname: string | undefined;

  constructor(words: Uint32Array, offset = 0) {
    this.words = words.slice(offset, offset + ADDRESS_WORDS);
    this.family = words[offset] & 0xffff;
    this.#head = words[offset] | 0;
    this.#ip = words[offset + 1] | 0;
    this.#local = words[offset + LOCAL_WORD] | 0;
  }

  /** Whether the address of this machine that it talks to is known. */
  get hasLocal(): boolean {
    if (this.family === AF_INET) return this.#local !== 0;
    for (let i = LOCAL_WORD; i < INTERFACE_WORD; i++) if (this.words[i] !== 0) return true;
    return false;
  }

  get port(): number {
    return portOf(this.words, 0);
  }

  /** IPv4 in dotted form, also where the socket is one of IPv6; IPv6 as RFC 5952 writes it. Made when first asked for. */
  get hostname(): string {
    this.#hostname ??= this.#text();
    return this.#hostname;
  }

  /** Writes the sockaddr at `out[at]`, of SOCKADDR_WORDS words at most, and returns its bytes. */
  writeSockaddr(out: Uint32Array, at: number): number {
    if (this.family === AF_INET) {
      out[at] = this.#head;
      out[at + 1] = this.#ip;
      out[at + 2] = 0;
      out[at + 3] = 0;
    } else {
      for (let i = 0; i < SOCKADDR_WORDS; i++) out[at + i] = this.words[i];
    }
    return sockaddrLength(this.family);
  }

  /** Writes in_pktinfo or in6_pktinfo (ip(7), ipv6(7)) at `out[at]`, which sends from that address; returns its bytes. */
  writeLocal(out: Uint32Array, at: number): number {
    if (this.family === AF_INET) {
      out[at] = 0;
      out[at + 1] = this.#local;
      out[at + 2] = 0;
      return 12;
    }
    for (let i = 0; i < 5; i++) out[at + i] = this.words[LOCAL_WORD + i];
    return 20;
  }

  /** Whether `words` at `offset` are those of this address. */
  matches(words: Uint32Array, offset: number): boolean {
    const own = this.words;
    for (let i = 0; i < ADDRESS_WORDS; i++) if (own[i] !== words[offset + i]) return false;
    return true;
  }

  #text(): string {
    const bytes = new Uint8Array(this.words.buffer);
    if (this.family === AF_INET) return bytes.subarray(4, 8).join(".");
    if (isMapped(this.words, FIRST_IPV6_WORD)) return bytes.subarray(20, 24).join(".");
    const text = formatIpv6(bytes.subarray(8, 24));
    return this.words[SCOPE_WORD] === 0 ? text : `${text}%${this.words[SCOPE_WORD]}`;
  }
}

/** The port in a sockaddr. */
export function portOf(words: Uint32Array, offset: number): number {
  const word = words[offset];
  return ((word >>> 8) & 0xff00) | (word >>> 24);
}

/** The address as a socket of `family` takes it; undefined where it is none, or the socket cannot send there. */
export function parseSocketAddress(remote: RemoteAddress, family: Family): SocketAddress | undefined {
  const ip = parseIpAddress(remote.hostname);
  if (ip === undefined || (family === AF_INET && ip.length !== 4)) return undefined;
  const words = new Uint32Array(ADDRESS_WORDS);
  const bytes = new Uint8Array(words.buffer);
  words[0] = family;
  writeUint16(bytes, 2, remote.port);
  if (family === AF_INET) {
    bytes.set(ip, 4);
  } else {
    if (ip.length === 4) words[FIRST_IPV6_WORD + 2] = MAPPED_WORD;
    bytes.set(ip, 24 - ip.length);
    words[SCOPE_WORD] = scopeOf(remote.hostname);
  }
  return new SocketAddress(words);
}

/** Bytes of a sockaddr of this family. */
export function sockaddrLength(family: number): number {
  return family === AF_INET ? 16 : 28;
}

/** The number behind `%`, which a link-local address needs. */
function scopeOf(hostname: string): number {
  const zone = hostname.indexOf("%");
  return zone < 0 ? 0 : Number(hostname.slice(zone + 1)) >>> 0;
}

function isMapped(words: Uint32Array, offset: number): boolean {
  return words[offset] === 0 && words[offset + 1] === 0 && words[offset + 2] === MAPPED_WORD;
}

/** RFC 5952: the first of the longest runs of two zero groups or more is `::`. */
function formatIpv6(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] << 8) | bytes[2 * i + 1]).toString(16));
  const runs = groups.map((_, i) => groups.slice(i).findIndex((group) => group !== "0"))
    .map((length, i) => length < 0 ? groups.length - i : length);
  const longest = Math.max(...runs);
  if (longest < 2) return groups.join(":");
  const start = runs.indexOf(longest);
  return `${groups.slice(0, start).join(":")}::${groups.slice(start + longest).join(":")}`;
}
