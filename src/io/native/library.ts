import { messageOf } from "../../webrtc/error_message.ts";
/** A library that is open, or why none is, in words. */
export type OpenedLibrary<S extends Deno.ForeignLibraryInterface> =
  | { readonly ok: true; readonly path: string; readonly symbols: Deno.DynamicLibrary<S>["symbols"]; close(): void }
  | { readonly ok: false; readonly reason: string };

/**
 * Opens the first of `paths` that exists, may be opened and has all symbols. Paths are absolute, and as they stand in
 * `--allow-ffi`: a bare name is resolved against the current folder there. Nothing is asked of the user.
 */
export function openLibrary<const S extends Deno.ForeignLibraryInterface>(
  paths: readonly string[],
  symbols: S,
): OpenedLibrary<S> {
  const allowed = paths.filter(mayOpen);
  if (allowed.length === 0) return { ok: false, reason: `FFI is not allowed: --allow-ffi=${paths.join(",")}` };
  const problems: string[] = [];
  for (const path of allowed) {
    try {
      const library = Deno.dlopen(path, symbols);
      return { ok: true, path, symbols: library.symbols, close: () => library.close() };
    } catch (error) {
      problems.push(messageOf(error));
    }
  }
  return { ok: false, reason: problems.join("; ") };
}

function mayOpen(path: string): boolean {
  return Deno.permissions.querySync({ name: "ffi", path }).state === "granted";
}
