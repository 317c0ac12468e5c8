import assert from "node:assert/strict";
import { LoopbackServer } from "../harness/loopback_server.ts";
import { SignalingSocket } from "../harness/signaling_socket.ts";
import { SECRET } from "../harness/tokens.ts";

const ROOT = new URL("../../", import.meta.url);
const DENO = Deno.execPath();
const PERMISSIONS = {
  run: [DENO],
  read: [new URL("deno.json", ROOT)],
  net: ["127.0.0.1"],
} satisfies Deno.PermissionOptionsObject;

/** Runs the task as deno.json has it, with its very permissions. */
async function runTask(args: readonly string[], env: Record<string, string>) {
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const [, ...words] = String(tasks.token).split(/\s+/);
  const command = new Deno.Command(DENO, { args: [...words, ...args], cwd: ROOT, env: { NO_COLOR: "1", ...env } });
  const { code, stdout, stderr } = await command.output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

Deno.test({
  name: "deno task token prints a token alone, by which a server of the same settings lets its bearer in",
  permissions: PERMISSIONS,
  async fn() {
    const env = { AUTH_SECRET: SECRET, AUTH_ISSUER: "https://a.example", AUTH_AUDIENCE: "calls" };
    const { code, stdout, stderr } = await runTask(["--room=lobby", "--identity=ada", "--ttl=1m"], env);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    const auth = { secret: SECRET, issuer: env.AUTH_ISSUER, audience: env.AUTH_AUDIENCE };
    await using server = new LoopbackServer({ auth });
    await using socket = await SignalingSocket.open(server.signalingUrl, stdout.trim());
    socket.send({ type: "join", roomId: "lobby" });
    assert.equal((await socket.receive("welcome")).identity, "ada");
  },
});

Deno.test({
  name: "deno task token says on stderr what is wrong, and ends with 2",
  permissions: PERMISSIONS,
  async fn() {
    assert.deepEqual(await runTask(["--ttl=soon"], { AUTH_SECRET: "north" }), {
      code: 2,
      stdout: "",
      stderr: "--room is missing: give it as --room=<room>\n" +
        "--ttl=soon is not allowed: expected a time from 1s to 366d for which it is good, as in 90s, 10m, 2h or 7d; 1h where it is not given\n" +
        "AUTH_SECRET is too short: give the server's own, of 32 bytes at least\n",
    });
  },
});
