import { candidatePaths, openForGood, type SharedLibrary } from "../../src/io/native/libraries.ts";

/** What tests of a native library declare: its path alone as permission; or that they are left out, and why. */
export interface LibraryNeeds {
  /** The library's name and, where it cannot be opened, why. */
  readonly title: string;
  readonly permissions: { readonly ffi: string[] };
  readonly ignore: boolean;
}

export function needsOf(shared: SharedLibrary): LibraryNeeds {
  const opened = openForGood(shared, {});
  if (!opened.ok) {
    const ffi = candidatePaths(shared).slice(0, 1);
    return { title: `${shared.name} (${opened.reason})`, permissions: { ffi }, ignore: true };
  }
  opened.close();
  return { title: shared.name, permissions: { ffi: [opened.path] }, ignore: false };
}
