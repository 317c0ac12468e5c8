import type { SrtpKeys } from "../../src/webrtc/dtls.ts";
import type { SrtpProfile } from "../../src/webrtc/srtp/profile.ts";
import type { DtlsCertificate } from "../../src/io/dtls/certificate.ts";
import { MAX_DATAGRAM, packRecords, readRecords, writeRecord } from "../../src/io/dtls/record.ts";
import { OpenSslConnection } from "../../src/io/native/openssl_dtls_connection.ts";
import { createContext, type OpenSslContext } from "../../src/io/native/openssl_dtls_context.ts";
import { openLibssl } from "../../src/io/native/openssl_dtls_library.ts";

export const SRTP_PROFILE: SrtpProfile = "SRTP_AEAD_AES_128_GCM";

/** What all DTLS clients share. Throws where libssl cannot be opened. */
export function createClientContext(certificate: DtlsCertificate): OpenSslContext {
  const opened = openLibssl();
  if (!opened.ok) throw new Error(`the load shakes hands by OpenSSL: ${opened.reason}`);
  return createContext(opened.libssl, certificate, "client");
}

export interface DtlsClientOptions {
  readonly context: OpenSslContext;
  readonly send: (datagram: Uint8Array) => void;
  /** Called once: what protects the own media, and that of the server. */
  readonly connected: (local: SrtpKeys, remote: SrtpKeys) => void;
  /** Called once at most, instead. */
  readonly failed: (reason: string) => void;
}

/**
 * The client's side of DTLS by OpenSSL: a fifth of what werift's client costs, so that the server is what limits how many
 * join in a second. The server's certificate is not looked at.
 */
export class DtlsClient {
  readonly #options: DtlsClientOptions;
  #connection: OpenSslConnection | undefined;
  #flight: readonly Uint8Array[] = [];

  constructor(options: DtlsClientOptions) {
    this.#options = options;
    this.#connection = OpenSslConnection.open(options.context);
  }

  /** Sends the ClientHello. */
  start(): void {
    this.#connection?.handshake();
    this.#sendOutput();
  }

  handleDatagram(datagram: Uint8Array): void {
    for (const { type, epoch, sequenceNumber, fragment } of readRecords(datagram) ?? []) {
      if (this.#connection === undefined) return;
      const progress = this.#connection.handshake(writeRecord(type, epoch, sequenceNumber, fragment));
      if (progress === "failed") return this.#fail(this.#connection.problem());
      this.#sendOutput();
      if (progress === "complete") this.#finish(this.#connection);
    }
  }

  /** Sends its last flight again. */
  resend(): void {
    for (const datagram of this.#flight) this.#options.send(datagram);
  }

  close(): void {
    this.#connection?.free();
    this.#connection = undefined;
  }

  #sendOutput(): void {
    const records = this.#connection?.takeOutput() ?? [];
    if (records.length === 0) return;
    const written = records.map(({ type, epoch, sequenceNumber, fragment }) =>
      writeRecord(type, epoch, sequenceNumber, fragment)
    );
    this.#flight = packRecords(written, MAX_DATAGRAM);
    this.resend();
  }

  #finish(connection: OpenSslConnection): void {
    const agreement = connection.agreement();
    if (typeof agreement === "string") return this.#fail(agreement);
    if (agreement.profile !== SRTP_PROFILE) return this.#fail(`the server takes ${agreement.profile}`);
    this.close();
    // It names them from the server's side.
    this.#options.connected(agreement.remote, agreement.local);
  }

  #fail(reason: string): void {
    this.close();
    this.#options.failed(`DTLS: ${reason}`);
  }
}
