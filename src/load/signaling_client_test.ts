import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { VirtualClock } from "../../tests/harness/virtual_clock.ts";
import { SignalingClient } from "./signaling_client.ts";

const LOOPBACK = "127.0.0.1";
const PERMISSIONS = { net: [LOOPBACK] };
/** RFC 6455 section 1.3. */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** Takes a WebSocket, and says nothing from then on. */
async function acceptWebSocket(connection: Deno.Conn): Promise<void> {
  const bytes = new Uint8Array(4096);
  const request = new TextDecoder().decode(bytes.subarray(0, await connection.read(bytes) ?? 0));
  const key = /^sec-websocket-key: (\S+)/im.exec(request)?.[1];
  const accept = createHash("sha1").update(`${key}${GUID}`).digest("base64");
  const lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"];
  const response = [...lines, `Sec-WebSocket-Accept: ${accept}`, "", ""].join("\r\n");
  await connection.write(new TextEncoder().encode(response));
}

Deno.test({
  name: "B518: a server that hangs keeps nobody waiting for its answers, nor for the end of the WebSocket",
  permissions: PERMISSIONS,
  async fn() {
    using listener = Deno.listen({ hostname: LOOPBACK, port: 0 });
    const clock = new VirtualClock();
    const opening = SignalingClient.open(`ws://${LOOPBACK}:${listener.addr.port}/ws`, undefined, clock);
    const connection = await listener.accept();
    await acceptWebSocket(connection);
    const client = await opening;
    const asked = assert.rejects(client.ask({ type: "join", roomId: "a" }, "welcome"), /^Error: no welcome came$/);
    clock.advance(20_000);
    await asked;
    const closing = assert.rejects(client.close(), /^Error: the server does not close the WebSocket$/);
    clock.advance(2000);
    await closing;
    connection.close();
    await client.close();
    assert.equal(clock.pendingCount, 0);
  },
});

Deno.test({
  name: "B518: who leaves is told that the server was gone before",
  permissions: PERMISSIONS,
  async fn() {
    using listener = Deno.listen({ hostname: LOOPBACK, port: 0 });
    const opening = SignalingClient.open(`ws://${LOOPBACK}:${listener.addr.port}/ws`, undefined);
    const connection = await listener.accept();
    await acceptWebSocket(connection);
    const client = await opening;
    const asked = assert.rejects(
      client.ask({ type: "join", roomId: "a" }, "welcome"),
      /the server closed the WebSocket/,
    );
    connection.close();
    await asked;
    assert.throws(() => client.leave(), /the server closed the WebSocket/);
    await client.close();
  },
});

Deno.test({
  name: "B518: a server that takes connections and opens no WebSocket is told by its URL",
  permissions: PERMISSIONS,
  async fn() {
    using listener = Deno.listen({ hostname: LOOPBACK, port: 0 });
    const url = `ws://${LOOPBACK}:${listener.addr.port}/ws`;
    const clock = new VirtualClock();
    const opening = assert.rejects(SignalingClient.open(url, undefined, clock), new RegExp(`${url}: nothing came`));
    using _connection = await listener.accept();
    clock.advance(20_000);
    await opening;
    assert.equal(clock.pendingCount, 0);
  },
});
