import assert from "node:assert/strict";
import { demandHttps } from "./hsts.ts";

const HEADER = "Strict-Transport-Security";
const INFO: Deno.ServeHandlerInfo<Deno.NetAddr> = {
  remoteAddr: { transport: "tcp", hostname: "127.0.0.1", port: 1 },
  completed: Promise.resolve(),
};

for (
  const { url, policy } of [
    { url: "http://rooms.example/healthz", policy: "max-age=31536000" },
    { url: "http://localhost:3000/", policy: null },
  ]
) {
  Deno.test({
    name: `B255: an answer at ${url} has ${policy ?? "no HSTS"}`,
    permissions: "none",
    async fn() {
      const response = await demandHttps(() => new Response("here"))(new Request(url), INFO);
      assert.equal(response.headers.get(HEADER), policy);
      assert.equal(await response.text(), "here");
    },
  });
}
