/** The settings that say who may use the server, and how much: tokens, certificates, limits, origins. */
import assert from "node:assert/strict";
import { accepted, refused } from "../../tests/harness/parsed_config.ts";
import { authOptions } from "./auth_settings.ts";

Deno.test({
  name: "P80, P81, P82: a limit is a number from 1 on, or none",
  permissions: "none",
  fn() {
    const config = accepted(["--max-rooms=1", "--max-peers=none", "--joins-per-minute=1000000"], { MAX_TRACKS: "0" });
    assert.deepEqual([config.maxRooms, config.maxPeers, config.joinsPerMinute, config.maxTracks], [
      1,
      Infinity,
      1_000_000,
      0,
    ]);
    for (const wrong of ["--max-rooms=0", "--max-peers=-1", "--joins-per-minute=1.5", "--max-rooms=1000001"]) {
      assert.match(refused([wrong]), /is not allowed: expected none, or a whole number from 1 to 1000000$/);
    }
    assert.match(refused(["--max-tracks=33"]), /expected a whole number from 0 to 32$/);
  },
});

Deno.test({
  name: "P84: origins are as browsers write them, or *",
  permissions: "none",
  fn() {
    const { origins } = accepted([], { ORIGINS: "https://example.org,http://localhost:8080" });
    assert.deepEqual(origins, ["https://example.org", "http://localhost:8080"]);
    assert.deepEqual(accepted(["--origins=*"]).origins, ["*"]);
    for (const wrong of ["example.org", "https://example.org/", "null", "https://*.example.org"]) {
      assert.match(refused([`--origins=${wrong}`]), /is not allowed: expected origins as browsers write them/);
    }
  },
});

Deno.test({
  name: "B242: proxies are told by their number or by their addresses",
  permissions: "none",
  fn() {
    assert.equal(accepted(["--trust-proxy=2"]).trustProxy, 2);
    const { trustProxy } = accepted([], { TRUST_PROXY: "10.0.0.0/8, ::1" });
    assert.deepEqual(trustProxy, ["10.0.0.0/8", "::1"]);
    for (const wrong of ["10", "proxy", "10.0.0.0/99", "1,"]) {
      assert.match(refused([`--trust-proxy=${wrong}`]), /is not allowed: expected a whole number from 0 to 9, or IP/);
    }
  },
});

Deno.test({
  name: "B206: a certificate without its key, or a key without its certificate, is refused",
  permissions: "none",
  fn() {
    const config = accepted(["--dtls-cert=cert.pem"], { DTLS_KEY: "key.pem" });
    assert.deepEqual([config.dtlsCert, config.dtlsKey], ["cert.pem", "key.pem"]);
    assert.equal(refused(["--dtls-cert=a"]), "--dtls-cert needs its private key: give it by --dtls-key");
    assert.equal(refused([], { DTLS_KEY: "a" }), "--dtls-key needs its certificate: give it by --dtls-cert");
  },
});

Deno.test({
  name: "B250, B253: HTTPS is by two files, or by a certificate made at the start, not by half of it or both",
  permissions: "none",
  fn() {
    const config = accepted(["--tls-cert=cert.pem"], { TLS_KEY: "key.pem" });
    assert.deepEqual([config.tlsCert, config.tlsKey, config.tlsSelfSigned], ["cert.pem", "key.pem", false]);
    assert.equal(accepted(["--tls-self-signed=yes"]).tlsSelfSigned, true);
    assert.equal(accepted(["--tls-self-signed=no"], { TLS_CERT: "a", TLS_KEY: "b" }).tlsSelfSigned, false);
    assert.equal(refused(["--tls-cert=a"]), "--tls-cert needs its private key: give it by --tls-key");
    assert.equal(refused([], { TLS_KEY: "a" }), "--tls-key needs its certificate: give it by --tls-cert");
    assert.equal(
      refused(["--tls-self-signed=yes", "--tls-cert=a", "--tls-key=b"]),
      "--tls-self-signed=yes and --tls-cert are two certificates for HTTPS: give one of them",
    );
    assert.equal(
      refused(["--tls-self-signed=true"]),
      "--tls-self-signed=true is not allowed: expected yes or no; yes not together with --tls-cert",
    );
  },
});

Deno.test({
  name: "B71: what is wrong with a secret is told without the secret",
  permissions: "none",
  fn() {
    assert.equal(refused(["--turn-secret=north", "--turn-secret=south"]), "--turn-secret is given twice");
    const short = "is not allowed: expected text of 32 bytes at least; not together with --auth-jwks";
    assert.equal(refused(["--auth-secret=north"]), `--auth-secret ${short}`);
    assert.equal(refused([], { AUTH_SECRET: "north" }), `AUTH_SECRET ${short}`);
  },
});

Deno.test({
  name: "B239: tokens are by a secret of 32 bytes, or by the keys of a URL, and may have to name issuer and audience",
  permissions: "none",
  fn() {
    const secret = "é".repeat(16);
    const bySecret = accepted(["--auth-issuer=a", "--auth-audience=b"], { AUTH_SECRET: secret });
    assert.deepEqual(authOptions(bySecret), { secret, issuer: "a", audience: "b" });
    const byKeys = accepted(["--auth-jwks=https://a.example/keys"]);
    assert.deepEqual(authOptions(byKeys), { jwks: "https://a.example/keys" });
    assert.equal(authOptions(accepted([])), undefined);
    const one = accepted(["--duplicate-identity=replace", "--auth-jwks=https://a.example/keys"]);
    assert.equal(one.duplicateIdentity, "replace");
    assert.match(
      refused(["--auth-jwks=https://a.example/"], { AUTH_SECRET: secret }),
      /^--auth-secret and --auth-jwks/,
    );
    for (const alone of ["--auth-issuer=a", "--auth-audience=b", "--duplicate-identity=refuse"]) {
      assert.match(
        refused([alone]),
        /^--(auth-issuer|auth-audience|duplicate-identity) is about tokens, and none are asked for: give/,
      );
    }
  },
});

Deno.test({
  name: "B239: --production refuses a server without tokens, by one line; alone it means yes",
  permissions: "none",
  fn() {
    const reason = "--production needs tokens, as whoever comes may enter any room without: " +
      "give a secret by AUTH_SECRET, or a key set by --auth-jwks";
    for (const args of [["--production"], ["--production=yes"]]) assert.equal(refused(args), reason);
    assert.equal(refused([], { PRODUCTION: "yes" }), reason);
    assert.equal(accepted(["--production=no"]).production, false);
    assert.equal(accepted(["--production", "--auth-jwks=https://a.example/"]).production, true);
  },
});
