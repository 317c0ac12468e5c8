import assert from "node:assert/strict";
import {
  askAgain,
  connectTls,
  countConnections,
  OLD,
  readUntil,
  request,
  send,
  serveTls,
  turnUntil,
  UPGRADE,
} from "../../tests/harness/served_tls.ts";
import { get } from "../../tests/harness/trusting_client.ts";
import { VirtualClock } from "../../tests/harness/virtual_clock.ts";

const permissions: Deno.PermissionOptions = { net: ["127.0.0.1", "localhost"] };

Deno.test({
  name: "B254: a request that trickles in has 30 s to its answer, and each byte gains nothing",
  permissions,
  async fn() {
    const clock = new VirtualClock();
    const { count, listen } = countConnections();
    await serveTls(async ({ port, url }) => {
      const slow = await connectTls(port);
      for (const byte of "GET") {
        await send(slow, byte);
        assert.match(await get(url, [OLD.pem]), /^port/);
        await turnUntil(() => count.open === 1);
        clock.advance(9_999);
      }
      assert.equal(count.open, 1);
      clock.advance(3);
      await turnUntil(() => count.open === 0);
      slow.close();
    }, { clock, listen });
  },
});

Deno.test({
  name: "B254: a client that stays after its last answer is closed after 30 s",
  permissions,
  async fn() {
    const clock = new VirtualClock();
    const { count, listen } = countConnections();
    await serveTls(async ({ port }) => {
      const staying = await connectTls(port);
      await send(staying, request("/", "Connection: close\r\n"));
      while (await staying.read(new Uint8Array(1000)) !== null);
      clock.advance(29_999);
      assert.equal(count.open, 1);
      clock.advance(1);
      await turnUntil(() => count.open === 0);
      staying.close();
    }, { clock, listen });
  },
});

Deno.test({
  name: "B254: a connection that is kept is closed after 90 s without a byte",
  permissions,
  async fn() {
    const clock = new VirtualClock();
    const { count, listen } = countConnections();
    await serveTls(async ({ port }) => {
      const kept = await connectTls(port);
      await askAgain(kept);
      clock.advance(89_999);
      await askAgain(kept);
      clock.advance(89_999);
      assert.equal(count.open, 1);
      clock.advance(1);
      await turnUntil(() => count.open === 0);
      kept.close();
    }, { clock, listen });
  },
});

Deno.test({
  name: "B254: a WebSocket that is pinged stays; one whose client reads no more is closed after 90 s",
  permissions,
  async fn() {
    const clock = new VirtualClock();
    const { count, listen } = countConnections();
    await serveTls(async ({ port }) => {
      const socket = await connectTls(port);
      await send(socket, request("/", UPGRADE));
      await readUntil(socket, /\r\n\r\n$/);
      for (let ping = 0; ping < 5; ping++) {
        clock.advance(60_000);
        await socket.write(Uint8Array.of(0x89, 0x80, 0, 0, 0, 0));
        await readUntil(socket, /^\x8a\0$/);
      }
      const startMs = clock.now();
      await socket.write(Uint8Array.of(0x81, 0x84, 0, 0, 0, 0, ...new TextEncoder().encode("much")));
      await turnUntil(() => {
        clock.advance(1000);
        return count.open === 0;
      });
      assert.ok(clock.now() - startMs >= 90_000);
      socket.close();
    }, { clock, listen });
  },
});
