import { type OpenedLibrary, openLibrary } from "./library.ts";

/** A shared library as distributions name it. */
export interface SharedLibrary {
  readonly name: string;
  /** Below one of the folders in which libraries are kept; the first that is there is taken. */
  readonly files: readonly string[];
}

/** Of dlopen: RTLD_LAZY, and RTLD_NODELETE, which means the same number for glibc and musl. */
const LAZY_AND_FOR_GOOD = 0x1001;

/** Debian's folders for each architecture, then those of Fedora and SUSE, then those of Arch and Alpine. */
function libraryFolders(architecture: typeof Deno.build.arch): string[] {
  const debian = `${architecture}-linux-gnu`;
  return [`/usr/lib/${debian}`, `/lib/${debian}`, "/usr/lib64", "/lib64", "/usr/lib", "/lib", "/usr/local/lib"];
}

/** Where the library may lie, most likely first. A narrow --allow-ffi has to name one of these as it is written here. */
export function candidatePaths(
  { files }: SharedLibrary,
  { os, arch }: Pick<typeof Deno.build, "os" | "arch"> = Deno.build,
): string[] {
  return os === "linux" ? files.flatMap((file) => libraryFolders(arch).map((folder) => `${folder}/${file}`)) : [];
}

/**
 * Opens the first of the library's paths that is there and permitted, and keeps it in the process for good: a library
 * that has left something on a worker's thread, as BoringSSL leaves its error queue, has to be there when the thread
 * ends.
 */
export function openForGood<const Symbols extends Deno.ForeignLibraryInterface>(
  shared: SharedLibrary,
  symbols: Symbols,
): OpenedLibrary<Symbols> {
  const paths = candidatePaths(shared);
  if (paths.length === 0) return { ok: false, reason: `it is looked for on Linux only, not on ${Deno.build.os}` };
  const permitted = paths.filter((path) => Deno.permissions.querySync({ name: "ffi", path }).state === "granted");
  if (permitted.length === 0) return { ok: false, reason: `it may not be opened without --allow-ffi=${paths[0]}` };
  // A library's symbols are also those of the libraries that it depends on: the C library's are among them.
  const found = openLibrary(permitted, { dlopen: { parameters: ["buffer", "i32"], result: "pointer" } });
  if (!found.ok) return { ok: false, reason: isMissing(found.reason) ? "it is not installed" : found.reason };
  found.symbols.dlopen(new TextEncoder().encode(`${found.path}\0`), LAZY_AND_FOR_GOOD);
  found.close();
  return openLibrary([found.path], symbols);
}

/** Whether all that the loader complains of is that there is no such file. */
function isMissing(reason: string): boolean {
  return reason.split("; ").every((problem) => problem.includes("No such file"));
}
