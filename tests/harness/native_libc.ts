import { LIBC, type Libc, openLibc } from "../../src/io/native/libc.ts";
import { SOL_UDP, UDP_SEGMENT } from "../../src/io/native/send_batch.ts";
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

/** One message of a sendmmsg(2): its datagrams, the bytes of them all, and those of its control messages. */
export interface SentMessage {
  readonly datagrams: number;
  readonly bytes: number;
  readonly control: number;
}

/** How a sendmmsg(2) was called. */
export interface SendCall {
  readonly fd: number;
  readonly messages: readonly SentMessage[];
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
    const messages = Array.from({ length: count }, (_, i) => readMessage(headers.subarray(16 * i)));
    const answered = answer({ fd, messages });
    errno = answered !== undefined && answered < 0 ? -answered : undefined;
    return answered === undefined ? libc.call.sendmmsg(fd, pointer, count, flags) : Math.max(answered, -1);
  };
  return { ...libc, call: { ...libc.call, sendmmsg }, errno: () => errno ?? libc.errno() };
}

/** Reads a struct msghdr (sendmsg(2)), its iovec and its control messages. */
function readMessage(header: Uint32Array): SentMessage {
  const [vectors, control] = [readWords(header, 4, 4), readWords(header, 8, header[10] / 4)];
  const bytes = vectors[2];
  let segmentSize = 0;
  for (let at = 0; at < control.length; at += Math.ceil(control[at] / 8) * 2) {
    if (control[at + 2] === SOL_UDP && control[at + 3] === UDP_SEGMENT) segmentSize = control[at + 4];
  }
  return { datagrams: segmentSize > 0 ? Math.ceil(bytes / segmentSize) : 1, bytes, control: header[10] };
}

/** The memory that the pointer in `words[index, index + 2)` points to. */
function readWords(words: Uint32Array, index: number, count: number): Uint32Array {
  const read = new Uint32Array(count);
  const address = BigInt(words[index]) | (BigInt(words[index + 1]) << 32n);
  const library = Deno.dlopen(permissions.ffi[0], {
    memcpy: { parameters: ["buffer", "usize", "usize"], result: "pointer" },
  });
  library.symbols.memcpy(read, address, BigInt(read.byteLength));
  library.close();
  return read;
}

/** File descriptors of this process that are open, up to 1023. */
export function openDescriptors(): number[] {
  const library = Deno.dlopen(permissions.ffi[0], { fcntl: { parameters: ["i32", "i32"], result: "i32" } });
  const F_GETFD = 1;
  const open = Array.from({ length: 1024 }, (_, fd) => fd).filter((fd) => library.symbols.fcntl(fd, F_GETFD) >= 0);
  library.close();
  return open;
}
