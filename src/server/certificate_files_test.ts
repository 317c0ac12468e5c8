import assert from "node:assert/strict";
import { DTLS_FILES, readCertificateFiles, TLS_FILES } from "./certificate_files.ts";

const PATHS = { dtlsCert: "certs/cert.pem", dtlsKey: "certs/key.pem" };

Deno.test({
  name: "B205: both files are read, and none where none is named",
  permissions: "none",
  fn() {
    const read = readCertificateFiles(PATHS, DTLS_FILES, (path) => `text of ${path}`);
    assert.deepEqual(read, { ok: true, pem: { cert: "text of certs/cert.pem", key: "text of certs/key.pem" } });
    const none = readCertificateFiles({}, DTLS_FILES, () => assert.fail("nothing is to be read"));
    assert.deepEqual(none, { ok: true, pem: undefined });
  },
});

for (
  const [error, reason] of [
    [new Deno.errors.NotFound("os error 2"), "there is no such file"],
    [
      new Deno.errors.NotCapable("Requires read access"),
      "Deno may not read it: put it into certs/ or config/, or add --allow-read=certs/key.pem to the command",
    ],
    [new Deno.errors.PermissionDenied("os error 13"), "this user may not read it"],
    [new Deno.errors.IsADirectory("Is a directory (os error 21)"), "Is a directory (os error 21)"],
  ] as const
) {
  Deno.test({
    name: `B206: a file that cannot be read is told with its flag: ${error.name}`,
    permissions: "none",
    fn() {
      const result = readCertificateFiles(PATHS, DTLS_FILES, (path) => {
        if (path === PATHS.dtlsKey) throw error;
        return "";
      });
      assert.deepEqual(result, { ok: false, message: `--dtls-key=certs/key.pem is of no use: ${reason}` });
    },
  });
}

Deno.test({
  name: "B206: two files that cannot be read are told in two lines",
  permissions: "none",
  fn() {
    const result = readCertificateFiles(PATHS, DTLS_FILES, () => {
      throw new Deno.errors.NotFound();
    });
    assert.deepEqual(result, {
      ok: false,
      message: "--dtls-cert=certs/cert.pem is of no use: there is no such file\n" +
        "--dtls-key=certs/key.pem is of no use: there is no such file",
    });
  },
});

Deno.test({
  name: "B206, B212: a key in the place of its file's path is refused, and not repeated",
  permissions: "none",
  fn() {
    const paths = { dtlsCert: "cert.pem", dtlsKey: "-----BEGIN PRIVATE KEY-----\nMIG" };
    const result = readCertificateFiles(paths, DTLS_FILES, () => assert.fail("no file is to be read"));
    assert.deepEqual(result, { ok: false, message: "--dtls-key takes the path of a file, not its text" });
  },
});

Deno.test({
  name: "B250: the files of TLS are those that its own flags name, and told by these",
  permissions: "none",
  fn() {
    const paths = { ...PATHS, tlsCert: "certs/fullchain.pem", tlsKey: "certs/privkey.pem" };
    const read = readCertificateFiles(paths, TLS_FILES, (path) => `text of ${path}`);
    assert.deepEqual(read, {
      ok: true,
      pem: { cert: "text of certs/fullchain.pem", key: "text of certs/privkey.pem" },
    });
    const result = readCertificateFiles(paths, TLS_FILES, () => {
      throw new Deno.errors.NotFound();
    });
    assert.deepEqual(result, {
      ok: false,
      message: "--tls-cert=certs/fullchain.pem is of no use: there is no such file\n" +
        "--tls-key=certs/privkey.pem is of no use: there is no such file",
    });
  },
});
