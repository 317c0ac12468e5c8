import assert from "node:assert/strict";
import { BACKEND_OPTIONS } from "../../tests/harness/backend_options.ts";
import { seededRandom } from "../../tests/harness/seeded_random.ts";
import { VirtualClock } from "../../tests/harness/virtual_clock.ts";
import type { BackendOptions } from "./backend_options.ts";
import { chooseBackend } from "./choose_backend.ts";
import { createCertificate } from "./dtls/certificate.ts";
import { LIBC } from "./native/libc.ts";
import { candidatePaths } from "./native/libraries.ts";

const WITHOUT_NATIVE = Deno.build.os !== "linux";
const CERTIFICATE = createCertificate(Date.UTC(2027, 0, 1));
const FFI = candidatePaths(LIBC);

function choose(choice: BackendOptions["choice"], options: Partial<BackendOptions> = {}) {
  return chooseBackend({
    ...BACKEND_OPTIONS,
    choice,
    clock: new VirtualClock(),
    random: seededRandom(1),
    certificate: CERTIFICATE,
    ...options,
  });
}

function refusal(choice: BackendOptions["choice"], options: Partial<BackendOptions> = {}): string {
  const chosen = choose(choice, options);
  return chosen.ok ? "not refused" : chosen.reason;
}

Deno.test({
  name:
    "B160: without permission for FFI auto takes the portable backend and says why, and native is refused with the reason",
  permissions: "none",
  fn() {
    const chosen = choose("auto");
    assert.ok(chosen.ok);
    assert.deepEqual([chosen.backend.name, chosen.backend.workers], ["portable", 0]);
    assert.match(chosen.reason, /FFI/);
    assert.match(refusal("native"), /^the native backend does not run here: FFI is not allowed: --allow-ffi/);
  },
});

Deno.test({
  name: "B160: with permission for the C library auto takes the native backend, and tells what each part is by",
  ignore: WITHOUT_NATIVE,
  permissions: { ffi: FFI },
  async fn() {
    const chosen = choose("auto", { workers: 0 });
    assert.ok(chosen.ok);
    assert.equal(chosen.backend.name, "native");
    assert.match(
      chosen.reason,
      /libc\.so\.6.*no media worker.*SRTP_AEAD_AES_128_GCM by the portable cipher.*DTLS by the portable/,
    );
    await chosen.backend.close();
    const portable = choose("portable");
    assert.ok(portable.ok);
    assert.equal(portable.backend.name, "portable");
  },
});

Deno.test({
  name: "B162: where a worker's code may not be read there is none, which is told; who asks for one is refused",
  ignore: WITHOUT_NATIVE,
  permissions: { ffi: FFI },
  async fn() {
    const chosen = choose("native");
    assert.ok(chosen.ok);
    assert.equal(chosen.backend.workers, 0);
    assert.match(chosen.reason, /no media worker: a media worker needs --allow-read/);
    await chosen.backend.close();
    for (const choice of ["auto", "native"] as const) assert.match(refusal(choice, { workers: 1 }), /--allow-read/);
  },
});

Deno.test({
  name: "B160: a setting that the native backend alone has is refused where that does not run, not passed over",
  permissions: "none",
  fn() {
    for (const choice of ["auto", "portable"] as const) {
      const tcp = { workers: 1, tcpPort: 0 };
      assert.match(refusal(choice, tcp), /a TCP port and media workers together need the native backend/);
      assert.match(refusal(choice, { workers: 1 }), /a media worker needs --allow-read/);
      assert.match(refusal(choice, { udpPort: 3478 }), /^one UDP port for all peers needs the native backend/);
      assert.match(refusal(choice, { udpPorts: { min: 1, max: 2 } }), /^a range of UDP ports needs the native backend/);
    }
    assert.ok(choose("portable", { workers: 0 }).ok);
  },
});

Deno.test({
  name: "B402: more media workers than can share rooms, and numbers that are none, are refused; auto suits any backend",
  permissions: "none",
  fn() {
    for (const workers of [32, -1, 1.5, NaN]) {
      const reason = `${workers} is no number of media workers: from 0 to 31`;
      for (const choice of ["auto", "native", "portable"] as const) assert.equal(refusal(choice, { workers }), reason);
    }
    const chosen = choose("portable", { workers: "auto" });
    assert.ok(chosen.ok);
    assert.equal(chosen.backend.workers, 0);
    assert.match(
      refusal("auto", { workers: "auto", processors: 4, udpPort: 65534 }),
      /^3 media workers want UDP ports/,
    );
  },
});

Deno.test({
  name: "B176: ports that no socket can have are refused by name, for each worker, whichever backend is asked for",
  permissions: "none",
  fn() {
    const cases: readonly (readonly [Partial<BackendOptions>, string])[] = [
      [
        { udpPort: 65535, workers: 2 },
        "2 media workers want UDP ports 65535 to 65536: the last that there is is 65535",
      ],
      [
        { udpPort: 65510, workers: 31 },
        "31 media workers want UDP ports 65510 to 65540: the last that there is is 65535",
      ],
      [{ udpPort: 65536 }, "65536 is no UDP port"],
      [{ udpPort: -1 }, "-1 is no UDP port"],
      [{ udpPort: 80.5 }, "80.5 is no UDP port"],
      [{ tcpPort: 65536 }, "65536 is no TCP port"],
      [{ tcpPort: 0.5 }, "0.5 is no TCP port"],
      [{ udpPorts: { min: 0, max: 9 } }, "0-9 is no range of UDP ports"],
      [{ udpPorts: { min: 1, max: 65536 } }, "1-65536 is no range of UDP ports"],
      [{ udpPorts: { min: 9, max: 8 } }, "9-8 is no range of UDP ports"],
    ];
    for (const choice of ["auto", "native", "portable"] as const) {
      for (const [options, reason] of cases) assert.equal(refusal(choice, options), reason);
      const allowed = [{ udpPort: 65534, workers: 2 }, { udpPort: 65535 }, { udpPort: 65535, workers: 0 }, {
        udpPort: 0,
        workers: 31,
      }, { udpPorts: { min: 1, max: 65535 } }];
      for (const options of allowed) {
        assert.match(refusal(choice, options), /needs the native backend|does not run here/);
      }
    }
  },
});

Deno.test({
  name: "B159: a shared port that cannot be had is told as a reason",
  ignore: WITHOUT_NATIVE,
  permissions: { ffi: FFI, net: ["127.0.0.1"] },
  fn() {
    const taken = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
    const { port } = taken.addr as Deno.NetAddr;
    assert.match(
      refusal("native", { udpPort: port, workers: 0 }),
      /UDP port \d+ of 127\.0\.0\.1 cannot be had: EADDRINUSE/,
    );
    taken.close();
  },
});

Deno.test({
  name:
    "B196: a TCP port that cannot be had is told as a reason, whichever backend is asked for; one that is had is told",
  permissions: { ffi: FFI, net: ["127.0.0.1"] },
  async fn() {
    const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = taken.addr;
    const backends = WITHOUT_NATIVE ? ["auto", "portable"] as const : ["auto", "native", "portable"] as const;
    for (const backend of backends) {
      const reason = refusal(backend, { tcpPort: port });
      assert.match(reason, new RegExp(`TCP port ${port} of 127\\.0\\.0\\.1 cannot be had: `), backend);
    }
    taken.close();
    const chosen = choose("portable", { tcpPort: 0 });
    assert.ok(chosen.ok);
    const { tcpPort } = chosen.backend;
    assert.equal(
      chosen.reason,
      `asked for by the configuration; TCP port ${tcpPort} for clients that cannot use UDP`,
    );
    await chosen.backend.close();
    Deno.listen({ hostname: "127.0.0.1", port: tcpPort ?? 0 }).close();
  },
});
