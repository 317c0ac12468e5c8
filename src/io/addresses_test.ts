import assert from "node:assert/strict";
import { bindAddress, candidateLines, localAddresses, unservedAddresses } from "./addresses.ts";

const INTERFACES = [
  { family: "IPv4", address: "127.0.0.1" },
  { family: "IPv4", address: "192.0.2.7" },
  { family: "IPv6", address: "::1" },
  { family: "IPv6", address: "2001:db8::7" },
  { family: "IPv6", address: "fe80::1" },
] as const;

Deno.test({
  name: "announced addresses replace the machine's own, and a single address is the only one",
  permissions: "none",
  fn() {
    assert.deepEqual(localAddresses(["0.0.0.0"], ["203.0.113.7"], () => INTERFACES), ["203.0.113.7"]);
    assert.deepEqual(localAddresses(["127.0.0.1"], [], () => INTERFACES), ["127.0.0.1"]);
  },
});

Deno.test({
  name: "bound to all addresses, those of the family are candidates, loopback last and link-local never",
  permissions: "none",
  fn() {
    assert.deepEqual(localAddresses(["0.0.0.0"], [], () => INTERFACES), ["192.0.2.7", "127.0.0.1"]);
    const both = ["192.0.2.7", "2001:db8::7", "127.0.0.1", "::1"];
    assert.deepEqual(localAddresses(["::"], [], () => INTERFACES), both);
  },
});

Deno.test({
  name: "B207: several addresses are all candidates, and no others, and sockets bind to all of their families",
  permissions: "none",
  fn() {
    const hosts = ["2001:db8::7", "192.0.2.7"];
    assert.deepEqual(localAddresses(hosts, [], () => INTERFACES), hosts);
    assert.equal(bindAddress(hosts), "::");
    assert.equal(bindAddress(["192.0.2.7", "192.0.2.8"]), "0.0.0.0");
    for (const host of ["::", "0.0.0.0", "192.0.2.7", "2001:db8::7"]) assert.equal(bindAddress([host]), host);
  },
});

Deno.test({
  name: "B208: an address is served where media is on one of its family",
  permissions: "none",
  fn() {
    const both = ["203.0.113.7", "2001:db8::1"];
    for (const hosts of [["::"], ["0:0:0:0:0:0:0:0"], ["192.0.2.7", "2001:db8::7"]]) {
      assert.deepEqual(unservedAddresses(hosts, both), [], `${hosts}`);
    }
    for (const hosts of [["0.0.0.0"], ["192.0.2.7"]]) assert.deepEqual(unservedAddresses(hosts, both), ["2001:db8::1"]);
    assert.deepEqual(unservedAddresses(["2001:db8::7"], both), ["203.0.113.7"]);
  },
});

Deno.test({
  name: "the machine itself has an address",
  permissions: { sys: ["networkInterfaces"] },
  fn() {
    assert.ok(localAddresses(["0.0.0.0"], []).length > 0);
  },
});

Deno.test({
  name: "candidates have the socket's port and fall in priority",
  permissions: "none",
  fn() {
    const lines = candidateLines(["192.0.2.1", "127.0.0.1"], 5000);
    assert.deepEqual(lines.map((line) => line.split(" ").slice(4, 6).join(":")), ["192.0.2.1:5000", "127.0.0.1:5000"]);
    const [first, second] = lines.map((line) => Number(line.split(" ")[3]));
    assert.ok(first > second);
  },
});

Deno.test({
  name: "B190: with a TCP port each address has a passive candidate too, behind the UDP ones and of another foundation",
  permissions: "none",
  fn() {
    const addresses = ["192.0.2.1", "127.0.0.1"];
    const fields = candidateLines(addresses, 5000, 443).map((line) => line.split(" "));
    assert.deepEqual(fields.map(([, , transport, , address, port]) => `${transport} ${address} ${port}`), [
      "udp 192.0.2.1 5000",
      "udp 127.0.0.1 5000",
      "tcp 192.0.2.1 443",
      "tcp 127.0.0.1 443",
    ]);
    assert.equal(new Set(fields.map(([foundation]) => foundation)).size, 4);
    const priorities = fields.map(([, , , priority]) => Number(priority));
    assert.deepEqual(priorities, priorities.toSorted((a, b) => b - a));
    assert.deepEqual(fields.slice(2).map((line) => line.slice(6).join(" ")), [
      "typ host tcptype passive",
      "typ host tcptype passive",
    ]);
  },
});
