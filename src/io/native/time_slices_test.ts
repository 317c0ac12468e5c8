import assert from "node:assert/strict";
import { type AfterSlice, runInSlices } from "./time_slices.ts";

Deno.test({
  name: "slices run until one is the last, and wait between them where they say so",
  permissions: "none",
  fn() {
    const plan: AfterSlice[] = ["more", "wait", "wait", "more", "end"];
    const told: string[] = [];
    const slice = () => {
      const [after] = plan.splice(0, 1);
      told.push(after);
      return after;
    };
    runInSlices(slice, () => void told.push("waited"));
    assert.deepEqual(told, ["more", "wait", "waited", "wait", "waited", "more", "end"]);
  },
});

Deno.test({
  name: "what a slice throws is thrown, and nothing runs after it",
  permissions: "none",
  fn() {
    let slices = 0;
    const fail = () => {
      slices++;
      throw new TypeError("a fault");
    };
    assert.throws(() => runInSlices(fail, () => {}), { name: "TypeError", message: "a fault" });
    assert.equal(slices, 1);
  },
});

Deno.test({
  name: "B397: a slice that runs in a circle is broken off, whatever it catches",
  permissions: "none",
  fn() {
    let rounds = 0;
    const hang = (): AfterSlice => {
      for (;;) {
        try {
          for (;;) rounds++;
        } finally {
          rounds = -Infinity;
        }
      }
    };
    assert.throws(() => runInSlices(hang, () => {}, 50), { message: "broken off after 50 ms without an end" });
    assert.ok(rounds > 0, "nor does it clean up");
  },
});
