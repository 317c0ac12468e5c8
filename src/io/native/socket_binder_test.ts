import assert from "node:assert/strict";
import { openDescriptors, testLibc, WITH_LIBC } from "../../../tests/harness/native_libc.ts";
import { seededRandom } from "../../../tests/harness/seeded_random.ts";
import type { Libc } from "./libc.ts";
import { AF_INET, AF_INET6 } from "./socket_address.ts";
import { type BindPlan, fromHandle, SocketBinder } from "./socket_binder.ts";

const { ignore } = WITH_LIBC;
const permissions = { ...WITH_LIBC.permissions, net: ["127.0.0.1"] };
const LOOPBACK = "127.0.0.1";

/** Checks a binder, which closes itself or is closed at the end, and that it leaves no descriptor open. */
function withBinder(plan: Partial<BindPlan>, check: (binder: SocketBinder, libc: Libc) => void): void {
  const libc = testLibc();
  const before = openDescriptors();
  const binder = new SocketBinder(libc, { random: seededRandom(1), ...plan });
  check(binder, libc);
  binder.close();
  assert.deepEqual(openDescriptors(), before);
  libc.close();
}

function listen(port: number): Deno.DatagramConn {
  return Deno.listenDatagram({ transport: "udp", hostname: LOOPBACK, port });
}

Deno.test({
  name: "each peer gets a socket with a port of its own, by a handle that any isolate can use",
  ignore,
  permissions,
  fn: () =>
    withBinder({}, (binder) => {
      const [one, two, all] = [LOOPBACK, "::1", "::"].map((hostname) => binder.openSocket(hostname));
      assert.deepEqual(structuredClone(one), one);
      assert.deepEqual([one.family, one.isWildcard, one.isShared], ["ipv4", false, false]);
      assert.deepEqual([two.family, two.isWildcard, all.isWildcard], ["ipv6", false, true]);
      assert.deepEqual(fromHandle(one), { fd: one.id, port: one.port, family: AF_INET, isWildcard: false });
      assert.deepEqual(fromHandle(all), { fd: all.id, port: all.port, family: AF_INET6, isWildcard: true });
      assert.throws(() => listen(one.port), Deno.errors.AddrInUse);
      assert.equal(new Set([one, two, all].map(({ id }) => id)).size, 3);
    }),
});

Deno.test({
  name: "B157: a socket that is closed gives back descriptor and port, once: what has the number then is left alone",
  ignore,
  permissions,
  fn: () =>
    withBinder({}, (binder) => {
      const first = binder.openSocket(LOOPBACK);
      const open = openDescriptors();
      binder.closeSocket(first);
      assert.deepEqual(openDescriptors(), open.filter((fd) => fd !== first.id));
      listen(first.port).close();
      const second = listen(0);
      assert.deepEqual(openDescriptors(), open, "it has got the same number");
      binder.closeSocket(first);
      assert.deepEqual(openDescriptors(), open);
      second.close();
    }),
});

Deno.test({
  name: "B157: what is open is closed with the binder, and once",
  ignore,
  permissions,
  fn: () =>
    withBinder({}, (binder) => {
      const before = openDescriptors();
      const handles = Array.from({ length: 20 }, () => binder.openSocket(LOOPBACK));
      assert.equal(openDescriptors().length, before.length + 20);
      binder.close();
      binder.closeSocket(handles[0]);
      assert.deepEqual(openDescriptors(), before);
    }),
});

for (const shared of [undefined, { hostname: LOOPBACK, port: 0 }]) {
  Deno.test({
    name: `B175: a binder${shared ? " of a shared port" : ""} that is closed again leaves alone what was opened since`,
    ignore,
    permissions,
    fn: () =>
      withBinder({ shared }, (binder) => {
        binder.openSocket(LOOPBACK);
        binder.close();
        const later = [listen(0), listen(0)];
        const before = openDescriptors();
        binder.close();
        assert.throws(() => binder.openSocket(LOOPBACK), { message: "the sockets are closed" });
        assert.deepEqual(openDescriptors(), before);
        for (const socket of later) socket.close();
      }),
  });
}

Deno.test({
  name: "a shared port is all peers', and is given back by the binder alone",
  ignore,
  permissions,
  fn: () =>
    withBinder({ shared: { hostname: LOOPBACK, port: 0 } }, (binder) => {
      const before = openDescriptors();
      const [one, two] = [binder.openSocket(LOOPBACK), binder.openSocket("the address is the shared port's")];
      assert.deepEqual([one, one.isShared], [two, true]);
      binder.closeSocket(one);
      assert.deepEqual(openDescriptors(), before);
      assert.throws(() => listen(one.port), Deno.errors.AddrInUse);
    }),
});

Deno.test({
  name: "B155: a range's ports are given once each, and again when they were given back; a refusal leaves nothing open",
  ignore,
  permissions,
  fn() {
    // Each test process has ports of its own, below those that systems hand out.
    const min = 10_000 + 5 * (Deno.pid % 4000);
    withBinder({ ports: { min, max: min + 1 } }, (binder) => {
      const handles = [binder.openSocket(LOOPBACK), binder.openSocket(LOOPBACK)];
      assert.deepEqual(handles.map(({ port }) => port).sort(), [min, min + 1]);
      const open = openDescriptors();
      assert.throws(() => binder.openSocket(LOOPBACK), { name: "NoFreePortError" });
      assert.deepEqual(openDescriptors(), open);
      binder.closeSocket(handles[1]);
      assert.equal(binder.openSocket(LOOPBACK).port, handles[1].port);
    });
  },
});

Deno.test({
  name: "B159: how datagrams leave and which ports peers get is told, with the buffers that the kernel granted",
  ignore,
  permissions,
  fn() {
    const buffers = { receive: 64 * 1024, send: 32 * 1024 };
    const granted = "buffers of 64 kB to receive and 32 kB to send";
    const each = `a UDP port for each peer, ${granted}`;
    withBinder({ buffers }, ({ description }) => {
      assert.match(description, /^(no )?UDP GSO, /);
      assert.ok(description.endsWith(`UDP GSO, ${each}`), description);
    });
    withBinder({ buffers, segmentation: false }, ({ description }) => {
      assert.equal(description, `no UDP GSO, ${each}`);
    });
    withBinder({ buffers, segmentation: false, shared: { hostname: LOOPBACK, port: 0 } }, (binder) => {
      const { port } = binder.openSocket(LOOPBACK);
      assert.equal(binder.description, `no UDP GSO, UDP port ${port} for all peers, ${granted}`);
    });
  },
});

Deno.test({
  name: "B177: a shared port that gets less than half of its buffers warns of it, and names what limits them",
  ignore,
  permissions,
  fn() {
    const buffers = { receive: 64 * 1024, send: 32 * 1024 };
    const warning = (receive: number, send: number, shared?: BindPlan["shared"]) => {
      const real = testLibc();
      const getsockopt: Libc["call"]["getsockopt"] = (fd, level, option, value, length) => {
        const result = real.call.getsockopt(fd, level, option, value, length);
        if (level === 1 && value instanceof Int32Array) value[0] = 2 * (option === 8 ? receive : send);
        return result;
      };
      const libc = { ...real, call: { ...real.call, getsockopt } };
      const binder = new SocketBinder(libc, { random: seededRandom(1), buffers, shared });
      binder.close();
      real.close();
      return binder.warning;
    };
    const shared = { hostname: LOOPBACK, port: 0 };
    assert.equal(warning(32 * 1024, 16 * 1024, shared), undefined);
    const consequence = "in a pause of the server packets of all peers are lost";
    assert.equal(
      warning(8 * 1024, 16 * 1024, shared),
      `the shared UDP port has 8 kB of 64 kB to receive (sysctl net.core.rmem_max): ${consequence}`,
    );
    assert.equal(
      warning(8 * 1024, 8 * 1024, shared),
      "the shared UDP port has 8 kB of 64 kB to receive (sysctl net.core.rmem_max), " +
        `8 kB of 32 kB to send (sysctl net.core.wmem_max): ${consequence}`,
    );
    assert.equal(warning(1024, 1024), undefined, "a port of its own is one peer's");
  },
});

Deno.test({
  name: "B177: 16 MB are asked for where all peers share a port",
  ignore,
  permissions,
  fn() {
    const libc = testLibc();
    const asked: number[] = [];
    const setsockopt: Libc["call"]["setsockopt"] = (fd, level, option, value, length) => {
      if (level === 1 && option === 33 && value instanceof Int32Array) asked.push(value[0]);
      return libc.call.setsockopt(fd, level, option, value, length);
    };
    const shared = { hostname: LOOPBACK, port: 0 };
    const random = seededRandom(1);
    for (const plan of [{ random, shared }, { random }]) {
      new SocketBinder({ ...libc, call: { ...libc.call, setsockopt } }, plan).close();
    }
    assert.deepEqual(asked, [16 * 1024 * 1024, 256 * 1024]);
    libc.close();
  },
});

Deno.test({
  name: "B159, B166: a port or an address that cannot be had is refused by an error in words, and leaves nothing open",
  ignore,
  permissions,
  fn() {
    const taken = listen(0);
    const { port } = taken.addr as Deno.NetAddr;
    const libc = testLibc();
    const before = openDescriptors();
    const bind = (hostname: string) => new SocketBinder(libc, { random: seededRandom(1), shared: { hostname, port } });
    assert.throws(() => bind(LOOPBACK), { message: `UDP port ${port} of 127.0.0.1 cannot be had: EADDRINUSE` });
    assert.throws(() => bind("192.0.2.99"), { name: "SocketError", message: /EADDRNOTAVAIL/ });
    assert.throws(() => bind("example.org"), { message: "example.org is no IP address" });
    const binder = new SocketBinder(libc, { random: seededRandom(1) });
    assert.throws(() => binder.openSocket("192.0.2.99"), { name: "SocketError", message: /EADDRNOTAVAIL/ });
    binder.close();
    assert.deepEqual(openDescriptors(), before);
    libc.close();
    taken.close();
  },
});

for (const shared of [undefined, { hostname: LOOPBACK, port: 0 }]) {
  Deno.test({
    name: `B263: a probe${
      shared ? " beside a shared port" : ""
    } opens what a peer needs and leaves nothing; it fails as a peer would`,
    ignore,
    permissions,
    fn: () =>
      withBinder({ shared }, (binder) => {
        const before = openDescriptors();
        binder.probe(LOOPBACK);
        assert.deepEqual(openDescriptors(), before);
        binder.close();
        assert.throws(() => binder.probe(LOOPBACK), { message: "the sockets are closed" });
      }),
  });
}

Deno.test({
  name: "B263: a probe of a process without descriptors throws what the system says",
  ignore,
  permissions,
  fn() {
    let isExhausted = false;
    const real = testLibc();
    const socket: typeof real.call.socket = (...args) => isExhausted ? -1 : real.call.socket(...args);
    const libc: Libc = { ...real, call: { ...real.call, socket }, errno: () => isExhausted ? 24 : real.errno() };
    const binder = new SocketBinder(libc, { random: seededRandom(1) });
    isExhausted = true;
    assert.throws(() => binder.probe(LOOPBACK), /a UDP socket cannot be opened/);
    isExhausted = false;
    binder.close();
    libc.close();
  },
});
