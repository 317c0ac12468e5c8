import assert from "node:assert/strict";
import type { CreateOptions } from "../../src/mod.ts";
import { LoopbackServer } from "../harness/loopback_server.ts";
import { Neighbours } from "../harness/neighbours.ts";
import { buildOffer } from "../harness/offer_builder.ts";

const OFFER = buildOffer([{ mid: "0", kind: "video", direction: "sendonly", ssrc: 1000, msid: "s v" }]);

function test(name: string, options: CreateOptions, fn: (server: LoopbackServer) => Promise<void>): void {
  Deno.test({
    name,
    permissions: { net: ["127.0.0.1"] },
    sanitizeOps: true,
    sanitizeResources: true,
    async fn() {
      await using server = new LoopbackServer(options);
      await fn(server);
    },
  });
}

/** What the server answers a WebSocket handshake with, which says where it comes from as a browser does. */
async function handshake({ port }: LoopbackServer, origin?: string, host = `127.0.0.1:${port}`): Promise<Response> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const lines = [
    "GET /ws HTTP/1.1",
    `Host: ${host}`,
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ...(origin === undefined ? [] : [`Origin: ${origin}`]),
  ];
  await connection.write(new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`));
  const bytes = new Uint8Array(4096);
  const text = new TextDecoder().decode(bytes.subarray(0, await connection.read(bytes) ?? 0));
  const [, status] = /^HTTP\/1\.1 (\d{3})/.exec(text) ?? [];
  const [head, body = ""] = text.split("\r\n\r\n");
  const type = /^content-type: *(.*)$/im.exec(head)?.[1] ?? "";
  // Response takes no 101.
  return new Response(status === "101" ? null : body, {
    status: status === "101" ? 204 : Number(status),
    headers: { "Content-Type": type },
  });
}

const OPENED = 204;
const statusOf = async (...request: Parameters<typeof handshake>) => {
  const response = await handshake(...request);
  await response.body?.cancel();
  return response.status;
};

test(
  "P84, B243: a WebSocket of another page is refused with 403 before it is made, and a call notices nothing",
  {},
  async (server) => {
    await using call = await Neighbours.meet(server.signalingUrl);
    const { sessions } = server.switchboard.stats();
    const response = await handshake(server, "https://evil.example");
    assert.deepEqual([response.status, response.headers.get("Content-Type")], [403, "application/problem+json"]);
    const { code, detail } = await response.json();
    assert.equal(code, "origin-not-allowed");
    assert.match(detail, /^pages of https:\/\/evil\.example may not use this server/);
    const others = ["null", "", `ftp://127.0.0.1:${server.port}`, "http://127.0.0.1:1", "http://127.0.0.1", "\u00ff"];
    for (const origin of others) assert.equal(await statusOf(server, origin), 403, origin);
    assert.equal(await statusOf(server, `http://localhost:${server.port}`), 403, "another host than the one addressed");
    await call.assertUndisturbed();
    const { sessions: after, refusals } = server.switchboard.stats();
    assert.equal(after, sessions);
    assert.equal(refusals["origin-not-allowed"], others.length + 2);
  },
);

test(
  "P84: the server's own page, also behind TLS or another name, and what is no page may open it",
  {},
  async (server) => {
    assert.equal(await statusOf(server), OPENED);
    assert.equal(await statusOf(server, `http://127.0.0.1:${server.port}`), OPENED);
    assert.equal(await statusOf(server, `https://127.0.0.1:${server.port}`), OPENED);
    assert.equal(await statusOf(server, "https://sfu.example.org", "sfu.example.org"), OPENED);
    await server.empty();
  },
);

test(
  "P84: the origins that are given may, and the server's own page not if it is none of them",
  { origins: ["https://app.example.org"] },
  async (server) => {
    assert.equal(await statusOf(server, "https://app.example.org"), OPENED);
    assert.equal(await statusOf(server), OPENED);
    for (const origin of ["http://app.example.org", "https://app.example.org:444", server.url]) {
      assert.equal(await statusOf(server, origin), 403, origin);
    }
    await server.empty();
  },
);

test("P84: with * pages of every origin may", { origins: ["*"] }, async (server) => {
  for (const origin of ["https://evil.example", "null"]) assert.equal(await statusOf(server, origin), OPENED);
  await server.empty();
});

test("P58, P84: WHIP and WHEP are open to pages of the allowed origins, and refuse others", {}, async (server) => {
  const send = (path: string, method: string, origin: string | undefined) =>
    fetch(`${server.url}${path}`, {
      method,
      headers: {
        "Content-Type": "application/sdp",
        ...(origin !== undefined && { "Origin": origin }),
        ...(method === "OPTIONS" && { "Access-Control-Request-Method": "POST" }),
      },
      ...(method === "POST" && { body: OFFER }),
    });
  const foreign = await send("/whip/room", "POST", "https://evil.example");
  assert.equal(foreign.headers.get("Access-Control-Allow-Origin"), null);
  assert.deepEqual([foreign.status, (await foreign.json()).code], [403, "origin-not-allowed"]);
  const preflight = await send("/whep/room", "OPTIONS", "https://evil.example");
  assert.deepEqual([preflight.status, preflight.headers.get("Access-Control-Allow-Methods")], [403, null]);
  await preflight.body?.cancel();
  assert.equal(server.switchboard.stats().refusals["origin-not-allowed"], 2);

  const own = await send("/whip/room", "POST", server.url);
  assert.deepEqual([own.status, own.headers.get("Access-Control-Allow-Origin")], [201, server.url]);
  await own.body?.cancel();
  const encoder = await send("/whip/room", "POST", undefined);
  assert.deepEqual([encoder.status, encoder.headers.get("Vary")], [201, "Origin"]);
  await encoder.body?.cancel();
});
