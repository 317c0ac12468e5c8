import { WITH_LIBC } from "./native_libc.ts";

const PRIO_PROCESS = 0;
/** How far the ids of this process's threads may be above its own; they begin anew at the largest that the kernel gives. */
const MAX_DISTANCE = 1 << 15;

function openThreadCalls() {
  return Deno.dlopen(WITH_LIBC.permissions.ffi[0], {
    gettid: { parameters: [], result: "i32" },
    tgkill: { parameters: ["i32", "i32", "i32"], result: "i32" },
    getpriority: { parameters: ["i32", "u32"], result: "i32" },
  });
}

/** The id of the thread that calls. */
export function threadId(): number {
  const library = openThreadCalls();
  const id = library.symbols.gettid();
  library.close();
  return id;
}

/** The nice value of each thread of this process, by its id. Signal 0 tells whether one is there. */
export function niceValues(): Map<number, number> {
  const library = openThreadCalls();
  const { tgkill, getpriority } = library.symbols;
  const found = new Map<number, number>();
  for (const first of [1, Deno.pid]) {
    for (let id = first; id < first + MAX_DISTANCE; id++) {
      if (tgkill(Deno.pid, id, 0) === 0) found.set(id, getpriority(PRIO_PROCESS, id));
    }
  }
  library.close();
  return found;
}
