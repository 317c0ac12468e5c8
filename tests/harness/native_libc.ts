import { LIBC, type Libc, openLibc } from "../../src/io/native/libc.ts";
import { needsOf } from "./native_library.ts";

const { title, permissions, ignore } = needsOf(LIBC);

/** The C library; where it cannot be opened also why. */
export const LIBC_TITLE = title;

/** Options of tests that use the C library, and nothing else by FFI; left out where it cannot be opened. */
export const WITH_LIBC = { permissions, ignore };

/** Opens the C library. */
export function testLibc(): Libc {
  const opened = openLibc();
  if (!opened.ok) throw new Error(opened.reason);
  return opened.libc;
}

/** How a sendmmsg(2) was called: the datagrams of each message, and the bytes of its control messages. */
export interface SendCall {
  readonly fd: number;
  readonly messages: readonly { readonly datagrams: number; readonly control: number }[];
}

/**
 * A C library whose sendmmsg is told what to answer: how many messages it took, a negative error number, or undefined
 * for what the kernel says.
 */
export function answeringSends(libc: Libc, answer: (call: SendCall) => number | undefined): Libc {
  let errno: number | undefined;
  const sendmmsg: Libc["call"]["sendmmsg"] = (fd, pointer, count, flags) => {
    const headers = new Uint32Array(16 * count);
    libc.call.copyFrom(headers, pointer, BigInt(headers.byteLength));
    const messages = Array.from({ length: count }, (_, i) => ({
      datagrams: headers[16 * i + 6],
      control: headers[16 * i + 10],
    }));
    const answered = answer({ fd, messages });
    errno = answered !== undefined && answered < 0 ? -answered : undefined;
    return answered === undefined ? libc.call.sendmmsg(fd, pointer, count, flags) : Math.max(answered, -1);
  };
  return { ...libc, call: { ...libc.call, sendmmsg }, errno: () => errno ?? libc.errno() };
}

/** File descriptors of this process that are open, up to 1023. */
export function openDescriptors(): number[] {
  const library = Deno.dlopen(permissions.ffi[0], { fcntl: { parameters: ["i32", "i32"], result: "i32" } });
  const F_GETFD = 1;
  const open = Array.from({ length: 1024 }, (_, fd) => fd).filter((fd) => library.symbols.fcntl(fd, F_GETFD) >= 0);
  library.close();
  return open;
}
