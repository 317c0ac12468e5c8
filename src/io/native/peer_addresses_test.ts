import assert from "node:assert/strict";
import { AddressTable } from "./address_table.ts";
import { MAX_PEER_ADDRESSES, PeerAddresses, TAKEOVER_MS } from "./peer_addresses.ts";
import { AF_INET, LOCAL_WORD, parseSocketAddress, SocketAddress } from "./socket_address.ts";

const OWNER = { deliver() {}, countDrop() {} };

/** An address as a batch gives it: a new object each time. */
function received(port: number, local = 0): SocketAddress {
  const parsed = parseSocketAddress({ hostname: "192.0.2.1", port }, AF_INET);
  assert.ok(parsed);
  const words = parsed.words.slice();
  words[LOCAL_WORD] = local;
  return new SocketAddress(words);
}

function setUp() {
  const table = new AddressTable(4, 1);
  const [one, other] = [{ ...OWNER }, { ...OWNER }];
  return {
    table,
    one,
    other,
    addresses: new PeerAddresses(table, one, AF_INET),
    others: new PeerAddresses(table, other, AF_INET),
  };
}

Deno.test({
  name: "B194: a TCP connection is no address of the UDP socket, though the client has the same port for UDP",
  permissions: "none",
  fn() {
    const { table, addresses } = setUp();
    const udp = addresses.resolve(received(5000));
    const tcp = { hostname: "192.0.2.1", port: 5000, transport: "tcp" } as const;
    assert.equal(addresses.resolve(tcp), undefined);
    assert.equal(addresses.resolve(tcp), undefined);
    assert.equal(addresses.resolve({ hostname: "192.0.2.1", port: 5000 }), udp);
    assert.equal(table.size, 1);
  },
});

Deno.test({
  name: "B156: an address is the peer's from its first answer on; equal ones are one",
  permissions: "none",
  fn() {
    const { table, addresses, one } = setUp();
    const first = addresses.resolve(received(5000));
    assert.equal(table.size, 1);
    assert.equal(addresses.resolve(received(5000)), first);
    assert.equal(addresses.resolve({ hostname: "192.0.2.1", port: 5000 }), first);
    assert.equal(table.find(received(5000).words, 0), first);
    assert.equal(first?.owner, one);
  },
});

Deno.test({
  name: "B156: the newest 16 addresses of a peer are kept, and none when it closes",
  permissions: "none",
  fn() {
    const { table, addresses } = setUp();
    for (let port = 1; port <= 1000; port++) addresses.resolve(received(port));
    assert.equal(table.size, MAX_PEER_ADDRESSES);
    assert.ok(table.find(received(1000 - MAX_PEER_ADDRESSES + 1).words, 0));
    assert.equal(table.find(received(1000 - MAX_PEER_ADDRESSES).words, 0), undefined);
    addresses.close();
    assert.equal(table.size, 0);
  },
});

Deno.test({
  name:
    "B156: an address goes to the peer that answers there once the other is silent; what the other sends there takes nothing back",
  permissions: "none",
  fn() {
    const { table, addresses, others, one, other } = setUp();
    const plain = { hostname: "192.0.2.1", port: 5000 };
    const address = addresses.resolve(received(5000));
    assert.equal(addresses.resolve(plain), address);
    table.nowMs += TAKEOVER_MS;
    assert.equal(others.resolve(received(5000)), address);
    assert.equal(address?.owner, other);
    assert.equal(addresses.resolve({ ...plain }), address);
    assert.equal(address?.owner, other, "media alone proves nothing");
    addresses.close();
    assert.equal(table.size, 1, "it is not the first one's to give up");
    const again = new PeerAddresses(table, one, AF_INET);
    assert.equal(again.resolve({ ...plain }), address);
    assert.equal(address?.owner, other);
    table.nowMs += TAKEOVER_MS;
    assert.equal(again.resolve(received(5000)), address);
    assert.equal(address?.owner, one);
  },
});

Deno.test({
  name:
    "B179: an address where its peer was heard is nobody else's, who is answered there all the same; nor is it given up",
  permissions: "none",
  fn() {
    const { table, addresses, others, one, other } = setUp();
    const address = addresses.resolve(received(5000));
    assert.ok(address);
    for (let i = 0; i < 3; i++) {
      table.nowMs += TAKEOVER_MS - 1;
      assert.equal(others.resolve(received(5000)), address);
      assert.equal(address.owner, one);
      assert.equal(addresses.resolve(address), address, "which its peer is heard by");
    }
    for (let port = 1; port <= MAX_PEER_ADDRESSES + 1; port++) others.resolve(received(port));
    others.close();
    assert.equal(table.find(address.words, 0), address);
    assert.equal(table.size, 1);
    table.nowMs += TAKEOVER_MS;
    assert.equal(others.resolve(received(5000)), address);
    assert.equal(address.owner, other);
    assert.equal(addresses.resolve(received(5000)), address);
    assert.equal(address.owner, other, "who has just been heard");
  },
});

Deno.test({
  name: "B179: the address of a peer that has closed is the next one's at once",
  permissions: "none",
  fn() {
    const { table, addresses, others, other } = setUp();
    addresses.resolve(received(5000));
    addresses.close();
    assert.equal(others.resolve(received(5000))?.owner, other);
    assert.equal(table.size, 1);
  },
});

Deno.test({
  name: "B154: of a client that addressed several addresses of the machine the one answered last is taken",
  permissions: "none",
  fn() {
    const { addresses } = setUp();
    const plain = { hostname: "192.0.2.1", port: 5000 };
    const [one, two] = [addresses.resolve(received(5000, 1)), addresses.resolve(received(5000, 2))];
    assert.notEqual(one, two);
    assert.equal(addresses.resolve(plain), two);
    addresses.resolve(received(5000, 1));
    assert.equal(addresses.resolve(plain), one);
  },
});

Deno.test({
  name: "what the socket cannot send to is no address",
  permissions: "none",
  fn() {
    const { table, addresses } = setUp();
    for (const hostname of ["::1", "example.org"]) assert.equal(addresses.resolve({ hostname, port: 1 }), undefined);
    assert.equal(table.size, 0);
  },
});
