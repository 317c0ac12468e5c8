import assert from "node:assert/strict";
import { BACKEND_OPTIONS } from "../../tests/harness/backend_options.ts";
import { seededRandom } from "../../tests/harness/seeded_random.ts";
import { LIBSSL_TITLE, WITH_LIBSSL } from "../../tests/harness/native_dtls.ts";
import { WITH_WORKER } from "../../tests/harness/worker_setup.ts";
import type { BackendOptions } from "./backend_options.ts";
import { systemClock } from "./clock.ts";
import { createCertificate } from "./dtls/certificate.ts";
import { loadBackend } from "./load_backend.ts";
import { LIBC } from "./native/libc.ts";
import { candidatePaths } from "./native/libraries.ts";

const OPTIONS: BackendOptions = {
  ...BACKEND_OPTIONS,
  choice: "auto",
  clock: systemClock,
  random: seededRandom(1),
  certificate: createCertificate(Date.UTC(2027, 0, 1)),
};

/** A package of werift's reads the names of all variables as it is loaded. */
const WERIFT = { env: true };

/** The name of the backend, its workers, and why it was taken; where none was, why not. */
async function load(options: Partial<BackendOptions>): Promise<readonly [string, number, string] | string> {
  const chosen = await loadBackend({ ...OPTIONS, ...options });
  if (!chosen.ok) return chosen.reason;
  const { name, workers, close } = chosen.backend;
  await close();
  return [name, workers, chosen.reason];
}

Deno.test({
  name: `B160: with media workers and libssl the native backend is taken (${LIBSSL_TITLE})`,
  ignore: WITH_WORKER.ignore || WITH_LIBSSL.ignore,
  permissions: { ...WITH_WORKER.permissions, ffi: [...candidatePaths(LIBC), ...WITH_LIBSSL.permissions.ffi] },
  async fn() {
    const [name, workers, reason] = await load({});
    assert.deepEqual([name, workers], ["native", 1]);
    assert.match(`${reason}`, /libc\.so\.6.*1 media worker;.*DTLS by OpenSSL's libssl/);
  },
});

Deno.test({
  name: "B160: without libssl, or without media workers, the native backend is what it is for who loads all",
  ignore: WITH_WORKER.ignore,
  permissions: { ...WITH_WORKER.permissions, ...WERIFT },
  async fn() {
    const [name, workers, reason] = await load({});
    assert.deepEqual([name, workers], ["native", 1]);
    assert.match(`${reason}`, /1 media worker;.*libssl is passed over.*DTLS by the portable implementation/);
    assert.deepEqual((await load({ workers: 0 })).slice(0, 2), ["native", 0]);
  },
});

Deno.test({
  name: "B160: where the native backend does not run auto takes the portable one, and what is refused has its reason",
  permissions: WERIFT,
  async fn() {
    const [name, workers, reason] = await load({});
    assert.deepEqual([name, workers], ["portable", 0]);
    assert.match(`${reason}`, /FFI/);
    assert.deepEqual(await load({ choice: "portable" }), ["portable", 0, "asked for by the configuration"]);
    assert.match(`${await load({ choice: "native" })}`, /^the native backend does not run here: FFI is not allowed/);
    assert.equal(await load({ workers: 99 }), "99 is no number of media workers: from 0 to 31");
    assert.equal(
      await load({ choice: "portable", udpPort: 5000 }),
      "one UDP port for all peers needs the native backend",
    );
  },
});
