import assert from "node:assert/strict";
import { openDescriptors, testLibc, WITH_LIBC } from "../../../tests/harness/native_libc.ts";
import { bindUdp, bufferSizes, hasSegmentation } from "./bind_udp.ts";
import { EADDRINUSE } from "./errors.ts";
import type { Libc } from "./libc.ts";

const SOL_SOCKET = 1;
const SO_SNDBUFFORCE = 32;
const SO_RCVBUFFORCE = 33;
const BUFFERS = { receive: 100 * 1024, send: 50 * 1024 };

function withLibc(check: (libc: Libc) => void): () => void {
  return () => {
    const libc = testLibc();
    const before = openDescriptors();
    check(libc);
    // The runtime may have closed one of its own meanwhile.
    assert.deepEqual(openDescriptors().filter((fd) => !before.includes(fd)), [], "each descriptor is given back");
    libc.close();
  };
}

Deno.test({
  name: "B159: the kernel's buffers are those asked for, or what the machine's limits allow",
  permissions: WITH_LIBC.permissions,
  ignore: WITH_LIBC.ignore,
  fn: withLibc((libc) => {
    const { fd } = bindUdp(libc, { hostname: "127.0.0.1", port: 0, buffers: BUFFERS });
    assert.deepEqual(bufferSizes(libc, fd), BUFFERS);
    libc.call.close(fd);
    const huge = bindUdp(libc, { hostname: "127.0.0.1", port: 0, buffers: { receive: 2 ** 30, send: 2 ** 30 } });
    const granted = bufferSizes(libc, huge.fd);
    assert.ok(granted.receive < 2 ** 30 && granted.send < 2 ** 30 && granted.receive > 0);
    libc.call.close(huge.fd);
  }),
});

Deno.test({
  name: "B177: buffers are had beyond the machine's limits by who may, else up to them; another refusal is an error",
  permissions: WITH_LIBC.permissions,
  ignore: WITH_LIBC.ignore,
  fn: withLibc((libc) => {
    const asked: string[] = [];
    const bindWith = (answer: (option: number) => number | undefined) => {
      asked.length = 0;
      const setsockopt: Libc["call"]["setsockopt"] = (fd, level, option, value, length) => {
        if (level === SOL_SOCKET && value instanceof Int32Array) asked.push(`${option}: ${value[0]}`);
        return answer(option) ?? libc.call.setsockopt(fd, level, option, value, length);
      };
      const { fd } = bindUdp({ ...libc, call: { ...libc.call, setsockopt } }, {
        hostname: "127.0.0.1",
        port: 0,
        buffers: BUFFERS,
      });
      const granted = bufferSizes(libc, fd);
      libc.call.close(fd);
      return granted;
    };
    const isForce = (option: number) => option === SO_SNDBUFFORCE || option === SO_RCVBUFFORCE;
    assert.deepEqual(bindWith((option) => isForce(option) ? -1 : undefined), BUFFERS);
    const { receive, send } = BUFFERS;
    assert.deepEqual(asked, [`33: ${receive}`, `8: ${receive}`, `32: ${send}`, `7: ${send}`]);
    assert.throws(() => bindWith(() => -1), { name: "SocketError", message: /socket option 1\/8/ });
    bindWith((option) => isForce(option) ? 0 : undefined);
    assert.deepEqual(asked, [`33: ${receive}`, `32: ${send}`]);
  }),
});

Deno.test({
  name: "a socket is bound to all addresses, of one family or both, or to one",
  permissions: WITH_LIBC.permissions,
  ignore: WITH_LIBC.ignore,
  fn: withLibc((libc) => {
    const kinds = ["0.0.0.0", "::", "127.0.0.1", "::1"].map((hostname) => {
      const { fd, port, family, isWildcard } = bindUdp(libc, { hostname, port: 0, buffers: BUFFERS });
      assert.ok(port > 0);
      libc.call.close(fd);
      return `${hostname} ${family} ${isWildcard}`;
    });
    assert.deepEqual(kinds, ["0.0.0.0 2 true", ":: 10 true", "127.0.0.1 2 false", "::1 10 false"]);
  }),
});

Deno.test({
  name: "a port that is taken, and text that is no address, throw what is wrong",
  permissions: WITH_LIBC.permissions,
  ignore: WITH_LIBC.ignore,
  fn: withLibc((libc) => {
    const { fd, port } = bindUdp(libc, { hostname: "127.0.0.1", port: 0, buffers: BUFFERS });
    assert.throws(() => bindUdp(libc, { hostname: "127.0.0.1", port, buffers: BUFFERS }), {
      name: "SocketError",
      errno: EADDRINUSE,
      message: `UDP port ${port} of 127.0.0.1 cannot be had: EADDRINUSE`,
    });
    assert.throws(() => bindUdp(libc, { hostname: "localhost", port: 0, buffers: BUFFERS }), TypeError);
    libc.call.close(fd);
  }),
});

Deno.test({
  name: "GSO is looked for in the kernel",
  permissions: WITH_LIBC.permissions,
  ignore: WITH_LIBC.ignore,
  fn: withLibc((libc) => {
    const { fd } = bindUdp(libc, { hostname: "127.0.0.1", port: 0, buffers: BUFFERS });
    assert.equal(hasSegmentation(libc, fd), true);
    assert.equal(hasSegmentation({ ...libc, call: { ...libc.call, getsockopt: () => -1 } }, fd), false);
    libc.call.close(fd);
  }),
});
