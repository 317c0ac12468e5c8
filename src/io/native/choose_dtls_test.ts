import assert from "node:assert/strict";
import { keyedDtls } from "../../../tests/harness/keyed_dtls.ts";
import {
  connectOpenSsl,
  countingConnections,
  LIBSSL_TITLE,
  testLibssl,
  WITH_LIBSSL,
} from "../../../tests/harness/native_dtls.ts";
import { createCertificate } from "../dtls/certificate.ts";
import { chooseDtls } from "./choose_dtls.ts";
import type { Libssl } from "./openssl_dtls_library.ts";

const { permissions, ignore } = WITH_LIBSSL;
const CERTIFICATE = createCertificate(Date.UTC(2027, 0, 1));
const PORTABLE = "DTLS by the portable implementation";

Deno.test({
  name: "B180: without FFI DTLS is the portable one, and what --allow-ffi lacks is told",
  permissions: "none",
  ignore: Deno.build.os !== "linux",
  fn() {
    const fallback = keyedDtls();
    const { dtls, reasons, close } = chooseDtls(fallback, CERTIFICATE);
    assert.equal(dtls, fallback);
    assert.equal(reasons.length, 2);
    assert.match(
      reasons[0],
      /^OpenSSL's libssl is passed over: it may not be opened without --allow-ffi=\/.*libssl\.so\.3$/,
    );
    assert.equal(reasons[1], PORTABLE);
    close();
  },
});

Deno.test({
  name: `B180: where it may be opened DTLS is OpenSSL's, with the certificate that was given (${LIBSSL_TITLE})`,
  permissions,
  ignore,
  fn() {
    const { dtls, reasons, close } = chooseDtls(keyedDtls(), CERTIFICATE);
    assert.deepEqual(reasons, [`DTLS by OpenSSL's libssl, ${permissions.ffi[0]}`]);
    assert.equal(dtls.fingerprint, CERTIFICATE.fingerprint);
    const { client, connected } = connectOpenSsl(dtls, CERTIFICATE);
    assert.deepEqual(connected, [client]);
    close();
  },
});

/** How a libssl that is right is made wrong, and what is said of it. */
const FAULTS: Readonly<Record<string, (call: Libssl["call"]) => Partial<Libssl["call"]>>> = {
  "it gives no context": () => ({ SSL_CTX_new: () => null }),
  "it does not take ECDHE-ECDSA-AES128-GCM-SHA256:": () => ({ SSL_CTX_set_cipher_list: () => 0 }),
  "it does not take the private key": () => ({ PEM_read_bio_PrivateKey: () => null }),
  "it gives no connection": () => ({ SSL_new: () => null }),
  "the handshake with itself fails: certificate verify failed": (call) => ({
    // The address of a function that takes no context for what it is, and answers 0.
    SSL_CTX_set_cert_verify_callback: (context, _verify, argument) =>
      call.SSL_CTX_set_cert_verify_callback(context, call.dlsym(handleOf(call), NO), argument),
  }),
  "its client says: no keys": () => ({ SSL_export_keying_material: () => 0 }),
  "its records are not what its keys make": () => ({
    SSL_get_client_random: (_ssl, _random, length) => length as bigint,
  }),
  "its two sides do not agree": (call) => ({
    SSL_export_keying_material(ssl, material, ...rest) {
      const result = call.SSL_export_keying_material(ssl, material, ...rest);
      crypto.getRandomValues(material as Uint8Array<ArrayBuffer>);
      return result;
    },
  }),
};

const NO = new TextEncoder().encode("OPENSSL_isservice\0");

function handleOf(call: Libssl["call"]): Deno.PointerValue {
  return call.dlopen(new TextEncoder().encode(`${permissions.ffi[0]}\0`), 1);
}

for (const [problem, fault] of Object.entries(FAULTS)) {
  Deno.test({
    name: `B180: OpenSSL is passed over where ${problem} (${LIBSSL_TITLE})`,
    permissions,
    ignore,
    fn() {
      const { libssl, open } = countingConnections(testLibssl());
      const fallback = keyedDtls();
      const faulty = { ...libssl, call: { ...libssl.call, ...fault(libssl.call) } };
      const { dtls, reasons } = chooseDtls(fallback, CERTIFICATE, () => ({ ok: true, libssl: faulty }));
      assert.equal(dtls, fallback);
      assert.ok(reasons[0].startsWith(`OpenSSL's libssl is passed over: ${problem}`), reasons[0]);
      assert.equal(reasons[1], PORTABLE);
      assert.equal(open(), 0);
    },
  });
}
