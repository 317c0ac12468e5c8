/** Error numbers of Linux (errno.h) that are told apart here. */
export const EINTR = 4;
export const EAGAIN = 11;
const ENOMEM = 12;
const ENFILE = 23;
const EMFILE = 24;
const ENOBUFS = 105;
export const EADDRINUSE = 98;
const EIO = 5;
const EINVAL = 22;
const EMSGSIZE = 90;
const EOPNOTSUPP = 95;

const NAMES: ReadonlyMap<number, string> = new Map([
  [1, "EPERM"],
  [13, "EACCES"],
  [EINVAL, "EINVAL"],
  [ENFILE, "ENFILE"],
  [EMFILE, "EMFILE"],
  [92, "ENOPROTOOPT"],
  [97, "EAFNOSUPPORT"],
  [EADDRINUSE, "EADDRINUSE"],
  [99, "EADDRNOTAVAIL"],
  [ENOBUFS, "ENOBUFS"],
]);

/** Whether the process, or the machine, has nothing left for another socket: it may have later. */
export function isExhaustion(errno: number): boolean {
  return errno === EMFILE || errno === ENFILE || errno === ENOBUFS || errno === ENOMEM;
}

/** Whether a kernel, device or route that cannot segment may say so by this error; others pass. */
export function isOfSegmentation(errno: number): boolean {
  return errno === EIO || errno === EINVAL || errno === EMSGSIZE || errno === EOPNOTSUPP;
}

/** What the system refused. */
export class SocketError extends Error {
  override readonly name = "SocketError";
  readonly errno: number;

  constructor(what: string, errno: number) {
    super(`${what}: ${NAMES.get(errno) ?? `error ${errno}`}`);
    this.errno = errno;
  }
}

/** Each port of the configured range is in use. */
export class NoFreePortError extends Error {
  override readonly name = "NoFreePortError";
}
