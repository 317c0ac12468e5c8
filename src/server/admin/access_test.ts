import { Hono } from "hono";
import assert from "node:assert/strict";
import { administer, adminToken } from "../../../tests/harness/admin_setup.ts";
import { setUp } from "../../../tests/harness/switchboard_setup.ts";
import type { HttpEnvironment } from "../request_rules.ts";
import type { TokenResult } from "../token_verifier.ts";
import { authorize } from "./access.ts";
import { MAX_LISTENERS } from "./event_streams.ts";
import type { Administrator } from "./operations.ts";

const test = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });

const codeOf = ({ status, body }: { status: number; body: { code?: string } }) => `${status} ${body?.code}`;

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

test("B490: a token that was revoked for all rooms administers nothing any more", async () => {
  const setup = setUp();
  const { ask } = administer(setup);
  const token = await adminToken("*", { sub: "root" });
  assert.equal((await ask("GET", "/api/rooms", { token })).status, 200);
  setup.switchboard.expulsions.revoke("root");
  assert.equal(codeOf(await ask("GET", "/api/rooms", { token })), "401 unauthorized");
});

test("B490, B491: a token that was revoked for a room administers that room no more, and the others as before", async () => {
  const setup = setUp();
  const { ask, fetch, close } = administer(setup);
  for (const roomId of ["team-1", "team-2"]) setup.connect().say({ type: "join", roomId });
  const token = await adminToken("team-*", { sub: "mod" });
  const events = (await fetch("GET", "/api/events", { token })).body?.getReader();
  await events?.read();
  setup.switchboard.expulsions.revoke("mod", "team-1");
  const { body } = await ask("GET", "/api/rooms", { token });
  assert.deepEqual(body.rooms.map(({ id }: { id: string }) => id), ["team-2"]);
  assert.equal(codeOf(await ask("GET", "/api/rooms/team-1", { token })), "403 forbidden");
  assert.equal(codeOf(await ask("DELETE", "/api/rooms/team-1", { token })), "403 forbidden");
  const revocation = { identity: "ada", roomId: "team-1" };
  assert.equal(codeOf(await ask("POST", "/api/revocations", { token, body: revocation })), "403 forbidden");
  assert.equal((await ask("GET", "/api/rooms/team-2", { token })).status, 200);
  for (const roomId of ["team-1", "team-2"]) setup.connect().say({ type: "join", roomId });
  assert.match(
    new TextDecoder().decode((await events?.read())?.value),
    /^id: \S+\nevent: peerJoined\ndata: .*"team-2"/,
  );
  close();
});

test("B495: a HEAD for events has the fields of their answer, and listens to none", async () => {
  const { fetch, close } = administer(setUp());
  const token = await adminToken();
  for (let asked = 0; asked <= MAX_LISTENERS; asked++) {
    const head = await fetch("HEAD", "/api/events", { token });
    assert.deepEqual([head.status, head.headers.get("Content-Type")], [200, "text/event-stream"]);
  }
  close();
});

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
