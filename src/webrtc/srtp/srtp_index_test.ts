import assert from "node:assert/strict";
import { estimateIndex, rollOverCounter } from "./srtp_index.ts";

const TURN = 65536;

Deno.test({
  name: "B31: the first sequence number of an SSRC is of the first turn",
  permissions: "none",
  fn() {
    for (const sequenceNumber of [0, 1, 32768, 65535]) assert.equal(estimateIndex(-1, sequenceNumber), sequenceNumber);
  },
});

Deno.test({
  name: "B31: a sequence number is taken for the index nearest to the newest, at any roll-over counter",
  permissions: "none",
  fn() {
    for (const turns of [1, 2, 40000, 2 ** 32 - 2]) {
      for (const sequenceNumber of [0, 1, 100, 32767, 32768, 32769, 65435, 65535]) {
        const newest = turns * TURN + sequenceNumber;
        for (const step of [-32767, -1000, -3, -1, 0, 1, 3, 1000, 32767]) {
          const index = newest + step;
          assert.equal(estimateIndex(newest, index % TURN), index, `${turns}, ${sequenceNumber}, ${step}`);
        }
      }
    }
  },
});

Deno.test({
  name: "B31: half a turn away, the roll-over counter stays (RFC 3711 section 3.3.1)",
  permissions: "none",
  fn() {
    assert.equal(estimateIndex(5 * TURN + 100, 32868), 5 * TURN + 32868);
    assert.equal(estimateIndex(5 * TURN + 40000, 7232), 5 * TURN + 7232);
  },
});

Deno.test({
  name: "B31: a packet from before the first turn, or behind the last, has no index",
  permissions: "none",
  fn() {
    assert.ok(estimateIndex(2, 65535) < 0);
    assert.ok(estimateIndex(2 ** 48 - 1, 0) < 0);
    assert.equal(estimateIndex(2 ** 48 - 2, 65535), 2 ** 48 - 1);
  },
});

Deno.test({
  name: "the roll-over counter is the upper 32 bits of an index",
  permissions: "none",
  fn() {
    assert.equal(rollOverCounter(65535), 0);
    assert.equal(rollOverCounter(65536), 1);
    assert.equal(rollOverCounter(2 ** 48 - 1), 0xffffffff);
  },
});
