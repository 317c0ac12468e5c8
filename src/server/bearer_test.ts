import assert from "node:assert/strict";
import { bearerToken, readHandshake } from "./bearer.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

const read = (headers: Record<string, string>) => readHandshake(new Headers(headers));

test("P60: a bearer token is what follows the scheme, whatever its case, and nothing else is one", () => {
  for (const field of ["Bearer a.b.c", "bearer  a.b.c ", "BEARER a.b.c"]) assert.equal(bearerToken(field), "a.b.c");
  for (const field of [undefined, "", "Bearer", "Bearer ", "Basic abc", "a.b.c", "Bearer a, Bearer b", "Bearer a b"]) {
    assert.equal(bearerToken(field), undefined, `${field}`);
  }
});

test("P71: a WebSocket brings its token as a field, or as a subprotocol, which is not answered", () => {
  assert.deepEqual(read({}), { token: undefined, protocol: undefined });
  assert.deepEqual(read({ "Authorization": "Bearer a.b.c" }), { token: "a.b.c", protocol: undefined });
  assert.deepEqual(read({ "Sec-WebSocket-Protocol": "switchboard, switchboard.bearer.a.b-_c" }), {
    token: "a.b-_c",
    protocol: "switchboard",
  });
  assert.deepEqual(read({ "Sec-WebSocket-Protocol": "switchboard,switchboard.bearer.x" }).token, "x");
  assert.deepEqual(read({ "Sec-WebSocket-Protocol": "chat" }), { token: undefined, protocol: undefined });
});

test("P71: of two tokens none counts", () => {
  assert.equal(read({ "Sec-WebSocket-Protocol": "switchboard.bearer.a, switchboard.bearer.b" }).token, undefined);
  const both = { "Authorization": "Bearer a", "Sec-WebSocket-Protocol": "switchboard, switchboard.bearer.a" };
  assert.equal(read(both).token, undefined);
});
