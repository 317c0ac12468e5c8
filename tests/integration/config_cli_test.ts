import assert from "node:assert/strict";
import { helpText } from "../../src/server/config_text.ts";
import { buildOffer } from "../harness/offer_builder.ts";

const ROOT = new URL("../../", import.meta.url);
const DENO = Deno.execPath();
const VARIABLES = [
  ...["PORT", "HOST", "ANNOUNCE", "BACKEND", "WORKERS", "UDP_PORT", "UDP_PORTS", "CODECS", "LOG"],
  ...["AUTH_SECRET", "PRODUCTION"],
];
const run: Deno.PermissionOptions = { run: [DENO] };

/** `main.ts` as a user starts it, with the permissions of `deno task start` and no settings from this environment. */
function command(args: string[], env: Record<string, string> = {}): Deno.Command {
  const permissions = [
    "--allow-net",
    "--allow-read=static",
    "--allow-sys=networkInterfaces",
    `--allow-env=${VARIABLES.join(",")}`,
    "--ignore-env",
  ];
  return new Deno.Command(DENO, {
    args: ["run", "--frozen", "--no-prompt", ...permissions, "main.ts", ...args],
    cwd: ROOT,
    env: { ...Object.fromEntries(VARIABLES.map((variable) => [variable, ""])), ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

async function output(args: string[], env?: Record<string, string>) {
  const { code, stdout, stderr } = await command(args, env).output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

Deno.test({
  name: "--help prints the settings to stdout and ends with 0",
  permissions: run,
  async fn() {
    assert.deepEqual(await output(["--help"]), { code: 0, stdout: helpText(), stderr: "" });
  },
});

Deno.test({
  name: "B71: wrong settings are told on stderr, and end with 2",
  permissions: run,
  async fn() {
    assert.deepEqual(await output(["--port=70000"], { CODECS: "h265" }), {
      code: 2,
      stdout: "",
      stderr: "--port=70000 is not allowed: expected a whole number from 0 to 65535\n" +
        "CODECS=h265 is not allowed: expected any of opus, pcmu, pcma, vp8, vp9, h264, av1, separated by commas\n",
    });
  },
});

Deno.test({
  name: "B239: --production without a secret or a key set is told in one line on stderr, and ends with 2",
  permissions: run,
  async fn() {
    for (const { args, env } of [{ args: ["--production"], env: {} }, { args: [], env: { PRODUCTION: "yes" } }]) {
      const { code, stdout, stderr } = await output(args, env);
      assert.deepEqual([code, stdout], [2, ""]);
      assert.match(
        stderr,
        /^--production needs tokens, .*: give a secret by AUTH_SECRET, or a key set by --auth-jwks\n$/,
      );
    }
    const short = await output(["--production"], { AUTH_SECRET: "north" });
    assert.deepEqual([short.code, short.stderr.includes("north")], [2, false]);
  },
});

Deno.test({
  name: "B239: without tokens the server says in one line that it is open; with them it is not, and asks for them",
  permissions: { ...run, net: ["127.0.0.1"] },
  async fn() {
    for (const secret of ["", "a secret that is long enough for this"]) {
      const { child, port, end } = await start(secret === "" ? [] : ["--production", `--auth-secret=${secret}`]);
      const answer = await fetch(`http://127.0.0.1:${port}/whip/room`);
      await answer.body?.cancel();
      assert.equal(answer.status, secret === "" ? 204 : 401);
      child.kill("SIGTERM");
      const { code, stderr } = await end();
      assert.equal(code, 0);
      const warnings = stderr.split("\n").filter((line) => line.includes("WARN"));
      assert.deepEqual(warnings.map((line) => /may enter any room/.test(line)), secret === "" ? [true] : []);
      if (secret !== "") assert.equal(stderr.includes(secret), false);
    }
  },
});

Deno.test({
  name: "B79: a port that is taken is told on stderr, and ends with 1",
  permissions: { ...run, net: ["127.0.0.1"] },
  async fn() {
    const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = taken.addr;
    const { code, stdout, stderr } = await output(["--host=127.0.0.1"], { PORT: String(port), LOG: "off" });
    taken.close();
    assert.deepEqual({ code, stdout }, { code: 1, stdout: "" });
    assert.match(stderr, new RegExp(`^Port ${port} is taken: .*--port=<number>`));
  },
});

for (
  const [what, args, reason] of [
    ["an address for media that the machine does not have", ["--media-host=192.0.2.1"], /^This machine does not have/],
    [
      "an announced name without an address",
      ["--announce=switchboard.invalid"],
      /^--announce: switchboard\.invalid cannot be looked up: /,
    ],
  ] as const
) {
  Deno.test({
    name: `B79, B209: ${what} is told on stderr, and ends with 1`,
    permissions: run,
    async fn() {
      const { code, stdout, stderr } = await output(["--port=0", ...args]);
      assert.deepEqual({ code, stdout }, { code: 1, stdout: "" });
      assert.match(stderr, reason);
    },
  });
}

/** A server on a free port. */
async function start(args: string[]) {
  const child = command(["--host=127.0.0.1", "--port=0", ...args]).spawn();
  const stderr = new Response(child.stderr).text();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let stdout = "";
  while (!stdout.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) assert.fail(`the server ended: ${await stderr}`);
    stdout += value;
  }
  const port = Number(/^Switchboard is ready at http:\/\/localhost:(\d+)\n$/.exec(stdout)?.[1]);
  assert(port > 0, stdout);
  /** The exit code, and what was printed after the line that it is ready. */
  const end = async () => {
    let rest = "";
    for (let read = await reader.read(); !read.done; read = await reader.read()) rest += read.value;
    return { code: (await child.status).code, rest, stderr: await stderr };
  };
  return { child, port, end };
}

Deno.test({
  name: "B79: the server prints one line to stdout once it can be opened; its log goes to stderr",
  permissions: { ...run, net: ["127.0.0.1"] },
  async fn() {
    const { child, port, end } = await start([]);
    const response = await fetch(`http://127.0.0.1:${port}/healthz`);
    assert.equal(response.status, 200);
    const { status, rooms, peers, backend } = await response.json();
    assert.deepEqual({ status, rooms, peers, backend }, { status: "ok", rooms: 0, peers: 0, backend: "portable" });
    child.kill("SIGTERM");
    const { code, rest, stderr } = await end();
    assert.deepEqual({ code, rest }, { code: 0, rest: "" });
    assert.match(stderr, /INFO {2}switchboard shutting down/);
  },
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test({
    name: `B78: at ${signal} clients are told with 1001, and the process ends with 0`,
    permissions: { ...run, net: ["127.0.0.1"] },
    async fn() {
      const { child, port, end } = await start(["--log=off"]);
      const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`);
      const closed = new Promise<CloseEvent>((resolve) => socket.onclose = resolve);
      await new Promise((resolve) => socket.onopen = resolve);
      child.kill(signal);
      const { code, rest, stderr } = await end();
      assert.deepEqual({ code, rest, stderr }, { code: 0, rest: "", stderr: "" });
      assert.equal((await closed).code, 1001);
    },
  });
}

Deno.test({
  name: "B209: the addresses of an announced name are the candidates",
  permissions: { ...run, net: ["127.0.0.1"] },
  async fn() {
    const { child, port, end } = await start(["--announce=localhost"]);
    const offer = buildOffer([{ mid: "0", kind: "video", direction: "sendonly", ssrc: 1 }]);
    const headers = { "Content-Type": "application/sdp" };
    const answer = await fetch(`http://127.0.0.1:${port}/whip/room`, { method: "POST", headers, body: offer });
    assert.match(await answer.text(), /^a=candidate:1 1 udp \d+ 127\.0\.0\.1 \d+ typ host/mi);
    child.kill("SIGTERM");
    const { code, stderr } = await end();
    assert.equal(code, 0);
    assert.match(stderr, /INFO {2}switchboard\.ice localhost is announced by "?127\.0\.0\.1/);
  },
});

Deno.test({
  name: "B196: /healthz tells the TCP port of media; one that is taken is told on stderr, and ends with 1",
  permissions: { ...run, net: ["127.0.0.1"] },
  async fn() {
    const { child, port, end } = await start(["--tcp-port=0"]);
    const { tcpPort, backendReason } = await (await fetch(`http://127.0.0.1:${port}/healthz`)).json();
    assert.ok(backendReason.endsWith(`; TCP port ${tcpPort} for clients that cannot use UDP`), backendReason);
    const { code, stdout, stderr } = await output(["--host=127.0.0.1", "--port=0", `--tcp-port=${tcpPort}`]);
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, new RegExp(`TCP port ${tcpPort} of 127\\.0\\.0\\.1 cannot be had: `));
    child.kill("SIGTERM");
    assert.equal((await end()).code, 0);
  },
});
