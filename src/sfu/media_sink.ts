import type { RtpRun } from "../rtp/packet.ts";

/**
 * Where a peer's transport delivers what the peer sent, decrypted and authenticated. The transport depends on this
 * and on no room, so it is tested with a mock; `Peer` is the one in the product.
 */
export interface MediaSink {
  /** Takes RTP packets; the views and their bytes are valid only during the call. */
  handleRtp(run: RtpRun, nowMs: number): void;
  /** Takes one compound RTCP packet, `bytes[0, length)`; valid only during the call. */
  handleRtcp(bytes: Uint8Array, length: number, nowMs: number): void;
}

/** The way out to one peer. What it cannot send (not connected, queue full) it drops and counts. */
export interface MediaSender {
  /**
   * To be called before a run of packets: reads a little of all that they need, and returns something made of it, which the
   * caller keeps so that it is read. A peer that was sent nothing for a frame is out of the cache: asked for at once it
   * comes in a fraction of the time that it takes object after object.
   */
  readAhead(): number;
  /**
   * The next send slot, at least 1,500 bytes, to write an RTP header into at index 0; undefined where nothing can be
   * sent now. A slot that is never given to `sendRtp` stays free.
   */
  beginRtp(): Uint8Array | undefined;
  /**
   * Encrypts `source[offset, offset + length)` (payload and padding) behind the `headerLength` bytes that were written
   * into the slot of the last `beginRtp`, and queues the packet. False where it was dropped.
   */
  sendRtp(headerLength: number, source: Uint8Array, offset: number, length: number): boolean;
  /** Encrypts and queues one compound RTCP packet, `bytes[0, length)`. */
  sendRtcp(bytes: Uint8Array, length: number): void;
  /** Forgets what is kept for an outgoing stream. Its SSRC must not be used again: its encryption would start anew. */
  removeStream(ssrc: number): void;
}
