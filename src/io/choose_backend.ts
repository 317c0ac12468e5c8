import type { Backend } from "./backend.ts";
import { createPortableBackend } from "./portable/backend.ts";

export type BackendChoice = "auto" | "portable";

/** Picks the backend, and says why in words for the log and /healthz. */
export function chooseBackend(choice: BackendChoice): { backend: Backend; reason: string } {
  const reason = choice === "auto" ? "the only one so far" : "asked for by the configuration";
  return { backend: createPortableBackend(), reason };
}
