import { resetSync } from "@logtape/logtape";
import { Hono } from "hono";
import type { HttpEnvironment } from "./request_rules.ts";
import assert from "node:assert/strict";
import { createApp } from "./http.ts";
import { configureLogs } from "./log.ts";
import { STATIC_ROOT } from "./static_files.ts";

const health = { status: "ok", rooms: 1, peers: 2, backend: "portable" };
let obstacle: string | undefined;
const app = createApp({ staticRoot: STATIC_ROOT, health: () => health, obstacle: () => obstacle });

const read: Deno.PermissionOptions = { read: [STATIC_ROOT] };

Deno.test({
  name: "B73: the page's files come with their type, and may be kept but are asked for again",
  permissions: read,
  async fn() {
    const response = await app.request("/switchboard.js");
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-type"), "text/javascript; charset=utf-8");
    assert.equal(response.headers.get("cache-control"), "no-cache");
    assert.equal(await response.text(), await Deno.readTextFile(new URL("switchboard.js", STATIC_ROOT)));
  },
});

Deno.test({
  name: "B528: /admin is a page, with what keeps pages from doing more than they need",
  permissions: read,
  async fn() {
    const response = await app.request("/admin");
    assert.deepEqual([response.status, response.headers.get("content-type")], [200, "text/html; charset=utf-8"]);
    assert.match(response.headers.get("content-security-policy") ?? "", /^default-src 'none'; script-src 'self'/);
    const page = await response.text();
    assert.match(page, /<script type="module" src="admin\/main\.js">/);
    assert.doesNotMatch(page, / style=|<style| on[a-z]+=/);
  },
});

Deno.test({
  name: "B488: /doctor is a page",
  permissions: read,
  async fn() {
    const response = await app.request("/doctor?run=1");
    assert.deepEqual([response.status, response.headers.get("content-type")], [200, "text/html; charset=utf-8"]);
    assert.match(await response.text(), /<script type="module" src="doctor\/page\.js">/);
    assert.equal((await app.request("/doctor/")).status, 404);
  },
});

Deno.test({
  name: "B73: a file that has not changed is answered 304",
  permissions: read,
  async fn() {
    const tag = (await app.request("/switchboard.js")).headers.get("etag");
    assert(tag);
    const response = await app.request("/switchboard.js", { headers: { "If-None-Match": tag } });
    assert.equal(response.status, 304);
    assert.equal(response.headers.get("cache-control"), "no-cache");
    assert.equal(await response.text(), "");
  },
});

Deno.test({
  name: "B73: HEAD has the headers of GET without its body",
  permissions: read,
  async fn() {
    const response = await app.request("/switchboard.js", { method: "HEAD" });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-type"), "text/javascript; charset=utf-8");
    assert.equal(await response.text(), "");
  },
});

for (
  const path of ["/missing.js", "/..%2fmain.ts", "/%2e%2e/deno.json", "/%2e%2e%2fsrc/server/http.ts", "/.git/config"]
) {
  Deno.test({
    name: `B73: ${path} is answered 404, as problem details`,
    permissions: read,
    async fn() {
      const response = await app.request(path);
      assert.equal(response.status, 404);
      assert.equal(response.headers.get("content-type"), "application/problem+json");
      assert.deepEqual(await response.json(), { type: "about:blank", title: "Not Found", status: 404 });
    },
  });
}

for (const method of ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
  Deno.test({
    name: `B73: ${method} is answered 405, with what is allowed`,
    permissions: "none",
    async fn() {
      const response = await app.request("/", { method });
      assert.equal(response.status, 405);
      assert.equal(response.headers.get("allow"), "GET, HEAD");
    },
  });
}

Deno.test({
  name: "B74: every answer keeps the page to its own origin, errors included",
  permissions: read,
  async fn() {
    for (const path of ["/switchboard.js", "/healthz", "/missing"]) {
      const { headers } = await app.request(path);
      assert.equal(headers.get("x-content-type-options"), "nosniff");
      assert.equal(headers.get("referrer-policy"), "no-referrer");
      assert.deepEqual(headers.get("content-security-policy")?.split("; "), [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
      ]);
      assert.equal(headers.get("x-frame-options"), "DENY");
      assert.equal(headers.get("cross-origin-opener-policy"), "same-origin");
      const permitted = headers.get("permissions-policy")?.split(", ") ?? [];
      for (const name of ["camera", "microphone", "display-capture"]) {
        assert(permitted.includes(`${name}=(self)`), name);
      }
      for (const name of ["geolocation", "payment", "usb"]) assert(permitted.includes(`${name}=()`), name);
      assert.equal(headers.get("strict-transport-security"), null);
    }
  },
});

Deno.test({
  name: "B74: pages of other origins may have the page's files, and not /healthz",
  permissions: read,
  async fn() {
    const policy = async (path: string) => (await app.request(path)).headers.get("cross-origin-resource-policy");
    assert.equal(await policy("/switchboard.js"), "cross-origin");
    assert.equal(await policy("/healthz"), "same-origin");
  },
});

Deno.test({
  name: "B75: /healthz tells the server's state, and is never kept",
  permissions: "none",
  async fn() {
    const response = await app.request("/healthz");
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("cache-control"), "no-store");
    assert.deepEqual(await response.json(), health);
  },
});

Deno.test({
  name: "B263: /readyz is 200 where another peer can be taken, else 503 with the reason; /healthz is 200 in any case",
  permissions: { read: [STATIC_ROOT] },
  async fn() {
    const ask = async (path: string) => {
      const response = await app.request(path);
      assert.equal(response.headers.get("cache-control"), "no-store");
      return [response.status, await response.json()];
    };
    assert.deepEqual(await ask("/readyz"), [200, { status: "ready" }]);
    obstacle = "a UDP socket cannot be opened: EMFILE";
    try {
      assert.deepEqual(await ask("/readyz"), [503, { status: "not-ready", reason: obstacle }]);
      assert.deepEqual(await ask("/healthz"), [200, health]);
    } finally {
      obstacle = undefined;
    }
  },
});

Deno.test({
  name: "a fault is logged and answered 500, without its details",
  permissions: "none",
  async fn() {
    const lines: string[] = [];
    configureLogs([{ area: [], level: "error" }], { write: (line) => lines.push(line), colors: false });
    const broken = createApp({
      staticRoot: STATIC_ROOT,
      health: () => {
        throw new Error("secret");
      },
      obstacle: () => undefined,
    });
    try {
      const response = await broken.request("/healthz");
      assert.equal(response.status, 500);
      assert.equal(response.headers.get("x-content-type-options"), "nosniff");
      assert.deepEqual(await response.json(), { type: "about:blank", title: "Internal Server Error", status: 500 });
      assert.equal(lines.length, 1);
      assert.match(lines[0], /switchboard\.http request failed method=GET path=\/healthz error=Error: secret/);
    } finally {
      resetSync();
    }
  },
});

Deno.test({
  name: "B212: a fault of a WHIP or WHEP session is logged without the session's URL",
  permissions: "none",
  async fn() {
    const lines: string[] = [];
    configureLogs([{ area: ["switchboard"], level: "trace" }], { write: (line) => lines.push(line), colors: false });
    try {
      const api = new Hono<HttpEnvironment>().all("*", () => {
        throw new Error("fault");
      });
      const faulty = createApp({ staticRoot: STATIC_ROOT, health: () => health, obstacle: () => undefined, api });
      for (const path of ["/whip/room/Qx1234567890", "/whep/room/Qx1234567890", "/whip/room", "/whip/room/"]) {
        assert.equal((await faulty.request(path, { method: "DELETE" })).status, 500);
      }
    } finally {
      resetSync();
    }
    const paths = lines.map((line) => /path=(\S+)/.exec(line)?.[1]);
    assert.deepEqual(paths, ["/whip/room/...", "/whep/room/...", "/whip/room", "/whip/room/"]);
    assert.ok(!lines.join().includes("Qx1234567890"));
  },
});
