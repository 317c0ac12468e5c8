import { networkOf } from "../webrtc/ip_address.ts";
import type { Limits } from "./limits.ts";
import { isThisMachine, RateLimit } from "./rate_limit.ts";

/** WebSockets that have not joined: of one network, and of all. A client that means to join has done so in a moment. */
export const MAX_WAITING_PER_NETWORK = 256;
export const MAX_WAITING = 4096;

/** Why a request, or a WebSocket's handshake, is refused. */
export interface ConnectionRefusal {
  readonly code: "too-many-requests" | "too-many-connections";
  readonly message: string;
  /** Whether it is the client's network that has too many, not the server. */
  readonly isOfNetwork: boolean;
  readonly retryAfterSeconds: number;
}

/** Seconds after which another WebSocket may find a place. */
const RETRY_AFTER_SECONDS = 5;

/** A WebSocket that is open. */
interface Place {
  readonly network: string;
  readonly openedMs: number;
}

interface Share {
  open: number;
  waiting: number;
}

/** Counts WebSockets by the network that they come from, and says who of them has not joined in time (rules P100 to P102). */
export class ConnectionLimit<T extends object> {
  /** As they are at present: they may change. */
  readonly #limits: Limits;
  readonly #requests: RateLimit;
  readonly #places = new Map<T, Place>();
  /** Those that have not joined, the oldest first. */
  readonly #waiting = new Set<T>();
  readonly #shares = new Map<string, Share>();

  constructor(limits: Limits) {
    this.#limits = limits;
    this.#requests = new RateLimit(limits.requestsPerMinute);
  }

  /** WebSockets that are open. */
  get size(): number {
    return this.#places.size;
  }

  /** Those that have not joined, the oldest first. */
  get waiting(): readonly T[] {
    return [...this.#waiting];
  }

  /** A request of a client with this IP address in text form; undefined where it is allowed. It counts in any case. */
  refuseRequest(address: string, nowMs: number): ConnectionRefusal | undefined {
    const { requestsPerMinute } = this.#limits;
    this.#requests.perMinute = requestsPerMinute;
    const waitMs = this.#requests.take(address, nowMs);
    if (waitMs === 0) return undefined;
    const retryAfterSeconds = Math.ceil(waitMs / 1000);
    const message =
      `more than ${requestsPerMinute} requests a minute from this network; again in ${retryAfterSeconds} s`;
    return { code: "too-many-requests", message, isOfNetwork: true, retryAfterSeconds };
  }

  /** Another WebSocket of a client with this IP address; undefined where there is a place for it. */
  refuse(address: string): ConnectionRefusal | undefined {
    const { maxConnections, maxConnectionsPerAddress } = this.#limits;
    if (this.size >= maxConnections) {
      return refused(false, `the server has no place for another WebSocket: ${maxConnections} are allowed`);
    }
    const share = this.#shares.get(networkOf(address));
    if (share === undefined || isThisMachine(address)) return undefined;
    if (share.open >= maxConnectionsPerAddress) {
      return refused(
        true,
        `${maxConnectionsPerAddress} WebSockets of this network are open, which are all that it may have`,
      );
    }
    if (share.waiting < MAX_WAITING_PER_NETWORK) return undefined;
    return refused(true, `${MAX_WAITING_PER_NETWORK} WebSockets of this network have not joined yet`);
  }

  /** A WebSocket is open. Returns the one that has waited longest, where too many do: it is to be closed. */
  open(connection: T, address: string, nowMs: number): T | undefined {
    const network = networkOf(address);
    this.#places.set(connection, { network, openedMs: nowMs });
    this.#waiting.add(connection);
    const share = this.#shares.get(network);
    if (share === undefined) this.#shares.set(network, { open: 1, waiting: 1 });
    else {
      share.open++;
      share.waiting++;
    }
    if (this.#waiting.size <= MAX_WAITING) return undefined;
    const [oldest] = this.#waiting;
    this.#endWait(oldest);
    return oldest;
  }

  /** Its client has joined: it may stay as long as it likes. */
  joined(connection: T): void {
    this.#endWait(connection);
  }

  close(connection: T): void {
    this.#endWait(connection);
    const place = this.#places.get(connection);
    if (place === undefined) return;
    this.#places.delete(connection);
    const share = this.#shares.get(place.network);
    if (share !== undefined && --share.open === 0) this.#shares.delete(place.network);
  }

  /** When the next one has waited for too long. */
  nextTimeout(): number {
    for (const connection of this.#waiting) return this.#deadline(connection);
    return Infinity;
  }

  /** Those that have waited for too long: they are to be closed. Each is told once. */
  takeLate(nowMs: number): readonly T[] {
    const late: T[] = [];
    for (const connection of this.#waiting) {
      if (this.#deadline(connection) > nowMs) break;
      late.push(connection);
    }
    for (const connection of late) this.#endWait(connection);
    return late;
  }

  #deadline(connection: T): number {
    return (this.#places.get(connection)?.openedMs ?? 0) + this.#limits.joinTimeout * 1000;
  }

  /** It is waited for no longer. */
  #endWait(connection: T): void {
    if (!this.#waiting.delete(connection)) return;
    const share = this.#shares.get(this.#places.get(connection)?.network ?? "");
    if (share !== undefined) share.waiting--;
  }
}

function refused(isOfNetwork: boolean, message: string): ConnectionRefusal {
  return { code: "too-many-connections", message, isOfNetwork, retryAfterSeconds: RETRY_AFTER_SECONDS };
}
