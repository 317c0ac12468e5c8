import { fingerprintOf } from "../../src/webrtc/fingerprint.ts";
import type { DtlsConnected, DtlsFactory, DtlsSession, DtlsSink } from "../../src/webrtc/dtls.ts";
import { SRTP_PROFILES, type SrtpProfile } from "../../src/webrtc/srtp/profile.ts";

/** The certificate that every client of `keyedDtls` is taken to have shown. */
const CERTIFICATE = new TextEncoder().encode("certificate of the test's client");
export const CLIENT_FINGERPRINT = { algorithm: "sha-256", value: fingerprintOf(CERTIFICATE, "sha-256") ?? "" };

/** The smallest datagram that is classified as DTLS; it completes the "handshake". */
export const DTLS_HELLO = new Uint8Array([22, 254, 253]);
/** A datagram that makes the session fail, as a fatal alert would; the session's own last word. */
export const DTLS_ALERT = new Uint8Array([21, 254, 253]);

/** What the handshake of `keyedDtls` always gives: fixed keys, the server's filled with 1 and the client's with 2. */
export function fixedKeys(profile: SrtpProfile): DtlsConnected {
  const { keyLength, saltLength } = SRTP_PROFILES[profile];
  const keys = (fill: number) => ({
    key: new Uint8Array(keyLength).fill(fill),
    salt: new Uint8Array(saltLength).fill(fill + 16),
  });
  return { profile, local: keys(1), remote: keys(2), remoteCertificate: CERTIFICATE };
}

/** DTLS without a handshake, for tests and benchmarks of what lies above it. */
export function keyedDtls(profile: SrtpProfile = "SRTP_AEAD_AES_128_GCM"): DtlsFactory {
  return { fingerprint: "AA:BB", create: (sink) => new KeyedSession(sink, profile) };
}

class KeyedSession implements DtlsSession {
  readonly #sink: DtlsSink;
  readonly #profile: SrtpProfile;
  #connected = false;

  constructor(sink: DtlsSink, profile: SrtpProfile) {
    this.#sink = sink;
    this.#profile = profile;
  }

  handleDatagram(bytes: Uint8Array): void {
    if (bytes[0] === DTLS_ALERT[0]) {
      this.#connected = false;
      return this.#sink.failed("alert");
    }
    this.#sink.sendDatagram(DTLS_HELLO);
    if (this.#connected) return;
    this.#connected = true;
    this.#sink.connected(fixedKeys(this.#profile));
  }

  handleTimeout(): void {}

  nextTimeout(): number {
    return Infinity;
  }

  close(): void {
    if (this.#connected) this.#sink.sendDatagram(DTLS_ALERT);
    this.#connected = false;
  }
}
