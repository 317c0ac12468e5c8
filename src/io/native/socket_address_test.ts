import assert from "node:assert/strict";
import { randomSeed } from "../../../tests/harness/random_seed.ts";
import { seededRandom } from "../../../tests/harness/seeded_random.ts";
import {
  ADDRESS_WORDS,
  AF_INET,
  AF_INET6,
  type Family,
  parseSocketAddress,
  sockaddrLength,
  SocketAddress,
} from "./socket_address.ts";

function parsed(hostname: string, port: number, family: Family): SocketAddress {
  const address = parseSocketAddress({ hostname, port }, family);
  assert.ok(address);
  return address;
}

/** The bytes that bind(2) and sendto(2) take. */
function sockaddr({ words, family }: SocketAddress): string {
  return new Uint8Array(words.buffer, 0, sockaddrLength(family)).toHex();
}

Deno.test({
  name: "an address has the bytes of sockaddr_in or sockaddr_in6, IPv4 mapped for a socket of IPv6",
  permissions: "none",
  fn() {
    assert.equal(sockaddr(parsed("192.0.2.1", 0x1234, AF_INET)), "02001234c00002010000000000000000");
    const mapped = "0a00123400000000" + "00000000000000000000ffffc0000201" + "00000000";
    assert.equal(sockaddr(parsed("192.0.2.1", 0x1234, AF_INET6)), mapped);
    const zoned = "0a00ffff00000000" + "fe800000000000000000000000000001" + "03000000";
    assert.equal(sockaddr(parsed("fe80::1%3", 65535, AF_INET6)), zoned);
  },
});

Deno.test({
  name: "what is no IP address, and IPv6 at a socket of IPv4, cannot be sent to",
  permissions: "none",
  fn() {
    for (const hostname of ["", "localhost", "1.2.3", "1.2.3.256", "::1::", "::1"]) {
      assert.equal(parseSocketAddress({ hostname, port: 1 }, AF_INET), undefined, hostname);
    }
    assert.equal(parseSocketAddress({ hostname: "host", port: 1 }, AF_INET6), undefined);
  },
});

Deno.test({
  name: "IPv6 is written as RFC 5952 writes it, as URLs do too",
  permissions: "none",
  fn() {
    const seed = randomSeed();
    const random = seededRandom(seed);
    for (let i = 0; i < 2000; i++) {
      // Many zeros, for the runs of them that are shortened.
      const groups = Array.from({ length: 8 }, () => random.uint32() % 3 === 0 ? random.uint32() % 65536 : 0);
      const text = groups.map((group) => group.toString(16)).join(":");
      const { hostname } = parsed(text, 1, AF_INET6);
      const expected = new URL(`http://[${text}]`).hostname.slice(1, -1);
      if (!/^::ffff:/.test(expected)) assert.equal(hostname, expected, `seed ${seed}`);
    }
    assert.equal(parsed("FE80::1%7", 1, AF_INET6).hostname, "fe80::1%7");
    assert.equal(parsed("::ffff:192.0.2.9", 1, AF_INET6).hostname, "192.0.2.9");
  },
});

Deno.test({
  name: "text and bytes of an address say the same, for each family and port",
  permissions: "none",
  fn() {
    const seed = randomSeed();
    const random = seededRandom(seed);
    for (let i = 0; i < 1000; i++) {
      const hostname = Array.from({ length: 4 }, () => random.uint32() % 256).join(".");
      const port = random.uint32() % 65536;
      for (const family of [AF_INET, AF_INET6] as const) {
        const address = parsed(hostname, port, family);
        assert.deepEqual([address.hostname, address.port, address.family], [hostname, port, family], `seed ${seed}`);
      }
    }
  },
});

Deno.test({
  name: "an address matches its own words at any place, and no others",
  permissions: "none",
  fn() {
    const address = parsed("192.0.2.1", 5000, AF_INET);
    const words = new Uint32Array(3 * ADDRESS_WORDS);
    words.set(address.words, ADDRESS_WORDS);
    assert.equal(address.matches(words, ADDRESS_WORDS), true);
    const copy = new SocketAddress(words, ADDRESS_WORDS);
    for (let i = 0; i < ADDRESS_WORDS; i++) {
      words[ADDRESS_WORDS + i]++;
      assert.equal(address.matches(words, ADDRESS_WORDS), false);
      words[ADDRESS_WORDS + i]--;
    }
    assert.equal(copy.hostname, "192.0.2.1", "it does not change with the words that it was made of");
  },
});
