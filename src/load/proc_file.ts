import { candidatePaths } from "../io/native/libraries.ts";
import { LIBC } from "../io/native/libc.ts";
import { openLibrary } from "../io/native/library.ts";

/** What is read of a file at most: those of proc(5) that are read here have some hundred bytes. */
const MAX_LENGTH = 8192;

const SYMBOLS = {
  open: { parameters: ["buffer", "i32"], result: "i32" },
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  close: { parameters: ["i32"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

/**
 * Reads small files of proc(5) by the C library: Deno itself reads nothing there for a process that has not all
 * permissions. Gives undefined where there is no such file.
 */
export function openProcFiles(): (path: string) => string | undefined {
  const library = openLibrary(candidatePaths(LIBC), SYMBOLS);
  if (!library.ok) throw new Error(library.reason);
  const { open, read, close } = library.symbols;
  const bytes = new Uint8Array(new ArrayBuffer(MAX_LENGTH));
  return (path) => {
    const fd = open(new TextEncoder().encode(`${path}\0`), 0);
    if (fd < 0) return undefined;
    const length = Number(read(fd, bytes, BigInt(MAX_LENGTH)));
    close(fd);
    // A process that has ended in between gives an error in place of its file.
    return length < 0 ? undefined : new TextDecoder().decode(bytes.subarray(0, length));
  };
}
