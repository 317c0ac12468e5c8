import { Buffer } from "node:buffer";
import { X509Certificate } from "node:crypto";
import { createCertificate, type DtlsCertificate } from "../../src/io/dtls/certificate.ts";

/** Tags of DER (X.690 section 8). */
const SEQUENCE = 0x30;
const OCTET_STRING = 0x04;
const EXTENSIONS = 0xa3;

/** An object identifier that nobody knows: 2.25.1. */
const UNKNOWN = Buffer.from("06026901", "hex");

/** A certificate that an extension of `length` bytes, below 60,000, makes long. Its signature is of the short one. */
export function longCertificate(length: number): DtlsCertificate {
  const short = createCertificate(Date.UTC(2027, 0, 1));
  const [outer] = readValues(Buffer.from(short.der));
  const [tbs, ...signature] = readValues(outer.value);
  const extension = tlv(SEQUENCE, Buffer.concat([UNKNOWN, tlv(OCTET_STRING, Buffer.alloc(length, 7))]));
  const longTbs = tlv(SEQUENCE, Buffer.concat([tbs.value, tlv(EXTENSIONS, tlv(SEQUENCE, extension))]));
  const der = tlv(SEQUENCE, Buffer.concat([longTbs, ...signature.map(({ whole }) => whole)]));
  const certificate = new X509Certificate(der);
  return {
    certPem: certificate.toString(),
    keyPem: short.keyPem,
    der: Uint8Array.from(der),
    fingerprint: certificate.fingerprint256,
  };
}

/** The values of a sequence, all shorter than 64 kB. */
function readValues(bytes: Buffer): { readonly whole: Buffer; readonly value: Buffer }[] {
  const values = [];
  for (let start = 0; start < bytes.length;) {
    const sizeBytes = bytes[start + 1] < 0x80 ? 0 : bytes[start + 1] & 0x7f;
    const size = sizeBytes === 0 ? bytes[start + 1] : bytes.readUIntBE(start + 2, sizeBytes);
    const body = start + 2 + sizeBytes;
    values.push({ whole: bytes.subarray(start, body + size), value: bytes.subarray(body, body + size) });
    start = body + size;
  }
  return values;
}

function tlv(tag: number, value: Buffer): Buffer {
  const head = value.length < 0x80 ? Buffer.of(tag, value.length) : Buffer.of(tag, 0x82, 0, 0);
  if (head.length === 4) head.writeUInt16BE(value.length, 2);
  return Buffer.concat([head, value]);
}
