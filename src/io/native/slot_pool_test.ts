import assert from "node:assert/strict";
import { testLibc, WITH_LIBC } from "../../../tests/harness/native_libc.ts";
import { SLOT_SIZE } from "../../webrtc/datagram.ts";
import { SlotPool } from "./slot_pool.ts";

Deno.test({
  name: "B158: memory comes page by page when it is needed, and slots that were given back are taken first",
  permissions: WITH_LIBC.permissions,
  ignore: WITH_LIBC.ignore,
  fn() {
    const libc = testLibc();
    const pool = new SlotPool(libc, 192);
    assert.equal(pool.allocated, 0);
    const first = pool.take();
    pool.give(first);
    assert.equal(pool.take(), first);
    const taken = Array.from({ length: 64 }, () => pool.take());
    assert.deepEqual([pool.allocated, pool.used], [128, 65]);
    for (const slot of taken) pool.give(slot);
    assert.deepEqual([pool.allocated, pool.used], [128, 1]);
    libc.close();
  },
});

Deno.test({
  name: "no two slots share memory, and each lies where its address says",
  permissions: WITH_LIBC.permissions,
  ignore: WITH_LIBC.ignore,
  fn() {
    const libc = testLibc();
    const pool = new SlotPool(libc, 128);
    const slots = Array.from({ length: 128 }, () => pool.take());
    assert.equal(pool.take(), -1, "there are no more");
    for (const slot of slots) pool.bytes(slot).fill(slot);
    for (const slot of slots) {
      const bytes = pool.bytes(slot);
      assert.equal(bytes.length, SLOT_SIZE);
      assert.ok(bytes.every((byte) => byte === slot));
      assert.equal(pool.address(slot), Number(libc.call.addressOf(bytes, bytes, 0n)));
    }
    libc.close();
  },
});
