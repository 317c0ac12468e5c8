import type { Clock } from "../../src/io/clock.ts";
import type { TestClient } from "./test_client.ts";

interface Credentials {
  readonly ufrag: string;
  readonly password: string;
}

/** Until the first response a browser checks this often, later it asks for consent (RFC 7675). */
const CHECK_INTERVAL_MS = 50;
const CONSENT_INTERVAL_MS = 2_500;
const HELLO_INTERVAL_MS = 100;

/** STUN transactions of a client are told apart by one byte, which stands at the start of the transaction id. */
const TRANSACTION_OFFSET = 8;

/** A client's side of ICE and of the handshake of `keyedDtls`, over a network that may lose any of it. */
export class SimulatedConnection {
  /** When media could flow; undefined before. */
  connectedMs: number | undefined;
  /** Round trip as the connectivity checks show it; 100 ms before the first response. */
  roundTripMs = 100;
  readonly #client: TestClient;
  readonly #clock: Clock;
  readonly #connected: () => void;
  /** By transaction: when the check was sent. */
  readonly #checks = new Map<number, number>();
  readonly #timers = new Set<number>();
  #server: Credentials | undefined;
  #checked = false;

  constructor(client: TestClient, clock: Clock, connected: () => void) {
    this.#client = client;
    this.#clock = clock;
    this.#connected = connected;
  }

  /** Begins once; afterwards new credentials of the server are used from the next check on. */
  start(server: Credentials): void {
    const isFirst = this.#server === undefined;
    this.#server = server;
    if (isFirst) this.#check(server);
  }

  stop(): void {
    for (const timer of this.#timers) this.#clock.clearTimeout(timer);
    this.#timers.clear();
  }

  handleStun(bytes: Uint8Array): void {
    const transaction = bytes[TRANSACTION_OFFSET];
    const sentMs = this.#checks.get(transaction);
    if (sentMs === undefined) return;
    this.#checks.delete(transaction);
    const sampleMs = this.#clock.now() - sentMs;
    // RFC 6298 section 2.
    this.roundTripMs = this.#checked ? this.roundTripMs + (sampleMs - this.roundTripMs) / 8 : sampleMs;
    if (this.#checked) return;
    this.#checked = true;
    this.#hello();
  }

  handleDtls(): void {
    if (this.connectedMs !== undefined) return;
    this.connectedMs = this.#clock.now();
    this.#connected();
  }

  #check(server: Credentials): void {
    this.#checks.set(this.#client.check(server), this.#clock.now());
    this.#after(this.#checked ? CONSENT_INTERVAL_MS : CHECK_INTERVAL_MS, () => this.#check(this.#server ?? server));
  }

  /** The client repeats its flight until it is answered (RFC 6347 section 4.2.4). */
  #hello(): void {
    if (this.connectedMs !== undefined) return;
    this.#client.hello();
    this.#after(HELLO_INTERVAL_MS, () => this.#hello());
  }

  #after(delayMs: number, action: () => void): void {
    const timer = this.#clock.setTimeout(() => {
      this.#timers.delete(timer);
      action();
    }, delayMs);
    this.#timers.add(timer);
  }
}
