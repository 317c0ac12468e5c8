import assert from "node:assert/strict";
import { START_SEQUENCE_NUMBERS } from "../../tests/harness/rtp_packets.ts";
import { GIVE_UP_AFTER_MS, MAX_MISSING_AFTER_OUTAGE, ReceiveLog } from "./receive_log.ts";

const FROM_MS = 5000;

/** What a log asks for where `missing` packets are found to be lost `pauseMs` after the newest one came. */
function afterPause(start: number, missing: number, pauseMs: number) {
  const log = new ReceiveLog();
  const out = new Uint16Array(1024);
  for (let index = 0; index < 3; index++) log.handlePacket((start + index) & 0xffff, FROM_MS);
  const nowMs = FROM_MS + pauseMs;
  assert.equal(log.handlePacket((start + 3 + missing) & 0xffff, nowMs), true);
  return { log, nowMs, asked: log.collect(nowMs, 50, out), first: out[0] };
}

for (const start of START_SEQUENCE_NUMBERS) {
  Deno.test({
    name:
      `B121: what was lost in more than a second without a packet is not asked for, and wants a key frame, from ${start}`,
    permissions: "none",
    fn() {
      for (
        const [pauseMs, missing] of [[GIVE_UP_AFTER_MS + 1, MAX_MISSING_AFTER_OUTAGE + 1], [2200, 198], [8200, 738]]
      ) {
        const { log, nowMs, asked } = afterPause(start, missing, pauseMs);
        assert.deepEqual([asked, log.gaveUp, log.missing], [0, true, 0]);
        // It goes on behind the outage, and takes what comes late all the same.
        assert.equal(log.handlePacket((start + missing) & 0xffff, nowMs), true);
        assert.equal(log.handlePacket((start + missing) & 0xffff, nowMs), false);
        assert.equal(log.handlePacket((start + missing + 4) & 0xffff, nowMs), true);
        assert.equal(log.missing, 0);
      }
    },
  });

  Deno.test({
    name:
      `B121: of an outage of a second or less, and of a few packets after any pause, all is asked for, from ${start}`,
    permissions: "none",
    fn() {
      const few = MAX_MISSING_AFTER_OUTAGE;
      for (
        const [pauseMs, missing] of [[0, 298], [500, 100], [GIVE_UP_AFTER_MS, 900], [1001, few], [60_000, few], [
          9000,
          3,
        ]]
      ) {
        const { log, asked, first } = afterPause(start, missing, pauseMs);
        assert.deepEqual([asked, first, log.gaveUp], [missing, (start + 3) & 0xffff, false], `${pauseMs} ms`);
      }
    },
  });
}
