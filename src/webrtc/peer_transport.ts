import { RtpPacket } from "../rtp/packet.ts";
import type { MediaSender, MediaSink } from "../sfu/media_sink.ts";
import type { RandomSource } from "../sfu/random.ts";
import { classify } from "./classify.ts";
import type { DatagramSender, RemoteAddress } from "./datagram.ts";
import type { DtlsConnected, DtlsFactory, DtlsSession } from "./dtls.ts";
import { type Fingerprint, matchesFingerprint } from "./fingerprint.ts";
import { IceLite } from "./ice_lite.ts";
import type { SrtpCipherFactory } from "./srtp/cipher.ts";
import { SrtpReceiver, SrtpSender } from "./srtp/srtp_session.ts";
import type { LocalParameters, RemoteParameters } from "./transport_parameters.ts";

/** Datagrams of one batch whose RTP packets go on together; more than that are several runs. */
const MAX_RUN = 64;

/** What a transport tells whoever owns it. */
export interface TransportObserver {
  /** Media can flow. Told once. */
  transportConnected(nowMs: number): void;
  /** Media goes to another address than before: what was on its way to the old one may be lost. */
  transportMoved(nowMs: number): void;
  /** The transport is of no use any more. Told once at most, never after `close`. */
  transportFailed(reason: string, nowMs: number): void;
}

export interface PeerTransportOptions {
  readonly datagrams: DatagramSender;
  readonly dtls: DtlsFactory;
  readonly ciphers: SrtpCipherFactory;
  readonly random: RandomSource;
  /** The server's candidate lines without `a=`. */
  readonly candidates: readonly string[];
  readonly observer: TransportObserver;
  readonly nowMs: number;
}

/** The WebRTC transport of one peer: ICE-lite, DTLS and SRTP over one stream of datagrams. Owns no socket and no timer. */
export class PeerTransport implements MediaSender {
  /** Datagrams of no known protocol, or that came before their protocol could be spoken. */
  unknownDatagrams = 0;
  /** Packets that could not be sent: not connected, or the queue was full. */
  droppedPackets = 0;
  readonly #options: PeerTransportOptions;
  readonly #ice: IceLite;
  readonly #run = { packets: Array.from({ length: MAX_RUN }, () => new RtpPacket()), count: 0 };
  #sink: MediaSink | undefined;
  #fingerprints: readonly Fingerprint[] = [];
  #dtls: DtlsSession | undefined;
  #receiver: SrtpReceiver | undefined;
  #sender: SrtpSender | undefined;
  #slot: Uint8Array | undefined;
  #lastAuthenticatedMs: number;
  #nowMs: number;
  /** What went wrong in sending. */
  #fault: string | undefined;
  #closed = false;

  constructor(options: PeerTransportOptions) {
    this.#options = options;
    this.#ice = new IceLite({ random: options.random, nowMs: options.nowMs });
    this.#lastAuthenticatedMs = options.nowMs;
    this.#nowMs = options.nowMs;
    options.datagrams.claimUfrag(this.#ice.localUfrag);
  }

  get connected(): boolean {
    return this.#sender !== undefined;
  }

  /** When the last packet came that was proven to be the client's. */
  get lastAuthenticatedMs(): number {
    return this.#lastAuthenticatedMs;
  }

  /** The address that media goes to; undefined before ICE has one. */
  get remoteAddress(): RemoteAddress | undefined {
    return this.#ice.selected;
  }

  /** Where what the client sends goes, from now on. */
  deliverTo(sink: MediaSink): void {
    this.#sink = sink;
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
    const generation = this.#ice.setRemote(ufrag, password);
    if (generation === "restart") this.#options.datagrams.claimUfrag(this.#ice.localUfrag);
    return {
      ufrag: this.#ice.localUfrag,
      password: this.#ice.localPassword,
      fingerprint: this.#options.dtls.fingerprint,
      candidates: this.#options.candidates,
      restarted: generation !== "same",
    };
  }

  /** Of the present ICE generation. */
  get localUfrag(): string {
    return this.#ice.localUfrag;
  }

  /** Whether ICE was restarted and the client has not used the new credentials yet. */
  get restarting(): boolean {
    return this.#ice.restarting;
  }

  /** Of the present ICE generation; undefined before the first offer. */
  get remoteUfrag(): string | undefined {
    return this.#ice.remoteUfrag;
  }

  /** Takes one datagram of a batch. RTP is decrypted in place and goes on at `endBatch`: `bytes` must stay until then. */
  handleDatagram(bytes: Uint8Array, length: number, from: RemoteAddress, nowMs: number): void {
    if (this.#closed) return;
    this.#nowMs = nowMs;
    switch (classify(bytes, length)) {
      case "rtp":
        return this.#handleRtp(bytes, length);
      case "rtcp":
        return this.#handleRtcp(bytes, length);
      case "stun":
        return this.#handleStun(bytes, length, from);
      case "dtls":
        return this.#handleDtls(bytes, length, from);
      default:
        this.unknownDatagrams++;
    }
  }

  /** Hands the RTP packets of the batch to the sink. */
  endBatch(nowMs: number): void {
    if (this.#run.count === 0) return;
    this.#sink?.handleRtp(this.#run, nowMs);
    this.#run.count = 0;
  }

  nextTimeout(): number {
    if (this.#closed) return Infinity;
    if (this.#fault !== undefined) return -Infinity;
    return Math.min(this.#ice.nextTimeout(), this.#dtls?.nextTimeout() ?? Infinity);
  }

  handleTimeout(nowMs: number): void {
    if (this.#closed) return;
    this.#nowMs = nowMs;
    if (this.#fault !== undefined) return this.#fail(`a fault of the server: ${this.#fault}`);
    if (this.#ice.isExpired(nowMs)) return this.#fail("no ICE connectivity check for 30 s");
    if (this.#dtls !== undefined && this.#dtls.nextTimeout() <= nowMs) this.#dtls.handleTimeout(nowMs);
  }

  beginRtp(): Uint8Array | undefined {
    if (this.#sender === undefined || this.#ice.selected === undefined || this.#fault !== undefined) {
      return this.#drop();
    }
    try {
      this.#slot = this.#options.datagrams.slot();
      return this.#slot ?? this.#drop();
    } catch (error) {
      return this.#breakDown(error);
    }
  }

  sendRtp(headerLength: number, source: Uint8Array, offset: number, length: number): boolean {
    const slot = this.#slot;
    const to = this.#ice.selected;
    if (slot === undefined || to === undefined || this.#sender === undefined) return false;
    this.#slot = undefined;
    try {
      return this.#commit(this.#sender.protectRtp(slot, headerLength, source, offset, length), to);
    } catch (error) {
      this.#breakDown(error);
      return false;
    }
  }

  sendRtcp(bytes: Uint8Array, length: number): void {
    const to = this.#ice.selected;
    if (this.#sender === undefined || to === undefined || this.#fault !== undefined) return;
    try {
      const slot = this.#options.datagrams.slot();
      this.#commit(slot === undefined ? -1 : this.#sender.protectRtcp(slot, bytes, length), to);
    } catch (error) {
      this.#breakDown(error);
    }
  }

  removeStream(ssrc: number): void {
    this.#sender?.removeStream(ssrc);
  }

  /** Ends the DTLS association and wipes the keys; nothing is sent or told afterwards. */
  close(): void {
    if (this.#closed) return;
    this.#dtls?.close();
    this.#closed = true;
    this.#sender?.close();
    this.#receiver?.close();
    this.#sender = undefined;
    this.#receiver = undefined;
  }

  #commit(length: number, to: RemoteAddress): boolean {
    if (length < 0) {
      this.droppedPackets++;
      return false;
    }
    this.#options.datagrams.commit(length, to);
    return true;
  }

  #drop(): undefined {
    this.droppedPackets++;
  }

  /** Others send here from the middle of their own work: this transport fails later, by its own timeout (rule B46). */
  #breakDown(error: unknown): undefined {
    this.#fault = error instanceof Error ? error.message : String(error);
    this.droppedPackets++;
  }

  #handleRtp(bytes: Uint8Array, length: number): void {
    if (this.#receiver === undefined) {
      this.unknownDatagrams++;
      return;
    }
    const plain = this.#receiver.unprotectRtp(bytes, length);
    if (plain < 0) return;
    this.#lastAuthenticatedMs = this.#nowMs;
    if (this.#run.packets[this.#run.count].parse(bytes, plain)) this.#run.count++;
    else this.unknownDatagrams++;
    if (this.#run.count === MAX_RUN) this.endBatch(this.#nowMs);
  }

  #handleRtcp(bytes: Uint8Array, length: number): void {
    if (this.#receiver === undefined) {
      this.unknownDatagrams++;
      return;
    }
    const plain = this.#receiver.unprotectRtcp(bytes, length);
    if (plain < 0) return;
    this.#lastAuthenticatedMs = this.#nowMs;
    // What came before it in the batch goes on before it: a BYE is about those packets.
    this.endBatch(this.#nowMs);
    this.#sink?.handleRtcp(bytes, plain, this.#nowMs);
  }

  #handleStun(bytes: Uint8Array, length: number, from: RemoteAddress): void {
    const slot = this.#options.datagrams.slot();
    if (slot === undefined) return;
    const before = this.#ice.selected;
    const responseLength = this.#ice.handleDatagram(bytes, length, from, this.#nowMs, slot);
    if (responseLength === 0) return;
    // A refused request is answered as well, and does not count.
    this.#lastAuthenticatedMs = Math.max(this.#lastAuthenticatedMs, this.#ice.lastRequestMs);
    this.#options.datagrams.commit(responseLength, from);
    if (this.connected && this.#ice.selected !== before) this.#options.observer.transportMoved(this.#nowMs);
  }

  /** DTLS is taken from addresses that ICE has proven: what a cookie is for is done (RFC 6347 section 4.2.1). */
  #handleDtls(bytes: Uint8Array, length: number, from: RemoteAddress): void {
    if (!this.#ice.isValidated(from) || this.#fingerprints.length === 0) {
      this.unknownDatagrams++;
      return;
    }
    // A close_notify ends the transport: not before what came ahead of it.
    this.endBatch(this.#nowMs);
    this.#dtls ??= this.#createDtls();
    this.#dtls.handleDatagram(bytes.subarray(0, length), this.#nowMs);
  }

  #createDtls(): DtlsSession {
    return this.#options.dtls.create({
      sendDatagram: (bytes) => this.#sendDatagram(bytes),
      connected: (result) => this.#handleDtlsConnected(result),
      failed: (reason) => this.#fail(`DTLS: ${reason}`),
      applicationData: () => {
        // No m=application line is ever accepted, so nobody waits for data.
        this.unknownDatagrams++;
      },
    }, this.#nowMs);
  }

  #sendDatagram(bytes: Uint8Array): void {
    const to = this.#ice.selected;
    const slot = to && this.#options.datagrams.slot();
    if (to === undefined || slot === undefined || bytes.length > slot.length) return;
    slot.set(bytes);
    this.#options.datagrams.commit(bytes.length, to);
  }

  #handleDtlsConnected(result: DtlsConnected): void {
    if (this.#closed) return;
    if (!matchesFingerprint(result.remoteCertificate, this.#fingerprints)) {
      return this.#fail("DTLS: the certificate is not the one that the offer announced");
    }
    this.#receiver = new SrtpReceiver(result.profile, result.remote, this.#options.ciphers);
    this.#sender = new SrtpSender(result.profile, result.local, this.#options.ciphers);
    this.#options.observer.transportConnected(this.#nowMs);
  }

  #fail(reason: string): void {
    if (this.#closed) return;
    this.close();
    this.#options.observer.transportFailed(reason, this.#nowMs);
  }
}

function sameFingerprints(a: readonly Fingerprint[], b: readonly Fingerprint[]): boolean {
  return a.some((one) => b.some((other) => one.algorithm === other.algorithm && one.value === other.value));
}
