import assert from "node:assert/strict";
import { SECRET } from "../../tests/harness/tokens.ts";
import { runTokenCommand } from "./token_cli.ts";
import { createTokenVerifier } from "./token_verifier.ts";

const test = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });

const ENV = { AUTH_SECRET: SECRET };

async function printed(args: string[], env: Record<string, string> = ENV): Promise<string> {
  const result = await runTokenCommand(args, env, Date.now());
  assert.ok(result.ok, result.ok ? "" : result.message);
  return result.text;
}

async function refused(args: string[], env: Record<string, string> = ENV): Promise<string> {
  const result = await runTokenCommand(args, env, Date.now());
  assert.ok(!result.ok, "accepted");
  return result.message;
}

test("a server of the same secret takes the token, which grants what the flags say", async () => {
  const { verify } = createTokenVerifier({ secret: SECRET });
  const plain = await verify((await printed(["--room=lobby"])).trim());
  assert.ok(plain.ok);
  assert.deepEqual([plain.grants.room, plain.grants.publish], ["lobby", ["audio", "video", "screen"]]);
  const args = ["--room", "team-*", "--identity=ada", "--name=Ada L", "--publish=audio,screen", "--subscribe=no"];
  const full = await verify((await printed([...args, "--admin=yes", "--max-bitrate=500000", "--ttl=2m"])).trim());
  assert.ok(full.ok);
  const { issuedAt = 0, ...grants } = full.grants;
  assert.ok(Math.abs(issuedAt - Date.now() / 1000) < 60, `made at ${issuedAt}`);
  assert.deepEqual(grants, {
    room: "team-*",
    identity: "ada",
    name: "Ada L",
    publish: ["audio", "screen"],
    subscribe: false,
    admin: true,
    maxBitrate: 500_000,
  });
  const mute = await verify((await printed(["--room=a", "--publish=none"])).trim());
  assert.deepEqual(mute.ok && mute.grants.publish, []);
});

test("issuer and audience of the environment are in the token, and its end is where --ttl says", async () => {
  const env = { ...ENV, AUTH_ISSUER: "https://a.example", AUTH_AUDIENCE: "calls" };
  const token = (await printed(["--room=a", "--ttl=1d"], env)).trim();
  const options = { secret: SECRET, issuer: "https://a.example", audience: "calls" };
  assert.equal((await createTokenVerifier(options).verify(token)).ok, true);
  const { exp, iat } = JSON.parse(atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")));
  assert.equal(exp - iat, 86_400);
});

test("what is wrong is told, a line each, and without the secret", async () => {
  assert.equal(
    await refused(["--ttl=soon", "--publish=data", "--subscribe", "--rooms=a"], { AUTH_SECRET: "short" }),
    [
      "--subscribe has no value: give it as --subscribe=<value>",
      "--rooms is not known: allowed are --room, --identity, --name, --publish, --subscribe, --admin, --max-bitrate, " +
      "--ttl and --help",
      "--room is missing: give it as --room=<room>",
      "--ttl=soon is not allowed: expected a time from 1s to 366d for which it is good, as in 90s, 10m, 2h or 7d; 1h where it is not given",
      "--publish=data is not allowed: expected any of audio, video, screen, separated by commas, or none; all where it " +
      "is not given",
      "AUTH_SECRET is too short: give the server's own, of 32 bytes at least",
    ].join("\n"),
  );
  assert.equal(
    await refused(["--room=a"], {}),
    "AUTH_SECRET is missing: give the server's own, of 32 bytes at least",
  );
  assert.match(await refused([`--room=${"r".repeat(129)}`]), /^switchboard\.room: /);
  for (const ttl of ["0s", "400d", "5", "-1m"]) assert.match(await refused(["--room=a", `--ttl=${ttl}`]), /^--ttl/);
});

test("--help prints every flag", async () => {
  const help = await printed(["--help"], {});
  for (const flag of ["--room", "--identity", "--name", "--publish", "--subscribe", "--ttl"]) {
    assert.ok(help.includes(flag), flag);
  }
});
