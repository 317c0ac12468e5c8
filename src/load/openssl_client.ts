import { createCertificate } from "../io/dtls/certificate.ts";
import { type DtlsRecord, MAX_DATAGRAM, packRecords, readRecords, writeRecord } from "../io/dtls/record.ts";
import { OpenSslConnection } from "../io/native/openssl_dtls_connection.ts";
import { createContext, type OpenSslContext } from "../io/native/openssl_dtls_context.ts";
import type { Libssl } from "../io/native/openssl_dtls_library.ts";
import type { ClientDtls, ClientHandshake, HandshakeSurroundings } from "./client_handshake.ts";

/** As browsers wait for an answer: twice the round trip of a connectivity check, within these bounds. */
const MIN_TIMEOUT_MS = 50;
const MAX_TIMEOUT_MS = 3_000;

/** OpenSSL as the clients' DTLS, with a certificate for all of them. */
export interface OpenSslClientDtls extends ClientDtls {
  /** The other side of a handshake, for a server that would begin it itself. */
  accept(surroundings: HandshakeSurroundings): ClientHandshake;
  /** Closes the library too. To be called when all handshakes have stopped. */
  close(): void;
}

export function openOpenSslClients(libssl: Libssl): OpenSslClientDtls {
  const certificate = createCertificate(Date.now());
  const client = createContext(libssl, certificate, "client");
  const server = createContext(libssl, certificate, "server");
  return {
    fingerprint: certificate.fingerprint,
    open: (surroundings) => new OpenSslHandshake(client, surroundings),
    accept: (surroundings) => new OpenSslHandshake(server, surroundings),
    close() {
      client.free();
      server.free();
      libssl.close();
    },
  };
}

/**
 * A client that keeps to RFC 6347 whatever the network does: OpenSSL orders what comes, drops what it has and says each
 * thing once, and here it is said again. Time is the caller's: OpenSSL's own timer reads the wall clock and never fires.
 */
class OpenSslHandshake implements ClientHandshake {
  readonly #connection: OpenSslConnection;
  readonly #with: HandshakeSurroundings;
  /** What OpenSSL has said last. */
  #flight: readonly DtlsRecord[] = [];
  /** The next sequence number of epoch 0: a record that is repeated gets a new one (RFC 6347 section 4.2.4). */
  #nextNumber = 0;
  #timeoutMs = MIN_TIMEOUT_MS;
  #timer: number | undefined;
  #state: "waiting" | "handshaking" | "over" = "waiting";

  constructor(context: OpenSslContext, surroundings: HandshakeSurroundings) {
    const connection = OpenSslConnection.open(context);
    if (connection === undefined) throw new Error("OpenSSL has no memory for a connection");
    this.#connection = connection;
    this.#with = surroundings;
  }

  start(roundTripMs: number): void {
    if (this.#state !== "waiting") return;
    this.#state = "handshaking";
    this.#timeoutMs = Math.max(MIN_TIMEOUT_MS, Math.min(2 * roundTripMs, MAX_TIMEOUT_MS));
    this.#advance();
  }

  handleDatagram(bytes: Uint8Array): void {
    for (const { type, epoch, sequenceNumber, fragment } of readRecords(bytes) ?? []) {
      if (this.#state === "handshaking") this.#advance(writeRecord(type, epoch, sequenceNumber, fragment));
    }
  }

  stop(): void {
    if (this.#timer !== undefined) this.#with.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#state !== "over") this.#connection.free();
    this.#state = "over";
  }

  #advance(record?: Uint8Array): void {
    const progress = this.#connection.handshake(record);
    const output = this.#connection.takeOutput();
    if (progress === "failed") throw new Error(`the client's handshake failed: ${this.#connection.problem()}`);
    if (output.length > 0) this.#send(output);
    if (progress === "pending") return;
    const agreement = this.#connection.agreement();
    this.stop();
    if (typeof agreement === "string") throw new Error(`the client is not content: ${agreement}`);
    this.#with.connected(agreement);
  }

  #send(flight: readonly DtlsRecord[]): void {
    this.#flight = flight;
    const records = flight.map(({ type, epoch, sequenceNumber, fragment }) =>
      writeRecord(type, epoch, epoch === 0 ? this.#nextNumber++ : sequenceNumber, fragment)
    );
    for (const datagram of packRecords(records, MAX_DATAGRAM)) this.#with.send(datagram);
    const { clock } = this.#with;
    if (this.#timer !== undefined) clock.clearTimeout(this.#timer);
    this.#timer = clock.setTimeout(() => this.#repeat(), this.#timeoutMs);
  }

  #repeat(): void {
    this.#timeoutMs = Math.min(2 * this.#timeoutMs, MAX_TIMEOUT_MS);
    this.#send(this.#flight);
  }
}
