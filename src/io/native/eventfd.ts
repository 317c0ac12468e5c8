import { SocketError } from "./errors.ts";
import type { Libc } from "./libc.ts";

const CLOSE_ON_EXEC = 0x80000;
const NONBLOCK = 0x800;

/** An eventfd(2), which ends a wait of the poller that watches it. Throws SocketError where there is no descriptor. */
export function openEventfd(libc: Libc): number {
  const fd = libc.call.eventfd(0, CLOSE_ON_EXEC | NONBLOCK);
  if (fd < 0) throw new SocketError("eventfd is not available", libc.errno());
  return fd;
}

/** Ends a wait of the poller with this eventfd; `one` is a buffer of 8 bytes. */
export function wake(libc: Libc, wakeFd: number, one: Uint8Array<ArrayBuffer>): void {
  one.fill(0);
  // The kernel reads a 64-bit integer in the machine's byte order, which is little-endian wherever Deno runs.
  one[0] = 1;
  libc.call.write(wakeFd, one, 8n);
}
