import { type BackendOptions, type ChosenBackend, optionsProblem, workersWanted } from "./backend_options.ts";
import { createWorkerBackend } from "./native/worker_backend.ts";
import { portableCiphers } from "./portable/cipher.ts";

/**
 * Picks the backend as chooseBackend does, for a process that keeps in memory only what it uses: the native backend with
 * media workers is tried first, and what all others are made of, the media engine in this isolate and werift's DTLS among
 * it, is loaded where that one is not wanted or does not run.
 */
export async function loadBackend(options: BackendOptions): Promise<ChosenBackend> {
  const opened = openWorkers(options);
  if (opened !== undefined) return opened;
  const { chooseBackend } = await import("./choose_backend.ts");
  return chooseBackend(options);
}

/** Undefined where there is more to be said of it: chooseBackend says that. */
function openWorkers(options: BackendOptions): ChosenBackend | undefined {
  const workers = workersWanted(options);
  if (options.choice === "portable" || optionsProblem(options, workers) !== undefined) return undefined;
  const native = createWorkerBackend({ ...options, workers, ciphers: portableCiphers });
  return native.ok ? { ok: true, backend: native.backend, reason: native.description } : undefined;
}
