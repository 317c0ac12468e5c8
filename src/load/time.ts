import { candidatePaths } from "../io/native/libraries.ts";
import { LIBC } from "../io/native/libc.ts";
import { openLibrary } from "../io/native/library.ts";

const CLOCK_REALTIME = 0;
const CLOCK_MONOTONIC = 1;
const NONBLOCK = 0x800;
const CLOSE_ON_EXEC = 0x80000;

const SYMBOLS = {
  clock_gettime: { parameters: ["i32", "buffer"], result: "i32" },
  timerfd_create: { parameters: ["i32", "i32"], result: "i32" },
  timerfd_settime: { parameters: ["i32", "i32", "buffer", "pointer"], result: "i32" },
  nanosleep: { parameters: ["buffer", "pointer"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

type Functions = Deno.StaticForeignLibraryInterface<typeof SYMBOLS>;

/** The wall clock, which the kernel also stamps what it receives with (SO_TIMESTAMPNS). */
export class Clock {
  readonly #functions: Functions;
  /** struct timespec of a 64-bit machine. */
  readonly #time = new Uint32Array(new ArrayBuffer(16));

  constructor(functions: Functions) {
    this.#functions = functions;
  }

  /** Microseconds since 1970. */
  now(): number {
    this.#functions.clock_gettime(CLOCK_REALTIME, this.#time);
    return microseconds(this.#time, 0);
  }

  /** Blocks this thread for so long, less than a second. */
  sleep(us: number): void {
    this.#time.fill(0);
    this.#time[2] = us * 1000;
    this.#functions.nanosleep(this.#time, null);
  }
}

/** A timer whose descriptor becomes readable (timerfd_create(2)): epoll_wait itself counts in milliseconds. */
export class Alarm {
  readonly fd: number;
  readonly #functions: Functions;
  /** struct itimerspec: the interval, which stays 0, and the time to the first expiry. */
  readonly #setting = new Uint32Array(new ArrayBuffer(32));

  constructor(functions: Functions) {
    this.#functions = functions;
    this.fd = functions.timerfd_create(CLOCK_MONOTONIC, CLOSE_ON_EXEC | NONBLOCK);
    if (this.fd < 0) throw new Error("a timer cannot be had");
  }

  /** Rings once, in `delayUs` from now, which must be above 0. An alarm that was set before is forgotten. */
  set(delayUs: number): void {
    const seconds = Math.floor(delayUs / 1e6);
    this.#setting[4] = seconds;
    this.#setting[6] = Math.ceil((delayUs - seconds * 1e6) * 1000);
    this.#functions.timerfd_settime(this.fd, 0, this.#setting, null);
  }
}

/** What the C library knows of time. */
export function openTime(): { readonly clock: Clock; readonly alarm: Alarm } {
  const library = openLibrary(candidatePaths(LIBC), SYMBOLS);
  if (!library.ok) throw new Error(library.reason);
  return { clock: new Clock(library.symbols), alarm: new Alarm(library.symbols) };
}

/** Reads a struct timespec. */
export function microseconds(words: Uint32Array, at: number): number {
  return (words[at] + words[at + 1] * 2 ** 32) * 1e6 + words[at + 2] / 1000;
}
