import assert from "node:assert/strict";
import { assertReserve, DESCRIPTOR_RESERVE } from "./descriptor_reserve.ts";

/** A process with so many descriptors left. */
function process(free: number) {
  const open = () => {
    if (free === 0) throw new Error("EMFILE");
    return --free;
  };
  return { reserve: () => assertReserve(open, () => void free++), free: () => free };
}

Deno.test({
  name: "B362: the reserve is there, or the error says what is missing, and all that was opened is closed",
  permissions: "none",
  fn() {
    const enough = process(DESCRIPTOR_RESERVE);
    enough.reserve();
    assert.equal(enough.free(), DESCRIPTOR_RESERVE);
    const short = process(DESCRIPTOR_RESERVE - 1);
    assert.throws(short.reserve, {
      message: "the last 32 file descriptors of the process are not for peers",
      cause: new Error("EMFILE"),
    });
    assert.equal(short.free(), DESCRIPTOR_RESERVE - 1);
  },
});
