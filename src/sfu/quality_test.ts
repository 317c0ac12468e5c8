import assert from "node:assert/strict";
import { ALL_WANTED, isSameWanted, type WantedQuality } from "./quality.ts";

Deno.test({
  name: "B336: the same is wanted where nothing differs, what is left out being at its default",
  permissions: "none",
  fn() {
    assert.ok(isSameWanted(ALL_WANTED, { priority: 1, pinned: false, off: false, width: undefined }));
    const wanted: WantedQuality = { width: 320, height: 180, fps: 15, priority: 2, pinned: true, off: true };
    assert.ok(isSameWanted(wanted, { ...wanted }));
    for (const name of ["width", "height", "fps", "priority", "pinned", "off"] as const) {
      assert.equal(isSameWanted(wanted, { ...wanted, [name]: undefined }), false, name);
    }
  },
});
