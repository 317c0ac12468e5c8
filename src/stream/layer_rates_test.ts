import assert from "node:assert/strict";
import { LayerRates } from "./layer_rates.ts";

/**
 * A packet of each layer every 10 ms from `fromMs` to `toMs`: 100 bytes of the lowest, and 100 more for each above. Every
 * fifth one ends a picture.
 */
function feed(rates: LayerRates, fromMs: number, toMs: number, layers: readonly (readonly [number, number])[]): void {
  for (let nowMs = fromMs; nowMs < toMs; nowMs += 10) {
    const endsFrame = nowMs % 50 === 0;
    layers.forEach(([spatial, temporal], index) =>
      rates.handlePacket(spatial, temporal, 100 * (index + 1), endsFrame, nowMs)
    );
  }
}

Deno.test({
  name: "B303: the bits per second of a layer are those of it and of all below it, over the last second",
  permissions: "none",
  fn() {
    const rates = new LayerRates();
    assert.equal(rates.bitsPerSecond(0, 0, 0), 0);
    feed(rates, 1000, 4000, [[0, 0], [0, 1], [1, 0], [1, 1]]);
    const of = (spatial: number, temporal: number) => rates.bitsPerSecond(spatial, temporal, 4000);
    assert.deepEqual([of(0, 0), of(0, 1), of(1, 0), of(1, 1)], [80_000, 240_000, 320_000, 800_000]);
    assert.deepEqual([of(Infinity, Infinity), of(7, 0), of(3, 7)], [800_000, 320_000, 800_000]);
  },
});

Deno.test({
  name: "B303: what has just begun is measured by what there is of it, and what goes silent falls to 0 within a second",
  permissions: "none",
  fn() {
    const rates = new LayerRates();
    feed(rates, 10_000, 10_500, [[0, 0]]);
    assert.equal(rates.bitsPerSecond(0, 0, 10_200), 0, "no whole quarter of a second yet");
    assert.equal(rates.bitsPerSecond(0, 0, 10_510), 80_000);
    assert.equal(rates.bitsPerSecond(0, 0, 11_000), 40_000);
    assert.equal(rates.bitsPerSecond(0, 0, 11_500), 0);
    assert.equal(rates.bitsPerSecond(0, 0, 99_500), 0);
    feed(rates, 100_000, 101_000, [[0, 0]]);
    assert.equal(rates.bitsPerSecond(0, 0, 101_000), 80_000, "nothing is left of before");
  },
});

Deno.test({
  name: "B303: the rates of a stream that has stopped stay what they were, until it goes on",
  permissions: "none",
  fn() {
    const rates = new LayerRates();
    feed(rates, 0, 2000, [[0, 0], [0, 1]]);
    assert.equal(rates.bitsPerSecond(0, 1, 2500), 120_000, "it may only be late");
    rates.hold();
    assert.deepEqual([0, 1].map((temporal) => rates.bitsPerSecond(0, temporal, 60_000)), [80_000, 240_000]);
    assert.deepEqual([0, 1].map((temporal) => rates.framesPerSecond(temporal, 60_000)), [20, 40]);
    feed(rates, 60_000, 61_000, [[0, 0]]);
    assert.equal(rates.bitsPerSecond(0, Infinity, 61_000), 80_000);
    assert.equal(rates.framesPerSecond(Infinity, 61_000), 20);
  },
});

Deno.test({
  name: "B303: the pictures per second of a temporal layer are those of it and of all below it",
  permissions: "none",
  fn() {
    const rates = new LayerRates();
    assert.equal(rates.framesPerSecond(0, 0), 0);
    feed(rates, 1000, 1200, [[0, 0]]);
    assert.equal(rates.framesPerSecond(0, 1200), 0, "no whole quarter of a second yet");
    feed(rates, 1200, 4000, [[0, 0], [0, 1], [0, 9]]);
    assert.deepEqual([0, 1, 2, 3, Infinity].map((temporal) => rates.framesPerSecond(temporal, 4000)), [
      20,
      40,
      40,
      60,
      60,
    ]);
    assert.equal(rates.framesPerSecond(0, 4500), 10);
    assert.equal(rates.framesPerSecond(0, 9000), 0);
  },
});

Deno.test({
  name: "more layers than are told apart count as the highest one",
  permissions: "none",
  fn() {
    const rates = new LayerRates();
    feed(rates, 0, 1000, [[7, 7]]);
    assert.equal(rates.bitsPerSecond(3, 3, 1000), 80_000);
    assert.equal(rates.bitsPerSecond(2, 3, 1000), 0);
  },
});
