import type { RtpPacket } from "../rtp/packet.ts";
import type { PacketTap } from "../webrtc/packet_tap.ts";
import { type CapturedBatch, CaptureWriter } from "./captured_packets.ts";
import type { MediaTime } from "./media_time.ts";

/** Bytes of one batch. */
const BATCH_BYTES = 16 * 1024;
/** Bytes that may be told and not taken yet: what waits for somebody slow is bounded so, and fills no way of the peers'. */
export const CAPTURE_WINDOW_BYTES = 256 * 1024;
/** A packet is told so late at the most. */
const FLUSH_MS = 100;

export interface CaptureTapOptions {
  /** Of the capture. */
  readonly number: number;
  /** Whether RTP is told with its payload. */
  readonly withPayload: boolean;
  readonly time: MediaTime;
  readonly emit: (batch: CapturedBatch) => void;
}

/**
 * Tells the packets of one transport in batches, as long as they are taken; what is more than that is left out and counted.
 * It has no keys, and sees none.
 */
export class CaptureTap implements PacketTap {
  readonly #options: CaptureTapOptions;
  readonly #writer = new CaptureWriter(BATCH_BYTES);
  #allowed = CAPTURE_WINDOW_BYTES;
  #missed = 0;
  /** When what was written is to be told. */
  #dueMs = Infinity;

  constructor(options: CaptureTapOptions) {
    this.#options = options;
  }

  rtpReceived({ bytes, length, headerLength }: RtpPacket): void {
    const captured = this.#options.withPayload ? length : headerLength;
    if (this.#begin(false, length, captured)) this.#writer.append(bytes, 0, captured);
  }

  rtcpReceived(bytes: Uint8Array, length: number): void {
    if (this.#begin(false, length, length)) this.#writer.append(bytes, 0, length);
  }

  rtpSent(slot: Uint8Array, headerLength: number, source: Uint8Array, offset: number, length: number): void {
    const payload = this.#options.withPayload ? length : 0;
    if (!this.#begin(true, headerLength + length, headerLength + payload)) return;
    this.#writer.append(slot, 0, headerLength);
    this.#writer.append(source, offset, payload);
  }

  rtcpSent(bytes: Uint8Array, length: number): void {
    if (this.#begin(true, length, length)) this.#writer.append(bytes, 0, length);
  }

  /** So many bytes more may be told. */
  allow(bytes: number): void {
    this.#allowed = Math.min(this.#allowed + bytes, CAPTURE_WINDOW_BYTES);
  }

  nextTimeout(): number {
    return this.#dueMs;
  }

  handleTimeout(nowMs: number): void {
    if (nowMs >= this.#dueMs) this.#flush(nowMs);
  }

  /** Tells what was written, and that no more will be. */
  end(nowMs: number): void {
    this.#tell({ ...this.#take(nowMs), isLast: true });
  }

  #flush(nowMs: number): void {
    this.#tell(this.#take(nowMs));
  }

  #take(nowMs: number): CapturedBatch {
    const batch = { number: this.#options.number, toldMs: nowMs, bytes: this.#writer.take(), missed: this.#missed };
    this.#missed = 0;
    this.#dueMs = Infinity;
    return batch;
  }

  #tell(batch: CapturedBatch): void {
    this.#allowed -= batch.bytes.length;
    this.#options.emit(batch);
  }

  /** Whether the packet is written. */
  #begin(isSent: boolean, length: number, captured: number): boolean {
    const { nowMs } = this.#options.time;
    if (!this.#writer.hasRoom(captured)) this.#flush(nowMs);
    if (this.#allowed < BATCH_BYTES) {
      this.#missed++;
      return false;
    }
    if (this.#writer.length === 0) this.#dueMs = nowMs + FLUSH_MS;
    this.#writer.begin(nowMs, isSent, length, captured);
    return true;
  }
}
