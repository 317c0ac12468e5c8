import { strictEqual } from "node:assert/strict";
import { systemClock } from "./clock.ts";

Deno.test({
  name: "the system clock never goes back",
  permissions: "none",
  fn() {
    let previous = systemClock.now();
    for (let i = 0; i < 1000; i++) {
      const now = systemClock.now();
      strictEqual(now >= previous, true, `${now} came after ${previous}`);
      previous = now;
    }
  },
});

Deno.test({
  name: "a timer of the system clock fires once, and a cleared one does not",
  permissions: "none",
  async fn() {
    const fired: string[] = [];
    const cleared = systemClock.setTimeout(() => fired.push("cleared"), 0);
    systemClock.clearTimeout(cleared);
    await new Promise<void>((resolve) => {
      systemClock.setTimeout(() => {
        fired.push("kept");
        resolve();
      }, 0);
    });
    strictEqual(fired.join(), "kept");
  },
});
