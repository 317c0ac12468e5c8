import { RtpPacket } from "../rtp/packet.ts";
import type { MediaSender, MediaSink } from "../sfu/media_sink.ts";
import { classify } from "./classify.ts";
import type { DatagramSender, RemoteAddress } from "./datagram.ts";
import { type SrtpKeying, wipeKeying } from "./dtls.ts";
import { DtlsBudget } from "./dtls_budget.ts";
import type { Drops } from "./drops.ts";
import { messageOf } from "./error_message.ts";
import type { IceCredentials } from "./ice_generations.ts";
import { IceLite } from "./ice_lite.ts";
import type { SrtpCipherFactory } from "./srtp/cipher.ts";
import { BitrateLimit } from "./bitrate_limit.ts";
import type { PacketTap } from "./packet_tap.ts";
import { SrtpReceiver, SrtpSender } from "./srtp/srtp_session.ts";
import { TokenBucket } from "./token_bucket.ts";

/** Datagrams of one batch whose RTP packets go on together; more than that are several runs. */
const MAX_RUN = 64;

/**
 * Bytes of RTCP that a peer may send at once and in a second, each compound packet with those of its headers below.
 * Feedback on a hundred lossy streams is a quarter of it. Requests for packets cost more than they weigh.
 */
export const RTCP_BYTES_AT_ONCE = 256 * 1024;
export const RTCP_BYTES_PER_SECOND = 128 * 1024;
const UDP_IP_HEADERS = 28;

/** What a transport tells whoever owns it. */
export interface TransportObserver {
  /** A DTLS datagram from an address that ICE has proven; valid only during the call. */
  dtlsReceived(bytes: Uint8Array, nowMs: number): void;
  /** The first valid request came that uses the server's present ICE credentials. */
  iceCredentialsUsed(ufrag: string): void;
  /** Media goes to this address, from now on; what was on its way to another one may be lost. */
  addressSelected(address: RemoteAddress, nowMs: number): void;
  /** The client sends more than it may, and packets are dropped: told at the first of them, then every 10 s. */
  bitrateExceeded(): void;
  /** The transport is of no use any more. Told once at most, never after `close`. */
  transportFailed(reason: string, nowMs: number): void;
}

export interface PeerTransportOptions {
  readonly datagrams: DatagramSender;
  readonly ciphers: SrtpCipherFactory;
  /** The server's. */
  readonly ice: IceCredentials;
  readonly observer: TransportObserver;
  /** Bits per second that the client may send; undefined for any. */
  readonly maxBitrateIn?: number | undefined;
  readonly nowMs: number;
}

/**
 * The WebRTC transport of one peer where its media is: ICE-lite, and SRTP over one stream of datagrams. What DTLS and
 * SDP have to say to it comes from its PeerConnection, perhaps in another isolate. Owns no socket and no timer.
 */
export class PeerTransport implements MediaSender {
  /** Datagrams of no known protocol, or that came before their protocol could be spoken. */
  unknownDatagrams = 0;
  /** Packets that could not be sent: not connected, or the queue was full. */
  droppedPackets = 0;
  /** What came of DTLS and RTCP beyond the peer's budgets. */
  overBudget = 0;
  /** Undefined for nearly everybody: whom nobody captures this costs a look at one field for each packet. */
  tap: PacketTap | undefined;
  readonly #datagrams: DatagramSender;
  readonly #ciphers: SrtpCipherFactory;
  readonly #observer: TransportObserver;
  readonly #ice: IceLite;
  readonly #dtlsBudget: DtlsBudget;
  readonly #rtcpBudget: TokenBucket;
  readonly #bitrateLimit: BitrateLimit | undefined;
  /** Of those packets that a batch brings at once there is one each, made when first needed: subscribers send none. */
  readonly #run: { readonly packets: RtpPacket[]; count: number } = { packets: [], count: 0 };
  #localUfrag: string;
  #sink: MediaSink | undefined;
  #receiver: SrtpReceiver | undefined;
  #sender: SrtpSender | undefined;
  /** What ICE has selected: at hand, since to ask would be one more object to touch for each subscriber. */
  #to: RemoteAddress | undefined;
  #slot: Uint8Array | undefined;
  #nowMs = 0;
  /** What went wrong in sending. */
  #fault: string | undefined;
  #closed = false;

  constructor({ datagrams, ciphers, ice, observer, maxBitrateIn, nowMs }: PeerTransportOptions) {
    this.#datagrams = datagrams;
    this.#ciphers = ciphers;
    this.#observer = observer;
    this.#ice = new IceLite(ice, nowMs);
    this.#dtlsBudget = new DtlsBudget(nowMs);
    this.#rtcpBudget = new TokenBucket(RTCP_BYTES_AT_ONCE, RTCP_BYTES_PER_SECOND, nowMs);
    this.#bitrateLimit = maxBitrateIn === undefined ? undefined : new BitrateLimit(maxBitrateIn, nowMs);
    this.#localUfrag = ice.ufrag;
    this.#nowMs = nowMs;
    datagrams.claimUfrag(ice.ufrag);
  }

  get connected(): boolean {
    return this.#sender !== undefined;
  }

  /** RTP packets of the client that were beyond its bitrate. */
  get overBitrate(): number {
    return this.#bitrateLimit?.dropped ?? 0;
  }

  /** The address that media goes to; undefined before ICE has one. */
  get remoteAddress(): RemoteAddress | undefined {
    return this.#to;
  }

  /** Where what the client sends goes, from now on. */
  deliverTo(sink: MediaSink): void {
    this.#sink = sink;
  }

  /** Begins an ICE generation with these credentials of the server. */
  restartIce(local: IceCredentials): void {
    this.#ice.restart(local);
    this.#localUfrag = local.ufrag;
    this.#datagrams.claimUfrag(local.ufrag);
  }

  /** DTLS is done, and the client is who the offer announced: media can flow. The keys are wiped. */
  connect(keying: SrtpKeying): void {
    const { profile, local, remote } = keying;
    try {
      if (this.#closed || this.connected) return;
      this.#receiver = new SrtpReceiver(profile, remote, this.#ciphers);
      this.#sender = new SrtpSender(profile, local, this.#ciphers);
    } finally {
      wipeKeying(keying);
    }
  }

  /** Sends one DTLS datagram; what is longer than a slot, or has nowhere to go, is dropped. */
  sendDtls(bytes: Uint8Array): void {
    const to = this.#to;
    const slot = to && !this.#closed ? this.#datagrams.slot() : undefined;
    if (to === undefined || slot === undefined || bytes.length > slot.length) return;
    slot.set(bytes);
    this.#datagrams.commit(bytes.length, to);
  }

  /** Takes one datagram of a batch. RTP is decrypted in place and goes on at `endBatch`: `bytes` must stay until then. */
  handleDatagram(bytes: Uint8Array, length: number, from: RemoteAddress, nowMs: number): void {
    if (this.#closed) return;
    this.#nowMs = nowMs;
    switch (classify(bytes, length)) {
      case "rtp":
        return this.#handleRtp(bytes, length, nowMs);
      case "rtcp":
        return this.#handleRtcp(bytes, length, nowMs);
      case "stun":
        return this.#handleStun(bytes, length, from, nowMs);
      case "dtls":
        return this.#handleDtls(bytes, length, from, nowMs);
      default:
        this.unknownDatagrams++;
    }
  }

  /** Hands the RTP packets of the batch to the sink, where the client does not send more than it may. */
  endBatch(nowMs: number): void {
    if (this.#run.count === 0) return;
    if (this.#bitrateLimit === undefined || this.#isWithin(this.#bitrateLimit, nowMs)) {
      this.#sink?.handleRtp(this.#run, nowMs);
    }
    this.#run.count = 0;
  }

  nextTimeout(): number {
    if (this.#closed) return Infinity;
    return this.#fault === undefined ? this.#ice.nextTimeout() : -Infinity;
  }

  handleTimeout(nowMs: number): void {
    if (this.#closed) return;
    this.#nowMs = nowMs;
    if (this.#fault !== undefined) return this.#fail(`a fault of the server: ${this.#fault}`);
    if (this.#ice.isExpired(nowMs)) this.#fail("no ICE connectivity check for 30 s");
  }

  readAhead(): number {
    return this.#sender === undefined ? 0 : this.#sender.readAhead() + (this.#to?.port ?? 0);
  }

  beginRtp(): Uint8Array | undefined {
    if (this.#sender === undefined || this.#to === undefined || this.#fault !== undefined) return this.#drop();
    try {
      this.#slot = this.#datagrams.slot();
      return this.#slot ?? this.#drop();
    } catch (error) {
      return this.#breakDown(error);
    }
  }

  sendRtp(headerLength: number, source: Uint8Array, offset: number, length: number): boolean {
    const slot = this.#slot;
    const to = this.#to;
    if (slot === undefined || to === undefined || this.#sender === undefined) return false;
    this.#slot = undefined;
    try {
      if (this.tap !== undefined) this.tap.rtpSent(slot, headerLength, source, offset, length);
      return this.#commit(this.#sender.protectRtp(slot, headerLength, source, offset, length), to);
    } catch (error) {
      this.#breakDown(error);
      return false;
    }
  }

  sendRtcp(bytes: Uint8Array, length: number): void {
    const to = this.#to;
    if (this.#sender === undefined || to === undefined || this.#fault !== undefined) return;
    try {
      const slot = this.#datagrams.slot();
      if (slot !== undefined) this.tap?.rtcpSent(bytes, length);
      this.#commit(slot === undefined ? -1 : this.#sender.protectRtcp(slot, bytes, length), to);
    } catch (error) {
      this.#breakDown(error);
    }
  }

  removeStream(ssrc: number): void {
    this.#sender?.removeStream(ssrc);
  }

  /** Adds to `drops` what this transport has dropped; after its close as well. */
  addDrops(drops: Drops): void {
    drops.unknown += this.unknownDatagrams;
    drops.overBudget += this.overBudget;
    drops.overBitrate += this.overBitrate;
    drops.notSent += this.droppedPackets;
    this.#receiver?.addDrops(drops);
  }

  /** Wipes the keys; nothing is sent or told afterwards. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#sender?.close();
    this.#receiver?.close();
    this.#sender = undefined;
  }

  #commit(length: number, to: RemoteAddress): boolean {
    if (length < 0) {
      this.droppedPackets++;
      return false;
    }
    this.#datagrams.commit(length, to);
    return true;
  }

  #drop(): undefined {
    this.droppedPackets++;
  }

  /** Others send here from the middle of their own work: this transport fails later, by its own timeout (rule B46). */
  #breakDown(error: unknown): undefined {
    this.#fault = messageOf(error);
    this.droppedPackets++;
  }

  #isWithin(limit: BitrateLimit, nowMs: number): boolean {
    if (limit.allow(this.#run, nowMs)) return true;
    if (limit.shouldTell(nowMs)) this.#observer.bitrateExceeded();
    return false;
  }

  #handleRtp(bytes: Uint8Array, length: number, nowMs: number): void {
    if (this.#receiver === undefined) {
      this.unknownDatagrams++;
      return;
    }
    const plain = this.#receiver.unprotectRtp(bytes, length);
    if (plain < 0) return;
    const run = this.#run;
    if (run.count === run.packets.length) run.packets.push(new RtpPacket());
    const packet = run.packets[run.count];
    if (packet.parse(bytes, plain)) {
      if (this.tap !== undefined) this.tap.rtpReceived(packet);
      run.count++;
    } else this.unknownDatagrams++;
    if (run.count === MAX_RUN) this.endBatch(nowMs);
  }

  #handleRtcp(bytes: Uint8Array, length: number, nowMs: number): void {
    if (this.#receiver === undefined) {
      this.unknownDatagrams++;
      return;
    }
    const plain = this.#receiver.unprotectRtcp(bytes, length);
    if (plain < 0) return;
    this.tap?.rtcpReceived(bytes, plain);
    if (!this.#rtcpBudget.take(nowMs, length + UDP_IP_HEADERS)) {
      this.overBudget++;
      return;
    }
    // What came before it in the batch goes on before it: a BYE is about those packets.
    this.endBatch(nowMs);
    this.#sink?.handleRtcp(bytes, plain, nowMs);
  }

  #handleStun(bytes: Uint8Array, length: number, from: RemoteAddress, nowMs: number): void {
    const slot = this.#datagrams.slot();
    if (slot === undefined) return;
    const ice = this.#ice;
    const before = ice.selected;
    const wasUsed = ice.isCurrentUsed;
    const responseLength = ice.handleDatagram(bytes, length, from, nowMs, slot);
    if (responseLength === 0) return;
    this.#datagrams.commit(responseLength, from);
    if (!wasUsed && ice.isCurrentUsed) this.#observer.iceCredentialsUsed(this.#localUfrag);
    this.#to = ice.selected;
    if (ice.selected !== undefined && ice.selected !== before) {
      this.#observer.addressSelected(ice.selected, nowMs);
    }
  }

  /** DTLS is taken from addresses that ICE has proven: what a cookie is for is done (RFC 6347 section 4.2.1). */
  #handleDtls(bytes: Uint8Array, length: number, from: RemoteAddress, nowMs: number): void {
    if (!this.#ice.isValidated(from)) {
      this.unknownDatagrams++;
      return;
    }
    if (!this.#dtlsBudget.allow(bytes, length, nowMs)) {
      this.overBudget++;
      return;
    }
    // A close_notify ends the transport: not before what came ahead of it.
    this.endBatch(nowMs);
    this.#observer.dtlsReceived(bytes.subarray(0, length), nowMs);
  }

  #fail(reason: string): void {
    if (this.#closed) return;
    this.close();
    this.#observer.transportFailed(reason, this.#nowMs);
  }
}
