import assert from "node:assert/strict";
import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { longCertificate } from "../../../tests/harness/long_certificate.ts";
import { createCertificate } from "./certificate.ts";
import { CertificateError, type CertificatePem, readCertificate } from "./certificate_pem.ts";

const NOW_MS = Date.UTC(2027, 2, 4);
const OWN = createCertificate(NOW_MS);
const OTHER = createCertificate(NOW_MS);
const GIVEN: CertificatePem = { cert: OWN.certPem, key: OWN.keyPem };
const SEC1 = String(createPrivateKey(OWN.keyPem).export({ type: "sec1", format: "pem" }));
const PARAMETERS = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
const TEXT_BEFORE = "Bag Attributes\n    friendlyName: media\nsubject=CN = media\n";

for (
  const [form, given] of Object.entries({
    "PKCS #8": GIVEN,
    "RFC 5915, with its parameters in front": { ...GIVEN, key: PARAMETERS + SEC1 },
    "one text for both": { cert: OWN.keyPem + OWN.certPem, key: OWN.keyPem + OWN.certPem },
    "with text around it and lines that end as on Windows": {
      cert: (TEXT_BEFORE + OWN.certPem).replaceAll("\n", "\r\n"),
      key: (TEXT_BEFORE + OWN.keyPem).replaceAll("\n", "\r\n"),
    },
  })
) {
  Deno.test({
    name: `B205: a certificate and its key are read: ${form}`,
    permissions: "none",
    fn() {
      const { certificate, warnings } = readCertificate(given, NOW_MS);
      assert.deepEqual(certificate.der, OWN.der);
      assert.equal(certificate.fingerprint, OWN.fingerprint);
      assert.equal(certificate.keyPem, OWN.keyPem);
      assert.deepEqual(
        readCertificate({ cert: certificate.certPem, key: OWN.keyPem }, NOW_MS).certificate,
        certificate,
      );
      assert.deepEqual(warnings, []);
    },
  });
}

Deno.test({
  name: "B205: of a chain the first certificate is used, which is told",
  permissions: "none",
  fn() {
    const { certificate, warnings } = readCertificate({ ...GIVEN, cert: OWN.certPem + OTHER.certPem }, NOW_MS);
    assert.equal(certificate.fingerprint, OWN.fingerprint);
    assert.deepEqual(warnings, ["of 2 certificates the first is used: in DTLS nobody asks for a chain"]);
  },
});

Deno.test({
  name: "B205: a certificate that is over, or not yet valid, is used with a warning",
  permissions: "none",
  fn() {
    for (
      const [nowMs, warning] of [
        [Date.UTC(2029, 0, 1), /^it has expired: Mar {2}?3 .*2028/],
        [Date.UTC(2026, 0, 1), /^it is not valid before Mar {2}?3 .*2027/],
      ] as const
    ) {
      const { certificate, warnings } = readCertificate(GIVEN, nowMs);
      assert.equal(certificate.fingerprint, OWN.fingerprint);
      assert.equal(warnings.length, 1);
      assert.match(warnings[0], warning);
    }
  },
});

const keyOf = (type: "rsa" | "ed25519" | "P-384"): string => {
  const format = { privateKeyEncoding: { type: "pkcs8", format: "pem" } } as const;
  const publicKeyEncoding = { type: "spki", format: "pem" } as const;
  if (type === "rsa") {
    return generateKeyPairSync("rsa", { modulusLength: 1024, publicKeyEncoding, ...format }).privateKey;
  }
  if (type === "P-384") {
    return generateKeyPairSync("ec", { namedCurve: "P-384", publicKeyEncoding, ...format }).privateKey;
  }
  return generateKeyPairSync("ed25519", { publicKeyEncoding, ...format }).privateKey;
};

/** Its key has the object identifier of prime239v3 instead of prime256v1 (RFC 5480 section 2.1.1.1, ANSI X9.62). */
function withUnknownCurve(): string {
  const hex = OWN.der.toHex();
  const changed = hex.replace("2a8648ce3d030107", "2a8648ce3d030106");
  assert.notEqual(changed, hex);
  return `-----BEGIN CERTIFICATE-----\n${Uint8Array.fromHex(changed).toBase64()}\n-----END CERTIFICATE-----\n`;
}

const encrypted = (): string => OWN.keyPem.replaceAll("PRIVATE", "ENCRYPTED PRIVATE");
const encryptedSec1 = (): string =>
  SEC1.replace("KEY-----\n", "KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n");

for (
  const [what, part, given, reason] of [
    ["no certificate", "cert", () => ({ cert: OWN.keyPem, key: OWN.keyPem }), /^it has no certificate in PEM/],
    ["no PEM", "cert", () => ({ ...GIVEN, cert: "media" }), /^it has no certificate in PEM/],
    ["a broken certificate", "cert", () => ({ ...GIVEN, cert: OWN.certPem.replace("MII", "MIJ") }), /cannot be read$/],
    [
      "a certificate of 9 kB",
      "cert",
      () => ({ ...GIVEN, cert: longCertificate(9000).certPem }),
      /longer than 8192 bytes$/,
    ],
    [
      "a certificate for a curve that nobody knows",
      "cert",
      () => ({ ...GIVEN, cert: withUnknownCurve() }),
      /^its key cannot be read: it is not EC P-256$/,
    ],
    ["no key", "key", () => ({ ...GIVEN, key: OWN.certPem }), /^it has no private key in PEM/],
    [
      "a broken key",
      "key",
      () => ({ ...GIVEN, key: OWN.keyPem.replace("MIG", "MIH") }),
      /^its private key cannot be read$/,
    ],
    ["an encrypted key", "key", () => ({ ...GIVEN, key: encrypted() }), /^it is encrypted.*openssl pkey/],
    [
      "an encrypted key of RFC 1421",
      "key",
      () => ({ ...GIVEN, key: encryptedSec1() }),
      /^it is encrypted.*openssl pkey/,
    ],
    ["an RSA key", "key", () => ({ ...GIVEN, key: keyOf("rsa") }), /^it is of type rsa, not EC P-256: openssl genpkey/],
    ["an Ed25519 key", "key", () => ({ ...GIVEN, key: keyOf("ed25519") }), /^it is of type ed25519, not EC P-256/],
    ["a P-384 key", "key", () => ({ ...GIVEN, key: keyOf("P-384") }), /^it is of type ec \(secp384r1\), not EC P-256/],
    ["another one's key", "key", () => ({ ...GIVEN, key: OTHER.keyPem }), /^it is not the key of the certificate$/],
  ] as const
) {
  Deno.test({
    name: `B206: ${what} is refused, with the reason and nothing of the key`,
    permissions: "none",
    fn() {
      const pem: CertificatePem = given();
      assert.throws(() => readCertificate(pem, NOW_MS), (error) => {
        assert.ok(error instanceof CertificateError);
        assert.equal(error.part, part);
        assert.match(error.message, reason);
        const lines = pem.key.split("\n").filter((line) => line.length > 16 && !line.startsWith("-----"));
        for (const line of lines) assert.ok(!error.message.includes(line) && !error.stack?.includes(line));
        return true;
      });
    },
  });
}
