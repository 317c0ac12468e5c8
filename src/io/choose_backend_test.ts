import assert from "node:assert/strict";
import { seededRandom } from "../../tests/harness/seeded_random.ts";
import { chooseBackend } from "./choose_backend.ts";
import { LIBC } from "./native/libc.ts";
import { candidatePaths } from "./native/libraries.ts";

const WITHOUT_NATIVE = Deno.build.os !== "linux";

Deno.test({
  name:
    "B160: without permission for FFI auto takes the portable backend and says why, and native is refused with the reason",
  permissions: "none",
  fn() {
    const chosen = chooseBackend("auto", seededRandom(1));
    assert.ok(chosen.ok);
    assert.equal(chosen.backend.name, "portable");
    assert.match(chosen.reason, /FFI/);
    const refused = chooseBackend("native", seededRandom(1));
    assert.equal(refused.ok, false);
    assert.match(refused.reason, /--allow-ffi/);
  },
});

Deno.test({
  name: "B160: with permission for the C library auto takes the native backend, and tells what each part is by",
  ignore: WITHOUT_NATIVE,
  permissions: { ffi: candidatePaths(LIBC) },
  async fn() {
    const chosen = chooseBackend("auto", seededRandom(1));
    assert.ok(chosen.ok);
    assert.equal(chosen.backend.name, "native");
    assert.match(chosen.reason, /libc\.so\.6.*SRTP_AEAD_AES_128_GCM by the portable cipher/);
    await chosen.backend.close();
    const portable = chooseBackend("portable", seededRandom(1));
    assert.ok(portable.ok);
    assert.equal(portable.backend.name, "portable");
  },
});
