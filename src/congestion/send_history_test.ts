import assert from "node:assert/strict";
import { START_SEQUENCE_NUMBERS } from "../../tests/harness/rtp_packets.ts";
import { HISTORY_MS, MAX_CAPACITY, SendHistory } from "./send_history.ts";

/** A history whose next packet has the number. */
function historyAt(sequenceNumber: number): SendHistory {
  const history = new SendHistory();
  for (let sent = 0; sent < sequenceNumber; sent++) history.add(100, 0, 0);
  history.clear();
  return history;
}

for (const start of START_SEQUENCE_NUMBERS) {
  Deno.test({
    name: `B270: packets are numbered in a row and found by their number, in any order, once each, from ${start}`,
    permissions: "none",
    fn() {
      const history = historyAt(start);
      const numbers = Array.from({ length: 100 }, (_, index) => history.add(500 + index, index % 3, 10 + index));
      assert.deepEqual(numbers, numbers.map((_, index) => (start + index) & 0xffff));
      for (const index of [50, 3, 99, 0]) {
        assert.equal(history.takeReceived(numbers[index]), true);
        const { bytes, probe, sentUs, wasMissing } = history;
        const expected = { bytes: 500 + index, probe: index % 3, sentUs: 1000 * (10 + index), wasMissing: false };
        assert.deepEqual({ bytes, probe, sentUs, wasMissing }, expected);
        assert.equal(history.takeReceived(numbers[index]), false);
        assert.equal(history.takeMissing(numbers[index]), false);
      }
      assert.equal(history.takeReceived((start + 100) & 0xffff), false);
      assert.equal(history.takeReceived((start - 1) & 0xffff), false);
      assert.equal(history.takeMissing((start + 30_000) & 0xffff), false);
    },
  });
}

Deno.test({
  name: "B270: a packet that was told as missing may come after all, and is told as such",
  permissions: "none",
  fn() {
    const history = new SendHistory();
    const number = history.add(700, 0, 1);
    assert.equal(history.takeMissing(number), true);
    assert.equal(history.takeMissing(number), false);
    assert.equal(history.takeReceived(number), true);
    assert.equal(history.wasMissing, true);
    assert.equal(history.takeReceived(number), false);
  },
});

Deno.test({
  name: "what is under way is what was sent behind the newest packet that was reported",
  permissions: "none",
  fn() {
    const history = new SendHistory();
    for (let index = 0; index < 10; index++) history.add(100, 0, index);
    assert.equal(history.outstandingBytes, 1000);
    assert.equal(history.oldestOutstandingUs, 0);
    history.takeReceived(5);
    assert.equal(history.outstandingBytes, 400);
    assert.equal(history.outstandingPackets, 4);
    assert.equal(history.oldestOutstandingUs, 6000);
    history.takeReceived(2);
    assert.equal(history.outstandingBytes, 400);
    history.takeMissing(9);
    assert.equal(history.outstandingBytes, 0);
    assert.equal(history.sentBytes, 1000);
  },
});

Deno.test({
  name: "B270: the history grows with what is under way, up to 16384 packets, and not where all is reported",
  permissions: "none",
  fn() {
    const history = new SendHistory();
    const first = history.capacity;
    for (let index = 0; index < 10_000; index++) history.takeReceived(history.add(100, 0, index));
    assert.equal(history.capacity, first);
    for (let index = 0; index < 40_000; index++) history.add(100, 0, 10_000 + index / 100);
    assert.equal(history.capacity, MAX_CAPACITY);
    assert.equal(history.outstandingPackets, MAX_CAPACITY);
    assert.equal(history.outstandingBytes, 100 * MAX_CAPACITY);
    const newest = 49_999 & 0xffff;
    assert.equal(history.takeReceived((newest - MAX_CAPACITY + 1) & 0xffff), true);
    assert.equal(history.takeReceived((newest - MAX_CAPACITY) & 0xffff), false);
    assert.equal(history.takeReceived(newest), true);
  },
});

Deno.test({
  name: "a packet that nobody reports for ten seconds is not worth memory",
  permissions: "none",
  fn() {
    const history = new SendHistory();
    const first = history.capacity;
    for (let index = 0; index < 1000; index++) history.add(100, 0, index * 1000);
    assert.equal(history.capacity, first);
    assert.equal(history.outstandingBytes, 100 * first);
  },
});

Deno.test({
  name: "B270: packets are forgotten after a minute, also where the clock of 32 bits went around",
  permissions: "none",
  fn() {
    for (const laterMs of [HISTORY_MS + 1, 300_000, 3_600_000, 2 ** 32 / 1000 - 1000]) {
      const history = new SendHistory();
      const number = history.add(100, 0, 5);
      history.purge(5 + HISTORY_MS);
      assert.equal(history.isEmpty, false);
      history.purge(5 + laterMs);
      assert.equal(history.isEmpty, true, `${laterMs}`);
      assert.equal(history.takeReceived(number), false);
      assert.equal(history.outstandingBytes, 0);
    }
  },
});
