import assert from "node:assert/strict";
import { SimulatedCall } from "../harness/simulated_call.ts";

const SEED = 2_200;
const DELAY_MS = 20;
const FROM_MS = 5000;
/** Bits each second: the camera sends 740,000. */
const UPLINK = 1_200_000;

for (const outageMs of [2200, 4200, 8200]) {
  Deno.test({
    name:
      `B121: ${outageMs} ms without any datagram of the publisher: then the picture is less than 200 ms old, at once`,
    permissions: "none",
    fn() {
      const clear = { delayMs: DELAY_MS };
      const call = new SimulatedCall(SEED, { up: clear, down: clear });
      const toMs = FROM_MS + outageMs;
      const schedule = [{ afterMs: FROM_MS, loss: 1 }, { afterMs: toMs, loss: 0 }];
      const alice = call.join({ up: { delayMs: DELAY_MS, bandwidth: UPLINK, schedule } });
      const video = alice.publishVideo();
      const bob = call.join();
      call.advance(toMs + 5000);
      const sentMs = new Map(video.packets.toReversed().map(({ frame, atMs }) => [frame, atMs]));
      const shown = bob.received(video).pictures.shown.filter(({ atMs }) => atMs > toMs);
      const ages = shown.map(({ frame, atMs }) => atMs - (sentMs.get(frame) ?? 0));
      assert(shown[0].atMs <= toMs + 250, `the first one after ${shown[0].atMs - toMs} ms`);
      assert(Math.max(...ages) < 200, `${Math.max(...ages)} ms old`);
      assert.deepEqual(video.nacks, []);
    },
  });
}
