import assert from "node:assert/strict";
import type { ConnectionRefusal } from "../signaling/connection_limit.ts";
import type { HttpRefusalCode } from "../signaling/http_session.ts";
import { createWhip, PROBLEM_CODES, type Verdict } from "./whip.ts";

const test = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });

/** Of the pages that may. */
const ORIGIN = "https://app.example.org";

/** The endpoints over a server that refuses all. */
function serve(
  verdict: Verdict = "allowed",
  code: HttpRefusalCode = "bad-sdp",
  retryAfterSeconds?: number,
  tooMany?: ConnectionRefusal,
) {
  const asked: unknown[] = [];
  const refused: string[] = [];
  const app = createWhip({
    open(request) {
      asked.push(request);
      return { ok: false, code, message: "no offer", retryAfterSeconds };
    },
    find: () => undefined,
    act: (_, action) => action(),
    iceLinks: (peerId) => [`<turn:turn.example.org>; rel="ice-server"; username="${peerId}"; credential="secret"`],
    authorize(access) {
      asked.push(access);
      return verdict;
    },
    allowsOrigin: (origin) => origin === ORIGIN,
    refuseRoom: () => undefined,
    tooMany: () => tooMany,
    refused: (code) => void refused.push(code),
  });
  const request = async (path: string, init: RequestInit) => await app.request(path, init, { address: "192.0.2.1" });
  return { asked, refused, request };
}

const post = (headers: Record<string, string> = {}, body = "v=0"): RequestInit => ({
  method: "POST",
  headers: { "Content-Type": "application/sdp", ...headers },
  body,
});

/** Status and code of a problem, which must be well-formed. */
async function problemOf(response: Response): Promise<string> {
  assert.equal(response.headers.get("Content-Type"), "application/problem+json");
  const body = await response.json();
  assert.equal(body.status, response.status);
  assert.equal(typeof body.title, "string");
  return `${body.status} ${body.code}`;
}

test("P50: the room, the name and the publisher of a URL are taken, decoded", async () => {
  const { asked, request } = serve();
  await request("/whep/blue%20%26%20green?name=Ada%20L&publisher=Ben", post());
  assert.deepEqual(asked.at(-1), {
    role: "whep",
    roomId: "blue & green",
    name: "Ada L",
    publisher: "Ben",
    sdp: "v=0",
    address: "192.0.2.1",
  });
});

test("P58: OPTIONS tells methods and media types, without a token and without the credentials of ICE servers", async () => {
  const { asked, request } = serve("unauthorized");
  const plain = await request("/whip/a", { method: "OPTIONS" });
  assert.equal(plain.status, 204);
  assert.equal(plain.headers.get("Accept-Post"), "application/sdp");
  assert.equal(plain.headers.get("Allow"), "OPTIONS, GET, POST");
  assert.equal(plain.headers.get("Link"), null);
  const preflight = await request("/whip/a/b", {
    method: "OPTIONS",
    headers: { "Origin": ORIGIN, "Access-Control-Request-Method": "PATCH" },
  });
  assert.equal(preflight.headers.get("Access-Control-Allow-Origin"), ORIGIN);
  assert.match(preflight.headers.get("Access-Control-Allow-Methods") ?? "", /PATCH, DELETE/);
  assert.match(preflight.headers.get("Access-Control-Allow-Headers") ?? "", /Authorization, Content-Type, If-Match/);
  assert.equal(preflight.headers.get("Accept-Patch"), "application/trickle-ice-sdpfrag");
  assert.deepEqual(asked, [], "nobody is asked for a token of a preflight, which has none");
});

test("P58: what is not WHIP or WHEP is not opened to pages of other origins", async () => {
  const response = await serve().request("/other", { method: "OPTIONS", headers: { Origin: ORIGIN } });
  assert.equal(response.headers.get("Access-Control-Allow-Origin"), null);
  await response.body?.cancel();
});

test("P60: the room that is entered is the one of the path, which authorize was asked for", async () => {
  const { asked, request } = serve();
  await request("/whep/public?roomId=secret", post());
  assert.equal(JSON.stringify(asked).includes("secret"), false);
});

test("P58: GET says nothing, other methods are 405, a session that is not there is 404", async () => {
  const { request } = serve();
  const get = await request("/whep/a", { method: "GET" });
  assert.equal(get.status, 204);
  const put = await request("/whep/a", { method: "PUT" });
  assert.equal(put.headers.get("Allow"), "OPTIONS, GET, POST");
  assert.equal(await problemOf(put), "405 wrong-method");
  const posted = await request("/whep/a/b", post());
  assert.equal(posted.headers.get("Allow"), "OPTIONS, GET, PATCH, DELETE");
  assert.equal(await problemOf(posted), "405 wrong-method");
  const fragment = { "Content-Type": "application/trickle-ice-sdpfrag" };
  for (const method of ["GET", "DELETE", "PATCH"]) {
    const init = method === "PATCH" ? { method, headers: fragment, body: "a=mid:0" } : { method };
    assert.equal(await problemOf(await request("/whip/a/b", init)), "404 no-session", method);
  }
});

test("P59: another type, a body that is too large, a wrong room and a bad offer are problems, which pages may read", async () => {
  const { asked, refused: counted, request } = serve();
  const typed = await request("/whip/a", post({ "Content-Type": "application/json" }));
  assert.equal(typed.headers.get("Accept-Post"), "application/sdp");
  assert.equal(await problemOf(typed), "415 wrong-type");
  assert.equal(await problemOf(await request("/whip/a", post({}, "x".repeat(1024 * 1024 + 1)))), "413 too-large");
  assert.equal(await problemOf(await request(`/whip/${"a".repeat(129)}`, post())), "400 bad-request");
  assert.equal(await problemOf(await request("/whip/a%00b", post())), "400 bad-request");
  assert.equal(await problemOf(await request(`/whip/a?name=${"n".repeat(65)}`, post())), "400 bad-request");
  assert.equal(asked.some((entry) => typeof entry === "object" && entry !== null && "sdp" in entry), false);
  const refused = await request("/whip/a", post({ "Content-Type": "Application/SDP; charset=utf-8", Origin: ORIGIN }));
  assert.equal(refused.headers.get("Access-Control-Allow-Origin"), ORIGIN);
  assert.match(refused.headers.get("Access-Control-Expose-Headers") ?? "", /Location, ETag, Link/);
  assert.equal(await problemOf(refused), "400 bad-sdp");
  assert.deepEqual(counted, ["wrong-type", "too-large", ...Array<string>(3).fill("bad-request"), "bad-sdp"]);
});

test("P84: a page of an origin that is not allowed is refused before anybody is asked, and reads nothing", async () => {
  const { asked, refused, request } = serve();
  const response = await request("/whip/a", post({ Origin: "https://evil.example" }));
  assert.equal(response.headers.get("Access-Control-Allow-Origin"), null);
  assert.equal(response.headers.get("Vary"), "Origin");
  assert.equal(await problemOf(response), "403 origin-not-allowed");
  assert.deepEqual([asked, refused], [[], ["origin-not-allowed"]]);
});

test("P60: whoever is not allowed gets 401 with a challenge, or 403, before the body is looked at", async () => {
  const stranger = serve("unauthorized");
  const missing = await stranger.request("/whip/a", post());
  assert.equal(missing.headers.get("WWW-Authenticate"), "Bearer");
  assert.equal(await problemOf(missing), "401 unauthorized");
  const wrong = await stranger.request("/whip/a", post({ "Authorization": "Bearer abc" }));
  assert.equal(wrong.headers.get("WWW-Authenticate"), 'Bearer error="invalid_token"');
  await wrong.body?.cancel();
  assert.deepEqual(stranger.asked, [
    { protocol: "whip", roomId: "a", token: undefined },
    { protocol: "whip", roomId: "a", token: "abc" },
  ]);
  const other = await serve("forbidden").request("/whep/b/c", {
    method: "DELETE",
    headers: { Authorization: "bearer x" },
  });
  assert.equal(await problemOf(other), "403 forbidden");
});

test("P80, P81, P82: a full server or room, and a network that joined too often, are told when to come again", async () => {
  for (const code of ["too-many-rooms", "room-full"] as const) {
    const full = await serve("allowed", code).request("/whip/a", post());
    assert.equal(full.headers.get("Retry-After"), "5");
    assert.equal(await problemOf(full), `503 ${code}`);
  }
  const often = await serve("allowed", "too-many-joins", 17).request("/whip/a", post());
  assert.equal(often.headers.get("Retry-After"), "17");
  assert.equal(await problemOf(often), "429 too-many-joins");
});

test("P59, P61: a server that is full, or shuts down, says when to come again, which pages may read", async () => {
  for (const code of ["no-capacity", "server-closing"] as const) {
    const response = await serve("allowed", code).request("/whep/a", post({ Origin: ORIGIN }));
    assert.equal(response.headers.get("Retry-After"), "5");
    assert.match(response.headers.get("Access-Control-Expose-Headers") ?? "", /Retry-After/);
    assert.equal(await problemOf(response), `503 ${code}`);
  }
  const refused = await serve().request("/whep/a", post());
  assert.equal(refused.headers.get("Retry-After"), null);
  await refused.body?.cancel();
});

test("B260: each problem that is answered is told once, by its code, and what is answered well is not", async () => {
  const { refused, request } = serve();
  await request("/whip/room", post());
  await request("/whip/room", post({ "Content-Type": "text/plain" }));
  await request("/whep/room/none", { method: "DELETE" });
  await request("/whip/room", { method: "PUT" });
  await request("/whip/room", { method: "OPTIONS" });
  await request("/whip/room", { method: "GET" });
  assert.deepEqual(refused, ["bad-sdp", "wrong-type", "no-session", "wrong-method"]);
  assert.ok(refused.every((code) => PROBLEM_CODES.includes(code)));
  const locked = serve("unauthorized");
  await locked.request("/whip/room", post());
  assert.deepEqual(locked.refused, ["unauthorized"]);
});

Deno.test({
  name: "P101: a request too many is refused with 429 before its token is looked at, and a page can read why",
  permissions: "none",
  async fn() {
    const refusal = {
      code: "too-many-requests",
      message: "too many",
      isOfNetwork: true,
      retryAfterSeconds: 7,
    } as const;
    const { asked, refused, request } = serve("allowed", "bad-sdp", undefined, refusal);
    for (const [path, method] of [["/whip/room", "POST"], ["/whep/room/session", "GET"], ["/whip/room", "OPTIONS"]]) {
      const response = await request(path, { method, headers: { "Origin": ORIGIN } });
      assert.equal(response.headers.get("Retry-After"), "7");
      assert.equal(response.headers.get("Access-Control-Allow-Origin"), ORIGIN);
      assert.equal(await problemOf(response), "429 too-many-requests");
    }
    assert.deepEqual([asked, refused], [[], Array(3).fill("too-many-requests")]);
  },
});
