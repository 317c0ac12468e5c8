import assert from "node:assert/strict";
import { parseIpAddress } from "./ip_address.ts";
import { isWithin, parseIpPrefix } from "./ip_prefix.ts";

function contains(prefix: string, address: string): boolean {
  const parsed = parseIpPrefix(prefix);
  const bytes = parseIpAddress(address);
  assert.ok(parsed && bytes);
  return isWithin(bytes, parsed);
}

Deno.test({
  name: "an address is within a prefix where the first bits are the same, wherever the prefix ends in a byte",
  permissions: "none",
  fn() {
    assert.ok(contains("172.16.0.0/12", "172.31.255.255"));
    assert.ok(!contains("172.16.0.0/12", "172.32.0.0"));
    assert.ok(contains("2000::/3", "3fff:ffff::1"));
    assert.ok(!contains("2000::/3", "4000::"));
    assert.ok(contains("0.0.0.0/0", "255.255.255.255"));
    assert.ok(contains("192.0.2.1", "192.0.2.1"));
    assert.ok(!contains("192.0.2.1", "192.0.2.0"));
  },
});

Deno.test({
  name: "a prefix has addresses of its own family alone; an IPv4-mapped address is one of IPv4",
  permissions: "none",
  fn() {
    assert.ok(!contains("0.0.0.0/0", "::1"));
    assert.ok(!contains("::/0", "192.0.2.1"));
    assert.ok(contains("10.0.0.0/8", "::ffff:10.1.2.3"));
  },
});

Deno.test({
  name: "what is no address, or has more bits than its family, is no prefix",
  permissions: "none",
  fn() {
    for (const text of ["", "/8", "10.0.0.0/33", "::/129", "10.0.0/8", "10.0.0.0/-1", "10.0.0.0/8/8", "host/8"]) {
      assert.equal(parseIpPrefix(text), undefined, text);
    }
  },
});
