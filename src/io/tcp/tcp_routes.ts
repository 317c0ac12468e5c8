import { parseIpAddress } from "../../webrtc/ip_address.ts";
import { BINDING_REQUEST, StunMessage } from "../../webrtc/stun.ts";
import type { DatagramHandler } from "../sockets.ts";
import type { TcpConnection, TcpPort } from "./tcp_connection.ts";
import { TcpPeer, type TcpPeers } from "./tcp_peer.ts";

/** For a connection to prove itself; a client's first check comes a round trip after the handshake. */
export const PROOF_MS = 10_000;
/** Connections that have not proven themselves, of all and of one address. */
export const MAX_STRANGERS = 256;
export const MAX_STRANGERS_OF_ONE = 32;
/** Bytes of an IPv6 address that one site has for itself (RFC 6177). */
const SITE_BYTES = 8;

const decoder = new TextDecoder();

/** Connections since the start. */
export interface TcpCounters {
  readonly accepted: number;
  /** Closed because of what came first, because of how it was framed, or because there were too many. */
  readonly refused: number;
  /** Closed because nothing came in time. */
  readonly expired: number;
}

/** A connection that nobody has answered yet. */
interface Stranger {
  readonly site: string;
  readonly deadlineMs: number;
}

/**
 * Who the TCP connections of one isolate belong to. Strangers are few and stay for a short time: where there are too many
 * the oldest gives way, for a client needs one round trip to prove itself.
 */
export class TcpRoutes implements TcpPort, TcpPeers {
  readonly #peers = new Map<string, TcpPeer>();
  readonly #connections = new Set<TcpConnection>();
  /** Oldest first. */
  readonly #strangers = new Map<TcpConnection, Stranger>();
  readonly #message = new StunMessage();
  #accepted = 0;
  #refused = 0;
  #expired = 0;

  get counters(): TcpCounters {
    return { accepted: this.#accepted, refused: this.#refused, expired: this.#expired };
  }

  /** Connections that are open. */
  get size(): number {
    return this.#connections.size;
  }

  /** Those among them that have not proven themselves: `handleTimeout` is wanted while there are any. */
  get strangerCount(): number {
    return this.#strangers.size;
  }

  /** Whether there is a peer that a connection could be for. */
  get hasPeers(): boolean {
    return this.#peers.size > 0;
  }

  openPeer(handler: DatagramHandler, countDrops: (count: number) => void): TcpPeer {
    return new TcpPeer(this.#peers, handler, countDrops);
  }

  /** Takes a connection that was just accepted. */
  add(connection: TcpConnection, nowMs: number): void {
    const site = siteOf(connection.hostname);
    this.#accepted++;
    this.#connections.add(connection);
    this.#strangers.set(connection, { site, deadlineMs: nowMs + PROOF_MS });
    const ofSite = [...this.#strangers].filter(([, stranger]) => stranger.site === site);
    if (ofSite.length > MAX_STRANGERS_OF_ONE) this.#giveWay(ofSite[0][0]);
    else if (this.#strangers.size > MAX_STRANGERS) this.#giveWay([...this.#strangers.keys()][0]);
  }

  handleTimeout(nowMs: number): void {
    for (const [connection, { deadlineMs }] of this.#strangers) {
      if (deadlineMs > nowMs) return;
      this.#expired++;
      connection.close();
    }
  }

  /** Closes all connections. */
  close(): void {
    for (const connection of [...this.#connections]) connection.close();
  }

  ufragOf(bytes: Uint8Array, length: number): string | undefined {
    const message = this.#message;
    if (!message.parse(bytes, length) || message.type !== BINDING_REQUEST) return undefined;
    const { usernameOffset, usernameLength } = message;
    const [ufrag, ...behind] = decoder.decode(bytes.subarray(usernameOffset, usernameOffset + usernameLength)).split(
      ":",
    );
    return behind.length > 0 ? ufrag : undefined;
  }

  find(ufrag: string): TcpPeer | undefined {
    return this.#peers.get(ufrag);
  }

  prove(connection: TcpConnection): void {
    this.#strangers.delete(connection);
  }

  countRefusal(): void {
    this.#refused++;
  }

  forget(connection: TcpConnection): void {
    this.#connections.delete(connection);
    this.#strangers.delete(connection);
  }

  /** Of a burst of clients behind one address all may have sent their requests, and none had its turn. */
  #giveWay(connection: TcpConnection): void {
    connection.takeWaiting();
    if (!this.#strangers.has(connection)) return;
    this.#refused++;
    connection.close();
  }
}

/** What one attacker has at the least: an IPv4 address, or the first half of an IPv6 one. */
function siteOf(hostname: string): string {
  const address = parseIpAddress(hostname);
  return address === undefined || address.length === 4 ? hostname : address.subarray(0, SITE_BYTES).toHex();
}
