import { EADDRINUSE, SocketError } from "./errors.ts";
import type { Libc } from "./libc.ts";
import type { PortRange } from "./port_range.ts";
import { IP_PKTINFO, IPPROTO_IP, IPPROTO_IPV6 } from "./receive_batch.ts";
import { SOL_UDP, UDP_SEGMENT } from "./send_batch.ts";
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

const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0x800;
const SOCK_CLOEXEC = 0x80000;
const SOL_SOCKET = 1;
const SO_SNDBUF = 7;
const SO_RCVBUF = 8;
/** Beyond the limits, for who has CAP_NET_ADMIN. */
const SO_SNDBUFFORCE = 32;
const SO_RCVBUFFORCE = 33;
const IPV6_V6ONLY = 26;
const IPV6_RECVPKTINFO = 49;

/** A socket by its number, which another isolate of this process can use as well. */
export interface BoundSocket {
  readonly fd: number;
  readonly port: number;
  readonly family: Family;
  /** Bound to all addresses: each datagram tells which one it addressed. */
  readonly isWildcard: boolean;
}

/** Bytes of the kernel's buffers: asked for, or granted. */
export interface BufferSizes {
  readonly receive: number;
  readonly send: number;
}

export interface BindOptions {
  /** An IP address; `::` takes IPv4 as well. */
  readonly hostname: string;
  /** One port, 0 for any, or a range of them. */
  readonly port: number | PortRange;
  /** net.core.rmem_max and wmem_max limit what is granted to a process without CAP_NET_ADMIN. */
  readonly buffers: BufferSizes;
}

/** Opens a UDP socket that does not block. Throws SocketError, NoFreePortError. */
export function bindUdp(libc: Libc, { hostname, port, buffers }: BindOptions): BoundSocket {
  const address = parseSocketAddress({ hostname, port: 0 }, hostname.includes(":") ? AF_INET6 : AF_INET);
  if (address === undefined) throw new TypeError(`${hostname} is no IP address`);
  const family = address.family === AF_INET ? AF_INET : AF_INET6;
  const isWildcard = address.words.subarray(1).every((word) => word === 0);
  const fd = libc.call.socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) throw new SocketError("a UDP socket cannot be opened", libc.errno());
  try {
    setOptions(libc, fd, family, isWildcard, buffers);
    if (typeof port === "number") {
      bind(libc, fd, address, port);
      return { fd, port: boundPort(libc, fd), family, isWildcard };
    }
    return { fd, port: port.take((candidate) => isBound(libc, fd, address, candidate)), family, isWildcard };
  } catch (error) {
    libc.call.close(fd);
    throw error;
  }
}

/** What the kernel granted; it says twice as much, for its own bookkeeping (socket(7)). */
export function bufferSizes(libc: Libc, fd: number): BufferSizes {
  const half = (option: number) => (getOption(libc, fd, SOL_SOCKET, option) ?? 0) / 2;
  return { receive: half(SO_RCVBUF), send: half(SO_SNDBUF) };
}

/** Whether the kernel knows UDP GSO. Whether the way to a certain address does is found out by sending there. */
export function hasSegmentation(libc: Libc, fd: number): boolean {
  return getOption(libc, fd, SOL_UDP, UDP_SEGMENT) !== undefined;
}

function setOptions(libc: Libc, fd: number, family: Family, isWildcard: boolean, buffers: BufferSizes): void {
  setBuffer(libc, fd, SO_RCVBUFFORCE, SO_RCVBUF, buffers.receive);
  setBuffer(libc, fd, SO_SNDBUFFORCE, SO_SNDBUF, buffers.send);
  if (family === AF_INET) {
    if (isWildcard) setOption(libc, fd, IPPROTO_IP, IP_PKTINFO, 1);
  } else {
    setOption(libc, fd, IPPROTO_IPV6, IPV6_V6ONLY, isWildcard ? 0 : 1);
    if (isWildcard) setOption(libc, fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
  }
}

function setBuffer(libc: Libc, fd: number, force: number, option: number, bytes: number): void {
  if (!trySetOption(libc, fd, SOL_SOCKET, force, bytes)) setOption(libc, fd, SOL_SOCKET, option, bytes);
}

function setOption(libc: Libc, fd: number, level: number, option: number, value: number): void {
  if (trySetOption(libc, fd, level, option, value)) return;
  throw new SocketError(`the socket option ${level}/${option} cannot be set`, libc.errno());
}

function trySetOption(libc: Libc, fd: number, level: number, option: number, value: number): boolean {
  return libc.call.setsockopt(fd, level, option, new Int32Array(new ArrayBuffer(4)).fill(value), 4) >= 0;
}

/** Undefined where the kernel does not know the option. */
function getOption(libc: Libc, fd: number, level: number, option: number): number | undefined {
  const value = new Int32Array(new ArrayBuffer(4));
  const length = new Uint32Array(new ArrayBuffer(4)).fill(4);
  return libc.call.getsockopt(fd, level, option, value, length) < 0 ? undefined : value[0];
}

function bind(libc: Libc, fd: number, address: SocketAddress, port: number): void {
  const { hostname } = address;
  const bytes = new Uint8Array(new ArrayBuffer(4 * ADDRESS_WORDS));
  bytes.set(new Uint8Array(address.words.buffer));
  new DataView(bytes.buffer).setUint16(2, port);
  if (libc.call.bind(fd, bytes, sockaddrLength(address.family)) < 0) {
    throw new SocketError(`UDP port ${port} of ${hostname} cannot be had`, libc.errno());
  }
}

/** False where another program has the port. */
function isBound(libc: Libc, fd: number, address: SocketAddress, port: number): boolean {
  try {
    bind(libc, fd, address, port);
    return true;
  } catch (error) {
    if (error instanceof SocketError && error.errno === EADDRINUSE) return false;
    throw error;
  }
}

function boundPort(libc: Libc, fd: number): number {
  const words = new Uint32Array(new ArrayBuffer(4 * ADDRESS_WORDS));
  const length = new Uint32Array(new ArrayBuffer(4)).fill(words.byteLength);
  if (libc.call.getsockname(fd, words, length) < 0) throw new SocketError("getsockname", libc.errno());
  return portOf(words, 0);
}
