import assert from "node:assert/strict";
import { createHash, createPrivateKey, X509Certificate } from "node:crypto";
import { createCertificate } from "./certificate.ts";

const NOW_MS = Date.UTC(2027, 2, 4, 5, 6, 7);

Deno.test({
  name: "a new certificate is signed by its own P-256 key",
  permissions: "none",
  fn() {
    const { certPem, keyPem } = createCertificate(NOW_MS);
    const certificate = new X509Certificate(certPem);
    assert.equal(certificate.publicKey.asymmetricKeyType, "ec");
    assert.equal(certificate.verify(certificate.publicKey), true);
    assert.equal(certificate.checkPrivateKey(createPrivateKey(keyPem)), true);
    assert.equal(certificate.verify(new X509Certificate(createCertificate(NOW_MS).certPem).publicKey), false);
  },
});

Deno.test({
  name: "the fingerprint is the SHA-256 of the DER, and the PEM holds the same DER",
  permissions: "none",
  fn() {
    const { certPem, der, fingerprint } = createCertificate(NOW_MS);
    assert.match(fingerprint, /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    assert.equal(new X509Certificate(certPem).fingerprint256, fingerprint);
    assert.equal(createHash("sha256").update(der).digest("hex").toUpperCase(), fingerprint.replaceAll(":", ""));
  },
});

Deno.test({
  name: "a certificate is valid from a day before to a year after its making",
  permissions: "none",
  fn() {
    const certificate = new X509Certificate(createCertificate(NOW_MS).certPem);
    assert.equal(Date.parse(certificate.validFrom), Date.UTC(2027, 2, 3, 5, 6, 7));
    assert.equal(Date.parse(certificate.validTo), Date.UTC(2028, 2, 3, 5, 6, 7));
  },
});

Deno.test({
  name: "a certificate made in 2049 ends in 2050",
  permissions: "none",
  fn() {
    const certificate = new X509Certificate(createCertificate(Date.UTC(2049, 5, 1)).certPem);
    assert.equal(Date.parse(certificate.validFrom), Date.UTC(2049, 4, 31));
    assert.equal(Date.parse(certificate.validTo), Date.UTC(2050, 5, 1));
  },
});

Deno.test({
  name: "two certificates differ in serial number, key and fingerprint",
  permissions: "none",
  fn() {
    const first = createCertificate(NOW_MS);
    const second = createCertificate(NOW_MS);
    assert.notEqual(new X509Certificate(first.certPem).serialNumber, new X509Certificate(second.certPem).serialNumber);
    assert.notEqual(first.keyPem, second.keyPem);
    assert.notEqual(first.fingerprint, second.fingerprint);
  },
});

Deno.test({
  name: "B253: a certificate for hosts names them all, is for servers, is no authority, and ends within 398 days",
  permissions: "none",
  fn() {
    const hosts = ["localhost", "127.0.0.1", "::1", "192.0.2.7", "2001:db8::7"];
    const certificate = new X509Certificate(createCertificate(NOW_MS, hosts).certPem);
    assert.deepEqual(
      certificate.subjectAltName?.split(", "),
      [
        "DNS:localhost",
        "IP Address:127.0.0.1",
        "IP Address:::1",
        "IP Address:192.0.2.7",
        "IP Address:2001:db8::7",
      ],
    );
    assert.equal(certificate.ca, false);
    assert.ok(Date.parse(certificate.validTo) - Date.parse(certificate.validFrom) <= 398 * 86_400_000);
    assert.equal(new X509Certificate(createCertificate(NOW_MS).certPem).subjectAltName, undefined);
  },
});
