import assert from "node:assert/strict";
import { openDescriptors, testLibc, WITH_LIBC } from "../../../tests/harness/native_libc.ts";
import { bindUdp, type BoundSocket } from "./bind_udp.ts";
import type { Libc } from "./libc.ts";
import { Poller } from "./poller.ts";

const LOOPBACK = "127.0.0.1";

const { ignore } = WITH_LIBC;
const permissions = { ...WITH_LIBC.permissions, net: [LOOPBACK] };

interface Fixture {
  readonly libc: Libc;
  readonly poller: Poller;
  readonly bound: BoundSocket;
  send(): Promise<void>;
}

async function withPoller(check: (fixture: Fixture) => Promise<void>): Promise<void> {
  const libc = testLibc();
  const before = openDescriptors();
  const poller = new Poller(libc);
  const bound = bindUdp(libc, { hostname: LOOPBACK, port: 0, buffers: { receive: 65536, send: 65536 } });
  const client = Deno.listenDatagram({ transport: "udp", hostname: LOOPBACK, port: 0 });
  const to = { transport: "udp", hostname: LOOPBACK, port: bound.port } as const;
  await check({ libc, poller, bound, send: async () => void await client.send(new Uint8Array(3), to) });
  client.close();
  libc.call.close(bound.fd);
  poller.close();
  assert.deepEqual(openDescriptors(), before);
  libc.close();
}

Deno.test({
  name: "a poll tells which socket has something to read, as long as it has; and which takes datagrams, where asked",
  ignore,
  permissions,
  fn: () =>
    withPoller(async ({ poller, bound, send }) => {
      assert.equal(poller.poll(0), 0);
      poller.add(bound.fd);
      assert.equal(poller.poll(0), 0);
      await send();
      for (let i = 0; i < 2; i++) {
        assert.equal(poller.poll(-1), 1);
        assert.deepEqual([poller.fd(0), poller.isReadable(0), poller.isWritable(0)], [bound.fd, true, false]);
      }
      poller.watchWritable(bound.fd, true);
      assert.equal(poller.poll(-1), 1);
      assert.deepEqual([poller.isReadable(0), poller.isWritable(0)], [true, true]);
      poller.remove(bound.fd);
      assert.equal(poller.poll(0), 0);
    }),
});

Deno.test({
  name: "a wait does not block this thread, and ends when a datagram comes or at a call",
  ignore,
  permissions,
  fn: () =>
    withPoller(async ({ poller, bound, send }) => {
      poller.add(bound.fd);
      const waited = poller.wait();
      await send();
      await waited;
      assert.equal(poller.fd(poller.poll(0) - 1), bound.fd);
      poller.remove(bound.fd);
      for (let i = 0; i < 3; i++) {
        const again = poller.wait();
        poller.wake();
        poller.wake();
        await again;
        assert.equal(poller.poll(0), 1, "the call itself");
        assert.equal(poller.poll(0), 0, "once");
      }
    }),
});

Deno.test({
  name: "a descriptor that cannot be watched is refused",
  ignore,
  permissions,
  fn: () =>
    withPoller(({ poller, bound }) => {
      assert.throws(() => poller.add(9999), { name: "SocketError" });
      poller.add(bound.fd);
      assert.throws(() => poller.add(bound.fd), { name: "SocketError" });
      return Promise.resolve();
    }),
});

Deno.test({
  name: "B157: a poller that cannot watch its own eventfd is refused, and leaves nothing open",
  ignore,
  permissions,
  fn() {
    const libc = testLibc();
    const before = openDescriptors();
    assert.throws(() => new Poller({ ...libc, call: { ...libc.call, epoll_ctl: () => -1 } }), { name: "SocketError" });
    assert.deepEqual(openDescriptors(), before);
    libc.close();
  },
});
