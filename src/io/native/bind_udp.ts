import {
  bindTo,
  boundPort,
  getOption,
  IPV6_V6ONLY,
  localAddress,
  setOption,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOL_SOCKET,
  trySetOption,
} from "./bind_socket.ts";
import { EADDRINUSE, SocketError } from "./errors.ts";
import type { Libc } from "./libc.ts";
import type { PortRange } from "./port_range.ts";
import { IP_PKTINFO, IPPROTO_IP, IPPROTO_IPV6 } from "./receive_batch.ts";
import { SOL_UDP, UDP_SEGMENT } from "./send_batch.ts";
import { AF_INET, type Family, type SocketAddress } from "./socket_address.ts";

const SO_SNDBUF = 7;
const SO_RCVBUF = 8;
/** Beyond the limits, for who has CAP_NET_ADMIN. */
const SO_SNDBUFFORCE = 32;
const SO_RCVBUFFORCE = 33;
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
  const { address, family, isWildcard } = localAddress(hostname);
  const fd = libc.call.socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) throw new SocketError("a UDP socket cannot be opened", libc.errno());
  try {
    setOptions(libc, fd, family, isWildcard, buffers);
    if (typeof port === "number") {
      bindTo(libc, fd, address, port, "UDP");
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

/** False where another program has the port. */
function isBound(libc: Libc, fd: number, address: SocketAddress, port: number): boolean {
  try {
    bindTo(libc, fd, address, port, "UDP");
    return true;
  } catch (error) {
    if (error instanceof SocketError && error.errno === EADDRINUSE) return false;
    throw error;
  }
}
