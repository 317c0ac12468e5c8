import type { RemoteAddress } from "../../webrtc/datagram.ts";
import { FRAME_HEADER_LENGTH, FrameReader } from "../../webrtc/frame_reader.ts";

/** Frames of one batch at most. */
export const FRAMES_AT_ONCE = 64;

/** The peer that a connection is of. */
export interface TcpOwner {
  /** Takes one datagram of the connection; see DatagramHandler. */
  deliver(bytes: Uint8Array, length: number, from: TcpConnection): void;
  endBatch(): void;
  /** Answers go there as well, until `remove`. */
  add(connection: TcpConnection): void;
  remove(connection: TcpConnection): void;
  /** So many datagrams to it were dropped. */
  countDrops(count: number): void;
}

/** What all connections of an isolate have in common. */
export interface TcpPort {
  /** The ufrag that a STUN binding request is to; undefined where this is none. */
  ufragOf(bytes: Uint8Array, length: number): string | undefined;
  find(ufrag: string): TcpOwner | undefined;
  /** A peer has answered there: the connection is no stranger's any more. */
  prove(connection: TcpConnection): void;
  /** Counts that the connection is closed because of what came. */
  countRefusal(): void;
  /** The connection is closed, or another isolate's. */
  forget(connection: TcpConnection): void;
}

/**
 * One client's TCP connection (RFC 6544), which carries datagrams behind their lengths. Its first frame must be a STUN
 * request that a peer answers: that peer's it is from then on. It is itself the address that ICE knows.
 */
export abstract class TcpConnection implements RemoteAddress {
  readonly transport = "tcp";
  readonly hostname: string;
  readonly port: number;
  readonly #common: TcpPort;
  readonly #reader = new FrameReader();
  #owner: TcpOwner | undefined;
  #isProven = false;
  #isClosed = false;

  constructor(common: TcpPort, { hostname, port }: RemoteAddress) {
    this.#common = common;
    this.hostname = hostname;
    this.port = port;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Whether this is an open connection of `owner`. */
  isOf(owner: TcpOwner): boolean {
    return this.#owner === owner && !this.#isClosed;
  }

  /** Queues a datagram of its owner's. */
  sendDatagram(datagram: Uint8Array): void {
    if (this.#owner === undefined) return;
    if (!this.#isProven) {
      this.#isProven = true;
      this.#common.prove(this);
      this.#owner.add(this);
    }
    const dropped = this.queue(datagram);
    if (dropped > 0) this.#owner.countDrops(dropped);
  }

  /** Takes what has come and was not looked at yet, where the system tells it at once. */
  takeWaiting(): void {}

  /** What is queued still goes out, as far as the system takes it at once. Nothing is received any more. */
  close(): void {
    if (this.#isClosed) return;
    this.#leave();
    this.end();
  }

  /**
   * Takes what was received to `buffer[start, end)`, in front of which FRAME_HEADROOM bytes are free. The connection may be
   * closed by it.
   */
  protected handleReceived(buffer: Uint8Array, start: number, end: number): void {
    const reader = this.#reader;
    reader.begin(buffer, start, end);
    let count = 0;
    while (!this.#isClosed && reader.next()) {
      if (this.#owner === undefined) this.#handleFirst(buffer, end);
      else this.#deliver(buffer, count);
      if (++count < FRAMES_AT_ONCE) continue;
      this.#owner?.endBatch();
      count = 0;
    }
    this.#owner?.endBatch();
    if (reader.isBroken) this.#refuse();
  }

  /** The frame at `offset` of the buffer, from index 0 on and until the batch's end; `index` is its place in the batch. */
  protected abstract frame(buffer: Uint8Array, offset: number, length: number, index: number): Uint8Array;

  /** Queues a datagram; returns how many older ones were dropped for it. */
  protected abstract queue(datagram: Uint8Array): number;

  /** Sends what the system takes at once, and closes the system's part. */
  protected abstract end(): void;

  /**
   * Gives the system's part, with the bytes that were received, to who has the peer; false where it cannot. The bytes are
   * valid only during the call.
   */
  protected handOver(_ufrag: string, _received: Uint8Array): boolean {
    return false;
  }

  #deliver(buffer: Uint8Array, index: number): void {
    const { offset, length } = this.#reader;
    this.#owner?.deliver(this.frame(buffer, offset, length, index), length, this);
  }

  #handleFirst(buffer: Uint8Array, end: number): void {
    const { offset, length } = this.#reader;
    const ufrag = this.#common.ufragOf(buffer.subarray(offset, offset + length), length);
    if (ufrag === undefined) return this.#refuse();
    this.#owner = this.#common.find(ufrag);
    if (this.#owner !== undefined) {
      this.#deliver(buffer, 0);
      if (!this.#isProven) this.#refuse();
    } else if (this.handOver(ufrag, buffer.subarray(offset - FRAME_HEADER_LENGTH, end))) {
      this.#leave();
    } else {
      this.#refuse();
    }
  }

  #refuse(): void {
    if (this.#isClosed) return;
    this.#common.countRefusal();
    this.close();
  }

  #leave(): void {
    this.#isClosed = true;
    this.#common.forget(this);
    this.#owner?.remove(this);
  }
}
