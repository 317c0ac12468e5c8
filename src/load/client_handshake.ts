import type { Clock } from "../io/clock.ts";
import type { SrtpKeying } from "../webrtc/dtls.ts";

/** What a client's handshake works with. */
export interface HandshakeSurroundings {
  readonly clock: Clock;
  /** Takes one datagram to the server. */
  send(bytes: Uint8Array): void;
  /** Called once; the keys are named from the server's side. */
  connected(keying: SrtpKeying): void;
}

/** A client's side of one DTLS association: repeats what is lost until it is connected. */
export interface ClientHandshake {
  /** Begins once a connectivity check has shown the way and how long it is. */
  start(roundTripMs: number): void;
  handleDatagram(bytes: Uint8Array): void;
  /** Nothing happens afterwards, and no timer is left. */
  stop(): void;
}

/** How clients shake hands. */
export interface ClientDtls {
  /** SHA-256 of the certificate that all of them show, as offers tell it. */
  readonly fingerprint: string;
  open(surroundings: HandshakeSurroundings): ClientHandshake;
}
