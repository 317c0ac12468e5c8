import type { NodeSocket } from "../../bus/node_socket.ts";
import type { RemoteAddress } from "../../webrtc/datagram.ts";
import { parseIpAddress } from "../../webrtc/ip_address.ts";
import type { UdpSocket } from "./udp.ts";

const IPV4_BYTES = 4;

/** The socket of this node for all others, by Deno.listenDatagram. */
export class PortableNodeSocket implements NodeSocket {
  readonly port: number;
  readonly #socket: UdpSocket;
  readonly #isIpv6: boolean;

  /** `hostname` is what the socket is bound to. */
  constructor(socket: UdpSocket, hostname: string) {
    this.port = socket.port;
    this.#socket = socket;
    this.#isIpv6 = hostname.includes(":");
  }

  get dropped(): number {
    return this.#socket.dropped;
  }

  /** A socket of IPv6 reaches IPv4 by mapped addresses (RFC 4291 section 2.5.5.2). */
  resolve({ hostname, port }: RemoteAddress): RemoteAddress | undefined {
    const ip = parseIpAddress(hostname);
    if (ip === undefined || (ip.length !== IPV4_BYTES && !this.#isIpv6)) return undefined;
    if (ip.length !== IPV4_BYTES) return { hostname, port };
    return { hostname: `${this.#isIpv6 ? "::ffff:" : ""}${ip.join(".")}`, port };
  }

  slot(): Uint8Array | undefined {
    return this.#socket.slot();
  }

  commit(length: number, to: RemoteAddress): void {
    this.#socket.commit(length, to);
  }

  close(): void {
    this.#socket.close();
  }
}
