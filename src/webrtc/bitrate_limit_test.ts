import assert from "node:assert/strict";
import { RtpPacket, type RtpRun } from "../rtp/packet.ts";
import { buildRtp } from "../../tests/harness/rtp_builder.ts";
import { BitrateLimit } from "./bitrate_limit.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

/** So many packets of this length. */
function runOf(count: number, length: number): RtpRun {
  const bytes = buildRtp({ ssrc: 1, sequenceNumber: 1, payload: new Uint8Array(length - 12) });
  assert.equal(bytes.length, length);
  const packets = Array.from({ length: count }, () => {
    const packet = new RtpPacket();
    assert.ok(packet.parse(bytes, bytes.length));
    return packet;
  });
  return { packets, count };
}

test("B245: two seconds' worth may come at once, then as much as the limit, and a run goes on as a whole or not at all", () => {
  const limit = new BitrateLimit(8_000_000, 0);
  const run = runOf(50, 1000);
  let passed = 0;
  while (limit.allow(run, 0)) passed++;
  assert.equal(passed, 40);
  assert.equal(limit.dropped, 50);
  assert.equal(limit.allow(run, 49), false);
  assert.equal(limit.allow(run, 50), true);
  assert.equal(limit.allow(runOf(1, 1000), 50), false);
  for (let ms = 100; ms <= 10_000; ms += 50) assert.equal(limit.allow(run, ms), true, `${ms} ms`);
  assert.equal(limit.dropped, 101);
});

test("B245: however low the limit, the longest run passes where nothing came before", () => {
  const limit = new BitrateLimit(1000, 0);
  assert.equal(limit.allow(runOf(64, 2000), 0), true);
  assert.equal(limit.allow(runOf(64, 2000), 0), false);
});

test("B245: it is to be told at once, and again after 10 s", () => {
  const limit = new BitrateLimit(1000, 0);
  const told = [0, 1, 9_999, 10_000, 19_999, 20_000].filter((nowMs) => limit.shouldTell(nowMs));
  assert.deepEqual(told, [0, 10_000, 20_000]);
});
