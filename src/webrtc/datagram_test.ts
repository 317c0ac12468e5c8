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
