import { Hono } from "hono";
import assert from "node:assert/strict";
import type { HttpEnvironment } from "../request_rules.ts";
import type { TokenResult } from "../token_verifier.ts";
import { authorize } from "./access.ts";
import type { Administrator } from "./operations.ts";

const GRANTS = {
  room: "*",
  identity: "root",
  name: undefined,
  publish: [],
  subscribe: true,
  admin: true,
  maxBitrate: undefined,
};
const VALID: TokenResult = { ok: true, grants: GRANTS };
const EXPIRED: TokenResult = { ok: false, code: "unauthorized", message: "it has expired" };
const UNAVAILABLE: TokenResult = { ok: false, code: "auth-unavailable", message: "no keys" };

Deno.test({
  name: "B495: who listens may do so as long as the token is valid and not revoked, though its keys cannot be had",
  permissions: "none",
  async fn() {
    let result: TokenResult = VALID;
    let isRevoked = false;
    const verify = () => Promise.resolve(result);
    const found = Promise.withResolvers<Administrator>();
    const app = new Hono<HttpEnvironment>();
    app.get("/", async (c) => {
      const administrator = await authorize(c, {
        tokens: { verify, verifyOutlasted: verify },
        isRevoked: () => isRevoked,
      });
      if (administrator instanceof Response) return administrator;
      found.resolve(administrator);
      return c.body(null, 204);
    });
    assert.equal((await app.request("/", { headers: { Authorization: "Bearer token" } })).status, 204);
    const administrator = await found.promise;
    for (
      const [next, isAllowed] of [[VALID, true], [EXPIRED, false], [UNAVAILABLE, true]] as [TokenResult, boolean][]
    ) {
      result = next;
      assert.equal(await administrator.isAllowed(), isAllowed);
    }
    isRevoked = true;
    assert.equal(await administrator.isAllowed(), false);
  },
});
