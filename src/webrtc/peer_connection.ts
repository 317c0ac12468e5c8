import { type DtlsConnected, type DtlsFactory, type DtlsSession, type SrtpKeying, wipeKeying } from "./dtls.ts";
import { type Fingerprint, matchesFingerprint } from "./fingerprint.ts";
import type { HandshakeLimit } from "./handshake_limit.ts";
import type { IceCredentials, IceGenerations } from "./ice_generations.ts";
import type { LocalParameters, RemoteParameters } from "./transport_parameters.ts";

/** What a connection asks of its transport. */
export interface TransportCommands {
  restartIce(local: IceCredentials): void;
  /** The bytes are valid only during the call. */
  sendDtls(bytes: Uint8Array): void;
  /** The keys are valid only during the call. */
  connect(keying: SrtpKeying): void;
}

/** What a connection tells whoever owns it. */
export interface ConnectionObserver {
  /** The client has proven its certificate, media can flow. Told once. */
  connected(): void;
  /** The connection is of no use any more. Told once at most, never after `close`. */
  connectionFailed(reason: string): void;
}

export interface PeerConnectionOptions {
  readonly dtls: DtlsFactory;
  /** Of all connections. */
  readonly handshakes: HandshakeLimit;
  /** With which the transport has begun. */
  readonly ice: IceGenerations;
  /** The server's candidate lines without `a=`; asked for each ICE generation. */
  readonly candidates: () => readonly string[];
  readonly transport: TransportCommands;
  readonly observer: ConnectionObserver;
}

/**
 * The WebRTC transport of one peer where its signaling is: what SDP says of it, and DTLS. Packets are the business of its
 * PeerTransport. Owns no timer.
 */
export class PeerConnection {
  readonly #options: PeerConnectionOptions;
  /** Of the present ICE generation. */
  #candidates: readonly string[] = [];
  #fingerprints: readonly Fingerprint[] = [];
  #dtls: DtlsSession | undefined;
  /** Where the handshake that is under way has come from. */
  #handshakeFrom: string | undefined;
  #connected = false;
  #closed = false;

  constructor(options: PeerConnectionOptions) {
    this.#options = options;
  }

  get connected(): boolean {
    return this.#connected;
  }

  /** Of the present ICE generation. */
  get localUfrag(): string {
    return this.#options.ice.local.ufrag;
  }

  /** Of the present ICE generation; undefined before the first offer. */
  get remoteUfrag(): string | undefined {
    return this.#options.ice.remote?.ufrag;
  }

  /** Whether ICE was restarted and the client has not used the new credentials yet. */
  get restarting(): boolean {
    return this.#options.ice.isRestarting;
  }

  /** Takes the client's side of an offer; undefined, with nothing changed, where its certificate is another than before. */
  accept(remote: RemoteParameters): LocalParameters | undefined {
    if (this.#fingerprints.length > 0 && !sameFingerprints(this.#fingerprints, remote.fingerprints)) return undefined;
    // What was accepted first stays the measure: a list that grew would let another certificate in by two steps.
    if (this.#fingerprints.length === 0) this.#fingerprints = remote.fingerprints;
    return this.restartIce(remote.ufrag, remote.password);
  }

  /** Begins an ICE generation, without an offer; nothing begins where the credentials are those of the present one. */
  restartIce(ufrag: string, password: string): LocalParameters {
    const { ice, dtls, transport } = this.#options;
    const generation = ice.setRemote(ufrag, password);
    if (generation !== "same") this.#candidates = this.#options.candidates();
    if (generation === "restart") transport.restartIce(ice.local);
    // Whoever asks again while no check has come may not have heard what it was told.
    const restarted = generation !== "same" || ice.isRestarting;
    return { ...ice.local, fingerprint: dtls.fingerprint, candidates: this.#candidates, restarted };
  }

  /** The client has used the server's `ufrag`. */
  handleIceCredentialsUsed(ufrag: string): void {
    this.#options.ice.handleUsed(ufrag);
  }

  /**
   * Takes one DTLS datagram, from an address that ICE has proven. Before an offer none is taken; neither is one that would
   * begin a handshake too many, which its client repeats (RFC 6347 section 4.2.4).
   */
  handleDtls(bytes: Uint8Array, from: string, nowMs: number): void {
    if (this.#closed || this.#fingerprints.length === 0) return;
    if (this.#dtls === undefined) {
      if (!this.#options.handshakes.begin(from)) return;
      this.#handshakeFrom = from;
      this.#dtls = this.#createDtls(nowMs);
    }
    this.#dtls.handleDatagram(bytes, nowMs);
  }

  nextTimeout(): number {
    return this.#closed ? Infinity : this.#dtls?.nextTimeout() ?? Infinity;
  }

  handleTimeout(nowMs: number): void {
    if (this.nextTimeout() <= nowMs) this.#dtls?.handleTimeout(nowMs);
  }

  /** Ends the DTLS association; nothing is told afterwards. */
  close(): void {
    if (this.#closed) return;
    this.#dtls?.close();
    this.#closed = true;
    this.#endHandshake();
  }

  #endHandshake(): void {
    if (this.#handshakeFrom !== undefined) this.#options.handshakes.end(this.#handshakeFrom);
    this.#handshakeFrom = undefined;
  }

  #createDtls(nowMs: number): DtlsSession {
    return this.#options.dtls.create({
      sendDatagram: (bytes) => this.#options.transport.sendDtls(bytes),
      connected: (result) => this.#handleDtlsConnected(result),
      failed: (reason) => this.#fail(`DTLS: ${reason}`),
      applicationData() {
        // No m=application line is ever accepted, so nobody waits for data.
      },
    }, nowMs);
  }

  #handleDtlsConnected(result: DtlsConnected): void {
    try {
      this.#useKeys(result);
    } finally {
      // The transport has derived its own, or another isolate has a copy.
      wipeKeying(result);
    }
  }

  #useKeys({ remoteCertificate, profile, local, remote }: DtlsConnected): void {
    if (this.#closed) return;
    if (!matchesFingerprint(remoteCertificate, this.#fingerprints)) {
      return this.#fail("DTLS: the certificate is not the one that the offer announced");
    }
    this.#connected = true;
    this.#endHandshake();
    this.#options.transport.connect({ profile, local, remote });
    this.#options.observer.connected();
  }

  #fail(reason: string): void {
    if (this.#closed) return;
    this.close();
    this.#options.observer.connectionFailed(reason);
  }
}

function sameFingerprints(a: readonly Fingerprint[], b: readonly Fingerprint[]): boolean {
  return a.some((one) => b.some((other) => one.algorithm === other.algorithm && one.value === other.value));
}
