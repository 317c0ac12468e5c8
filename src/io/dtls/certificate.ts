import { Buffer } from "node:buffer";
import { createSign, generateKeyPairSync, randomBytes, X509Certificate } from "node:crypto";

/** A self-signed certificate for DTLS, with its private key. */
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
const VERSION = 0xa0;

const X509_V3 = Buffer.of(2);
const ECDSA_WITH_SHA256 = Buffer.from("06082a8648ce3d040302", "hex");
const COMMON_NAME = Buffer.from("0603550403", "hex");

/**
 * Makes an ECDSA P-256 key and a self-signed certificate for it (RFC 5280 section 4.1), valid from a day before `nowMs`,
 * which is Unix time, to a year after it. Nobody checks the names or the chain: the fingerprint in the SDP is what
 * counts (RFC 8122).
 */
export function createCertificate(nowMs: number): DtlsCertificate {
  const { publicKey, privateKey } = generateKeyPairSync("ec", {
    namedCurve: "prime256v1",
    publicKeyEncoding: { type: "spki", format: "der" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  const signed = tbsCertificate(publicKey, nowMs);
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

function tbsCertificate(publicKey: Buffer, nowMs: number): Buffer {
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
  );
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
