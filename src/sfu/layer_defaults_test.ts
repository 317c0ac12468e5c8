import assert from "node:assert/strict";
import { assumeSizes, usualBitsPerSecond, usualFps } from "./layer_defaults.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

const UNKNOWN = { width: 0, height: 0 };

test("B331: sizes that are not known are told by the order, from one that is known or from a usual camera's", () => {
  const heights = (...sizes: Parameters<typeof assumeSizes>[0]) => assumeSizes(sizes).map(({ height }) => height);
  assert.deepEqual(heights(UNKNOWN, UNKNOWN, UNKNOWN), [180, 360, 720]);
  assert.deepEqual(heights(UNKNOWN, { width: 480, height: 270 }, UNKNOWN), [135, 270, 540]);
  assert.deepEqual(heights({ width: 480, height: 270 }, UNKNOWN), [270, 540]);
  assert.deepEqual(heights({ width: 480, height: 270 }, { width: 1920, height: 1080 }), [270, 1080]);
  assert.deepEqual(heights(UNKNOWN), [0], "one alone may be anything");
});

test("B331: what has not been seen is taken for what browsers send in its size", () => {
  const bits = (width: number, height: number) => usualBitsPerSecond({ width, height }, 0, 1) / 1000;
  assert.ok(Math.abs(bits(320, 180) - 150) < 1);
  assert.ok(bits(640, 360) > 450 && bits(640, 360) < 550, `${bits(640, 360)}`);
  assert.ok(bits(1280, 720) > 1_500 && bits(1280, 720) < 2_000, `${bits(1280, 720)}`);
  assert.ok(bits(1920, 1080) > 3_000 && bits(1920, 1080) < 4_000, `${bits(1920, 1080)}`);
  assert.equal(bits(0, 0), bits(1280, 720));
  const shares = [0, 1, 2].map((temporal) => usualBitsPerSecond({ width: 320, height: 180 }, temporal, 3) / 1000);
  assert.deepEqual(shares, [60, 90, 150]);
});

test("B331: each temporal layer has half the pictures of the next one", () => {
  assert.deepEqual([0, 1, 2].map((temporal) => usualFps(temporal, 3)), [7.5, 15, 30]);
  assert.equal(usualFps(0, 1), 30);
});
