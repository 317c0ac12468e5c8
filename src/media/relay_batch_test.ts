import assert from "node:assert/strict";
import { buildRtp } from "../../tests/harness/rtp_builder.ts";
import { MAX_FRAME_BATCH } from "./media_bus.ts";
import { type BatchedStream, RelayBatch } from "./relay_batch.ts";
import { AUDIENCE, RTP_HEAD_LENGTH, writeRtpHead } from "./relay_frames.ts";

/** A stream that writes down the runs that it gets. */
function streamOf(name: string, runs: string[]): BatchedStream {
  return {
    handleRtp(run, from, to, epoch, nowMs) {
      const numbers = run.packets.slice(from, to).map(({ sequenceNumber }) => sequenceNumber);
      runs.push(`${name} ${numbers} epoch ${epoch} of ${run.packets[from].ssrc} at ${nowMs}`);
      assert.ok(to <= run.count);
    },
    handleFault(error) {
      throw error;
    },
  };
}

function frameOf(ssrc: number, sequenceNumber: number): Uint8Array {
  const packet = buildRtp({ ssrc, sequenceNumber });
  const frame = new Uint8Array(2080);
  writeRtpHead(frame, 1, 0, 0, AUDIENCE.others);
  frame.set(packet, RTP_HEAD_LENGTH);
  return frame;
}

const LENGTH = RTP_HEAD_LENGTH + buildRtp({ ssrc: 1, sequenceNumber: 1 }).length;

Deno.test({
  name: "packets of one stream are one run, in their order, whatever came between them",
  permissions: "none",
  fn() {
    const runs: string[] = [];
    const [one, two] = [streamOf("one", runs), streamOf("two", runs)];
    const batch = new RelayBatch();
    for (let i = 1; i <= 3; i++) {
      batch.add(one, 0, frameOf(10, i), LENGTH, 5);
      batch.add(two, 0, frameOf(20, 100 + i), LENGTH, 5);
    }
    assert.deepEqual(runs, []);
    batch.deliver(5);
    assert.deepEqual(runs, ["one 1,2,3 epoch 0 of 10 at 5", "two 101,102,103 epoch 0 of 20 at 5"]);
    batch.deliver(6);
    assert.equal(runs.length, 2, "each goes on once");
  },
});

Deno.test({
  name: "another SSRC or another epoch begins another run",
  permissions: "none",
  fn() {
    const runs: string[] = [];
    const stream = streamOf("one", runs);
    const batch = new RelayBatch();
    for (const [ssrc, epoch, number] of [[1, 0, 1], [1, 0, 2], [2, 0, 3], [2, 1, 4], [2, 1, 5], [2, 2, 6]]) {
      batch.add(stream, epoch, frameOf(ssrc, number), LENGTH, 0);
    }
    batch.deliver(0);
    assert.deepEqual(runs.map((run) => run.replace(/^one | at 0$/g, "")), [
      "1,2 epoch 0 of 1",
      "3 epoch 0 of 2",
      "4,5 epoch 1 of 2",
      "6 epoch 2 of 2",
    ]);
  },
});

Deno.test({
  name: "B393: what is no RTP packet is left out, and more than a batch has goes on by itself",
  permissions: "none",
  fn() {
    const runs: string[] = [];
    const stream = streamOf("one", runs);
    const batch = new RelayBatch();
    batch.add(stream, 0, frameOf(1, 1), LENGTH, 0);
    batch.add(stream, 0, frameOf(1, 2), RTP_HEAD_LENGTH + 11, 0);
    batch.add(stream, 0, frameOf(1, 2).fill(0, RTP_HEAD_LENGTH), LENGTH, 0);
    batch.add(stream, 0, frameOf(1, 3), LENGTH, 0);
    batch.deliver(0);
    assert.deepEqual(runs.splice(0), ["one 1,3 epoch 0 of 1 at 0"]);
    for (let i = 0; i <= MAX_FRAME_BATCH; i++) batch.add(stream, 0, frameOf(1, i), LENGTH, i);
    assert.equal(runs.length, 1);
    batch.deliver(99);
    assert.equal(runs[1], `one ${MAX_FRAME_BATCH} epoch 0 of 1 at 99`);
  },
});
