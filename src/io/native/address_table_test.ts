import assert from "node:assert/strict";
import { randomSeed } from "../../../tests/harness/random_seed.ts";
import { seededRandom } from "../../../tests/harness/seeded_random.ts";
import { AddressTable } from "./address_table.ts";
import { AF_INET, parseSocketAddress, type SocketAddress } from "./socket_address.ts";

function address(number: number): SocketAddress {
  const parsed = parseSocketAddress({ hostname: `10.0.${number >> 8}.${number & 255}`, port: 1000 + number }, AF_INET);
  assert.ok(parsed);
  return parsed;
}

Deno.test({
  name: "addresses that are added are found by their bytes, and those that are deleted are not",
  permissions: "none",
  fn() {
    const seed = randomSeed();
    const random = seededRandom(seed);
    const table = new AddressTable(8, random.uint32());
    const model = new Map<number, SocketAddress>();
    for (let i = 0; i < 5000; i++) {
      const number = random.uint32() % 100;
      const known = model.get(number);
      assert.equal(table.find(address(number).words, 0), known, `seed ${seed}`);
      if (known === undefined) {
        const added = address(number);
        table.add(added);
        model.set(number, added);
      } else {
        table.delete(known);
        model.delete(number);
      }
      assert.equal(table.size, model.size, `seed ${seed}`);
    }
  },
});

Deno.test({
  name: "an address that is not in the table is deleted without harm",
  permissions: "none",
  fn() {
    const table = new AddressTable(1, 7);
    const [one, two] = [address(1), address(2)];
    table.add(one);
    table.delete(two);
    table.delete(address(1));
    assert.equal(table.find(one.words, 0), one);
    table.delete(one);
    table.delete(one);
    assert.equal(table.size, 0);
  },
});
