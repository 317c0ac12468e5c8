import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import {
  askAgain,
  connectTls,
  countConnections,
  MUCH,
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
  name: "B254: the next request of a connection that is kept has 30 s to its answer too, however it trickles in",
  permissions,
  async fn() {
    const clock = new VirtualClock();
    const { count, listen } = countConnections();
    await serveTls(async ({ port, url }) => {
      const slow = await connectTls(port);
      await askAgain(slow);
      clock.advance(60_000);
      await askAgain(slow);
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

Deno.test({
  name: "B78, B254: at a shutdown a client that reads slowly gets its answer whole",
  permissions,
  async fn() {
    let answer = Promise.resolve(0);
    await serveTls(async ({ port }) => {
      const slow = await connectTls(port);
      await send(slow, request("/much"));
      await readUntil(slow, /^HTTP\/1\.1 200/);
      answer = readSlowly(slow);
    }, { clock: new VirtualClock() });
    const length = await answer;
    assert.ok(length > MUCH.length - 10_000, `${length} bytes`);
  },
});

/** Bytes until the end, which it takes some at a time. */
async function readSlowly(connection: Deno.Conn): Promise<number> {
  const buffer = new Uint8Array(65_536);
  let sum = 0;
  for (let length; (length = await connection.read(buffer)) !== null; sum += length) await setImmediate();
  connection.close();
  return sum;
}
