import { SocketError } from "./errors.ts";
import type { Libc } from "./libc.ts";
import {
  ADDRESS_WORDS,
  AF_INET,
  AF_INET6,
  type Family,
  parseSocketAddress,
  portOf,
  sockaddrLength,
  type SocketAddress,
} from "./socket_address.ts";

export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_NONBLOCK = 0x800;
export const SOCK_CLOEXEC = 0x80000;
export const SOL_SOCKET = 1;
export const IPV6_V6ONLY = 26;

/** An address of this machine, to bind to. */
export interface LocalAddress {
  readonly address: SocketAddress;
  readonly family: Family;
  /** All addresses of the machine. */
  readonly isWildcard: boolean;
}

/** Throws a TypeError where the name is no IP address. */
export function localAddress(hostname: string): LocalAddress {
  const address = parseSocketAddress({ hostname, port: 0 }, hostname.includes(":") ? AF_INET6 : AF_INET);
  if (address === undefined) throw new TypeError(`${hostname} is no IP address`);
  const family = address.family === AF_INET ? AF_INET : AF_INET6;
  return { address, family, isWildcard: address.words.subarray(1).every((word) => word === 0) };
}

/** Binds a socket. `kind` is UDP or TCP, for the message of the SocketError that it throws. */
export function bindTo(libc: Libc, fd: number, address: SocketAddress, port: number, kind: string): void {
  const bytes = new Uint8Array(new ArrayBuffer(4 * ADDRESS_WORDS));
  bytes.set(new Uint8Array(address.words.buffer));
  new DataView(bytes.buffer).setUint16(2, port);
  if (libc.call.bind(fd, bytes, sockaddrLength(address.family)) < 0) {
    throw new SocketError(`${kind} port ${port} of ${address.hostname} cannot be had`, libc.errno());
  }
}

export function boundPort(libc: Libc, fd: number): number {
  const words = new Uint32Array(new ArrayBuffer(4 * ADDRESS_WORDS));
  const length = new Uint32Array(new ArrayBuffer(4)).fill(words.byteLength);
  if (libc.call.getsockname(fd, words, length) < 0) throw new SocketError("getsockname", libc.errno());
  return portOf(words, 0);
}

/** Throws SocketError. */
export function setOption(libc: Libc, fd: number, level: number, option: number, value: number): void {
  if (trySetOption(libc, fd, level, option, value)) return;
  throw new SocketError(`the socket option ${level}/${option} cannot be set`, libc.errno());
}

export function trySetOption(libc: Libc, fd: number, level: number, option: number, value: number): boolean {
  return libc.call.setsockopt(fd, level, option, new Int32Array(new ArrayBuffer(4)).fill(value), 4) >= 0;
}

/** Undefined where the kernel does not know the option. */
export function getOption(libc: Libc, fd: number, level: number, option: number): number | undefined {
  const value = new Int32Array(new ArrayBuffer(4));
  const length = new Uint32Array(new ArrayBuffer(4)).fill(4);
  return libc.call.getsockopt(fd, level, option, value, length) < 0 ? undefined : value[0];
}
