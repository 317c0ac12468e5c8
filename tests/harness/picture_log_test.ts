import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { PayloadPart } from "./media_payload.ts";
import { PictureLog } from "./picture_log.ts";

/** Frames of three packets: the first of them starts it, the last has the marker. Each tenth is a key frame. */
function part(sequenceNumber: number) {
  const frame = Math.floor(sequenceNumber / 3);
  const start: PayloadPart = frame % 10 === 0 ? "keyFrameStart" : "frameStart";
  return { part: sequenceNumber % 3 === 0 ? start : "continuation", marker: sequenceNumber % 3 === 2, frame } as const;
}

function logOf(...sequenceNumbers: number[]): PictureLog {
  const log = new PictureLog();
  sequenceNumbers.forEach((sequenceNumber, atMs) => log.add(sequenceNumber, part(sequenceNumber), atMs));
  return log;
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const frames = (log: PictureLog) => log.shown.map(({ frame }) => frame);

Deno.test({
  name: "a frame is shown when all of it and all before it is there, in whatever order it came",
  permissions: "none",
  fn() {
    const log = logOf(1, 0, 2, 5, 8, 7, 6, 3);
    deepStrictEqual(log.shown, [{ frame: 0, atMs: 2, isKeyFrame: true }]);
    strictEqual(log.next, 3);
    log.add(4, part(4), 50);
    deepStrictEqual(log.shown.slice(1), [1, 2].map((frame) => ({ frame, atMs: 50, isKeyFrame: false })));
    strictEqual(log.next, 9);
  },
});

Deno.test({
  name: "nothing is shown before the first key frame, nor behind a gap until the next one is complete",
  permissions: "none",
  fn() {
    deepStrictEqual(frames(logOf(...range(3, 30))), []);
    deepStrictEqual(frames(logOf(...range(0, 7), ...range(8, 33))), [0, 1, 10]);
    deepStrictEqual(frames(logOf(...range(0, 7), ...range(8, 31), 32, 31)), [0, 1, 10]);
    deepStrictEqual(frames(logOf(...range(0, 7), ...range(8, 31), 32, 7)), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  },
});

Deno.test({
  name: "padding takes a number and is nothing to show",
  permissions: "none",
  fn() {
    const log = logOf(0, 1, 2);
    log.add(3, { part: "padding", marker: false, frame: -1 }, 3);
    strictEqual(log.next, 4);
    deepStrictEqual(frames(log), [0]);
  },
});

Deno.test({
  name: "a freeze is the time without a new picture, that up to the end included",
  permissions: "none",
  fn() {
    const log = logOf();
    for (const [frame, atMs] of [100, 130, 400, 430].entries()) {
      for (const i of [0, 1, 2]) log.add(frame * 3 + i, part(frame * 3 + i), atMs);
    }
    strictEqual(log.longestFreezeMs(0, 450), 270);
    strictEqual(log.longestFreezeMs(0, 1000), 570);
    strictEqual(log.longestFreezeMs(410, 450), 20);
    strictEqual(log.longestFreezeMs(500, 700), 200);
  },
});
