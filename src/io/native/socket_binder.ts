import type { RandomSource } from "../../sfu/random.ts";
import type { SocketHandle } from "../../media/messages.ts";
import { assertReserve } from "../descriptor_reserve.ts";
import type { SocketOpener } from "../sockets.ts";
import { bindUdp, type BoundSocket, type BufferSizes, bufferSizes, hasSegmentation } from "./bind_udp.ts";
import { SocketError } from "./errors.ts";
import type { Libc } from "./libc.ts";
import { type ListeningSocket, listenTcp } from "./listen_tcp.ts";
import { type PortLimits, PortRange } from "./port_range.ts";
import { AF_INET, AF_INET6 } from "./socket_address.ts";

/** For 8 packets each 33 ms, and a pause of the loop of 0.5 s. */
const PEER_BUFFERS: BufferSizes = { receive: 256 * 1024, send: 256 * 1024 };
/** All peers are behind one another in it: at 20,000 packets a second this is for a pause of 0.4 s. */
export const SHARED_BUFFERS: BufferSizes = { receive: 16 * 1024 * 1024, send: 1024 * 1024 };
/** What an administrator raises for larger buffers. */
const LIMITS = { receive: "net.core.rmem_max", send: "net.core.wmem_max" } as const;
const LOOPBACK = "127.0.0.1";

/** The ports that peers get. */
export interface BindPlan {
  readonly random: RandomSource;
  /** One port of this address for all peers, 0 for any port; left out, each peer has a port of its own. */
  readonly shared?: { readonly hostname: string; readonly port: number } | undefined;
  /** The ports that peers may have; left out, any. */
  readonly ports?: PortLimits | undefined;
  /** The TCP port of all peers, 0 for any; left out, there is none. */
  readonly tcp?: { readonly hostname: string; readonly port: number } | undefined;
  /** Bytes of the kernel's buffers for each socket. */
  readonly buffers?: BufferSizes | undefined;
  /** False: no UDP GSO, though the kernel knows it. */
  readonly segmentation?: boolean | undefined;
}

/** Opens the UDP sockets of peers and their TCP port, for this isolate or for another one of the process. */
export class SocketBinder implements SocketOpener {
  /** How datagrams leave, which port peers get, and the buffers that the kernel granted. */
  readonly description: string;
  /** What the kernel's limits cost the peers of a shared port; undefined where they cost little. */
  readonly warning: string | undefined;
  /** The TCP port, closed with this. */
  readonly listener: ListeningSocket | undefined;
  readonly #libc: Libc;
  readonly #buffers: BufferSizes;
  readonly #ports: PortRange | undefined;
  readonly #shared: SocketHandle | undefined;
  readonly #open = new Set<number>();
  #closed = false;

  /** Binds the shared port and the TCP port. Throws SocketError where one cannot be had. */
  constructor(libc: Libc, { random, shared, ports, tcp, buffers, segmentation = true }: BindPlan) {
    this.#libc = libc;
    this.listener = tcp && listenTcp(libc, tcp);
    this.#buffers = buffers ?? (shared === undefined ? PEER_BUFFERS : SHARED_BUFFERS);
    this.#ports = ports && new PortRange(ports, random);
    // Where each peer has a socket of its own this one is for asking what the kernel grants.
    const first = this.#bindFirst({ hostname: LOOPBACK, port: 0, ...shared });
    this.#shared = shared && toHandle(first, true);
    const gso = segmentation && hasSegmentation(libc, first.fd) ? "UDP GSO" : "no UDP GSO";
    const whose = shared === undefined ? "a UDP port for each peer" : `UDP port ${first.port} for all peers`;
    const granted = bufferSizes(libc, first.fd);
    this.description = `${gso}, ${whose}, ${describeBuffers(granted)}`;
    this.warning = shared && describeShortage(this.#buffers, granted);
    if (shared === undefined) libc.call.close(first.fd);
  }

  /** See SocketOpener; the shared port is bound where it is. Throws SocketError, NoFreePortError, Error once it is closed. */
  openSocket(hostname: string): SocketHandle {
    if (this.#closed) throw new Error("the sockets are closed");
    this.#assertReserve();
    if (this.#shared !== undefined) return this.#shared;
    const bound = bindUdp(this.#libc, { hostname, port: this.#ports ?? 0, buffers: this.#buffers });
    this.#open.add(bound.fd);
    return toHandle(bound, false);
  }

  /** On a shared port too: a peer there needs no socket of its own, but who has no descriptor left can do nothing else. */
  probe(hostname: string): void {
    if (this.#closed) throw new Error("the sockets are closed");
    if (this.#shared === undefined) this.closeSocket(this.openSocket(hostname));
    else this.#assertReserve();
  }

  closeSocket({ id, port, isShared }: SocketHandle): void {
    if (isShared || !this.#open.delete(id)) return;
    this.#libc.call.close(id);
    this.#ports?.release(port);
  }

  /** Closes what is still open: once, for what has the number then is not its own. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const fd of this.#open) this.#libc.call.close(fd);
    this.#open.clear();
    if (this.#shared !== undefined) this.#libc.call.close(this.#shared.id);
    if (this.listener !== undefined) this.#libc.call.close(this.listener.fd);
  }

  #assertReserve(): void {
    const { call } = this.#libc;
    assertReserve(() => {
      const fd = call.eventfd(0, 0);
      if (fd < 0) throw new SocketError("an eventfd cannot be opened", this.#libc.errno());
      return fd;
    }, (fd) => call.close(fd));
  }

  #bindFirst(where: { readonly hostname: string; readonly port: number }): BoundSocket {
    try {
      return bindUdp(this.#libc, { ...where, buffers: this.#buffers });
    } catch (error) {
      if (this.listener !== undefined) this.#libc.call.close(this.listener.fd);
      throw error;
    }
  }
}

/** The socket behind a handle, as the kernel's calls want it. */
export function fromHandle({ id, port, family, isWildcard }: SocketHandle): BoundSocket {
  return { fd: id, port, family: family === "ipv4" ? AF_INET : AF_INET6, isWildcard };
}

function toHandle({ fd, port, family, isWildcard }: BoundSocket, isShared: boolean): SocketHandle {
  return { id: fd, port, family: family === AF_INET ? "ipv4" : "ipv6", isWildcard, isShared };
}

function describeBuffers({ receive, send }: BufferSizes): string {
  return `buffers of ${kilobytes(receive)} to receive and ${kilobytes(send)} to send`;
}

/** Undefined where at least half of what was asked for was granted. */
function describeShortage(asked: BufferSizes, granted: BufferSizes): string | undefined {
  const short = (["receive", "send"] as const).filter((way) => granted[way] < asked[way] / 2).map((way) =>
    `${kilobytes(granted[way])} of ${kilobytes(asked[way])} to ${way} (sysctl ${LIMITS[way]})`
  );
  if (short.length === 0) return undefined;
  return `the shared UDP port has ${short.join(", ")}: in a pause of the server packets of all peers are lost`;
}

function kilobytes(bytes: number): string {
  return `${Math.round(bytes / 1024)} kB`;
}
