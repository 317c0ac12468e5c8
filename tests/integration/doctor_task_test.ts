import assert from "node:assert/strict";
import { FINDINGS } from "../../src/doctor/finding.ts";
import { LoopbackServer } from "../harness/loopback_server.ts";

const ROOT = new URL("../../", import.meta.url);
const DENO = Deno.execPath();
const HAS_NATIVE = Deno.build.os === "linux";
const PERMISSIONS = {
  run: [DENO],
  read: [new URL("deno.json", ROOT), new URL("src", ROOT)],
  net: ["127.0.0.1"],
  sys: ["networkInterfaces"],
  ffi: true,
} satisfies Deno.PermissionOptionsObject;

interface Found {
  readonly id: string;
  readonly severity: string;
  readonly detail: string;
  readonly fix?: string;
}

/** Runs the task as deno.json has it, with its very permissions. */
async function runTask(args: readonly string[]) {
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const [, ...words] = String(tasks.doctor).split(/\s+/);
  const command = new Deno.Command(DENO, { args: [...words, "--host=127.0.0.1", ...args], cwd: ROOT });
  const { code, stdout, stderr } = await command.output();
  const text = new TextDecoder().decode(stdout);
  return { code, text, stderr: new TextDecoder().decode(stderr) };
}

Deno.test({
  name: "B481, B483, B484: deno task doctor finds a server on the native backend well, by UDP, TCP and DTLS",
  ignore: !HAS_NATIVE,
  permissions: PERMISSIONS,
  async fn() {
    await using server = new LoopbackServer({ tcpPort: 0, udpPort: 0 });
    const { code, text, stderr } = await runTask([`--port=${server.port}`, "--json"]);
    assert.equal(stderr, "");
    const findings: Found[] = JSON.parse(text);
    assert.deepEqual(findings.filter(({ severity }) => severity !== "ok"), []);
    assert.equal(code, 0);
    assert.deepEqual(findings.filter(({ id }) => !Object.hasOwn(FINDINGS, id)), []);
    assert.match(findings.find(({ id }) => id === "file-limit")?.detail ?? "", /^\d+, enough for/);
    await server.empty();
  },
});

Deno.test({
  name: "B480, B483: of a server whose candidates lead nowhere it says so, names the fix, and ends with 1",
  permissions: PERMISSIONS,
  async fn() {
    await using server = new LoopbackServer({ announce: ["192.0.2.1"], backend: "portable" });
    const { code, text } = await runTask([`--url=${server.url}`, "--remote"]);
    assert.match(text, /^PROBLEM {2}Media by UDP \(ice-udp\): no candidate answers .*: 192\.0\.2\.1:\d+$/m);
    assert.match(text, /^ {9}Fix: open .* in each firewall, .* \(--announce\)\.$/m);
    assert.equal(code, 1);
  },
});
