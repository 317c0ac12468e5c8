import type { DtlsConnected } from "../../webrtc/dtls.ts";
import { SRTP_PROFILE_PREFERENCE, SRTP_PROFILES } from "../../webrtc/srtp/profile.ts";
import type { RecordSecrets } from "../dtls/gcm_records.ts";
import { type DtlsRecord, MAX_DATAGRAM, readRecords } from "../dtls/record.ts";
import type { OpenSslContext } from "./openssl_dtls_context.ts";
import { cString, type Libssl } from "./openssl_dtls_library.ts";

/** Commands of SSL_ctrl and BIO_ctrl. */
const SET_LINK_MTU = 120;
const GET_EXTENDED_MASTER_SECRET = 122;
const BIO_RESET = 1;
const BIO_PENDING = 10;

/** Of SSL_get_error. */
const WANT_READ = 2;
/** Of SSL_get_shutdown: the client has sent close_notify or a fatal alert. */
const RECEIVED_SHUTDOWN = 2;

/** RFC 5764 section 4.2. */
const EXPORTER_LABEL = cString("EXTRACTOR-dtls_srtp");

/** RFC 5246 section 8.1, and of a hello's random. */
const MASTER_SECRET_LENGTH = 48;
const RANDOM_LENGTH = 32;

/** What became of the handshake. */
export type HandshakeProgress = "pending" | "complete" | "failed";

/**
 * An SSL between two BIOs in memory. It knows neither datagrams nor time, and calls nobody back, so
 * nothing can free it while OpenSSL is at work. No method may be called after `free`.
 */
export class OpenSslConnection {
  readonly #libssl: Libssl;
  readonly #ssl: NonNullable<Deno.PointerValue>;
  readonly #input: NonNullable<Deno.PointerValue>;
  readonly #output: NonNullable<Deno.PointerValue>;

  private constructor(
    libssl: Libssl,
    ssl: NonNullable<Deno.PointerValue>,
    input: NonNullable<Deno.PointerValue>,
    output: NonNullable<Deno.PointerValue>,
  ) {
    this.#libssl = libssl;
    this.#ssl = ssl;
    this.#input = input;
    this.#output = output;
  }

  /** A connection that has not begun; undefined where OpenSSL has no memory for it. */
  static open({ libssl, role, pointer, neverDue }: OpenSslContext): OpenSslConnection | undefined {
    const { call } = libssl;
    const ssl = call.SSL_new(pointer);
    const [input, output] = [memoryBio(libssl), memoryBio(libssl)];
    if (ssl === null || input === null || output === null) {
      if (ssl !== null) call.SSL_free(ssl);
      for (const bio of [input, output]) if (bio !== null) call.BIO_free(bio);
      return undefined;
    }
    // They are the SSL's from here on.
    call.SSL_set_bio(ssl, input, output);
    if (role === "server") call.SSL_set_accept_state(ssl);
    else call.SSL_set_connect_state(ssl);
    call.SSL_ctrl(ssl, SET_LINK_MTU, BigInt(MAX_DATAGRAM), null);
    // OpenSSL reads the wall clock: it is told to wait longer than any handshake may last. Repeating is the session's.
    call.DTLS_set_timer_cb(ssl, neverDue);
    return new OpenSslConnection(libssl, ssl, input, output);
  }

  /** Takes a record, or none, and goes on with the handshake. A record that is not authentic changes nothing. */
  handshake(record?: Uint8Array): HandshakeProgress {
    const { call } = this.#libssl;
    this.#give(record);
    const result = call.SSL_do_handshake(this.#ssl);
    const isWaiting = result < 0 && call.SSL_get_error(this.#ssl, result) === WANT_READ;
    this.#dropInput();
    if (result === 1) return "complete";
    return isWaiting ? "pending" : "failed";
  }

  /** Why the last call did not go well, in words. */
  problem(): string {
    const hasAlert = (this.#libssl.call.SSL_get_shutdown(this.#ssl) & RECEIVED_SHUTDOWN) !== 0;
    return hasAlert ? "closed by peer" : this.#libssl.lastError();
  }

  /** The records that are to be sent. Those of epoch 0 have OpenSSL's numbers, which may be changed. */
  takeOutput(): DtlsRecord[] {
    return readRecords(this.#takeBytes()) ?? [];
  }

  /**
   * What a complete handshake has agreed on, from the server's side; or why that will not do, in words. The output is
   * taken before.
   */
  agreement(): DtlsConnected | string {
    const { call } = this.#libssl;
    const profile = this.#profile();
    if (profile === undefined) return "no common SRTP profile";
    if (call.SSL_ctrl(this.#ssl, GET_EXTENDED_MASTER_SECRET, 0n, null) !== 1n) return "no extended master secret";
    const certificate = call.SSL_get0_peer_certificate(this.#ssl);
    if (certificate === null || call.i2d_X509_bio(this.#output, certificate) !== 1) return "no certificate";
    const remoteCertificate = this.#takeBytes();
    const { keyLength, saltLength } = SRTP_PROFILES[profile];
    const material = this.#exportKeys(2 * (keyLength + saltLength));
    if (material === undefined) return "no keys";
    let end = 0;
    const next = (length: number) => material.slice(end, end += length);
    const [remoteKey, localKey] = [next(keyLength), next(keyLength)];
    const [remoteSalt, localSalt] = [next(saltLength), next(saltLength)];
    material.fill(0);
    return {
      profile,
      local: { key: localKey, salt: localSalt },
      remote: { key: remoteKey, salt: remoteSalt },
      remoteCertificate,
    };
  }

  /** What protects records from here on, for the caller to wipe; undefined where OpenSSL does not tell. */
  recordSecrets(): RecordSecrets | undefined {
    const { call } = this.#libssl;
    const [cipher, session] = [call.SSL_get_current_cipher(this.#ssl), call.SSL_get_session(this.#ssl)];
    if (cipher === null || session === null) return undefined;
    const [masterSecret, clientRandom, serverRandom] = [MASTER_SECRET_LENGTH, RANDOM_LENGTH, RANDOM_LENGTH].map(
      (length) => new Uint8Array(new ArrayBuffer(length)),
    );
    const lengths = [
      call.SSL_SESSION_get_master_key(session, masterSecret, BigInt(MASTER_SECRET_LENGTH)),
      call.SSL_get_client_random(this.#ssl, clientRandom, BigInt(RANDOM_LENGTH)),
      call.SSL_get_server_random(this.#ssl, serverRandom, BigInt(RANDOM_LENGTH)),
    ].map(Number);
    if (lengths.join() !== [MASTER_SECRET_LENGTH, RANDOM_LENGTH, RANDOM_LENGTH].join()) {
      masterSecret.fill(0);
      return undefined;
    }
    return { suite: call.SSL_CIPHER_get_protocol_id(cipher), masterSecret, clientRandom, serverRandom };
  }

  /** Has close_notify put out. */
  shutdown(): void {
    this.#libssl.call.SSL_shutdown(this.#ssl);
  }

  free(): void {
    this.#libssl.call.SSL_free(this.#ssl);
  }

  #give(record?: Uint8Array): void {
    const { call } = this.#libssl;
    // SSL_get_error looks at what stands there.
    call.ERR_clear_error();
    if (record !== undefined) call.BIO_write(this.#input, record, record.length);
  }

  /** What OpenSSL has left of a record would be the beginning of the next one. */
  #dropInput(): void {
    this.#libssl.call.BIO_ctrl(this.#input, BIO_RESET, 0n, null);
  }

  #takeBytes(): Uint8Array {
    const { call } = this.#libssl;
    const bytes = new Uint8Array(Number(call.BIO_ctrl(this.#output, BIO_PENDING, 0n, null)));
    if (bytes.length > 0) call.BIO_read(this.#output, bytes, bytes.length);
    return bytes;
  }

  /** From a struct of a name's address and the profile's number, an unsigned long. */
  #profile() {
    const { call } = this.#libssl;
    const profile = call.SSL_get_selected_srtp_profile(this.#ssl);
    if (profile === null) return undefined;
    const struct = new BigUint64Array(2);
    call.copyFrom(struct, profile, BigInt(struct.byteLength));
    return SRTP_PROFILE_PREFERENCE.find((name) => BigInt(SRTP_PROFILES[name].id) === struct[1]);
  }

  #exportKeys(length: number): Uint8Array | undefined {
    const { call } = this.#libssl;
    const material = new Uint8Array(length);
    const labelLength = BigInt(EXPORTER_LABEL.length - 1);
    const result = call.SSL_export_keying_material(
      this.#ssl,
      material,
      BigInt(length),
      EXPORTER_LABEL,
      labelLength,
      null,
      0n,
      0,
    );
    return result === 1 ? material : undefined;
  }
}

function memoryBio({ call }: Libssl): Deno.PointerValue {
  const method = call.BIO_s_mem();
  return method === null ? null : call.BIO_new(method);
}
