import { AF_INET, parseSocketAddress, type SocketAddress } from "../io/native/socket_address.ts";
import { RtcpReader } from "../rtp/rtcp/rtcp_reader.ts";
import type { SrtpReceiver, SrtpSender } from "../webrtc/srtp/srtp_session.ts";
import type { Connection } from "./connection.ts";
import type { LoadLoop, Receiver } from "./loop.ts";
import type { PacketSink } from "./outgoing_track.ts";
import type { ReceiveBatch } from "./receive_batch.ts";

/** First bytes: RTP and RTCP (RFC 7983 section 7); second bytes: RTCP (RFC 5761 section 4). */
const MIN_MEDIA = 128;
const MIN_RTCP = 192;
const MAX_RTCP = 223;
const MAX_RTCP_LENGTH = 1200;

/** What protects the media of one peer, in both directions. */
export interface MediaKeys {
  readonly sender: SrtpSender;
  readonly receiver: SrtpReceiver;
}

/** One peer with a UDP socket of its own; publishers and subscribers say what RTP and RTCP mean to them. */
export abstract class Endpoint implements Receiver, PacketSink {
  readonly port: number;
  readonly #loop: LoadLoop;
  readonly #fd: number;
  readonly #reader = new RtcpReader();
  /** RTCP is written here. */
  protected readonly rtcp = new Uint8Array(MAX_RTCP_LENGTH);
  /** Undefined until the connection is there. */
  protected keys: MediaKeys | undefined;
  #remote: SocketAddress | undefined;
  #connection: Connection | undefined;

  constructor(loop: LoadLoop) {
    this.#loop = loop;
    const { fd, port } = loop.openSocket(this);
    this.#fd = fd;
    this.port = port;
  }

  /** Where everything goes. */
  set remote(address: { readonly hostname: string; readonly port: number }) {
    this.#remote = parseSocketAddress(address, AF_INET);
    if (this.#remote === undefined) throw new Error(`${address.hostname} is no IPv4 address`);
  }

  /** Takes STUN and DTLS. */
  set connection(connection: Connection) {
    this.#connection = connection;
  }

  receive(batch: ReceiveBatch, count: number, nowUs: number): void {
    for (let i = 0; i < count; i++) {
      const bytes = batch.bytes(i);
      if (bytes[0] < MIN_MEDIA) this.#connection?.handleDatagram(bytes.slice(0, batch.length(i)));
      else if (bytes[1] >= MIN_RTCP && bytes[1] <= MAX_RTCP) this.#receiveRtcp(bytes, batch.length(i), nowUs);
      else this.handleRtp(batch, i, nowUs);
    }
  }

  slot(): Uint8Array {
    return this.#loop.outbox.slot();
  }

  sendRtp(sender: SrtpSender, headerLength: number, source: Uint8Array, offset: number, length: number): void {
    this.#commit(sender.protectRtp(this.slot(), headerLength, source, offset, length));
  }

  flush(): void {
    this.#loop.outbox.flush(this.#fd);
  }

  /** One datagram that is as it is sent. */
  sendDatagram(bytes: Uint8Array): void {
    this.slot().set(bytes);
    this.#commit(bytes.length);
    this.flush();
  }

  close(): void {
    this.#connection?.close();
    this.#loop.closeSocket(this.#fd);
  }

  /** Datagram `index` of the batch is an SRTP packet, still encrypted. */
  protected abstract handleRtp(batch: ReceiveBatch, index: number, nowUs: number): void;

  /** One packet of a compound RTCP packet: the reader is at it. */
  protected abstract handleRtcp(reader: RtcpReader, nowUs: number): void;

  /** Sends the first `length` bytes of `rtcp`. */
  protected sendRtcp(length: number): void {
    if (this.keys === undefined || length === 0) return;
    this.#commit(this.keys.sender.protectRtcp(this.slot(), this.rtcp, length));
    this.flush();
  }

  #commit(length: number): void {
    if (this.#remote !== undefined && length > 0) this.#loop.outbox.commit(length, this.#fd, this.#remote);
  }

  #receiveRtcp(bytes: Uint8Array, length: number, nowUs: number): void {
    const plainLength = this.keys === undefined ? -1 : this.keys.receiver.unprotectRtcp(bytes, length);
    if (plainLength < 0) return;
    this.#reader.reset(bytes, plainLength);
    while (this.#reader.next()) this.handleRtcp(this.#reader, nowUs);
  }
}
