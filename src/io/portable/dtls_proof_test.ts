import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createSign } from "node:crypto";
import { createCertificate } from "../dtls/certificate.ts";
import { provesCertificate, provesTranscript } from "./dtls_proof.ts";

const TRANSCRIPT = Buffer.from("every message before this one");
const { der: CERTIFICATE, keyPem: KEY } = createCertificate(Date.UTC(2027, 0, 1));
const ECDSA_SHA256 = 0x0403;
const RSA_PKCS1_SHA256 = 0x0401;

/** An RSA certificate, and its key's signature of TRANSCRIPT. */
const RSA_CERTIFICATE = [
  "MIIC+zCCAeOgAwIBAgIUaJDH8/dNyIf7loQKVdT5LfgaAOcwDQYJKoZIhvcNAQELBQAwDDEKMAgGA1UEAwwBdDAgFw0yNjExMjIx",
  "MzM3NDZaGA8yMTI2MTAyOTEzMzc0NlowDDEKMAgGA1UEAwwBdDCCASIwDQYJKoZIhvcNAQEBBQADggEPADCCAQoCggEBALOSjYnV",
  "carjTcLAUPnqdFcltGWyWkJ0plvLgnwpj2kULh5lcBHFvOogm0oNk+FXxdZu1EUWB0eT031qBgtV0gS6vDuTR+z/TGyhhOlliInc",
  "/lDCJowqM2ityCFbf0tTLqFT1uHu6oLv0vuQTuwdkaUDBhFSwNlR79ZtRcASRtOnMRPN01eJCIZ/hMzfgybAueE7R0fEQuHThVyz",
  "yswEwMJJHu3QEpMkfcmhjW1nLzBdMdC4st4P+V8CvB5BHXjFJEJNomgH49kihOBcyDVyUjJh3t/f6tpwzLoDtDCgNFZavYhdXqfK",
  "GwSzHJ+EhZhP8DeA7ocR3vK5DjxdILmJiK8CAwEAAaNTMFEwHQYDVR0OBBYEFL8adLZp3dsv63Zd7mft0q19+3zvMB8GA1UdIwQY",
  "MBaAFL8adLZp3dsv63Zd7mft0q19+3zvMA8GA1UdEwEB/wQFMAMBAf8wDQYJKoZIhvcNAQELBQADggEBAEC8zi3uDvWcTSIOR+Eh",
  "ds1cMBinj3kR8gsICNRHa5uCqRyoY8LWTzLmU8V9EYWfSQyz4ydie7bEnPrgKfGIqwRgSfwdTiqgy4jpNBRXlzMDfCp6B47yXoxD",
  "EFVy2tqwVycCHOr5QDZYU0zBBVilKTH4KGU2ScaYaWIkewm/U15mWj44WaCxeghQulqPm+IHDVetQBCN7UgLqL/MMXacG4uiiPq1",
  "diDRyv9hjzmh+nX0HEGhP917FxFVUZ9bsB9tNim6Lj25xZgivhJPVkEuwkEuV87pfiRA5K3AjLPpcJesCoNaDd7VcHx5kIKP8dxl",
  "9Qe4/S3jD5ZVUbbH+deHTbg=",
];
const RSA_SIGNATURE = [
  "nXfGNRj/K9CWbaYXM/59KfztlPQr+qVqTWS+GTVePtW+DDq3Yt8UojZAtqmc2IlCW7xrDfc/LUYju6pb0Vo9wpbmAG5umsFZ/3uG",
  "eJjdFHrPpLKe7YUR+y4TdjnCDk9EJKNPASyDRtrCyWCNlY9AdTyVc3eVJdLUFcSJd+/TVdHRXmuN9KX0rc52xuGYdJN9x1G0yfCs",
  "gmFiPxIaqinGVuq6Ars6xPC2AjR7CtgGNsa7WRN1hn9hJQr9a2ycJ4jYuewJ/mTywHh+62YHumP+YMQmgBXHxIwAxcPUlDa9OF2J",
  "IS6sxxOoDeRowbGNsvb81127F8NymIjWzaN3q5Jxjw==",
];

function certificateVerify(scheme: number, signature: Buffer): Buffer {
  const message = Buffer.alloc(4 + signature.length);
  message.writeUInt16BE(scheme, 0);
  message.writeUInt16BE(signature.length, 2);
  message.set(signature, 4);
  return message;
}

function sign(transcript: Buffer): Buffer {
  return createSign("sha256").update(transcript).sign(KEY);
}

Deno.test({
  name: "B21: the signature of the certificate's key over the transcript proves the certificate",
  permissions: "none",
  fn() {
    const message = certificateVerify(ECDSA_SHA256, sign(TRANSCRIPT));
    assert.equal(provesCertificate(CERTIFICATE, message, TRANSCRIPT), true);
    assert.equal(provesCertificate(CERTIFICATE, message, Buffer.from("another transcript")), false);
    const other = createCertificate(Date.UTC(2027, 0, 1)).der;
    assert.equal(provesCertificate(other, message, TRANSCRIPT), false);
  },
});

Deno.test({
  name: "B21: an RSA key proves its certificate, and only by the RSA scheme",
  permissions: "none",
  fn() {
    const certificate = Buffer.from(RSA_CERTIFICATE.join(""), "base64");
    const signature = Buffer.from(RSA_SIGNATURE.join(""), "base64");
    assert.equal(provesCertificate(certificate, certificateVerify(RSA_PKCS1_SHA256, signature), TRANSCRIPT), true);
    assert.equal(provesCertificate(certificate, certificateVerify(ECDSA_SHA256, signature), TRANSCRIPT), false);
    assert.equal(provesCertificate(certificate, certificateVerify(0x0201, signature), TRANSCRIPT), false);
  },
});

Deno.test({
  name: "B21: what does not parse proves nothing",
  permissions: "none",
  fn() {
    const message = certificateVerify(ECDSA_SHA256, sign(TRANSCRIPT));
    for (let length = 0; length < message.length; length++) {
      assert.equal(provesCertificate(CERTIFICATE, message.subarray(0, length), TRANSCRIPT), false);
    }
    assert.equal(provesCertificate(CERTIFICATE, certificateVerify(ECDSA_SHA256, Buffer.alloc(0)), TRANSCRIPT), false);
    for (let length = 0; length < CERTIFICATE.length; length += 7) {
      assert.equal(provesCertificate(CERTIFICATE.subarray(0, length), message, TRANSCRIPT), false);
    }
  },
});

Deno.test({
  name: "B21: a Finished of another length proves nothing",
  permissions: "none",
  fn() {
    const secret = Buffer.alloc(48, 1);
    for (const length of [0, 11, 12, 13]) {
      assert.equal(provesTranscript(secret, Buffer.alloc(length), TRANSCRIPT), false);
    }
  },
});
