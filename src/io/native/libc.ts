import { candidatePaths, type SharedLibrary } from "./libraries.ts";
import { openLibrary } from "./library.ts";

export const LIBC: SharedLibrary = { name: "the C library", files: ["libc.so.6"] };

const SYMBOLS = {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  recvmmsg: { parameters: ["i32", "pointer", "u32", "i32", "pointer"], result: "i32" },
  sendmmsg: { parameters: ["i32", "pointer", "u32", "i32"], result: "i32" },
  listen: { parameters: ["i32", "i32"], result: "i32" },
  accept4: { parameters: ["i32", "buffer", "buffer", "i32"], result: "i32" },
  recv: { parameters: ["i32", "pointer", "usize", "i32"], result: "isize" },
  sendmsg: { parameters: ["i32", "pointer", "i32"], result: "isize" },
  eventfd: { parameters: ["u32", "i32"], result: "i32" },
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  epoll_create1: { parameters: ["i32"], result: "i32" },
  epoll_ctl: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  epoll_wait: { parameters: ["i32", "pointer", "i32", "i32"], result: "i32" },
  /** On a thread of its own, so that the event loop goes on. Its errno is lost with the thread. */
  epollWaitAside: {
    name: "epoll_wait",
    parameters: ["i32", "pointer", "i32", "i32"],
    result: "i32",
    nonblocking: true,
  },
  getpriority: { parameters: ["i32", "u32"], result: "i32" },
  setpriority: { parameters: ["i32", "u32", "i32"], result: "i32" },
  /** glibc alone has it. */
  malloc_trim: { parameters: ["usize"], result: "i32", optional: true },
  __errno_location: { parameters: [], result: "pointer" },
  /** Deno.UnsafePointer needs FFI as a whole. memcpy gives its first argument back, and reads what a pointer points to. */
  addressOf: { name: "memcpy", parameters: ["buffer", "buffer", "usize"], result: "u64" },
  pointerTo: { name: "memcpy", parameters: ["buffer", "buffer", "usize"], result: "pointer" },
  copyFrom: { name: "memcpy", parameters: ["buffer", "pointer", "usize"], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

/** The C library: its functions, and the error number of the last one that failed in this thread. */
export interface Libc {
  readonly path: string;
  readonly call: Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];
  /** To be asked right behind the call that failed. */
  errno(): number;
  close(): void;
}

export type OpenedLibc = { readonly ok: true; readonly libc: Libc } | { readonly ok: false; readonly reason: string };

/** Opens the C library from the first path that there is. Linux alone has these calls. */
export function openLibc(paths: readonly string[] = candidatePaths(LIBC)): OpenedLibc {
  if (Deno.build.os !== "linux") return { ok: false, reason: `native sockets are for Linux, this is ${Deno.build.os}` };
  const library = openLibrary(paths, SYMBOLS);
  if (!library.ok) return library;
  const { path, symbols: call } = library;
  const number = new Int32Array(new ArrayBuffer(4));
  return {
    ok: true,
    libc: {
      path,
      call,
      errno() {
        call.copyFrom(number, call.__errno_location(), 4n);
        return number[0];
      },
      close: () => library.close(),
    },
  };
}
