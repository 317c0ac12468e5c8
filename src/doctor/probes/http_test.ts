import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { LoopbackServer } from "../../../tests/harness/loopback_server.ts";
import { serveTls } from "../../../tests/harness/served_tls.ts";
import { createSwitchboard } from "../../mod.ts";
import { probeHttp } from "./http.ts";

const PERMISSIONS = {
  net: ["127.0.0.1", "localhost"],
  sys: ["networkInterfaces"],
} satisfies Deno.PermissionOptionsObject;

/** What is found at a server that answers so. */
async function probed(handler: Deno.ServeHandler) {
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, handler);
  const { facts } = await probeHttp(new URL(`http://127.0.0.1:${server.addr.port}`));
  await server.shutdown();
  return facts;
}

Deno.test({
  name: "B483: /healthz, /readyz, the Date field and the host's addresses are what a server tells",
  permissions: PERMISSIONS,
  async fn() {
    await using server = new LoopbackServer({ backend: "portable" });
    const { facts: { health, ready, hostAddresses, certificate } } = await probeHttp(new URL(server.url));
    deepStrictEqual(hostAddresses, ["127.0.0.1"]);
    deepStrictEqual([health.ok, ready?.isReady, certificate], [true, true, undefined]);
    ok(health.ok && Math.abs((health.dateMs ?? 0) - Date.now()) < 10_000);
  },
});

Deno.test({
  name: "B483: another program at the address is told from Switchboard, and so is nobody",
  permissions: PERMISSIONS,
  async fn() {
    for (const answer of ["hello", "{}", '{"status":"ok"}']) {
      const { health } = await probed(() => new Response(answer));
      strictEqual(!health.ok && health.reason, "stranger", answer);
    }
    const missing = await probed(() => new Response("", { status: 404 }));
    match(missing.health.ok ? "" : missing.health.message, /404/);
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    listener.close();
    const { facts: { health } } = await probeHttp(new URL(`http://127.0.0.1:${port}`));
    strictEqual(!health.ok && health.reason, "unreachable");
  },
});

Deno.test({
  name: "B483: why no peer can be taken is told",
  permissions: PERMISSIONS,
  async fn() {
    const switchboard = createSwitchboard({ backend: "portable", hostname: "127.0.0.1" });
    void switchboard.drain(0);
    const { ready } = await probed((request, info) =>
      switchboard.fetch(request, info as Deno.ServeHandlerInfo<Deno.NetAddr>)
    );
    await switchboard.close();
    strictEqual(ready?.isReady, false);
    match(ready?.reason ?? "", /drain|end/);
  },
});

Deno.test({
  name: "B483: a certificate that nobody vouches for is told, and what is behind it looked at all the same",
  permissions: PERMISSIONS,
  async fn() {
    await serveTls(async ({ url }) => {
      const { facts: { certificate, health }, client } = await probeHttp(new URL(url));
      client?.close();
      ok(certificate?.ok && certificate.distrust);
      match(certificate.distrust, /certificate/i);
      strictEqual(!health.ok && health.reason, "stranger");
    });
  },
});
