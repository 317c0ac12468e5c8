import type { RandomSource } from "../sfu/random.ts";
import type { Backend } from "./backend.ts";
import { createNativeBackend } from "./native/backend.ts";
import { createPortableBackend } from "./portable/backend.ts";

export type BackendChoice = "auto" | "native" | "portable";

export type ChosenBackend =
  | {
    readonly ok: true;
    readonly backend: Backend;
    /** Why this one, in words, for the log and /healthz. */
    readonly reason: string;
  }
  | { readonly ok: false; readonly reason: string };

/** Picks the backend: `auto` takes the native one where it runs. Only what is asked for by name can be missing. */
export function chooseBackend(choice: BackendChoice, random: RandomSource): ChosenBackend {
  const portable = createPortableBackend();
  if (choice === "portable") return { ok: true, backend: portable, reason: "asked for by the configuration" };
  const native = createNativeBackend(random, portable);
  if (native.ok) return { ok: true, backend: native.backend, reason: native.description };
  if (choice === "native") return native;
  return { ok: true, backend: portable, reason: `the native one does not run here: ${native.reason}` };
}
