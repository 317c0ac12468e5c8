import assert from "node:assert/strict";
import type { Window } from "../candidate.ts";
import type { MeasureReply } from "../../src/load/replies.ts";
import { holds } from "./saturation.ts";

/** A window in which nothing was wrong, but for what is said. */
function window(load: Partial<MeasureReply> = {}): Window {
  const counts = {
    published: 10,
    received: 10,
    lost: 0,
    recovered: 0,
    duplicates: 0,
    reordered: 0,
    checked: 1,
    bad: 0,
  };
  const rest = { seconds: 2, silent: 0, nacks: 0, skippedFrames: 0, loadCpuMicroseconds: 0 };
  return {
    load: { ...counts, ...rest, latencyMs: { p50: 5, p99: 20, max: 30 }, ...load },
    packetMicroseconds: 3,
    packetsPerSecond: 5,
    coreShare: 0.5,
    loadShare: 0.5,
    othersShare: 0,
  };
}

Deno.test({
  name: "a step of saturation holds where nothing is lost and p99 is below 100 ms",
  permissions: "none",
  fn() {
    assert.equal(holds([window(), window(), window()]), true);
  },
});

for (const load of [{ lost: 1 }, { recovered: 1 }, { silent: 1 }, { skippedFrames: 1 }]) {
  Deno.test({
    name: `a step of saturation does not hold where one window has ${Object.keys(load)[0]} ${Object.values(load)[0]}`,
    permissions: "none",
    fn() {
      assert.equal(holds([window(), window(load), window()]), false);
    },
  });
}

Deno.test({
  name: "a step of saturation is judged by the median of p99",
  permissions: "none",
  fn() {
    const late = window({ latencyMs: { p50: 5, p99: 100, max: 200 } });
    assert.equal(holds([window(), late, window()]), true);
    assert.equal(holds([late, late, window()]), false);
  },
});
