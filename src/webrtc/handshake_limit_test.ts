import assert from "node:assert/strict";
import { HandshakeLimit, MAX_HANDSHAKES } from "./handshake_limit.ts";

Deno.test({
  name: "B217: of one address 256 handshakes are under way at most, and another one begins when one has ended",
  permissions: "none",
  fn() {
    const limit = new HandshakeLimit();
    for (let n = 0; n < MAX_HANDSHAKES; n++) assert.equal(limit.begin("192.0.2.1"), true);
    assert.equal(limit.begin("192.0.2.1"), false);
    assert.equal(limit.begin("::ffff:192.0.2.1"), false, "the same address at a socket of both families");
    assert.equal(limit.begin("192.0.2.2"), true);
    limit.end("192.0.2.1");
    assert.equal(limit.begin("192.0.2.1"), true);
    assert.equal(limit.begin("192.0.2.1"), false);
    assert.equal(limit.size, MAX_HANDSHAKES + 1);
    assert.equal(limit.refused, 3);
  },
});

Deno.test({
  name: "B217: addresses of one /64 are one network, and networks without a handshake are forgotten",
  permissions: "none",
  fn() {
    const limit = new HandshakeLimit(2);
    assert.equal(limit.begin("2001:db8::1"), true);
    assert.equal(limit.begin("2001:db8:0:0:ffff::1"), true);
    assert.equal(limit.begin("2001:db8::2"), false);
    assert.equal(limit.begin("2001:db8:0:1::1"), true);
    for (const hostname of ["2001:db8::9", "2001:db8::9", "2001:db8:0:1::1"]) limit.end(hostname);
    assert.equal(limit.size, 0);
  },
});
