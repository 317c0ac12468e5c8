import assert from "node:assert/strict";
import { isPublicAddress } from "./public_address.ts";

const PUBLIC = [
  "1.1.1.1",
  "9.255.255.255",
  "11.0.0.0",
  "100.63.255.255",
  "100.128.0.0",
  "172.15.255.255",
  "172.32.0.0",
  "192.167.255.255",
  "192.169.0.0",
  "198.17.255.255",
  "198.20.0.0",
  "223.255.255.255",
  "2001:200::1",
  "2606:4700:4700::1111",
  "2a00:1450::1",
  "::ffff:1.1.1.1",
  "64:ff9b::1.1.1.1",
];

const NOT_PUBLIC: Readonly<Record<string, readonly string[]>> = {
  "of this machine": ["127.0.0.1", "127.255.255.255", "0.0.0.0", "0.1.2.3", "::1", "::"],
  "private": ["10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "fc00::1", "fdff::1"],
  "link-local": ["169.254.0.1", "169.254.169.254", "fe80::1", "fe80::1%eth0", "febf::1", "fec0::1"],
  "behind a carrier's NAT": ["100.64.0.1", "100.127.255.255"],
  "multicast, reserved or broadcast": ["224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "ff02::1", "4000::1"],
  "for documentation or benchmarks": ["192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1", "198.19.0.1"].concat(
    ["2001:db8::1", "3fff::1"],
  ),
  "IPv4 in disguise": ["::ffff:127.0.0.1", "::ffff:a00:1", "64:ff9b::10.0.0.1", "64:ff9b::a9fe:a9fe"].concat(
    ["::127.0.0.1", "2002:7f00:1::1", "2001::1", "64:ff9b:1::1"],
  ),
  "no address": ["", "localhost", "127.1", "0x7f000001", "2130706433", "010.0.0.1", "1.1.1.1:80", "[::1]"],
};

Deno.test({
  name: "B510: what is next to a range that is not public is public",
  permissions: "none",
  fn() {
    for (const address of PUBLIC) assert.equal(isPublicAddress(address), true, address);
  },
});

for (const [what, addresses] of Object.entries(NOT_PUBLIC)) {
  Deno.test({
    name: `B510: what is ${what} is not public`,
    permissions: "none",
    fn() {
      for (const address of addresses) assert.equal(isPublicAddress(address), false, address);
    },
  });
}
