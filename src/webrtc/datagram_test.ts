import assert from "node:assert/strict";
import { sameAddress } from "./datagram.ts";

Deno.test({
  name: "addresses are the same where host and port are",
  permissions: "none",
  fn() {
    const address = { hostname: "192.0.2.1", port: 4000 };
    assert.equal(sameAddress(address, { ...address }), true);
    assert.equal(sameAddress(address, { ...address, port: 4001 }), false);
    assert.equal(sameAddress(address, { ...address, hostname: "192.0.2.2" }), false);
  },
});

Deno.test({
  name: "B194: a TCP connection is the same address as itself alone, whoever has its port now or has it for UDP",
  permissions: "none",
  fn() {
    const udp = { hostname: "192.0.2.1", port: 4000 };
    const tcp = { ...udp, transport: "tcp" } as const;
    assert.equal(sameAddress(tcp, tcp), true);
    assert.equal(sameAddress(tcp, { ...tcp }), false);
    assert.equal(sameAddress(tcp, udp), false);
    assert.equal(sameAddress(udp, tcp), false);
    assert.equal(sameAddress(udp, { ...udp, transport: "udp" }), true);
  },
});
