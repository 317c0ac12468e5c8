import type { Clock } from "../../src/io/clock.ts";
import type { ClientDtls, ClientHandshake } from "../../src/load/client_handshake.ts";
import type { TestClient } from "./test_client.ts";

interface Credentials {
  readonly ufrag: string;
  readonly password: string;
}

/** Until the first response a browser checks this often, later it asks for consent (RFC 7675). */
const CHECK_INTERVAL_MS = 50;
const CONSENT_INTERVAL_MS = 2_500;

/** STUN transactions of a client are told apart by one byte, which stands at the start of the transaction id. */
const TRANSACTION_OFFSET = 8;

/** A client's side of ICE and of DTLS, over a network that may lose any of it. */
export class SimulatedConnection {
  /** When media could flow; undefined before. */
  connectedMs: number | undefined;
  /** Round trip as the connectivity checks show it; 100 ms before the first response. */
  roundTripMs = 100;
  readonly #client: TestClient;
  readonly #clock: Clock;
  readonly #handshake: ClientHandshake;
  /** By transaction: when the check was sent. */
  readonly #checks = new Map<number, number>();
  #timer: number | undefined;
  #server: Credentials | undefined;
  #checked = false;

  constructor(client: TestClient, clock: Clock, dtls: ClientDtls, connected: () => void) {
    this.#client = client;
    this.#clock = clock;
    this.#handshake = dtls.open({
      clock,
      send: (bytes) => client.sendDatagram(bytes),
      connected: (keying) => {
        client.useKeys(keying);
        this.connectedMs = clock.now();
        connected();
      },
    });
  }

  /** Begins once; afterwards new credentials of the server are used from the next check on. */
  start(server: Credentials): void {
    const isFirst = this.#server === undefined;
    this.#server = server;
    if (isFirst) this.#check(server);
  }

  stop(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#handshake.stop();
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
    this.#handshake.start(sampleMs);
  }

  handleDtls(bytes: Uint8Array): void {
    this.#handshake.handleDatagram(bytes);
  }

  #check(server: Credentials): void {
    this.#checks.set(this.#client.check(server), this.#clock.now());
    const intervalMs = this.#checked ? CONSENT_INTERVAL_MS : CHECK_INTERVAL_MS;
    this.#timer = this.#clock.setTimeout(() => this.#check(this.#server ?? server), intervalMs);
  }
}
