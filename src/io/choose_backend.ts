import type { DtlsFactory } from "../webrtc/dtls.ts";
import { describeTcpPort } from "./backend.ts";
import {
  type BackendOptions,
  type ChosenBackend,
  nativeSetting,
  optionsProblem,
  workersWanted,
} from "./backend_options.ts";
import { createNativeBackend } from "./native/backend.ts";
import { createPortableBackend, portableWorkersRefusal } from "./portable/backend.ts";
import { portableCiphers } from "./portable/cipher.ts";
import { createPortableDtls } from "./portable/dtls.ts";

/**
 * Picks the backend: `auto` takes the native one where it runs. Only what is asked for by name can be missing: the native
 * backend, or a setting that it alone has.
 */
export function chooseBackend(options: BackendOptions): ChosenBackend {
  const { choice, certificate } = options;
  const workers = workersWanted(options);
  const problem = optionsProblem(options, workers);
  if (problem !== undefined) return { ok: false, reason: problem };
  const dtls = createPortableDtls(certificate);
  const nativeOnly = nativeSetting(options);
  if (choice === "portable") {
    if (nativeOnly === undefined) return choosePortable(options, workers, dtls, "asked for by the configuration");
    return { ok: false, reason: `${nativeOnly} needs the native backend` };
  }
  const native = createNativeBackend({ ...options, workers, dtls, ciphers: portableCiphers });
  if (native.ok) return { ok: true, backend: native.backend, reason: native.description };
  const reason = `the native backend does not run here: ${native.reason}`;
  if (choice === "native") return { ok: false, reason };
  if (nativeOnly !== undefined) return { ok: false, reason: `${nativeOnly} needs the native backend; ${reason}` };
  return choosePortable(options, workers, dtls, reason);
}

function choosePortable(
  options: BackendOptions,
  workers: number | undefined,
  dtls: DtlsFactory,
  why: string,
): ChosenBackend {
  // Where nobody asked for a number none is as good.
  const suits = options.workers !== "auto" || portableWorkersRefusal(options) === undefined;
  const created = createPortableBackend({ ...options, workers: suits ? workers : 0, dtls });
  if (!created.ok) return created;
  const { tcpPort } = created.backend;
  const reason = tcpPort === undefined ? why : `${why}; ${describeTcpPort(tcpPort)}`;
  return { ok: true, backend: created.backend, reason };
}
