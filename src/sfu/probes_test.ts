import assert from "node:assert/strict";
import { BandwidthEstimator } from "../congestion/bandwidth_estimator.ts";
import { type ProbeContent, type ProbeStream, sendProbes } from "./probes.ts";

/** Sends packets of `packetBytes`, or what is due where that is less, and tells the estimator. */
class FakeStream implements ProbeStream {
  content: ProbeContent | undefined = "packets";
  readonly sent: { readonly bytes: number; readonly nowMs: number }[] = [];
  readonly #bandwidth: BandwidthEstimator;
  readonly #packetBytes: number;

  constructor(bandwidth: BandwidthEstimator, packetBytes: number) {
    this.#bandwidth = bandwidth;
    this.#packetBytes = packetBytes;
  }

  probeContent(): ProbeContent | undefined {
    return this.content;
  }

  sendProbe(bytes: number, nowMs: number): number {
    const length = Math.min(bytes, this.#packetBytes);
    this.#bandwidth.numbering.handleSent(length, nowMs);
    this.sent.push({ bytes: length, nowMs });
    return length;
  }
}

/** An estimator that wants to probe. */
function probing(): BandwidthEstimator {
  const bandwidth = new BandwidthEstimator({ startBitsPerSecond: 1_000_000, nowMs: 0 });
  bandwidth.numbering.handleSent(1000, 0);
  return bandwidth;
}

for (const packetBytes of [280, 1200]) {
  Deno.test({
    name:
      `B290: with packets of ${packetBytes} bytes the first probe has three times the rate of the start, within 10%`,
    permissions: "none",
    fn() {
      const bandwidth = probing();
      const stream = new FakeStream(bandwidth, packetBytes);
      for (let nowMs = 1; nowMs <= 16; nowMs++) {
        if (bandwidth.nextTimeout() > nowMs) continue;
        bandwidth.handleTimeout(nowMs);
        assert.equal(sendProbes(bandwidth, [stream], nowMs), true);
      }
      const [first, last] = [stream.sent[0], stream.sent[stream.sent.length - 1]];
      assert.ok(stream.sent.length >= 5, `${stream.sent.length} packets`);
      const bytes = stream.sent.reduce((sum, packet) => sum + packet.bytes, 0);
      // The last turn's packets are sent for the time until the next.
      const lastBytes = stream.sent.filter(({ nowMs }) => nowMs === last.nowMs).reduce((sum, p) => sum + p.bytes, 0);
      const rate = 8000 * (bytes - lastBytes) / (last.nowMs - first.nowMs);
      assert.ok(Math.abs(rate / 3_000_000 - 1) < 0.1, `${rate} bits per second`);
    },
  });
}

Deno.test({
  name: "B290: the first stream that can carries the probe; where none can none begins",
  permissions: "none",
  fn() {
    const bandwidth = probing();
    bandwidth.handleTimeout(1);
    const [unable, able] = [new FakeStream(bandwidth, 280), new FakeStream(bandwidth, 280)];
    unable.content = undefined;
    assert.equal(sendProbes(bandwidth, [unable], 1), false);
    assert.equal(sendProbes(bandwidth, [], 1), false);
    assert.equal(sendProbes(bandwidth, [unable, able], 2), true);
    assert.deepEqual([unable.sent.length > 0, able.sent.length > 0], [false, true]);
  },
});

Deno.test({
  name: "B290: a stream that is paused carries the probe where no other one can",
  permissions: "none",
  fn() {
    const bandwidth = probing();
    bandwidth.handleTimeout(1);
    const [unable, paused, able] = [1, 2, 3].map(() => new FakeStream(bandwidth, 280));
    unable.content = undefined;
    paused.content = "padding";
    assert.equal(sendProbes(bandwidth, [unable, paused, able], 1), true);
    assert.deepEqual([paused.sent.length > 0, able.sent.length > 0], [false, true]);
    assert.equal(sendProbes(bandwidth, [unable, paused], 3), true);
    assert.ok(paused.sent.length > 0);
  },
});

Deno.test({
  name: "a stream that sends nothing ends the turn",
  permissions: "none",
  fn() {
    const bandwidth = probing();
    bandwidth.handleTimeout(1);
    let asked = 0;
    const full: ProbeStream = { probeContent: () => "packets", sendProbe: () => (asked++, 0) };
    assert.equal(sendProbes(bandwidth, [full], 1), true);
    assert.equal(asked, 1);
  },
});
