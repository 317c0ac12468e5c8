import { strictEqual } from "node:assert/strict";
import { addressKind } from "./address_kind.ts";

Deno.test({
  name: "B480: addresses are public, private, of a container or of this machine alone",
  permissions: "none",
  fn() {
    const kinds = {
      public: ["203.0.113.7", "172.32.0.1", "100.128.0.1", "2001:db8::1", "sfu.example.org", "11.0.0.1"],
      private: [
        "10.0.0.1",
        "172.16.0.1",
        "172.31.9.9",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.1.1",
        "fd00::1",
        "fe80::1",
      ],
      container: ["172.17.0.2"],
      loopback: ["127.0.0.1", "127.9.9.9", "::1", "localhost"],
    };
    for (const [kind, addresses] of Object.entries(kinds)) {
      for (const address of addresses) strictEqual(addressKind(address), kind, address);
    }
  },
});
