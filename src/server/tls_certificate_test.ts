import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { createCertificate } from "../io/dtls/certificate.ts";
import { CertificateError } from "../io/dtls/certificate_pem.ts";
import { readTlsCertificate } from "./tls_certificate.ts";

const NOW_MS = Date.UTC(2027, 2, 4);
const DAY_MS = 86_400_000;
const OWN = createCertificate(NOW_MS, ["localhost"]);
const PEM = { cert: OWN.certPem, key: OWN.keyPem };

Deno.test({
  name: "B250: a certificate is told with the fingerprint of its first, and without a warning",
  permissions: "none",
  fn() {
    const chain = { ...PEM, cert: OWN.certPem + createCertificate(NOW_MS).certPem };
    const { fingerprint, warnings } = readTlsCertificate(chain, NOW_MS);
    assert.deepEqual({ fingerprint, warnings }, { fingerprint: OWN.fingerprint, warnings: [] });
  },
});

Deno.test({
  name: "B250: a certificate out of its time is used with a warning",
  permissions: "none",
  fn() {
    assert.match(readTlsCertificate(PEM, NOW_MS + 400 * DAY_MS).warnings.join(), /^it has expired: /);
    assert.match(readTlsCertificate(PEM, NOW_MS - 2 * DAY_MS).warnings.join(), /^it is not valid before /);
  },
});

const encoding = { publicKeyEncoding: { type: "spki", format: "pem" } } as const;
const pkcs8 = { type: "pkcs8", format: "pem" } as const;

for (
  const { what, key, reason } of [
    {
      what: "RSA of 1024 bits",
      key: () => generateKeyPairSync("rsa", { modulusLength: 1024, ...encoding, privateKeyEncoding: pkcs8 }),
      reason: "it is RSA of 1024 bits, and browsers want 2048",
    },
    {
      what: "Ed25519, which browsers do not take",
      key: () => generateKeyPairSync("ed25519", { ...encoding, privateKeyEncoding: pkcs8 }),
      reason: "it is of type ed25519, not RSA or EC P-256, P-384 or P-521",
    },
    {
      what: "an unusual curve",
      key: () => generateKeyPairSync("ec", { namedCurve: "secp256k1", ...encoding, privateKeyEncoding: pkcs8 }),
      reason: "it is of type ec (secp256k1), not RSA or EC P-256, P-384 or P-521",
    },
  ]
) {
  Deno.test({
    name: `B250: a key of ${what} is refused`,
    permissions: "none",
    fn() {
      assert.throws(() => readTlsCertificate({ ...PEM, key: key().privateKey }, NOW_MS), (error) => {
        assert.ok(error instanceof CertificateError);
        assert.deepEqual([error.part, error.message], ["key", reason]);
        return true;
      });
    },
  });
}
