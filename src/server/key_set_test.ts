import assert from "node:assert/strict";
import { exportSPKI, importJWK, jwtVerify } from "jose";
import { KeySetServer } from "../../tests/harness/key_set_server.ts";
import { ShiftedTime } from "../../tests/harness/shifted_time.ts";
import { FOR_ROOM, newIssuer, secretToken } from "../../tests/harness/tokens.ts";
import { KeySetUnavailableError, remoteKeySet } from "./key_set.ts";
import { createTokenVerifier } from "./token_verifier.ts";

const permissions = { net: ["127.0.0.1"] } satisfies Deno.PermissionOptionsObject;

/** Verifies by the keys of a server; gives `ok`, or why not. */
function verifierBy(server: KeySetServer): (token: string) => Promise<string> {
  const { verify } = createTokenVerifier({ jwks: server.url });
  return async (token) => {
    const result = await verify(token);
    return result.ok ? "ok" : result.message;
  };
}

const UNKNOWN = "the token is not valid: its key is not known";
const UNAVAILABLE = "tokens cannot be verified at present";

for (const alg of ["RS256", "PS256", "ES256", "ES384", "EdDSA"]) {
  Deno.test({
    name: `B234: a token by ${alg} and a key of the set is taken`,
    permissions,
    async fn() {
      await using server = new KeySetServer();
      const issuer = await newIssuer("one", alg);
      server.keys = [issuer.publicKey];
      assert.equal(await verifierBy(server)(await issuer.sign(FOR_ROOM)), "ok");
    },
  });
}

Deno.test({
  name: "B234: a public key of the set is no secret: HS256 by it is refused, in whatever form it was used",
  permissions,
  async fn() {
    await using server = new KeySetServer();
    const { publicKey } = await newIssuer("one", "RS256");
    server.keys = [publicKey];
    const verify = verifierBy(server);
    const key = await importJWK(publicKey, "RS256", { extractable: true });
    assert.ok(!(key instanceof Uint8Array));
    const pem = await exportSPKI(key);
    for (const secret of [pem, pem.trim(), JSON.stringify(publicKey), publicKey.n ?? ""]) {
      assert.equal(
        await verify(await secretToken(FOR_ROOM, secret)),
        "the token is not valid: its algorithm is not allowed",
      );
    }
    assert.equal(server.asked, 0, "for these nobody is asked");
  },
});

Deno.test({
  name: "B237: keys are fetched once; a new key counts 30 s after the last fetch, and one that was taken out no more",
  permissions,
  async fn() {
    using time = new ShiftedTime();
    await using server = new KeySetServer();
    const [old, next] = [await newIssuer("old"), await newIssuer("next")];
    server.keys = [old.publicKey];
    const verify = verifierBy(server);
    for (let i = 0; i < 3; i++) assert.equal(await verify(await old.sign(FOR_ROOM)), "ok");
    assert.equal(server.asked, 1);

    server.keys = [next.publicKey];
    const rotated = await next.sign({ ...FOR_ROOM, exp: 3600 });
    for (let i = 0; i < 3; i++) assert.equal(await verify(rotated), UNKNOWN);
    assert.equal(server.asked, 1, "unknown keys cause no fetch so soon");
    time.advance(30_000);
    assert.deepEqual(await Promise.all([1, 2, 3].map(() => verify(rotated))), ["ok", "ok", "ok"]);
    assert.equal(await verify(await old.sign(FOR_ROOM)), UNKNOWN);
    assert.equal(server.asked, 2);

    server.keys = [];
    assert.equal(await verify(rotated), "ok", "known keys are not asked for again");
    time.advance(600_000);
    assert.equal(await verify(rotated), UNKNOWN);
    assert.equal(server.asked, 3);
  },
});

for (
  const [what, answer] of [
    ["answers 500", () => new Response("no", { status: 500 })],
    ["sends elsewhere", () => new Response(null, { status: 302, headers: { Location: "http://127.0.0.1:9/" } })],
    ["answers no JSON", () => new Response("<html>")],
    ["answers other JSON", () => Response.json({ keys: "none" })],
    ["answers too much", () => Response.json({ keys: [{ padding: "x".repeat(300_000) }] })],
  ] as const
) {
  Deno.test({
    name: `B238: a key server that ${what} refuses tokens, is asked once in 5 s, and counts again when it is well`,
    permissions,
    async fn() {
      using time = new ShiftedTime();
      await using server = new KeySetServer();
      const issuer = await newIssuer("one");
      server.keys = [issuer.publicKey];
      server.answer = answer;
      const verify = verifierBy(server);
      const token = await issuer.sign(FOR_ROOM);
      const told = await Promise.all(Array.from({ length: 20 }, () => verify(token)));
      for (let i = 0; i < 20; i++) told.push(await verify(token));
      assert.deepEqual(new Set(told), new Set([UNAVAILABLE]));
      assert.equal(server.asked, 1);
      server.answer = undefined;
      time.advance(5_000);
      assert.equal(await verify(token), "ok");
      assert.equal(server.asked, 2);
    },
  });
}

Deno.test({
  name: "B238: keys that are known count on while the key server is down, for ten minutes",
  permissions,
  async fn() {
    using time = new ShiftedTime();
    await using server = new KeySetServer();
    const [issuer, stranger] = [await newIssuer("one"), await newIssuer("two")];
    server.keys = [issuer.publicKey];
    const verify = verifierBy(server);
    const token = await issuer.sign({ ...FOR_ROOM, exp: 3600 });
    assert.equal(await verify(token), "ok");
    server.answer = () => new Response("no", { status: 503 });
    time.advance(60_000);
    assert.equal(await verify(await stranger.sign(FOR_ROOM)), UNAVAILABLE);
    assert.equal(await verify(token), "ok");
    time.advance(600_000);
    assert.equal(await verify(token), UNAVAILABLE);
  },
});

Deno.test({
  name: "B238: a key server that cannot be reached is told as such",
  permissions,
  async fn() {
    const gone = new KeySetServer();
    const { url } = gone;
    await gone[Symbol.asyncDispose]();
    const issuer = await newIssuer("one");
    const result = await createTokenVerifier({ jwks: url }).verify(await issuer.sign(FOR_ROOM));
    assert.deepEqual(result, { ok: false, code: "auth-unavailable", message: UNAVAILABLE });
  },
});

for (const part of ["nothing", "half of its answer"]) {
  Deno.test({
    name: `B238: a key server that sends ${part} is given up after a while`,
    permissions,
    async fn() {
      await using server = new KeySetServer();
      const silence = Promise.withResolvers<Response>();
      const stuck = () =>
        new Response(new ReadableStream({ start: (stream) => stream.enqueue(new TextEncoder().encode('{"keys":[')) }));
      server.answer = part === "nothing" ? () => silence.promise : stuck;
      const issuer = await newIssuer("one");
      const token = await issuer.sign(FOR_ROOM);
      await assert.rejects(jwtVerify(token, remoteKeySet(new URL(server.url), 50)), KeySetUnavailableError);
      silence.resolve(new Response());
    },
  });
}
