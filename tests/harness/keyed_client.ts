import type { ClientDtls, ClientHandshake, HandshakeSurroundings } from "../../src/load/client_handshake.ts";
import { CLIENT_FINGERPRINT, DTLS_HELLO, fixedKeys } from "./keyed_dtls.ts";

const HELLO_INTERVAL_MS = 100;

/** The other side of `keyedDtls`: one datagram each way. */
export const KEYED_CLIENT_DTLS: ClientDtls = {
  fingerprint: CLIENT_FINGERPRINT.value,
  open: (surroundings) => new KeyedHandshake(surroundings),
};

class KeyedHandshake implements ClientHandshake {
  readonly #with: HandshakeSurroundings;
  #timer: number | undefined;
  #connected = false;

  constructor(surroundings: HandshakeSurroundings) {
    this.#with = surroundings;
  }

  /** The client repeats its flight until it is answered (RFC 6347 section 4.2.4). */
  start(): void {
    this.#with.send(DTLS_HELLO);
    this.#timer = this.#with.clock.setTimeout(() => this.start(), HELLO_INTERVAL_MS);
  }

  handleDatagram(): void {
    if (this.#connected) return;
    this.#connected = true;
    this.stop();
    this.#with.connected(fixedKeys("SRTP_AEAD_AES_128_GCM"));
  }

  stop(): void {
    if (this.#timer !== undefined) this.#with.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
