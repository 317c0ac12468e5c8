import assert from "node:assert/strict";
import { isMissing } from "../harness/missing_program.ts";

const UNIT = new URL("../../deploy/switchboard.service", import.meta.url).pathname;
const GUIDE = new URL("../../docs/deploy.md", import.meta.url).pathname;
const SYSTEMD_ANALYZE = Deno.env.get("SYSTEMD_ANALYZE") || "systemd-analyze";
/** Of 10, where 0 is exposed to nothing. What is left is the network, and memory that V8 has to execute. */
const MAX_EXPOSURE = 2;

async function analyze(...args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(SYSTEMD_ANALYZE, { args: [...args, UNIT] }).output();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert(success, text);
  return text;
}

Deno.test({
  name: "B268: the unit is one that systemd understands, and leaves the service little to harm",
  permissions: { run: [SYSTEMD_ANALYZE] },
  ignore: isMissing("systemd-analyze"),
  async fn() {
    const report = await analyze("security", "--offline=true", "--no-pager", `--threshold=${MAX_EXPOSURE * 10}`);
    const exposure = Number(/Overall exposure level for switchboard\.service: ([\d.]+)/.exec(report)?.[1]);
    assert(exposure <= MAX_EXPOSURE, report);
  },
});

/** The settings of a section of a unit file, each with its values in order. */
function section(text: string, name: string): Map<string, string[]> {
  const settings = new Map<string, string[]>();
  let current = "";
  for (const line of text.split("\n").filter((line) => !/^\s*(?:#|$)/.test(line))) {
    const header = /^\[(.*)\]$/.exec(line)?.[1];
    if (header !== undefined) current = header;
    if (header !== undefined || current !== name) continue;
    const at = line.indexOf("=");
    settings.set(line.slice(0, at), [...settings.get(line.slice(0, at)) ?? [], line.slice(at + 1)]);
  }
  return settings;
}

Deno.test({
  name:
    "B268: the unit starts the start task, under a user of its own that gains nothing, and without a write to the disk",
  permissions: { read: [UNIT] },
  fn() {
    const service = section(Deno.readTextFileSync(UNIT), "Service");
    const expected = {
      ExecStart: "/usr/local/bin/deno task start",
      ExecReload: `/bin/sh -c 'kill -HUP "$$MAINPID"'`,
      DynamicUser: "yes",
      NoNewPrivileges: "yes",
      ProtectSystem: "strict",
      CapabilityBoundingSet: "CAP_NET_BIND_SERVICE",
      AmbientCapabilities: "CAP_NET_BIND_SERVICE",
      SystemCallFilter: "@system-service",
      // V8's compiler would end the process.
      MemoryDenyWriteExecute: "no",
      // One SIGTERM for the task, which passes it on.
      KillMode: "mixed",
      // The code of a setting that is wrong (B71).
      RestartPreventExitStatus: "2",
    };
    for (const [key, value] of Object.entries(expected)) assert.deepEqual(service.get(key), [value], key);
    for (const key of ["ReadWritePaths", "StateDirectory", "CacheDirectory", "LogsDirectory"]) {
      assert.equal(service.get(key), undefined, key);
    }
  },
});

Deno.test({
  name: "B268: systemd waits for longer than the guide has servers drain, and the 5 s that they end in",
  permissions: { read: [UNIT, GUIDE] },
  fn() {
    const [timeout] = section(Deno.readTextFileSync(UNIT), "Service").get("TimeoutStopSec") ?? [];
    const [, drain] = /^DRAIN=(\d+)s$/m.exec(Deno.readTextFileSync(GUIDE)) ?? assert.fail("the guide has no DRAIN");
    assert(Number(timeout) > Number(drain) + 5, `${timeout} s for a drain of ${drain} s`);
  },
});
