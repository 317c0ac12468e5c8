import assert from "node:assert/strict";
import { seededRandom } from "../../tests/harness/seeded_random.ts";
import { PacketLoss } from "./packet_loss.ts";

Deno.test({
  name: "B517: the share that is asked for is dropped, and counted; of no loss nothing",
  permissions: "none",
  fn() {
    const random = seededRandom(1);
    const loss = new PacketLoss(0.02, () => random.uint32() / 2 ** 32);
    let lost = 0;
    for (let i = 0; i < 100_000; i++) if (loss.takes()) lost++;
    assert.equal(loss.dropped, lost);
    assert.ok(Math.abs(lost - 2000) < 200, `${lost}`);
    assert.equal(new PacketLoss(0, () => 0).takes(), false);
  },
});
