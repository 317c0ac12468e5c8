import type { KeyObject } from "node:crypto";
import { createSecureContext, type SecureContext } from "node:tls";
import type { DtlsCertificate } from "../io/dtls/certificate.ts";
import {
  certificateBlocks,
  CertificateError,
  type CertificatePem,
  checkPair,
  keyType,
  parseCertificate,
  parseKey,
} from "../io/dtls/certificate_pem.ts";

/** A certificate that HTTPS can show. */
export interface TlsCertificate {
  /** What a handshake takes it from. */
  readonly context: SecureContext;
  /** SHA-256 of the first certificate, as in `AB:CD:...`. */
  readonly fingerprint: string;
  /** Until when it is valid, in words. */
  readonly validTo: string;
  /** What its owner should know, in words; it is used all the same. */
  readonly warnings: readonly string[];
}

const CURVES = ["prime256v1", "secp384r1", "secp521r1"];
/** Bits; no browser takes less. */
const MIN_RSA_LENGTH = 2048;

/**
 * Reads a certificate with its chain, and its key. Node's own check comes with the first handshake, which is too late:
 * so all is looked at here. Throws a CertificateError, which tells nothing of the key. `nowMs` is Unix time.
 */
export function readTlsCertificate({ cert, key }: CertificatePem, nowMs: number): TlsCertificate {
  const chain = certificateBlocks(cert).map((pem, index) =>
    parseCertificate(pem, `its certificate ${index + 1} cannot be read`)
  );
  // A file that is being written ends anywhere.
  if (cert.split("-----BEGIN CERTIFICATE-----").length - 1 > chain.length) {
    throw new CertificateError("cert", "its last certificate is not complete");
  }
  const privateKey = parseKey(key);
  checkType(privateKey);
  const [leaf] = chain;
  checkPair(leaf, privateKey, "its key cannot be read: it is neither RSA nor EC");
  return {
    context: secureContext(
      chain.map((certificate) => certificate.toString()).join(""),
      String(privateKey.export({ type: "pkcs8", format: "pem" })),
    ),
    fingerprint: leaf.fingerprint256,
    validTo: leaf.validTo,
    warnings: [
      ...(Date.parse(leaf.validTo) < nowMs ? [`it has expired: ${leaf.validTo}; browsers refuse it`] : []),
      ...(nowMs < Date.parse(leaf.validFrom) ? [`it is not valid before ${leaf.validFrom}; browsers refuse it`] : []),
    ],
  };
}

/** The same of a certificate that this process has made. */
export function madeTlsCertificate({ certPem, keyPem }: DtlsCertificate, nowMs: number): TlsCertificate {
  return readTlsCertificate({ cert: certPem, key: keyPem }, nowMs);
}

function checkType(key: KeyObject): void {
  const { namedCurve = "", modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === "ec" && CURVES.includes(namedCurve)) return;
  if (key.asymmetricKeyType !== "rsa") {
    throw new CertificateError("key", `it is of type ${keyType(key)}, not RSA or EC P-256, P-384 or P-521`);
  }
  if (modulusLength >= MIN_RSA_LENGTH) return;
  throw new CertificateError("key", `it is RSA of ${modulusLength} bits, and browsers want ${MIN_RSA_LENGTH}`);
}

function secureContext(cert: string, key: string): SecureContext {
  try {
    return createSecureContext({ cert, key, minVersion: "TLSv1.2" });
  } catch (error) {
    throw new CertificateError("cert", `TLS cannot use it: ${error instanceof Error ? error.message : error}`);
  }
}
