import assert from "node:assert/strict";
import { ProbeBitrate } from "./probe_bitrate.ts";

/** Packets of 1000 bytes as `[sent, arrived]` in milliseconds. */
function measure(packets: readonly (readonly [number, number])[], minBytes = 5000): number {
  const bitrate = new ProbeBitrate();
  bitrate.begin(7, minBytes);
  for (const [sentMs, arrivedMs] of packets) {
    bitrate.handlePacket(7, 1000, (sentMs * 1000) | 0, Math.round(arrivedMs * 4) | 0);
  }
  return bitrate.take();
}

Deno.test({
  name: "B275: four packets of 1000 bytes 10 ms apart make 800 kbit/s, in whichever order; three make nothing",
  permissions: "none",
  fn() {
    const packets = [[0, 10], [10, 20], [20, 30], [30, 40]] as const;
    assert.ok(Math.abs(measure(packets) - 800_000) <= 10);
    assert.ok(Math.abs(measure(packets.toReversed()) - 800_000) <= 10);
    assert.equal(measure(packets.slice(0, 3)), 0);
    assert.equal(measure(packets, 6000), 0);
  },
});

Deno.test({
  name: "B275: packets that were sent or came at once, or over more than a second, say nothing",
  permissions: "none",
  fn() {
    assert.equal(measure([[0, 10], [10, 10], [20, 10], [30, 10]]), 0);
    assert.equal(measure([[0, 10], [0, 20], [0, 30], [0, 40]]), 0);
    assert.equal(measure([[0, 10], [10, 15], [20, 18], [30, 20]]), 0);
    assert.equal(measure([[0, 10], [10, 20], [20, 30], [1001, 1011]]), 0);
    assert.equal(measure([[0, 10], [10, 20], [20, 30], [30, 1020]]), 0);
  },
});

Deno.test({
  name: "B275: what arrives slower than it was sent fills the link, and 0.95 of it is used",
  permissions: "none",
  fn() {
    assert.ok(Math.abs(measure([[0, 10], [10, 30], [20, 50], [30, 70]]) - 0.95 * 400_000) <= 10);
    assert.ok(Math.abs(measure([[0, 10], [10, 20.5], [20, 31], [30, 41.5]]) - 8000 * 3000 / 31.5) <= 10);
  },
});

Deno.test({
  name: "a result is taken once, probes are told apart, and others than those begun are passed over",
  permissions: "none",
  fn() {
    const bitrate = new ProbeBitrate();
    bitrate.begin(1, 4000);
    bitrate.begin(2, 4000);
    for (let index = 0; index < 4; index++) {
      bitrate.handlePacket(1, 1000, 10_000 * index, 40 * index);
      bitrate.handlePacket(2, 1000, 100_000 + 5000 * index, 400 + 20 * index);
      bitrate.handlePacket(5, 1000, 10_000 * index, 40 * index);
      bitrate.handlePacket(0, 1000, 10_000 * index, 40 * index);
    }
    assert.equal(bitrate.take(), 1_600_000);
    assert.equal(bitrate.take(), 0);
    // A late packet measures again.
    bitrate.handlePacket(1, 1000, 40_000, 160);
    assert.equal(bitrate.take(), 800_000);
    // Another probe of the same place takes it over.
    bitrate.begin(5, 4000);
    bitrate.handlePacket(1, 1000, 50_000, 200);
    assert.equal(bitrate.take(), 0);
  },
});
