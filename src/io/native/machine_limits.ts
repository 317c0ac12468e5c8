import { bindUdp, type BufferSizes, bufferSizes } from "./bind_udp.ts";
import { SocketError } from "./errors.ts";
import { LIBC, openLibc } from "./libc.ts";
import { candidatePaths } from "./libraries.ts";
import { openLibrary } from "./library.ts";

const RLIMIT_NOFILE = 7;
const LOOPBACK = "127.0.0.1";

/** File descriptors that this process may have at once; undefined where the C library may not be asked. */
export function descriptorLimit(): number | undefined {
  if (Deno.build.os !== "linux") return undefined;
  const library = openLibrary(candidatePaths(LIBC), { getrlimit: { parameters: ["i32", "buffer"], result: "i32" } });
  if (!library.ok) return undefined;
  // The soft limit and the hard one, of 64 bits each where `long` has as many.
  const limits = new BigUint64Array(2);
  const failed = library.symbols.getrlimit(RLIMIT_NOFILE, limits) < 0;
  library.close();
  return failed ? undefined : Number(limits[0]);
}

/** What the kernel grants a UDP socket that asks for so much; undefined where it cannot be asked. */
export function grantedBuffers(asked: BufferSizes): BufferSizes | undefined {
  const opened = openLibc();
  if (!opened.ok) return undefined;
  const { libc } = opened;
  try {
    const { fd } = bindUdp(libc, { hostname: LOOPBACK, port: 0, buffers: asked });
    const granted = bufferSizes(libc, fd);
    libc.call.close(fd);
    return granted;
  } catch (error) {
    if (error instanceof SocketError) return undefined;
    throw error;
  } finally {
    libc.close();
  }
}
