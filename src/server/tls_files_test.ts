import { resetSync } from "@logtape/logtape";
import assert from "node:assert/strict";
import { createCertificate } from "../io/dtls/certificate.ts";
import { VirtualClock } from "../../tests/harness/virtual_clock.ts";
import { configureLogs } from "./log.ts";
import { TlsFiles } from "./tls_files.ts";

const NOW_MS = Date.UTC(2027, 2, 4);
const PATHS = { tlsCert: "certs/cert.pem", tlsKey: "certs/key.pem" };
const OLD = createCertificate(NOW_MS, ["localhost"]);
const NEW = createCertificate(NOW_MS, ["localhost"]);

/** Files that a test writes, watched by a virtual clock. */
class Scene {
  readonly clock = new VirtualClock();
  readonly lines: string[] = [];
  readonly taken: string[] = [];
  readonly files: TlsFiles;
  #files = new Map<string, string>();

  constructor() {
    this.write(OLD.certPem, OLD.keyPem);
    const opened = TlsFiles.open(PATHS, {
      clock: this.clock,
      unixTime: () => NOW_MS,
      readTextFile: (path) => {
        const text = this.#files.get(path);
        if (text === undefined) throw new Deno.errors.NotFound();
        return text;
      },
    });
    assert.ok(opened.ok);
    this.files = opened.files;
    this.files.watch(({ fingerprint }) => void this.taken.push(fingerprint));
  }

  /** Adds a file beside the two. */
  add(path: string, text: string): void {
    this.#files.set(path, text);
  }

  write(cert: string | undefined, key: string): void {
    this.#files = new Map([...(cert === undefined ? [] : [["certs/cert.pem", cert] as const]), ["certs/key.pem", key]]);
  }

  get warnings(): string[] {
    return this.lines.filter((line) => line.includes("WARN"));
  }
}

function withScene(test: (scene: Scene) => void): void {
  const scene = new Scene();
  configureLogs([{ area: [], level: "info" }], { write: (line) => void scene.lines.push(line), colors: false });
  try {
    test(scene);
  } finally {
    scene.files.close();
    resetSync();
  }
  assert.equal(scene.clock.pendingCount, 0);
}

Deno.test({
  name: "B251: files are looked at every 5 s, and a new certificate is told once",
  permissions: "none",
  fn() {
    withScene((scene) => {
      scene.clock.advance(60_000);
      assert.deepEqual(scene.taken, []);
      assert.deepEqual(scene.lines, []);
    });
    withScene((scene) => {
      scene.write(NEW.certPem, NEW.keyPem);
      scene.clock.advance(4999);
      assert.deepEqual(scene.taken, []);
      scene.clock.advance(1);
      assert.deepEqual(scene.taken, [NEW.fingerprint]);
      scene.clock.advance(60_000);
      assert.deepEqual(scene.taken, [NEW.fingerprint]);
      assert.equal(scene.files.certificate.fingerprint, NEW.fingerprint);
      assert.equal(scene.lines.length, 1);
    });
  },
});

Deno.test({
  name: "B251: a look that is asked for does not wait",
  permissions: "none",
  fn() {
    withScene((scene) => {
      scene.write(NEW.certPem, NEW.keyPem);
      scene.files.look();
      assert.deepEqual(scene.taken, [NEW.fingerprint]);
    });
  },
});

for (
  const { what, cert, key, reason } of [
    {
      what: "a missing file",
      cert: undefined,
      key: NEW.keyPem,
      reason: "--tls-cert=certs/cert.pem is of no use: there is no such file",
    },
    {
      what: "half a certificate",
      cert: NEW.certPem.slice(0, 200),
      key: NEW.keyPem,
      reason: "it has no certificate in PEM",
    },
    {
      what: "half a chain",
      cert: NEW.certPem + OLD.certPem.slice(0, 200),
      key: NEW.keyPem,
      reason: "its last certificate is not complete",
    },
    {
      what: "half a key",
      cert: NEW.certPem,
      key: NEW.keyPem.slice(0, 100),
      reason: "--tls-key=certs/key.pem is of no use: it has no private key",
    },
    { what: "another one's key", cert: NEW.certPem, key: OLD.keyPem, reason: "it is not the key of the certificate" },
    { what: "an empty file", cert: "", key: NEW.keyPem, reason: "it has no certificate in PEM" },
    {
      what: "a certificate of garbage",
      cert: NEW.certPem.replace(/M/g, "N"),
      key: NEW.keyPem,
      reason: "its certificate 1 cannot be read",
    },
  ]
) {
  Deno.test({
    name: `B252: ${what} leaves the old certificate in use with one warning, and the next good one is taken`,
    permissions: "none",
    fn() {
      withScene((scene) => {
        scene.write(cert, key);
        scene.clock.advance(60_000);
        assert.deepEqual(scene.taken, []);
        assert.equal(scene.files.certificate.fingerprint, OLD.fingerprint);
        assert.equal(scene.warnings.length, 1);
        assert.ok(scene.warnings[0].includes(reason), scene.warnings[0]);
        assert.ok(!scene.warnings[0].includes(NEW.keyPem.split("\n")[1]));
        scene.write(NEW.certPem, NEW.keyPem);
        scene.clock.advance(5000);
        assert.deepEqual(scene.taken, [NEW.fingerprint]);
        assert.equal(scene.warnings.length, 1);
      });
    },
  });
}

Deno.test({
  name: "B252: each problem is told by itself, and so is that the old files are back",
  permissions: "none",
  fn() {
    withScene((scene) => {
      scene.write(undefined, OLD.keyPem);
      scene.clock.advance(10_000);
      scene.write(OLD.certPem, NEW.keyPem);
      scene.clock.advance(10_000);
      scene.write(OLD.certPem, OLD.keyPem);
      scene.clock.advance(10_000);
      assert.equal(scene.warnings.length, 2);
      assert.match(scene.lines.at(-1) ?? "", /the files hold the certificate of HTTPS again/);
      scene.write(undefined, OLD.keyPem);
      scene.clock.advance(10_000);
      assert.equal(scene.warnings.length, 3);
      assert.deepEqual(scene.taken, []);
    });
  },
});

Deno.test({
  name: "B250: at the start a file that is of no use is a line with its flag",
  permissions: "none",
  fn() {
    const read = (path: string) => path === PATHS.tlsCert ? OLD.certPem : NEW.keyPem;
    assert.deepEqual(TlsFiles.open(PATHS, { readTextFile: read }), {
      ok: false,
      message: "--tls-key=certs/key.pem is of no use: it is not the key of the certificate",
    });
  },
});

Deno.test({
  name: "B520, B521: other files are taken once the settings are, and those of no use are told with their flag",
  permissions: "none",
  fn() {
    withScene((scene) => {
      const paths = { tlsCert: "certs/new.pem", tlsKey: "certs/new_key.pem" };
      assert.deepEqual(scene.files.prepare(paths), {
        ok: false,
        message: "--tls-cert=certs/new.pem is of no use: there is no such file\n" +
          "--tls-key=certs/new_key.pem is of no use: there is no such file",
      });
      scene.add(paths.tlsCert, NEW.certPem);
      scene.add(paths.tlsKey, NEW.keyPem);
      const prepared = scene.files.prepare(paths);
      assert(prepared.ok);
      assert.deepEqual(scene.taken, []);
      prepared.commit();
      assert.deepEqual(scene.taken, [NEW.fingerprint]);
      scene.clock.advance(60_000);
      assert.deepEqual(scene.taken, [NEW.fingerprint]);
    });
  },
});
