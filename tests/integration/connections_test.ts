import assert from "node:assert/strict";
import type { CreateOptions } from "../../src/mod.ts";
import { KeySetServer } from "../harness/key_set_server.ts";
import { LoopbackServer } from "../harness/loopback_server.ts";
import { Neighbours } from "../harness/neighbours.ts";
import { SERVER_PERMISSIONS, ServerProcess } from "../harness/server.ts";
import { SignalingSocket } from "../harness/signaling_socket.ts";
import { newIssuer, SECRET } from "../harness/tokens.ts";

const BEHIND_PROXY: CreateOptions = { trustProxy: 1 };
const from = (address: string) => ({ headers: { "X-Forwarded-For": address } });

function test(name: string, options: CreateOptions, fn: (server: LoopbackServer) => Promise<void>): void {
  Deno.test({
    name,
    permissions: { net: ["127.0.0.1"] },
    async fn() {
      await using server = new LoopbackServer(options);
      await fn(server);
    },
  });
}

/** What a WebSocket's handshake of a client with this address is answered: the status, and the code of a problem. */
async function handshake({ port }: LoopbackServer, address: string): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const lines = [
    "GET /ws HTTP/1.1",
    `Host: 127.0.0.1:${port}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    `X-Forwarded-For: ${address}`,
  ];
  await connection.write(new TextEncoder().encode(lines.join("\r\n") + "\r\n\r\n"));
  const decoder = new TextDecoder();
  let text = "";
  const chunk = new Uint8Array(4096);
  while (!/\r\n\r\n(?:$|.*\})/s.test(text)) {
    const length = await connection.read(chunk);
    if (length === null) break;
    text += decoder.decode(chunk.subarray(0, length));
  }
  const status = /^HTTP\/1\.1 (\d+)/.exec(text)?.[1];
  const code = /"code":"([^"]+)"/.exec(text)?.[1] ?? "";
  const retryAfter = /^retry-after: (\d+)/im.exec(text)?.[1] ?? "";
  return `${status} ${code} ${retryAfter}`.trim();
}

test(
  "P100, B243: a network has so many WebSockets, and the server so many; the next is refused before it is made",
  { ...BEHIND_PROXY, limits: { maxConnections: 5, maxConnectionsPerAddress: 2 } },
  async (server) => {
    await using call = await Neighbours.meet(server.signalingUrl);
    const first = await SignalingSocket.openWith(server.signalingUrl, from("192.0.2.1"));
    await using _second = await SignalingSocket.openWith(server.signalingUrl, from("192.0.2.1"));
    assert.equal(await handshake(server, "192.0.2.1"), "429 too-many-connections 5");
    await using _other = await SignalingSocket.openWith(server.signalingUrl, from("192.0.2.2"));
    assert.equal(await handshake(server, "192.0.2.3"), "503 too-many-connections 5");
    await call.assertUndisturbed();
    assert.equal(server.switchboard.stats().refusals["too-many-connections"], 2);
    await first.close();
    assert.equal(await handshake(server, "192.0.2.1"), "101");
  },
);

test(
  "P101, B243: of one network so many handshakes and requests are answered in a minute, whatever they come to",
  { ...BEHIND_PROXY, limits: { requestsPerMinute: 3 } },
  async (server) => {
    const get = async (path: string) => {
      const response = await fetch(`${server.url}${path}`, from("192.0.2.1"));
      await response.body?.cancel();
      return response.status;
    };
    assert.deepEqual([await get("/whip/room"), await get("/whep/room/session")], [204, 404]);
    assert.equal(await handshake(server, "192.0.2.1"), "101");
    assert.equal(await get("/whip/room"), 429);
    assert.equal(await handshake(server, "192.0.2.1"), "429 too-many-requests 20");
    assert.equal(await get("/healthz"), 200, "/healthz is no such request");
    assert.equal(await handshake(server, "192.0.2.2"), "101");
    assert.equal(server.switchboard.stats().refusals["too-many-requests"], 2);
  },
);

test(
  "P102: who does not join in time is told and closed with 4408; a call, and who joins late but in time, stay",
  { limits: { joinTimeout: 3 } },
  async (server) => {
    await using call = await Neighbours.meet(server.signalingUrl);
    await using late = await SignalingSocket.open(server.signalingUrl);
    late.send({ type: "leave" });
    await late.receive("error", ({ code }) => code === "join-timeout");
    assert.equal((await late.closed).code, 4408);
    await call.assertUndisturbed();
    assert.equal(server.switchboard.stats().refusals["join-timeout"], 1);
  },
);

Deno.test({
  name: "P16, P72: who waits for a slow key set when the server shuts down is told, and closed with 1001",
  permissions: { net: ["127.0.0.1"] },
  async fn() {
    await using keys = new KeySetServer();
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<Response>();
    keys.answer = () => (asked.resolve(), answer.promise);
    await using server = new LoopbackServer({ auth: { jwks: keys.url } });
    const token = await (await newIssuer("key")).sign({ exp: 60, switchboard: { room: "room" } });
    const waiting = await SignalingSocket.open(server.signalingUrl, token);
    const closing = server.switchboard.close();
    const { code } = await waiting.receive("error");
    assert.deepEqual([code, (await waiting.closed).code], ["server-closing", 1001]);
    answer.resolve(Response.json({ keys: [] }));
    await closing;
  },
});

Deno.test({
  name: "B242: behind a trusted proxy the log names the client of a WebSocket that is refused, not the proxy",
  permissions: SERVER_PERMISSIONS,
  async fn() {
    const server = await ServerProcess.start({ flags: ["--trust-proxy=1", `--auth-secret=${SECRET}`, "--origins=*"] });
    try {
      await using refused = await SignalingSocket.openWith(
        `${server.url.replace(/^http/, "ws")}/ws`,
        from("192.0.2.77"),
      );
      await refused.receive("error", ({ code }) => code === "unauthorized");
      const line = await server.written(/(.*a WebSocket is refused, unauthorized.*)\n/);
      assert.match(line ?? "", /192\.0\.2\.77/);
      assert.doesNotMatch(line ?? "", /127\.0\.0\.1/);
    } finally {
      assert.equal(await server.stop(), 0);
    }
  },
});
