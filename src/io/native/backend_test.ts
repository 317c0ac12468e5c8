import { configureSync, resetSync } from "@logtape/logtape";
import assert from "node:assert/strict";
import { keyedDtls } from "../../../tests/harness/keyed_dtls.ts";
import { openDescriptors } from "../../../tests/harness/native_libc.ts";
import { seededRandom } from "../../../tests/harness/seeded_random.ts";
import { WITH_WORKER } from "../../../tests/harness/worker_setup.ts";
import { systemClock } from "../clock.ts";
import { createCertificate } from "../dtls/certificate.ts";
import { portableCiphers } from "../portable/cipher.ts";
import { createNativeBackend, type NativeOptions } from "./backend.ts";

const { ignore, permissions } = WITH_WORKER;
const LOOPBACK = "127.0.0.1";
const CERTIFICATE = createCertificate(Date.UTC(2027, 0, 1));
/** Each test process has ports of its own, below those that systems hand out. */
const PORT = 10_003 + 5 * (Deno.pid % 4000);

function create(options: Partial<NativeOptions>) {
  return createNativeBackend({
    clock: systemClock,
    random: seededRandom(1),
    certificate: CERTIFICATE,
    dtls: keyedDtls(),
    ciphers: portableCiphers,
    workers: undefined,
    roomPeersPerWorker: 100,
    yieldsToMedia: false,
    hostname: LOOPBACK,
    udpPort: undefined,
    udpPorts: undefined,
    tcpPort: undefined,
    ...options,
  });
}

function listen(port: number): Deno.DatagramConn {
  return Deno.listenDatagram({ transport: "udp", hostname: LOOPBACK, port });
}

Deno.test({
  name:
    "B166: a port that one of the workers cannot have is told, no worker is started, and the others' are given back",
  ignore,
  permissions,
  fn() {
    const taken = listen(PORT + 1);
    const before = openDescriptors();
    const result = create({ workers: 2, udpPort: PORT });
    assert.equal(result.ok || result.reason, `UDP port ${PORT + 1} of 127.0.0.1 cannot be had: EADDRINUSE`);
    assert.deepEqual(openDescriptors(), before);
    listen(PORT).close();
    taken.close();
  },
});

Deno.test({
  name: "B166: the ports of all workers are bound when the backend is there, and given back when it is closed",
  ignore,
  permissions,
  async fn() {
    const result = create({ workers: 2, udpPort: PORT });
    assert.ok(result.ok);
    assert.equal(result.backend.workers, 2);
    assert.match(result.description, /libc\.so\.6, .*for all peers, .*; 2 media workers, which share rooms; /);
    for (const port of [PORT, PORT + 1]) assert.throws(() => listen(port), Deno.errors.AddrInUse);
    await result.backend.close();
    for (const port of [PORT, PORT + 1]) listen(port).close();
  },
});

Deno.test({
  name: "B162: one worker is started where nothing else is asked for, and none where none is wanted, which is told",
  ignore,
  permissions,
  async fn() {
    for (
      const [workers, count, text] of [[undefined, 1, "; 1 media worker; "], [0, 0, "; no media worker; "]] as const
    ) {
      const result = create({ workers });
      assert.ok(result.ok);
      assert.equal(result.backend.workers, count);
      assert.ok(result.description.includes(text), result.description);
      await result.backend.close();
    }
  },
});

Deno.test({
  name: "B177: small buffers of a shared port are warned of in the log, once for all workers, and in the description",
  ignore,
  permissions,
  async fn() {
    for (const workers of [0, 2]) {
      const logged: string[] = [];
      configureSync({
        reset: true,
        sinks: { lines: ({ level, message }) => void logged.push(`${level} ${message.join("")}`) },
        loggers: [{ category: "switchboard", sinks: ["lines"] }, { category: ["logtape", "meta"], sinks: [] }],
      });
      // Twice what any kernel grants.
      const buffers = { receive: 2 ** 31 - 1, send: 2 ** 31 - 1 };
      const result = create({ workers, udpPort: 0, buffers });
      resetSync();
      assert.ok(result.ok);
      await result.backend.close();
      assert.equal(logged.length, 1);
      assert.match(logged[0], /^warning the shared UDP port has .*net\.core\.rmem_max.*net\.core\.wmem_max/);
      assert.ok(result.description.includes(logged[0].replace("warning ", "; ")), result.description);
    }
  },
});
