import { deepStrictEqual, doesNotMatch, match, strictEqual } from "node:assert/strict";
import { LoopbackServer } from "../../tests/harness/loopback_server.ts";
import { FOR_ROOM, SECRET, secretToken } from "../../tests/harness/tokens.ts";
import type { CreateOptions } from "../mod.ts";
import { splitDoctorArguments } from "./arguments.ts";
import { withholdsToken } from "./examine.ts";
import { runDoctor } from "./command.ts";
import { reportJson, reportText } from "./report.ts";
import { ok, problem } from "./finding.ts";
import { roomFor } from "./room.ts";

const PERMISSIONS = {
  net: ["127.0.0.1", "localhost"],
  sys: ["networkInterfaces"],
} satisfies Deno.PermissionOptionsObject;
const LOCAL = ["--host=127.0.0.1", "--backend=portable"];

async function doctor(args: readonly string[], env: Record<string, string> = {}) {
  const printed = { stdout: "", stderr: "" };
  const code = await runDoctor(args, env, {
    print: (text) => printed.stdout += text,
    printError: (text) => printed.stderr += text,
    colors: false,
  });
  return { code, ...printed };
}

async function doctorOf(options: CreateOptions, args: readonly string[] = [], env: Record<string, string> = {}) {
  await using server = new LoopbackServer({ backend: "portable", ...options });
  const result = await doctor([...LOCAL, `--port=${server.port}`, "--json", ...args], env);
  await server.empty();
  return { ...result, findings: JSON.parse(result.stdout) };
}

Deno.test({
  name: "B481, B486: a healthy server passes clean, which is told with 0, and nothing of the doctor is left there",
  permissions: PERMISSIONS,
  async fn() {
    const { code, stderr, findings } = await doctorOf({ tcpPort: 0 });
    deepStrictEqual(findings.filter(({ severity }: { severity: string }) => severity !== "ok"), []);
    deepStrictEqual([code, stderr], [0, ""]);
    const ids = findings.map(({ id }: { id: string }) => id);
    for (const id of ["server", "ready", "join", "origin", "ice-udp", "ice-tcp", "dtls"]) {
      strictEqual(ids.includes(id), true, id);
    }
  },
});

Deno.test({
  name: "B481: so does one that asks for tokens, by a token of the doctor's own where the settings have the secret",
  permissions: PERMISSIONS,
  async fn() {
    const auth = { secret: SECRET, issuer: "https://a.example", audience: "calls" };
    const env = { AUTH_SECRET: SECRET, AUTH_ISSUER: auth.issuer, AUTH_AUDIENCE: auth.audience };
    const { code, findings } = await doctorOf({ auth }, [], env);
    deepStrictEqual(findings.filter(({ severity }: { severity: string }) => severity !== "ok"), []);
    strictEqual(code, 0);
  },
});

Deno.test({
  name: "B480, B487: a problem ends with 1; neither a secret nor a token is printed",
  permissions: PERMISSIONS,
  async fn() {
    const token = await secretToken({ ...FOR_ROOM, exp: -60 });
    const { code, stdout, findings } = await doctorOf({ auth: { secret: SECRET } }, [`--token=${token}`], {
      AUTH_SECRET: SECRET,
      BUS: "redis://name:hidden-word@127.0.0.1:1",
    });
    const join = findings.find(({ id }: { id: string }) => id === "join");
    deepStrictEqual([code, join.severity], [1, "problem"]);
    match(join.detail, /expired/);
    for (const secret of [SECRET, token, "hidden-word"]) strictEqual(stdout.includes(secret), false);
  },
});

Deno.test({
  name: "B482: without a server that runs there is a warning, and what there is of the machine",
  permissions: PERMISSIONS,
  async fn() {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    listener.close();
    const { code, stdout } = await doctor([...LOCAL, `--port=${port}`]);
    match(stdout, /^WARNING {2}Server \(server\): .* does not answer/m);
    match(stdout, /^ {9}Fix: start it/m);
    match(stdout, /no problems, 1 warning, \d+ checks/);
    strictEqual(code, 0);
    const named = await doctor([...LOCAL, `--url=http://127.0.0.1:${port}`, "--remote"]);
    match(named.stdout, /^PROBLEM {2}Server/m);
    doesNotMatch(named.stdout, /\(backend\)/);
    strictEqual(named.code, 1);
  },
});

Deno.test({
  name: "B480: what is wrong with the command line is told on stderr with 2; help has all flags",
  permissions: "none",
  async fn() {
    const wrong = await doctor(["--url=ftp://a", "--json=perhaps", "--remote", "--token"]);
    deepStrictEqual([wrong.code, wrong.stdout], [2, ""]);
    for (const words of [/--url=ftp:\/\/a is not allowed/, /--json=perhaps is not allowed/, /--token has no value/]) {
      match(wrong.stderr, words);
    }
    match((await doctor(["--port=70000"])).stderr, /^--port=70000 is not allowed/);
    const help = await doctor(["--help"]);
    match(help.stdout, /--url[^]*--token[^]*--udp-port/);
    strictEqual(help.code, 0);
  },
});

Deno.test({
  name: "B480: the doctor's own flags are taken out of the command line, the rest is the server's",
  permissions: "none",
  fn() {
    const split = splitDoctorArguments(["--url", "https://a.example/x", "--port=1", "--json", "--announce", "b"]);
    deepStrictEqual(split.ok && split.rest, ["--port=1", "--announce", "b"]);
    deepStrictEqual(split.ok && [split.own.url?.href, split.own.isJson, split.own.isRemote], [
      "https://a.example/",
      true,
      false,
    ]);
  },
});

Deno.test({
  name: "B487: what a server says sends nothing to the terminal",
  permissions: "none",
  fn() {
    const text = reportText([problem("server", "it says \x1b[2J\u202e", "a"), ok("ready", "b")], { colors: false });
    deepStrictEqual(text.split("\n"), [
      "PROBLEM  Server (server): it says  [2J ",
      "         Fix: a.",
      "ok       Readiness (ready): b",
      "",
      "1 problem, no warnings, 2 checks. docs/doctor.md says more.",
      "",
    ]);
    const json = reportJson([problem("server", "it says \x1b[2J\u202e\x9b2J", "a")]);
    doesNotMatch(json.replaceAll("\n", ""), /[\p{Cc}\p{Cf}]/u);
    strictEqual(JSON.parse(json)[0].detail, "it says  [2J  2J");
    strictEqual(reportText([ok("ready", "b")], { colors: true }).startsWith("\x1b[32mok"), true);
  },
});

Deno.test({
  name: "B486: the doctor joins a room of its own, with a token that of the token",
  permissions: "none",
  async fn() {
    strictEqual(roomFor(undefined, "r"), "doctor-r");
    strictEqual(roomFor("no token", "r"), "doctor-r");
    strictEqual(roomFor(await secretToken(FOR_ROOM), "r"), "room");
    strictEqual(roomFor(await secretToken({ exp: 60, switchboard: { room: "team-*" } }), "r"), "team-doctor-r");
  },
});

Deno.test({
  name: "B487: a token that was given is not shown to a server for which nobody vouches, unless it is on this machine",
  permissions: PERMISSIONS,
  fn() {
    using client = Deno.createHttpClient({});
    const [far, near] = [new URL("https://sfu.example.org"), new URL("https://[::1]:8443")];
    strictEqual(withholdsToken(far, { token: "t" }, client), true);
    strictEqual(withholdsToken(near, { token: "t" }, client), false);
    strictEqual(withholdsToken(far, { token: "t" }, undefined), false);
    strictEqual(withholdsToken(far, {}, client), false);
  },
});
