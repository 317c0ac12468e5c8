import assert from "node:assert/strict";
import { FOR_ROOM, forgedToken, SECRET, secretToken, type TokenClaims } from "../../tests/harness/tokens.ts";
import { createTokenVerifier, MAX_TOKEN_LENGTH, type TokenResult } from "./token_verifier.ts";
import type { AuthOptions } from "./auth_options.ts";

const test = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });

/** `ok`, or why not. */
function verdictOf(result: TokenResult): string {
  return result.ok ? "ok" : `${result.code}: ${result.message}`;
}

async function verdict(token: string | undefined, options: AuthOptions = { secret: SECRET }): Promise<string> {
  return verdictOf(await createTokenVerifier(options).verify(token));
}

const signed = async (claims: TokenClaims, options?: AuthOptions) => verdict(await secretToken(claims), options);

const INVALID = "unauthorized: the token is not valid: ";

test("B234: a token by the secret is taken, with HS256, HS384 and HS512, and gives its grants", async () => {
  for (const alg of ["HS256", "HS384", "HS512"]) {
    const token = await secretToken({ ...FOR_ROOM, sub: "ada" }, SECRET, alg);
    const result = await createTokenVerifier({ secret: SECRET }).verify(token);
    assert.ok(result.ok, alg);
    assert.deepEqual([result.grants.identity, result.grants.room], ["ada", "room"]);
  }
});

test("B234: a forged token is refused: alg none, another key, changed claims, no JWT at all", async () => {
  const good = await secretToken(FOR_ROOM);
  const [header, , signature] = good.split(".");
  const other = forgedToken({}, { ...FOR_ROOM, exp: 90 }).split(".")[1];
  for (
    const [token, reason] of [
      [forgedToken({ alg: "none" }, FOR_ROOM), "its algorithm is not allowed"],
      [forgedToken({ alg: "None", typ: "JWT" }, FOR_ROOM), "its algorithm is not allowed"],
      [forgedToken({ alg: "RS256" }, FOR_ROOM, signature), "its algorithm is not allowed"],
      [forgedToken({ alg: "HS256", crit: ["exp"], exp: 1 }, FOR_ROOM, signature), "it is no signed JWT"],
      [await secretToken(FOR_ROOM, SECRET.replace("n", "m")), "its signature is wrong"],
      [[header, other, signature].join("."), "its signature is wrong"],
      [`${header}..${signature}`, "its signature is wrong"],
      ["a.b.c", "it is no signed JWT"],
      ["", "it is no signed JWT"],
      [`${good}.${good}`, "it is no signed JWT"],
    ]
  ) assert.equal(await verdict(token), INVALID + reason, token);
  assert.equal(await verdict(undefined), "unauthorized: a token is needed");
});

test("B235: a token counts from nbf to exp, with 30 s for clocks that differ, and must end", async () => {
  assert.equal(await signed({ ...FOR_ROOM, exp: -20 }), "ok");
  assert.equal(await signed({ ...FOR_ROOM, exp: -31 }), `${INVALID}it has expired`);
  assert.equal(await signed({ ...FOR_ROOM, nbf: 20 }), "ok");
  assert.equal(await signed({ ...FOR_ROOM, nbf: 40 }), `${INVALID}it is not valid yet`);
  assert.equal(await signed({ switchboard: { room: "room" } }), `${INVALID}it has no exp`);
  assert.equal(await verdict(await secretToken({ ...FOR_ROOM, iat: "now" })), `${INVALID}its iat is wrong`);
});

test("B235: issuer and audience are what they must be; a token for an audience is not for a server without one", async () => {
  const options = { secret: SECRET, issuer: "https://a.example", audience: "calls" };
  const good = { ...FOR_ROOM, iss: "https://a.example", aud: ["chat", "calls"] };
  assert.equal(await signed(good, options), "ok");
  assert.equal(await signed({ ...good, iss: "https://b.example" }, options), `${INVALID}its iss is wrong`);
  assert.equal(await signed({ ...good, aud: "chat" }, options), `${INVALID}it is for another audience`);
  assert.equal(await signed({ ...FOR_ROOM, aud: "calls" }, options), `${INVALID}it has no iss`);
  assert.equal(await signed({ ...FOR_ROOM, iss: "https://a.example" }, options), `${INVALID}it has no aud`);
  assert.equal(await signed({ ...FOR_ROOM, iss: "anybody" }), "ok");
  assert.equal(await signed({ ...FOR_ROOM, aud: "calls" }), `${INVALID}it is for another audience`);
});

test("B234, P73: a token without a room, or with claims of wrong types, is refused by the claim's name", async () => {
  assert.match(await signed({ exp: 60 }), /^unauthorized: the token is not valid: switchboard: /);
  assert.match(await signed({ exp: 60, switchboard: {} }), /: switchboard\.room: /);
  assert.match(await signed({ exp: 60, switchboard: { room: "a", subscribe: 1 } }), /: switchboard\.subscribe: /);
});

test("B236: a token of more than 8192 characters is not looked at", async () => {
  const huge = await secretToken({ ...FOR_ROOM, padding: "x".repeat(MAX_TOKEN_LENGTH) });
  assert.equal(await verdict(huge), "unauthorized: the token has more than 8192 characters");
  assert.equal(await verdict("x".repeat(MAX_TOKEN_LENGTH)), `${INVALID}it is no signed JWT`);
});

test("P78: what a call may outlast is the end of its token, and nothing else", async () => {
  const { verify, verifyOutlasted } = createTokenVerifier({ secret: SECRET });
  const expired = await secretToken({ ...FOR_ROOM, exp: -3600 });
  assert.equal(verdictOf(await verify(expired)), `${INVALID}it has expired`);
  assert.equal(verdictOf(await verifyOutlasted(expired)), "ok");
  assert.equal(verdictOf(await verifyOutlasted(await secretToken(FOR_ROOM))), "ok");
  const wrong = await secretToken({ ...FOR_ROOM, exp: -3600 }, "another secret, of a length that is fine");
  assert.equal(verdictOf(await verifyOutlasted(wrong)), `${INVALID}its signature is wrong`);
  const never = await secretToken({ ...FOR_ROOM, exp: -3600, nbf: 0 });
  assert.equal(verdictOf(await verifyOutlasted(never)), `${INVALID}it is not valid yet`);
});

test("B239: options by which no token could be verified safely are refused, without the secret", async () => {
  const wrong: AuthOptions[] = [
    {},
    { secret: "short" },
    { secret: SECRET, jwks: "https://a.example/keys" },
    { jwks: "http://a.example/keys" },
    { jwks: "https://user:password@a.example/keys" },
    { jwks: "keys.json" },
  ];
  for (const options of wrong) {
    assert.throws(() => createTokenVerifier(options), (error: Error) => {
      assert.match(`${error.name}: ${error.message}`, /^TypeError: auth: /);
      return !/short|password/.test(error.message);
    });
  }
  for (const jwks of ["https://a.example/keys?v=1", "http://127.0.0.1:1/", "http://localhost/", "http://[::1]/"]) {
    assert.equal(await verdict(undefined, { jwks }), "unauthorized: a token is needed");
  }
});

test("B234: a token with any one character changed is refused, and no text makes the verifier reject", async () => {
  const { verify } = createTokenVerifier({ secret: SECRET });
  const token = await secretToken({ ...FOR_ROOM, sub: "ada" });
  assert.equal(verdictOf(await verify(token)), "ok");
  // The last character has bits that no byte of the signature is made of.
  for (let at = 0; at < token.length - 1; at++) {
    for (const other of ["A", "z", ".", "=", "\u0000"]) {
      if (token[at] === other) continue;
      const changed = token.slice(0, at) + other + token.slice(at + 1);
      assert.equal((await verify(changed)).ok, false, `${other} at ${at}`);
    }
    assert.equal((await verify(token.slice(0, at))).ok, false, `cut at ${at}`);
  }
});
