import assert from "node:assert/strict";
import { createCertificate } from "../../src/io/dtls/certificate.ts";
import { GNUTLS } from "../../src/io/native/gnutls_cipher.ts";
import { LIBC } from "../../src/io/native/libc.ts";
import { candidatePaths } from "../../src/io/native/libraries.ts";
import { OPENSSL } from "../../src/io/native/openssl_cipher.ts";
import { LIBSSL } from "../../src/io/native/openssl_dtls_library.ts";
import { healthUrl } from "../../deploy/healthcheck.ts";
import { withImportsOf } from "../../deploy/product_imports.ts";
import { buildOffer } from "../harness/offer_builder.ts";
import { Log } from "../harness/server.ts";
import { execForm, parseDockerfile, valuesOf } from "./dockerfile.ts";
import { buildImage, containerCommand, type Image, readStages } from "./image.ts";
import { CANNOT_DEPLOY, childOf, UNSHARE } from "./shell.ts";

const ROOT = new URL("../../", import.meta.url);
const FOLDER = Deno.env.get("TMPDIR") ?? "/tmp";
const READY = /^Switchboard is ready at (\S+)$/m;
const OFFER = buildOffer([{ mid: "0", kind: "video", direction: "sendonly", ssrc: 1000, msid: "s v" }]);
/** Some 150 MB, as ARCHITECTURE.md says, and room for a package. */
const MAX_BYTES = 165e6;
const MEGABYTE = 1e6;

Deno.test({
  name: "B267: the image has no distribution, and runs the start task as another user than root",
  permissions: { read: [ROOT] },
  fn() {
    const { run } = readStages();
    assert.equal(run.base, "scratch");
    assert.match(valuesOf(run, "USER")[0], /^[1-9]\d*:[1-9]\d*$/);
    assert.deepEqual(execForm(valuesOf(run, "ENTRYPOINT")[0]), ["deno", "task", "start"]);
    const text = Deno.readTextFileSync(new URL("Dockerfile", ROOT));
    assert.doesNotMatch(text, /--allow-all|\s-A\b|--privileged/);
  },
});

Deno.test({
  name: "B267: what the image is made of passes .dockerignore",
  permissions: { read: [ROOT] },
  fn() {
    const passing = Deno.readTextFileSync(new URL(".dockerignore", ROOT)).split("\n")
      .filter((line) => line.startsWith("!")).map((line) => line.slice(1));
    const copied = valuesOf(readStages().build, "COPY").filter((value) => !value.startsWith("--from"))
      .flatMap((value) => value.split(/\s+/).slice(0, -1));
    assert(copied.length > 4);
    for (const path of copied) assert(passing.includes(path.split("/")[0]), path);
  },
});

Deno.test({
  name: "a Dockerfile is read by stages, with its continued lines and without its comments",
  permissions: "none",
  fn() {
    const [build, run] = parseDockerfile('# a\nFROM a:1 AS build\nRUN b \\\n  c\n\nFROM scratch\n# d\nCMD ["e"]\n');
    assert.deepEqual(build, { base: "a:1", name: "build", instructions: [{ keyword: "RUN", value: "b c" }] });
    assert.deepEqual(run.instructions, [{ keyword: "CMD", value: '["e"]' }]);
    assert.throws(() => parseDockerfile("RUN a"), /before the first FROM/);
    assert.throws(() => parseDockerfile("FROM a\nrun"), /not an instruction/);
    assert.throws(() => execForm('"deno task start"'), /no exec form/);
  },
});

Deno.test({
  name: "the packages that no source imports are left out of deno.json, and nothing else",
  permissions: "none",
  fn() {
    const configuration = JSON.stringify({
      name: "a",
      imports: { hono: "npm:hono@1", zod: "npm:zod@1", x: "npm:x@1" },
    });
    const trimmed = withImportsOf(configuration, ['import { z } from "zod";', 'import { Hono } from "hono/tiny";']);
    assert.deepEqual(JSON.parse(trimmed), { name: "a", imports: { hono: "npm:hono@1", zod: "npm:zod@1" } });
  },
});

Deno.test({
  name: "the health check asks where the server listens, by its protocol",
  permissions: "none",
  fn() {
    assert.equal(healthUrl(undefined, undefined, false).href, "http://127.0.0.1:3000/healthz");
    assert.equal(healthUrl("0.0.0.0", "443", true).href, "https://127.0.0.1/healthz");
    assert.equal(healthUrl("::", "8443", true).href, "https://[::1]:8443/healthz");
    assert.equal(healthUrl("192.0.2.1", "80", false).href, "http://192.0.2.1/healthz");
  },
});

for (
  const { what, scheme, tls } of [
    { what: "HTTP", scheme: "http", tls: undefined },
    { what: "HTTPS, by a certificate for another name", scheme: "https", tls: createCertificate(Date.now()) },
  ]
) {
  Deno.test({
    name: `B267: the image's health check asks a server that speaks ${what}, and tells one that is not well`,
    permissions: { run: [Deno.execPath()], read: [ROOT], net: ["127.0.0.1"] },
    async fn() {
      const [, ...args] = execForm(valuesOf(readStages().run, "HEALTHCHECK")[0].replace(/^.*?\bCMD\s+/, ""));
      let status = 200;
      const address = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
      const handler = () => new Response(null, { status });
      await using server = tls === undefined
        ? Deno.serve(address, handler)
        : Deno.serve({ ...address, cert: tls.certPem, key: tls.keyPem }, handler);
      const env = {
        PORT: String(server.addr.port),
        HOST: "127.0.0.1",
        TLS_CERT: tls === undefined ? "" : "certs/a.pem",
      };
      const check = async () => await new Deno.Command(Deno.execPath(), { args, env, cwd: ROOT }).output();
      const [well, unwell] = [await check(), (status = 503, await check())];
      assert.equal(well.code, 0, new TextDecoder().decode(well.stderr));
      assert.equal(unwell.code, 1);
      assert.match(
        new TextDecoder().decode(unwell.stderr),
        new RegExp(`${scheme}://127\\.0\\.0\\.1:\\d+/healthz: 503\\n$`),
      );
    },
  });
}

/** A free port of this machine: the container has its network. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** A container that runs a command. It ends with the test at the latest. */
class Container implements AsyncDisposable {
  readonly log: Log;
  readonly #child: Deno.ChildProcess;
  #running = true;

  constructor(image: Image, command: readonly string[], environment: Readonly<Record<string, string>>) {
    const { flags, script } = containerCommand(image, command, environment);
    const args = [...flags, "sh", "-euc", script];
    this.#child = new Deno.Command(UNSHARE, { args, stdin: "null", stdout: "piped", stderr: "piped" }).spawn();
    this.log = new Log(this.#child);
    this.#child.status.then(() => this.#running = false);
  }

  /** A signal to its process 1, as docker stop and docker kill do it. */
  async signal(name: Deno.Signal): Promise<void> {
    Deno.kill(await childOf(this.#child.pid), name);
  }

  /** Resolves to the exit code once it has ended by itself. */
  async ended(): Promise<number> {
    await this.log.ended;
    return (await this.#child.status).code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#running) await this.signal("SIGKILL");
    await this.ended();
  }
}

function sizeOf(folder: string): number {
  let bytes = 0;
  for (const entry of Deno.readDirSync(folder)) {
    const path = `${folder}/${entry.name}`;
    bytes += entry.isDirectory ? sizeOf(path) : Deno.lstatSync(path).size;
  }
  return bytes;
}

Deno.test({
  name:
    "B267: what the Dockerfile makes runs on a root that it cannot write to, with the native backend, and is healthy",
  permissions: { run: true, read: true, write: [FOLDER], net: ["127.0.0.1", "localhost"], env: true },
  ignore: CANNOT_DEPLOY,
  async fn() {
    const folder = await Deno.makeTempDir({ dir: FOLDER });
    try {
      const image = await buildImage(folder);
      const bytes = sizeOf(image.root);
      assert(bytes < MAX_BYTES, `the image is ${bytes / MEGABYTE} MB`);
      for (const library of [LIBC, GNUTLS, OPENSSL, LIBSSL]) {
        assert(candidatePaths(library).some((path) => isFile(`${image.root}${path}`)), library.name);
      }
      assert.deepEqual(unlocked(`${image.root}/app/deno.lock`), []);
      const environment = { HOST: "127.0.0.1", PORT: String(freePort()) };
      await using server = new Container(image, image.entryPoint, environment);
      const url = await server.log.match(READY) ?? assert.fail(server.log.text);
      const health = await (await fetch(new URL("healthz", url))).json();
      assert.equal(health.backend, "native", JSON.stringify(health));
      assert.equal(health.workers, 1);
      assert.match(await (await fetch(url)).text(), /<title>/);
      const headers = { "Content-Type": "application/sdp" };
      const published = await fetch(new URL("whip/room", url), { method: "POST", headers, body: OFFER });
      assert.equal(published.status, 201, await published.text());
      await using well = new Container(image, image.healthCheck, environment);
      assert.equal(await well.ended(), 0, well.log.text);
      await server.signal("SIGTERM");
      assert.equal(await server.ended(), 0, server.log.text);
      await using gone = new Container(image, image.healthCheck, environment);
      assert.equal(await gone.ended(), 1);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

/** Packages of a lock file that the project's own does not have, in this version and with these bytes. */
function unlocked(path: string): string[] {
  const read = (file: string | URL): Record<string, { integrity: string }> =>
    JSON.parse(Deno.readTextFileSync(file)).npm;
  const [packages, known] = [read(path), read(new URL("deno.lock", ROOT))];
  assert(Object.keys(packages).length > 5);
  return Object.keys(packages).filter((name) => packages[name].integrity !== known[name]?.integrity);
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
