import assert from "node:assert/strict";
import { resetSync } from "@logtape/logtape";
import { configureLogs } from "./log.ts";
import { METRICS_CONTENT_TYPE } from "./metrics.ts";
import { answer, serveMetrics } from "./metrics_listener.ts";

const request = (path: string, method = "GET") => new Request(`http://127.0.0.1:9464${path}`, { method });
const metrics = () => Promise.resolve("up 1\n");

Deno.test({
  name: "B261: GET /metrics gives the text, HEAD its headers, and neither is kept",
  permissions: "none",
  async fn() {
    for (const [method, body] of [["GET", "up 1\n"], ["HEAD", ""]]) {
      const response = await answer(request("/metrics?x=1", method), metrics);
      assert.equal(response.status, 200);
      assert.equal(response.headers.get("Content-Type"), METRICS_CONTENT_TYPE);
      assert.equal(response.headers.get("Cache-Control"), "no-store");
      assert.equal(await response.text(), body);
    }
  },
});

Deno.test({
  name: "B261: nothing else is there: 404 for other paths, 405 for other methods, and nothing is gathered for them",
  permissions: "none",
  async fn() {
    const never = () => Promise.reject(new Error("it was asked"));
    for (const path of ["/", "/healthz", "/metrics/", "/ws", "/whip/a", "/switchboard.js"]) {
      assert.equal((await answer(request(path), never)).status, 404, path);
    }
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
      const response = await answer(request("/metrics", method), never);
      assert.equal(response.status, 405);
      assert.equal(response.headers.get("Allow"), "GET, HEAD");
    }
  },
});

Deno.test({
  name: "a fault is logged and answered 500, without its details",
  permissions: "none",
  async fn() {
    const lines: string[] = [];
    configureLogs([{ area: [], level: "error" }], { write: (line) => lines.push(line), colors: false });
    try {
      const response = await answer(request("/metrics"), () => Promise.reject(new Error("secret")));
      assert.equal(response.status, 500);
      assert.doesNotMatch(await response.text(), /secret/);
      assert.match(lines.join(""), /the metrics cannot be told.*secret/);
    } finally {
      resetSync();
    }
  },
});

Deno.test({
  name: "B261: the listener is at the address that it is given, tells where, and ends",
  permissions: { net: ["127.0.0.1"] },
  async fn() {
    const told = Promise.withResolvers<string>();
    const listener = serveMetrics(metrics, { host: "127.0.0.1", port: 0 }, told.resolve);
    const url = await told.promise;
    assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/metrics$/);
    assert.equal(await (await fetch(url)).text(), "up 1\n");
    await listener.shutdown();
    await assert.rejects(fetch(url));
  },
});
