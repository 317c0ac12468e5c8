import assert from "node:assert/strict";
import { PathAddresses } from "./path_addresses.ts";

const at = (...hostnames: string[]) => hostnames.map((hostname) => ({ hostname, port: 1 }));

Deno.test({
  name: "B466: an address keeps its number for as long as it is announced, and what is in use stays so",
  permissions: "none",
  fn() {
    const addresses = new PathAddresses(at("a", "b", "c"));
    addresses.use(1);
    addresses.replace(at("d", "c", "b"));
    assert.deepEqual([addresses.present.hostname, addresses.number], ["b", 1]);
    const numbers = new Map<string, number>();
    for (let i = 0; i < 3; i++) {
      addresses.tryNext();
      numbers.set(addresses.present.hostname, addresses.number);
    }
    assert.deepEqual(numbers, new Map([["c", 2], ["d", 0], ["b", 1]]));
    addresses.use(7);
    assert.equal(addresses.present.hostname, "b", "there is no such number");
    addresses.replace(at("e"));
    assert.equal(addresses.present.hostname, "e");
    addresses.tryNext();
    assert.equal(addresses.present.hostname, "e", "it is the only one");
  },
});
