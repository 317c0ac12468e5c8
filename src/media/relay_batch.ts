import { RtpPacket, type RtpRun } from "../rtp/packet.ts";
import { MAX_FRAME_BATCH } from "./media_bus.ts";
import { RTP_HEAD_LENGTH } from "./relay_frames.ts";

/** Takes the packets of one stream: `ImportedStream`. */
export interface BatchedStream {
  /** Takes `run.packets[from, to)`, which are of one SSRC and one epoch. */
  handleRtp(run: RtpRun, from: number, to: number, epoch: number, nowMs: number): void;
  /** `handleRtp` has thrown this. */
  handleFault(error: unknown): void;
}

/** The RTP packets of one batch of a bus: those of one stream go on together, in the order in which they came. */
export class RelayBatch {
  readonly #packets: RtpPacket[] = [];
  /** By packet; undefined once it has gone on. */
  readonly #streams: (BatchedStream | undefined)[] = [];
  readonly #epochs = new Uint8Array(MAX_FRAME_BATCH);
  #count = 0;
  /** Packets of one stream, and which of the batch they are. */
  readonly #run: { readonly packets: RtpPacket[]; count: number } = { packets: [], count: 0 };
  readonly #places = new Uint8Array(MAX_FRAME_BATCH);

  /** Takes an RTP frame, `bytes[0, length)`, which stays until `deliver`; drops what is no RTP packet. */
  add(stream: BatchedStream, epoch: number, bytes: Uint8Array, length: number, nowMs: number): void {
    if (this.#count === MAX_FRAME_BATCH) this.deliver(nowMs);
    const packet = this.#packets[this.#count] ??= new RtpPacket();
    // A packet begins at index 0. One memmove: cheaper than a `subarray`.
    bytes.copyWithin(0, RTP_HEAD_LENGTH, length);
    if (!packet.parse(bytes, length - RTP_HEAD_LENGTH)) return;
    this.#streams[this.#count] = stream;
    this.#epochs[this.#count] = epoch;
    this.#count++;
  }

  /** Hands over all that was taken. */
  deliver(nowMs: number): void {
    const count = this.#count;
    this.#count = 0;
    for (let i = 0; i < count; i++) {
      const stream = this.#streams[i];
      if (stream === undefined) continue;
      try {
        this.#deliverStream(stream, i, count, nowMs);
      } catch (error) {
        stream.handleFault(error);
      }
    }
  }

  #deliverStream(stream: BatchedStream, first: number, count: number, nowMs: number): void {
    const { packets } = this.#run;
    let length = 0;
    for (let i = first; i < count; i++) {
      if (this.#streams[i] !== stream) continue;
      this.#streams[i] = undefined;
      this.#places[length] = i;
      packets[length++] = this.#packets[i];
    }
    this.#run.count = length;
    for (let from = 0; from < length;) {
      const { ssrc } = packets[from];
      const epoch = this.#epochs[this.#places[from]];
      let to = from + 1;
      while (to < length && packets[to].ssrc === ssrc && this.#epochs[this.#places[to]] === epoch) to++;
      stream.handleRtp(this.#run, from, to, epoch, nowMs);
      from = to;
    }
  }
}
