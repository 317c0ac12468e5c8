import assert from "node:assert/strict";
import { isIP } from "node:net";
import fc from "fast-check";
import { parseIpAddress } from "./ip_address.ts";

const SEED = 5769;

function parsed(text: string): number[] | undefined {
  const bytes = parseIpAddress(text);
  return bytes && [...bytes];
}

Deno.test({
  name: "an IPv4 address gives its 4 bytes",
  permissions: "none",
  fn() {
    assert.deepEqual(parsed("192.0.2.1"), [192, 0, 2, 1]);
    assert.deepEqual(parsed("0.0.0.0"), [0, 0, 0, 0]);
    assert.deepEqual(parsed("255.255.255.255"), [255, 255, 255, 255]);
  },
});

Deno.test({
  name: "an IPv6 address gives its 16 bytes, wherever it is compressed",
  permissions: "none",
  fn() {
    const full = [0x20, 0x01, 0x0d, 0xb8, 0x12, 0x34, 0x56, 0x78, 0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77];
    assert.deepEqual(parsed("2001:db8:1234:5678:11:2233:4455:6677"), full);
    assert.deepEqual(parsed("2001:0DB8:1234:5678:0011:2233:4455:6677"), full);
    assert.deepEqual(parsed("::"), new Array(16).fill(0));
    assert.deepEqual(parsed("::1"), [...new Array(15).fill(0), 1]);
    assert.deepEqual(parsed("fe80::"), [0xfe, 0x80, ...new Array(14).fill(0)]);
    assert.deepEqual(parsed("fe80::1%eth0"), [0xfe, 0x80, ...new Array(13).fill(0), 1]);
    assert.deepEqual(parsed("1:2:3::6:7:8"), [0, 1, 0, 2, 0, 3, 0, 0, 0, 0, 0, 6, 0, 7, 0, 8]);
    assert.deepEqual(parsed("64:ff9b::192.0.2.33"), [0, 0x64, 0xff, 0x9b, ...new Array(8).fill(0), 192, 0, 2, 33]);
  },
});

Deno.test({
  name: "an IPv4-mapped IPv6 address gives the 4 bytes of the IPv4 address in each of its spellings",
  permissions: "none",
  fn() {
    for (const text of ["::ffff:192.0.2.1", "::FFFF:c000:201", "0:0:0:0:0:ffff:192.0.2.1"]) {
      assert.deepEqual(parsed(text), [192, 0, 2, 1], text);
    }
    assert.equal(parsed("::fffe:192.0.2.1")?.length, 16);
    assert.equal(parsed("1::ffff:192.0.2.1")?.length, 16);
  },
});

Deno.test({
  name: `text made of an address's characters is an address exactly where node:net says so (seed ${SEED})`,
  permissions: "none",
  fn() {
    const piece = fc.constantFrom("0", "1", "01", "9", "255", "256", "a", "fFfF", "ffff0", ".", ":", "::", "");
    const groups = fc.array(piece, { maxLength: 18 }).map((pieces) => pieces.join(""));
    const address = fc.oneof(groups, fc.ipV4(), fc.ipV6(), fc.ipV6().map((text) => text.replace(/:/, "::")));
    fc.assert(
      fc.property(address, (text) => {
        assert.equal(parseIpAddress(text) !== undefined, isIP(text) !== 0, JSON.stringify(text));
      }),
      { seed: SEED, numRuns: 5000 },
    );
  },
});

Deno.test({
  name: `the bytes of any 8 groups come back, compressed or not (seed ${SEED})`,
  permissions: "none",
  fn() {
    const groups = fc.array(fc.oneof(fc.constant(0), fc.nat(0xffff)), { minLength: 8, maxLength: 8 })
      .filter((g) => g[5] !== 0xffff);
    fc.assert(
      fc.property(groups, (values) => {
        const expected = values.flatMap((value) => [value >> 8, value & 0xff]);
        const text = values.map((value) => value.toString(16)).join(":");
        assert.deepEqual(parsed(text), expected);
        assert.deepEqual(parsed(new URL(`http://[${text}]/`).hostname.slice(1, -1)), expected);
      }),
      { seed: SEED },
    );
  },
});
