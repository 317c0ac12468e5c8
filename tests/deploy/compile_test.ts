import assert from "node:assert/strict";
import { compileArguments, isTarget, outputOf, targetOf, TARGETS } from "../../deploy/compile_arguments.ts";
import { foldersWithoutCode } from "../../deploy/folders_without_code.ts";
import { Log } from "../harness/server.ts";

const ROOT = new URL("../../", import.meta.url);
const FOLDER = Deno.env.get("TMPDIR") ?? "/tmp";
/** Whether the test runner found the runtime that compiled programs have. */
const HAS_DENORT = Boolean(Deno.env.get("DENORT"));
const READY = /^Switchboard is ready at (\S+)$/m;
const OWN = targetOf();
const WORKERS = ["src/io/native/media_worker.ts", "src/io/portable/media_worker.ts"];

function startTask(): string {
  return JSON.parse(Deno.readTextFileSync(new URL("deno.json", ROOT))).tasks.start;
}

Deno.test({
  name:
    "B266: a binary has the permissions and the V8 flags of the start task, may read any file, and has FFI on Linux alone",
  permissions: { read: [ROOT] },
  fn() {
    const words = startTask().split(/\s+/).slice(2, -1);
    const fixed = words.filter((word) => !/^--allow-(?:read|ffi)/.test(word));
    const ffi = words.filter((word) => word.startsWith("--allow-ffi="));
    assert.equal(ffi.length, 1);
    for (const target of Object.keys(TARGETS).filter(isTarget)) {
      const args = compileArguments(startTask(), target, { excluded: ["/left/out"] });
      for (const word of [...fixed, "--allow-read", `--target=${TARGETS[target]}`]) assert(args.includes(word), word);
      assert.deepEqual(args.filter((word) => word.startsWith("--allow-ffi")), target.startsWith("linux") ? ffi : []);
      assert(args.includes("--exclude=/left/out"));
      assert(args.includes(`--output=${outputOf(target)}`));
    }
    assert.throws(
      () => compileArguments("deno task dev", "linux-x64", { excluded: [] }),
      /the start task is not/,
    );
  },
});

Deno.test({
  name: "B266: this machine's target is told by its system and its processor",
  permissions: "none",
  fn() {
    assert.equal(targetOf({ os: "linux", arch: "x86_64" }), "linux-x64");
    assert.equal(targetOf({ os: "darwin", arch: "aarch64" }), "macos-arm64");
    assert.equal(targetOf({ os: "windows", arch: "x86_64" }), "windows-x64");
    assert.equal(targetOf({ os: "freebsd", arch: "x86_64" }), undefined);
    assert.equal(outputOf("windows-x64"), "dist/switchboard-windows-x64.exe");
  },
});

/** Runs deno in the project. */
async function deno(args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const command = new Deno.Command(Deno.execPath(), { args: [...args], cwd: ROOT, env, stdin: "null" });
  const { success, stdout, stderr } = await command.output();
  assert(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** Makes the binary for this machine, on another runtime where one is given, and hands its path on. */
async function withBinary(runtime: Record<string, string>, test: (path: string) => Promise<void>): Promise<void> {
  assert(OWN !== undefined);
  const folder = await Deno.makeTempDir({ dir: FOLDER });
  try {
    const path = `${folder}/switchboard`;
    await deno(
      compileArguments(startTask(), OWN, {
        output: path,
        excluded: await foldersWithoutCode(ROOT),
      }),
      runtime,
    );
    await test(path);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A module of `deno info`, by what its code imports; an import of types alone is none of them. */
interface Module {
  readonly specifier: string;
  readonly dependencies?: readonly { readonly code?: { readonly specifier: string } }[];
}

/** The project's own modules that the server and its workers are made of when they run. */
async function ownModules(): Promise<URL[]> {
  const found = new Set<string>();
  for (const root of ["main.ts", ...WORKERS]) {
    const { modules }: { modules: Module[] } = JSON.parse(await deno(["info", "--json", root]));
    const bySpecifier = new Map(modules.map((module) => [module.specifier, module]));
    const visit = (specifier: string) => {
      if (found.has(specifier) || !specifier.startsWith(ROOT.href)) return;
      found.add(specifier);
      for (const { code } of bySpecifier.get(specifier)?.dependencies ?? []) {
        if (code !== undefined) visit(code.specifier);
      }
    };
    visit(new URL(root, ROOT).href);
  }
  return [...found].map((href) => new URL(href));
}

function* filesBelow(folder: URL): Generator<URL> {
  for (const entry of Deno.readDirSync(folder)) {
    if (entry.isDirectory) yield* filesBelow(new URL(`${entry.name}/`, folder));
    else yield new URL(entry.name, folder);
  }
}

Deno.test({
  name: "B266: a binary holds the page, the SDK, and the code of the server and of its media workers",
  permissions: { run: [Deno.execPath()], read: true, write: [FOLDER] },
  ignore: OWN === undefined,
  async fn() {
    const page = [...filesBelow(new URL("static/", ROOT))].filter(({ pathname }) => !/_test\.\w+$/.test(pathname));
    const modules = await ownModules();
    assert(page.length > 10);
    for (const worker of WORKERS) assert(modules.some(({ pathname }) => pathname.endsWith(worker)), worker);
    // What is embedded is the same whatever runtime it is put behind: where denort cannot be had Deno itself stands in.
    const runtime: Record<string, string> = HAS_DENORT ? {} : { DENORT_BIN: Deno.execPath() };
    await withBinary(runtime, async (path) => {
      const binary = bytesAsText(await Deno.readFile(path));
      const missing = [...page, ...modules].filter((url) => !binary.includes(bytesAsText(Deno.readFileSync(url))));
      assert.deepEqual(missing.map(({ href }) => href), []);
      assert(!binary.includes("Deno.test({"), "tests are in it");
    });
  },
});

/** A character for each byte: V8 finds text in text fast. */
function bytesAsText(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}

Deno.test({
  name: "B266: a binary alone, in an empty folder, serves the page and has media workers",
  permissions: { run: true, read: true, write: [FOLDER], net: ["localhost"] },
  ignore: !HAS_DENORT || OWN === undefined,
  async fn() {
    await withBinary({}, async (path) => {
      const cwd = path.replace(/[^/]*$/, "");
      const args = ["--host=127.0.0.1", "--port=0"];
      const child = new Deno.Command(path, { args, cwd, stdin: "null", stdout: "piped", stderr: "piped" }).spawn();
      const log = new Log(child);
      const url = await log.match(READY) ?? assert.fail(log.text);
      assert.match(await (await fetch(url)).text(), /<title>/);
      const health = await (await fetch(new URL("healthz", url))).json();
      assert.equal(health.backend, Deno.build.os === "linux" ? "native" : "portable", JSON.stringify(health));
      assert.equal(health.workers, Deno.build.os === "linux" ? 1 : 0);
      child.kill("SIGTERM");
      assert.equal((await child.status).code, 0, log.text);
      await log.ended;
    });
  },
});
