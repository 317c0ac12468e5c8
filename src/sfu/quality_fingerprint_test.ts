import assert from "node:assert/strict";
import { cameraLayers } from "../../tests/harness/layers.ts";
import { FakeConsumer } from "../../tests/harness/quality_scene.ts";
import type { Allocation } from "./allocator.ts";
import type { WantedQuality } from "./quality.ts";
import { QualityFingerprint } from "./quality_fingerprint.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

const [LOW, MIDDLE, HIGH] = cameraLayers();
const ALLOCATION: Allocation = {
  layer: LOW,
  next: MIDDLE,
  rule: "room",
  othersBitsPerSecond: 300_000,
  waitMs: 0,
};
const SOUND = 40_000;

interface Situation {
  readonly allocation?: Partial<Allocation>;
  readonly consumer?: (consumer: FakeConsumer) => void;
  readonly isPaused?: boolean;
  readonly wanted?: WantedQuality;
  readonly limitedBy?: string;
}

function valueOf({ allocation, consumer: change, isPaused, wanted, limitedBy }: Situation = {}): number {
  const fingerprint = new QualityFingerprint();
  const consumer = new FakeConsumer("1");
  change?.(consumer);
  fingerprint.begin();
  fingerprint.addText(limitedBy ?? "delay");
  fingerprint.addConsumer(consumer, isPaused ?? false);
  fingerprint.addWanted(wanted ?? {});
  fingerprint.addAllocation({ ...ALLOCATION, ...allocation }, SOUND);
  return fingerprint.value;
}

test("P91: the same situation has the same number, whatever the rates in it are", () => {
  assert.equal(valueOf(), valueOf());
  assert.equal(valueOf(), valueOf({ allocation: { othersBitsPerSecond: 310_000, waitMs: 900 } }));
  assert.equal(valueOf(), valueOf({ allocation: { layer: { ...LOW, bitsPerSecond: 1 } } }));
});

test("P91: whatever a person would notice has another number", () => {
  const situations: Situation[] = [
    {},
    { allocation: { layer: MIDDLE, next: HIGH } },
    { allocation: { layer: undefined, next: LOW } },
    { allocation: { next: undefined } },
    { allocation: { next: HIGH } },
    { allocation: { rule: "margin" } },
    { allocation: { rule: "hold" } },
    { allocation: { othersBitsPerSecond: 0 } },
    { allocation: { othersBitsPerSecond: SOUND } },
    { consumer: (consumer) => consumer.started = false },
    { consumer: ({ current }) => current.spatial = 1 },
    { consumer: ({ current }) => current.temporal = 1 },
    { consumer: ({ current }) => current.encoding.rid = "h" },
    { consumer: ({ current }) => current.encoding.widthOf = () => 640 },
    { isPaused: true },
    { wanted: { width: 640 } },
    { wanted: { height: 640 } },
    { wanted: { fps: 15 } },
    { wanted: { off: true } },
    { limitedBy: "loss" },
  ];
  const values = situations.map(valueOf);
  for (const [i, value] of values.entries()) {
    assert.equal(values.indexOf(value), i, JSON.stringify(situations[i]));
  }
});
