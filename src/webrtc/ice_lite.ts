import { type RemoteAddress, sameAddress } from "./datagram.ts";
import type { IceCredentials } from "./ice_generations.ts";
import { BINDING_REQUEST, StunMessage } from "./stun.ts";
import { type StunErrorCode, writeBindingError, writeBindingSuccess } from "./stun_response.ts";

/** A peer is let go so long after its last valid request. */
export const ICE_TIMEOUT_MS = 30_000;

/** The most addresses that are remembered as validated: the newest ones and the selected one. */
export const MAX_VALIDATED_ADDRESSES = 16;

/** The server's credentials from one (re)start of ICE to the next. */
interface Generation extends IceCredentials {
  /** Whether a request that used them was answered with success. */
  used: boolean;
  /** Whether such a request nominated. */
  nominated: boolean;
}

/**
 * The server side of ICE for one peer (RFC 8445 section 2.5): it sends no checks, it answers those of the client, and
 * so learns where to send. Owns no socket and no timer.
 */
export class IceLite {
  /** Requests that were valid. */
  requests = 0;
  /** Datagrams that were no valid request: malformed, not authenticated, or answered with an error. */
  rejected = 0;

  readonly #message = new StunMessage();
  /** Newest request first. */
  readonly #validated: RemoteAddress[] = [];
  #current: Generation;
  /** The generation that media goes by since before a restart, until the client nominates by the current one. */
  #previous: Generation | undefined;
  #selected: RemoteAddress | undefined;
  #lastRequestMs = 0;

  /** `local` are the server's credentials. */
  constructor(local: IceCredentials, nowMs: number) {
    this.#lastRequestMs = nowMs;
    this.#current = { ...local, used: false, nominated: false };
  }

  /** Whether a valid request has used the server's present credentials. */
  get isCurrentUsed(): boolean {
    return this.#current.used;
  }

  /**
   * Where to send: the source of the newest valid request with USE-CANDIDATE; before there is one, or where that was a TCP
   * connection that has ended, of the next valid request. A restart keeps it until the client nominates again (RFC 8445
   * section 9).
   */
  get selected(): RemoteAddress | undefined {
    return this.#selected;
  }

  /** When the last valid request came; before the first, when this was created. */
  get lastRequestMs(): number {
    return this.#lastRequestMs;
  }

  /**
   * Begins a generation (RFC 8445 section 9). The credentials that were in use stay accepted until the client nominates by
   * the new ones (rule B200): the way that media goes by must not fail while a better one is sought, perhaps in vain.
   */
  restart(local: IceCredentials): void {
    // Two generations at most are held: of restarts in a row, that by which the client nominated last.
    if (this.#current.nominated || (this.#current.used && this.#previous === undefined)) this.#previous = this.#current;
    this.#current = { ...local, used: false, nominated: false };
  }

  /**
   * Takes one STUN datagram from `from`. Writes what is to be sent back there into `response`, at least
   * MAX_RESPONSE_LENGTH bytes, and returns its length, never more than came; 0 for nothing. Only authenticated binding
   * requests are answered.
   */
  handleDatagram(bytes: Uint8Array, length: number, from: RemoteAddress, nowMs: number, response: Uint8Array): number {
    const message = this.#message;
    if (!message.parse(bytes, length)) {
      this.rejected++;
      return 0;
    }
    // Indications ask for nothing, and as no check is sent no response belongs to one.
    if (message.type !== BINDING_REQUEST) return 0;
    const generation = this.#authenticate(message);
    if (generation === undefined) {
      this.rejected++;
      return 0;
    }
    const error = refusal(message);
    const responseLength = error === undefined
      ? writeBindingSuccess(response, message, from, generation.password)
      : writeBindingError(response, message, error, generation.password);
    // Whoever sends less than any client needs has forged the source, perhaps, to have more sent there (rule B226).
    const isLonger = responseLength > length;
    if (isLonger || error !== undefined) this.rejected++;
    else this.#accept(message, generation, from, nowMs);
    return isLonger ? 0 : responseLength;
  }

  /** Whether a valid request came from `address`. Of many addresses only the newest are remembered. */
  isValidated(address: RemoteAddress): boolean {
    if (this.#selected !== undefined && sameAddress(this.#selected, address)) return true;
    return this.#indexOf(address) >= 0;
  }

  /** When the peer expires if no valid request comes: whole, since a number with a fraction that is returned is allocated. */
  nextTimeout(): number {
    return Math.ceil(this.#lastRequestMs) + ICE_TIMEOUT_MS;
  }

  isExpired(nowMs: number): boolean {
    return nowMs >= this.nextTimeout();
  }

  /**
   * The generation that the request belongs to. The server's own ufrag and password alone decide; the client's ufrag
   * behind the colon may still be unknown here, or be newer than the last offer (RFC 8445 section 7.3).
   */
  #authenticate(message: StunMessage): Generation | undefined {
    if (isAuthentic(message, this.#current)) return this.#current;
    const previous = this.#previous;
    return previous !== undefined && isAuthentic(message, previous) ? previous : undefined;
  }

  #accept(message: StunMessage, generation: Generation, from: RemoteAddress, nowMs: number): void {
    this.requests++;
    this.#lastRequestMs = nowMs;
    generation.used = true;
    if (message.useCandidate) generation.nominated = true;
    if (this.#current.nominated) this.#previous = undefined;
    const address = this.#validate(from);
    if (message.useCandidate || this.#selected === undefined || this.#selected.isClosed) this.#selected = address;
  }

  /** Moves `from` to the front of the validated addresses. They are few, so a list is searched. */
  #validate(from: RemoteAddress): RemoteAddress {
    const index = this.#indexOf(from);
    const address = index < 0 ? lasting(from) : this.#validated[index];
    if (index === 0) return address;
    if (index > 0) this.#validated.splice(index, 1);
    this.#validated.unshift(address);
    if (this.#validated.length > MAX_VALIDATED_ADDRESSES) this.#validated.pop();
    return address;
  }

  #indexOf(address: RemoteAddress): number {
    for (let i = 0; i < this.#validated.length; i++) {
      if (sameAddress(this.#validated[i], address)) return i;
    }
    return -1;
  }
}

/** A copy, as the caller may reuse its object; but a TCP connection is its object. */
function lasting(address: RemoteAddress): RemoteAddress {
  return address.transport === "tcp" ? address : { hostname: address.hostname, port: address.port };
}

function isAuthentic(message: StunMessage, credentials: IceCredentials): boolean {
  return message.isAddressedTo(credentials.ufrag) && message.hasValidIntegrity(credentials.password);
}

/** The error that an authenticated request gets; undefined where it is valid. */
function refusal(message: StunMessage): StunErrorCode | undefined {
  if (message.unknownCount > 0) return 420;
  // PRIORITY is mandatory in a check (RFC 8445 section 7.1.1).
  if (message.priority === -1) return 400;
  // A lite agent cannot take the controlling role, so the client has to (RFC 8445 sections 6.1.1 and 7.3.1.1).
  return message.iceControlled ? 487 : undefined;
}
