import type { Buffer } from "node:buffer";
import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import type { DtlsCertificate } from "./certificate.ts";

/** A certificate and its private key as text in PEM (RFC 7468). */
export interface CertificatePem {
  /** The first certificate in it counts. */
  readonly cert: string;
  /** Not encrypted: PKCS #8, or the form of RFC 5915. DTLS wants EC P-256. */
  readonly key: string;
}

/** What was given is of no use as a certificate. The message tells why, and nothing of the key. */
export class CertificateError extends Error {
  override readonly name = "CertificateError";
  /** Which of the two is wrong. */
  readonly part: keyof CertificatePem;

  constructor(part: keyof CertificatePem, reason: string) {
    super(reason);
    this.part = part;
  }
}

/** What `readCertificate` has read. */
export interface GivenCertificate {
  readonly certificate: DtlsCertificate;
  /** What its owner should know, in words; it is used all the same. */
  readonly warnings: readonly string[];
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[^-]*-----END \1-----/g;
/** Bytes in DER: each client that joins is sent so much, and a handshake message may have 16 kB. */
const MAX_LENGTH = 8192;
const MAKE_KEY = "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 makes one";

/**
 * Reads a certificate for DTLS. Nobody checks its names, its chain or its dates: the fingerprint in the SDP is what counts
 * (RFC 8122, RFC 8827 section 6.5); so what is behind the first certificate is of no use, and dates are a warning. Throws
 * a CertificateError. `nowMs` is Unix time.
 */
export function readCertificate({ cert, key }: CertificatePem, nowMs: number): GivenCertificate {
  const blocks = certificateBlocks(cert);
  const x509 = parseCertificate(blocks[0], "its first certificate cannot be read");
  if (x509.raw.length > MAX_LENGTH) throw new CertificateError("cert", `it is longer than ${MAX_LENGTH} bytes`);
  const privateKey = parseKey(key);
  checkType(privateKey);
  checkPair(x509, privateKey, "its key cannot be read: it is not EC P-256");
  const others = blocks.length - 1;
  return {
    certificate: {
      certPem: x509.toString(),
      keyPem: String(privateKey.export({ type: "pkcs8", format: "pem" })),
      der: Uint8Array.from(x509.raw),
      fingerprint: x509.fingerprint256,
    },
    warnings: [
      ...(others > 0 ? [`of ${blocks.length} certificates the first is used: in DTLS nobody asks for a chain`] : []),
      ...validityWarning(x509, nowMs),
    ],
  };
}

/** The certificates in PEM, in their order. Throws a CertificateError where there is none. */
export function certificateBlocks(text: string): readonly string[] {
  const blocks = pemBlocks(text).filter(({ label }) => label === "CERTIFICATE");
  if (blocks.length === 0) {
    throw new CertificateError("cert", "it has no certificate in PEM (-----BEGIN CERTIFICATE-----)");
  }
  return blocks.map((block) => block.text);
}

/** Reads one certificate. Throws a CertificateError with `reason`. */
export function parseCertificate(pem: string, reason: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw new CertificateError("cert", reason);
  }
}

/** Reads the private key, of whatever type. Throws a CertificateError, which tells nothing of the key. */
export function parseKey(text: string): KeyObject {
  // `openssl ecparam -genkey` puts the parameters in front.
  const block = pemBlocks(text).find(({ label }) => label.endsWith("PRIVATE KEY"));
  // The lines that say so have a hyphen.
  if (block?.label === "ENCRYPTED PRIVATE KEY" || /^Proc-Type:.*ENCRYPTED/m.test(text)) {
    throw new CertificateError(
      "key",
      "it is encrypted, and nobody is asked for a passphrase: openssl pkey decrypts it",
    );
  }
  if (block === undefined) {
    throw new CertificateError("key", "it has no private key in PEM (-----BEGIN PRIVATE KEY-----)");
  }
  return importKey(block.text);
}

/** Throws a CertificateError where the key is not the certificate's, with `unknown` where node:crypto cannot tell. */
export function checkPair(certificate: X509Certificate, key: KeyObject, unknown: string): void {
  if (!publicKeyOf(certificate, unknown).equals(spki(createPublicKey(key)))) {
    throw new CertificateError("key", "it is not the key of the certificate");
  }
}

/** In DER. */
function publicKeyOf(x509: X509Certificate, unknown: string): Buffer {
  try {
    return spki(x509.publicKey);
  } catch {
    // node:crypto does not know all types and curves.
    throw new CertificateError("cert", unknown);
  }
}

/** What kind of key it is, in words. */
export function keyType(key: KeyObject): string {
  const curve = key.asymmetricKeyDetails?.namedCurve;
  return `${key.asymmetricKeyType ?? "unknown"}${curve ? ` (${curve})` : ""}`;
}

function checkType(key: KeyObject): void {
  if (key.asymmetricKeyType === "ec" && key.asymmetricKeyDetails?.namedCurve === "prime256v1") return;
  throw new CertificateError("key", `it is of type ${keyType(key)}, not EC P-256: ${MAKE_KEY}`);
}

function importKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    throw new CertificateError("key", "its private key cannot be read");
  }
}

function validityWarning({ validFrom, validTo }: X509Certificate, nowMs: number): string[] {
  if (Date.parse(validTo) < nowMs) return [`it has expired: ${validTo}; browsers do not ask, other clients may`];
  if (nowMs < Date.parse(validFrom)) {
    return [`it is not valid before ${validFrom}; browsers do not ask, other clients may`];
  }
  return [];
}

function pemBlocks(text: string): { readonly label: string; readonly text: string }[] {
  return [...text.matchAll(BLOCK)].map(([block, label]) => ({ label, text: block }));
}

function spki(key: KeyObject): Buffer {
  return key.export({ type: "spki", format: "der" });
}
