import { Buffer } from "node:buffer";
import { createSign, generateKeyPairSync, randomBytes, X509Certificate } from "node:crypto";
import { parseIpAddress } from "../../webrtc/ip_address.ts";

/** A self-signed certificate for DTLS, or for TLS where it has names, with its private key. */
export interface DtlsCertificate {
  readonly certPem: string;
  /** PKCS #8. */
  readonly keyPem: string;
  readonly der: Uint8Array;
  /** SHA-256 of `der`, as in `AB:CD:...` (RFC 8122 section 5). */
  readonly fingerprint: string;
}

const DAY_MS = 86_400_000;
const VALID_BEFORE_MS = DAY_MS;
const VALID_AFTER_MS = 365 * DAY_MS;

/** Tags of DER (X.690 section 8). */
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const UTF8_STRING = 0x0c;
const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;
const SEQUENCE = 0x30;
const SET = 0x31;
const OCTET_STRING = 0x04;
const BOOLEAN = 0x01;
const VERSION = 0xa0;
const EXTENSIONS = 0xa3;
/** Of GeneralName (RFC 5280 section 4.2.1.6). */
const DNS_NAME = 0x82;
const IP_ADDRESS = 0x87;

const X509_V3 = Buffer.of(2);
const ECDSA_WITH_SHA256 = Buffer.from("06082a8648ce3d040302", "hex");
const COMMON_NAME = Buffer.from("0603550403", "hex");
const KEY_USAGE = Buffer.from("0603551d0f", "hex");
const SUBJECT_ALT_NAME = Buffer.from("0603551d11", "hex");
const BASIC_CONSTRAINTS = Buffer.from("0603551d13", "hex");
const EXTENDED_KEY_USAGE = Buffer.from("0603551d25", "hex");
const SERVER_AUTH = Buffer.from("06082b06010505070301", "hex");
const TRUE = Buffer.of(BOOLEAN, 1, 0xff);
/** A BIT STRING of one bit, with seven that count for nothing. */
const DIGITAL_SIGNATURE = Buffer.of(BIT_STRING, 2, 7, 0x80);

/**
 * Makes an ECDSA P-256 key and a self-signed certificate for it (RFC 5280 section 4.1), valid from a day before `nowMs`,
 * which is Unix time, to a year after it. In DTLS nobody checks the names or the chain: the fingerprint in the SDP is what
 * counts (RFC 8122). `hosts`, DNS names and IP addresses, make it one for an HTTPS server at these, which browsers want
 * to end within 398 days.
 */
export function createCertificate(nowMs: number, hosts: readonly string[] = []): DtlsCertificate {
  const { publicKey, privateKey } = generateKeyPairSync("ec", {
    namedCurve: "prime256v1",
    publicKeyEncoding: { type: "spki", format: "der" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  const signed = tbsCertificate(publicKey, nowMs, hosts);
  const signature = createSign("sha256").update(signed).sign(privateKey);
  const unusedBits = Buffer.of(0);
  const der = tlv(SEQUENCE, signed, tlv(SEQUENCE, ECDSA_WITH_SHA256), tlv(BIT_STRING, unusedBits, signature));
  return {
    certPem: pem(der),
    keyPem: privateKey,
    der: Uint8Array.from(der),
    fingerprint: new X509Certificate(der).fingerprint256,
  };
}

function tbsCertificate(publicKey: Buffer, nowMs: number, hosts: readonly string[]): Buffer {
  const name = tlv(SEQUENCE, tlv(SET, tlv(SEQUENCE, COMMON_NAME, tlv(UTF8_STRING, Buffer.from("Switchboard")))));
  return tlv(
    SEQUENCE,
    tlv(VERSION, tlv(INTEGER, X509_V3)),
    tlv(INTEGER, serialNumber()),
    tlv(SEQUENCE, ECDSA_WITH_SHA256),
    name,
    tlv(SEQUENCE, time(nowMs - VALID_BEFORE_MS), time(nowMs + VALID_AFTER_MS)),
    name,
    publicKey,
    ...(hosts.length > 0 ? [serverExtensions(hosts)] : []),
  );
}

/** What a client of TLS looks for in a server's certificate (RFC 5280 section 4.2.1). */
function serverExtensions(hosts: readonly string[]): Buffer {
  return tlv(
    EXTENSIONS,
    tlv(
      SEQUENCE,
      extension(BASIC_CONSTRAINTS, TRUE, tlv(SEQUENCE)),
      extension(KEY_USAGE, TRUE, DIGITAL_SIGNATURE),
      extension(EXTENDED_KEY_USAGE, tlv(SEQUENCE, SERVER_AUTH)),
      extension(SUBJECT_ALT_NAME, tlv(SEQUENCE, ...hosts.map(generalName))),
    ),
  );
}

/** The value comes last, behind whether it is critical. */
function extension(id: Buffer, ...rest: Buffer[]): Buffer {
  return tlv(SEQUENCE, id, ...rest.slice(0, -1), tlv(OCTET_STRING, rest[rest.length - 1]));
}

function generalName(host: string): Buffer {
  const address = parseIpAddress(host);
  return address === undefined ? tlv(DNS_NAME, Buffer.from(host, "ascii")) : tlv(IP_ADDRESS, address);
}

/** 16 random bytes, made positive and free of leading zeros, as DER wants an integer. */
function serialNumber(): Buffer {
  const serial = randomBytes(16);
  serial[0] = (serial[0] & 0x7f) | 0x40;
  return serial;
}

/** UTCTime through 2049, GeneralizedTime from 2050 (RFC 5280 section 4.1.2.5). */
function time(unixMs: number): Buffer {
  const digits = new Date(unixMs).toISOString().replace(/\.\d+|[-:T]/g, "");
  return digits < "2050" ? tlv(UTC_TIME, Buffer.from(digits.slice(2))) : tlv(GENERALIZED_TIME, Buffer.from(digits));
}

function tlv(tag: number, ...parts: Uint8Array[]): Buffer {
  const value = Buffer.concat(parts);
  const { length } = value;
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), value]);
  if (length < 0x100) return Buffer.concat([Buffer.of(tag, 0x81, length), value]);
  return Buffer.concat([Buffer.of(tag, 0x82, length >>> 8, length), value]);
}

function pem(der: Buffer): string {
  const lines = der.toString("base64").replace(/.{64}(?=.)/g, "$&\n");
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}
