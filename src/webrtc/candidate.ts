import { parseIpAddress } from "./ip_address.ts";

/** The `candidate` of an RTCIceCandidateInit that says: no more will come (RFC 8838 section 14). */
export const END_OF_CANDIDATES = "";

/** `other`: a type that a later RFC may define. */
export type CandidateType = "host" | "srflx" | "prflx" | "relay" | "other";

/** An ICE candidate (RFC 8839 section 5.1). */
export interface IceCandidate {
  readonly foundation: string;
  /** 1-256; 1 is RTP, and with rtcp-mux everything. */
  readonly component: number;
  /** Lower case, as in `udp`. */
  readonly transport: string;
  /** 1 to 2^31 - 1. */
  readonly priority: number;
  /** An IP address, or a domain name as in mDNS candidates. */
  readonly address: string;
  readonly port: number;
  readonly type: CandidateType;
}

/** Longer text is no candidate that a browser writes. */
const MAX_LENGTH = 1024;
const PREFIX = "candidate:";
const FOUNDATION = /^[0-9A-Za-z+/]{1,32}$/;
const TOKEN = /^[0-9A-Za-z!#$%&'*+.^_`{|}~-]+$/;
const DIGITS = /^\d{1,10}$/;
const DOMAIN_NAME = /^(?=.{1,253}$)[0-9A-Za-z_-]+(\.[0-9A-Za-z_-]+)*\.?$/;
const NUMERIC_ADDRESS = /^[\d.]+$/;
const VISIBLE = /^[\x21-\x7e\x80-\uffff]*$/;

/**
 * Parses the `candidate` of an RTCIceCandidateInit, with or without `candidate:` before it. Undefined where it is not
 * of the form of RFC 8839 section 5.1; so is the empty one, which the caller looks for first.
 */
export function parseCandidate(text: string): IceCandidate | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const fields = (text.startsWith(PREFIX) ? text.slice(PREFIX.length) : text).split(" ");
  if (fields.length < 8 || fields[6] !== "typ") return undefined;
  const [foundation, component, transport, priority, address, port, , type] = fields;
  if (!FOUNDATION.test(foundation) || !TOKEN.test(transport) || !TOKEN.test(type)) return undefined;
  if (!isInteger(component, 1, 256) || !isInteger(priority, 1, 0x7fffffff) || !isInteger(port, 0, 0xffff)) {
    return undefined;
  }
  if (!isAddress(address) || !areAttributes(fields, 8)) return undefined;
  return {
    foundation,
    component: Number(component),
    transport: transport.toLowerCase(),
    priority: Number(priority),
    address,
    port: Number(port),
    type: candidateType(type),
  };
}

/** What distinguishes one host candidate of the server from the others. */
export interface HostCandidate {
  /** 1-32 ice-chars; the same for candidates with the same IP address and transport (RFC 8445 section 5.1.1.3). */
  readonly foundation: string;
  readonly address: string;
  readonly port: number;
  /** The place among the server's candidates, 0 for the best. */
  readonly order: number;
}

/** A UDP host candidate of component 1 as an answer has it behind `a=` (RFC 8839 section 5.1). */
export function hostCandidate({ foundation, address, port, order }: HostCandidate): string {
  return `${PREFIX}${foundation} 1 udp ${hostPriority(order)} ${address} ${port} typ host`;
}

/**
 * A TCP host candidate of component 1 that waits for clients to connect (RFC 6544 section 4.5), as an answer has it behind
 * `a=`. Its priority is below that of every UDP one.
 */
export function tcpHostCandidate({ foundation, address, port, order }: HostCandidate): string {
  return `${PREFIX}${foundation} 1 tcp ${tcpHostPriority(order)} ${address} ${port} typ host tcptype passive`;
}

function hostPriority(order: number): number {
  return priority(126, 65535 - order);
}

/** RFC 6544 section 4.2: of the local preference 3 bits are for the direction, which is 4 for a passive host candidate. */
function tcpHostPriority(order: number): number {
  return priority(90, 4 * 2 ** 13 + 8191 - order);
}

/** The priority of a candidate of component 1 (RFC 8445 section 5.1.2.1). */
function priority(typePreference: number, localPreference: number): number {
  const component = 1;
  return typePreference * 2 ** 24 + localPreference * 2 ** 8 + (256 - component);
}

function isInteger(text: string, least: number, most: number): boolean {
  return DIGITS.test(text) && Number(text) >= least && Number(text) <= most;
}

function isAddress(text: string): boolean {
  if (text.includes(":") || NUMERIC_ADDRESS.test(text)) return parseIpAddress(text) !== undefined;
  return DOMAIN_NAME.test(text);
}

/** Whether `raddr`, `rport` and extensions follow as pairs of a name and a value. A value may be empty. */
function areAttributes(fields: readonly string[], start: number): boolean {
  if ((fields.length - start) % 2 !== 0) return false;
  for (let i = start; i < fields.length; i++) {
    const isName = (i - start) % 2 === 0;
    if (!VISIBLE.test(fields[i]) || (isName && fields[i] === "")) return false;
  }
  return true;
}

function candidateType(text: string): CandidateType {
  switch (text) {
    case "host":
    case "srflx":
    case "prflx":
    case "relay":
      return text;
    default:
      return "other";
  }
}
