import assert from "node:assert/strict";
import { compactNtp, ntpFraction, ntpSeconds } from "./ntp.ts";

Deno.test({
  name: "a time in milliseconds is an NTP timestamp, whose middle is in 1/65536 s",
  permissions: "none",
  fn() {
    assert.deepEqual([ntpSeconds(12_250), ntpFraction(12_250)], [12, 0x40000000]);
    assert.equal(compactNtp(12, 0x40000000), 12 * 65536 + 16384);
    assert.deepEqual([ntpSeconds(0), ntpFraction(0)], [0, 0]);
    assert.equal(ntpFraction(999.9999), 0xfffffe52);
  },
});

Deno.test({
  name: "the middle of an NTP timestamp wraps after 65,536 s, the seconds after 2^32",
  permissions: "none",
  fn() {
    assert.equal(compactNtp(0xabcdffff, 0xffffffff), 0xffffffff);
    assert.equal(compactNtp(65_536, 0x10000), 1);
    assert.equal(ntpSeconds(2 ** 32 * 1000 + 5000), 5);
  },
});
