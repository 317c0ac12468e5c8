import {
  bindTo,
  boundPort,
  IPV6_V6ONLY,
  localAddress,
  setOption,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
} from "./bind_socket.ts";
import { SocketError } from "./errors.ts";
import type { Libc } from "./libc.ts";
import { IPPROTO_IPV6 } from "./receive_batch.ts";
import { AF_INET6 } from "./socket_address.ts";

const SO_REUSEADDR = 2;
/** Handshakes that wait to be accepted; net.core.somaxconn limits it. */
const BACKLOG = 1024;

/** A TCP port by the number of its socket, which another isolate of this process can accept from. */
export interface ListeningSocket {
  readonly fd: number;
  readonly port: number;
}

/** Opens a TCP port that does not block, 0 for any; `::` takes IPv4 as well. Throws SocketError, TypeError. */
export function listenTcp(
  libc: Libc,
  { hostname, port }: { readonly hostname: string; readonly port: number },
): ListeningSocket {
  const { address, family, isWildcard } = localAddress(hostname);
  const fd = libc.call.socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) throw new SocketError("a TCP socket cannot be opened", libc.errno());
  try {
    // Connections of a server that has just ended do not keep its successor from the port.
    setOption(libc, fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (family === AF_INET6) setOption(libc, fd, IPPROTO_IPV6, IPV6_V6ONLY, isWildcard ? 0 : 1);
    bindTo(libc, fd, address, port, "TCP");
    if (libc.call.listen(fd, BACKLOG) < 0) {
      throw new SocketError(`TCP port ${port} of ${hostname} cannot be had`, libc.errno());
    }
    return { fd, port: boundPort(libc, fd) };
  } catch (error) {
    libc.call.close(fd);
    throw error;
  }
}
