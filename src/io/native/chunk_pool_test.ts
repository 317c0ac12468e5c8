import assert from "node:assert/strict";
import { testLibc, WITH_LIBC } from "../../../tests/harness/native_libc.ts";
import { SLOT_SIZE } from "../../webrtc/datagram.ts";
import { CHUNK_SIZE, ChunkPool } from "./chunk_pool.ts";

Deno.test({
  name: "B158: memory comes chunk by chunk when it is needed, and a chunk that was given back is taken first",
  permissions: WITH_LIBC.permissions,
  ignore: WITH_LIBC.ignore,
  fn() {
    const libc = testLibc();
    const pool = new ChunkPool(libc, 16);
    assert.equal(pool.allocated, 0);
    const first = pool.take(false);
    pool.give(first);
    assert.equal(pool.take(false), first);
    const taken = Array.from({ length: 5 }, () => pool.take(true));
    assert.deepEqual([pool.allocated, pool.used], [6, 6]);
    for (const chunk of taken) pool.give(chunk);
    assert.deepEqual([pool.allocated, pool.used], [6, 1]);
    libc.close();
  },
});

Deno.test({
  name: "B158: the last eighth of the chunks is for queues that hold none",
  permissions: WITH_LIBC.permissions,
  ignore: WITH_LIBC.ignore,
  fn() {
    const libc = testLibc();
    const pool = new ChunkPool(libc, 16);
    const chunks = Array.from({ length: 14 }, () => pool.take(true));
    assert.equal(pool.take(true), -1);
    assert.ok(pool.take(false) >= 0 && pool.take(false) >= 0);
    assert.deepEqual([pool.take(false), pool.used], [-1, 16]);
    pool.give(chunks[0]);
    assert.equal(pool.take(true), -1);
    assert.equal(pool.take(false), chunks[0]);
    libc.close();
  },
});

Deno.test({
  name: "a datagram is copied from the slot to where the chunk's address says, and no two chunks share memory",
  permissions: WITH_LIBC.permissions,
  ignore: WITH_LIBC.ignore,
  fn() {
    const libc = testLibc();
    const pool = new ChunkPool(libc, 8);
    const chunks = Array.from({ length: 8 }, () => pool.take(false));
    for (const chunk of chunks) {
      pool.slot.fill(chunk + 1);
      pool.put(chunk, 0, SLOT_SIZE);
      pool.put(chunk, CHUNK_SIZE - 3, 3);
    }
    assert.equal(new Set(chunks.map((chunk) => pool.memory(chunk).address)).size, 8);
    for (const chunk of chunks) {
      const { bytes, address } = pool.memory(chunk);
      assert.equal(address, Number(libc.call.addressOf(bytes, bytes, 0n)));
      const copied = bytes.filter((byte) => byte === chunk + 1).length;
      assert.deepEqual([copied, bytes.length], [SLOT_SIZE + 3, CHUNK_SIZE]);
    }
    libc.close();
  },
});
