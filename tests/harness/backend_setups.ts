import type { Backend } from "../../src/io/backend.ts";
import { systemClock } from "../../src/io/clock.ts";
import { createCertificate } from "../../src/io/dtls/certificate.ts";
import { createNativeBackend } from "../../src/io/native/backend.ts";
import { portableCiphers } from "../../src/io/portable/cipher.ts";
import { createPortableBackend } from "../../src/io/portable/backend.ts";
import { keyedDtls } from "./keyed_dtls.ts";
import { WITH_LIBC } from "./native_libc.ts";
import { seededRandom } from "./seeded_random.ts";

const CERTIFICATE = createCertificate(Date.UTC(2027, 0, 1));

/** One way to run media: real sockets, and the keys of `keyedDtls`. */
export interface BackendSetup {
  readonly name: string;
  readonly ignore: boolean;
  /** What a test's permissions must have. */
  readonly ffi: string[];
  readonly open: () => Backend;
}

function openPortable(): Backend {
  const result = createPortableBackend({
    clock: systemClock,
    random: seededRandom(1),
    hostname: "127.0.0.1",
    tcpPort: undefined,
    roomPeersPerWorker: 1,
    dtls: keyedDtls(),
  });
  if (!result.ok) throw new Error(result.reason);
  return result.backend;
}

function openNative(workers: number, udpPort?: number, roomPeersPerWorker = 100): Backend {
  const result = createNativeBackend({
    clock: systemClock,
    random: seededRandom(1),
    certificate: CERTIFICATE,
    dtls: keyedDtls(),
    ciphers: portableCiphers,
    workers,
    roomPeersPerWorker,
    yieldsToMedia: false,
    hostname: "127.0.0.1",
    udpPort,
    udpPorts: undefined,
    tcpPort: undefined,
  });
  if (!result.ok) throw new Error(result.reason);
  return { ...result.backend, dtls: keyedDtls() };
}

const { ignore, permissions: { ffi } } = WITH_LIBC;
/** All of them. Those of the native backend want the C library. */
export const BACKEND_SETUPS: readonly BackendSetup[] = [
  {
    name: "portable",
    ignore: Deno.build.os !== "linux",
    ffi: [],
    open: openPortable,
  },
  { name: "native, no media worker", ignore, ffi, open: () => openNative(0) },
  { name: "native, a media worker", ignore, ffi, open: () => openNative(1) },
  { name: "native, rooms over two media workers", ignore, ffi, open: () => openNative(2, undefined, 1) },
  { name: "native, one port for all", ignore, ffi, open: () => openNative(0, 0) },
  { name: "native, one port for all in a media worker", ignore, ffi, open: () => openNative(1, 0) },
];
