import assert from "node:assert/strict";
import { openDescriptors, testLibc, WITH_LIBC } from "../../../tests/harness/native_libc.ts";
import { bindUdp, bufferSizes, hasSegmentation } from "./bind_udp.ts";
import { EADDRINUSE } from "./errors.ts";
import type { Libc } from "./libc.ts";

const BUFFERS = { receive: 100 * 1024, send: 50 * 1024 };

function withLibc(check: (libc: Libc) => void): () => void {
  return () => {
    const libc = testLibc();
    const before = openDescriptors();
    check(libc);
    assert.deepEqual(openDescriptors(), before, "each descriptor is given back");
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
