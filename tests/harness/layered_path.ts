import { codecFormat } from "../../src/rtp/codecs/codec.ts";
import type { LayerReader } from "../../src/rtp/codecs/format.ts";
import { writeHeader } from "../../src/rtp/header.ts";
import { RtpPacket } from "../../src/rtp/packet.ts";
import type { PayloadForwarder } from "../../src/stream/payload_forwarder.ts";
import { payloadForwarder } from "../../src/stream/payload_forwarders.ts";
import { StreamRewriter } from "../../src/stream/rewriter.ts";
import { VIDEO_CLOCK_RATE } from "./frame_stream.ts";

/** The id of the dependency descriptor on both sides. */
export const DESCRIPTOR_ID = 8;

/** What became of a packet: it went on, padding went in its place, its number was closed up over, or it came to nothing. */
export type Outcome = "sent" | "padding" | "closed" | "refused";

/**
 * What a consumer does with the packets of its sources, without a transport: reads layers, selects, numbers, rewrites. What
 * goes out is in `sent`, and read by a reader of the subscriber's own.
 */
export class LayeredPath {
  readonly forwarder: PayloadForwarder;
  readonly rewriter: StreamRewriter;
  /** What went out last, as the subscriber sees it. */
  readonly sent = new RtpPacket();
  readonly readers = new Map<number, LayerReader>();
  readonly #mimeType: string;
  readonly #subscriber: LayerReader;
  readonly #idMap = Uint8Array.from({ length: 256 }, (_, id) => id);
  readonly #out = new Uint8Array(2048);
  readonly #before = new Uint8Array(2048);
  readonly #mid = new Uint8Array(0);

  constructor(mimeType: string, firstSequenceNumber = 1000, firstTimestamp = 0xfffff000) {
    this.#mimeType = mimeType;
    const forwarder = payloadForwarder(mimeType, true);
    if (forwarder === undefined) throw new TypeError(`${mimeType} has no layers`);
    this.forwarder = forwarder;
    this.rewriter = new StreamRewriter(firstSequenceNumber, firstTimestamp, VIDEO_CLOCK_RATE);
    this.#subscriber = this.#makeReader();
  }

  /** The next packet given to `handle` begins another source. */
  switchSource(): void {
    this.rewriter.switchTo();
    this.forwarder.switchSource();
  }

  /** A packet as it comes from its publisher, which must have its bytes again afterwards. */
  handle(packet: RtpPacket, nowMs = 0): Outcome {
    this.read(packet);
    if (!this.rewriter.isOfSource(packet) && !packet.layers.startsKeyPicture) return "refused";
    const isSelected = this.forwarder.select(packet);
    if (!isSelected && this.rewriter.skip(packet)) return "closed";
    if (!this.rewriter.map(packet, nowMs)) return "refused";
    this.#send(packet, this.rewriter.sequenceNumber, this.rewriter.timestamp, isSelected);
    return isSelected ? "sent" : "padding";
  }

  /** A packet that is sent again from a cache; false where it does not go out. */
  resend(packet: RtpPacket, outgoingSequenceNumber: number): boolean {
    this.read(packet);
    if (!this.rewriter.locate(outgoingSequenceNumber) || !this.forwarder.selectAgain(packet)) return false;
    const timestamp = (packet.timestamp + this.rewriter.locatedTimestampOffset) >>> 0;
    this.#send(packet, outgoingSequenceNumber, timestamp, true);
    return true;
  }

  read(packet: RtpPacket): void {
    let reader = this.readers.get(packet.ssrc);
    if (reader === undefined) this.readers.set(packet.ssrc, reader = this.#makeReader());
    reader.read(packet);
  }

  #makeReader(): LayerReader {
    const reader = codecFormat(this.#mimeType).layerReader?.(DESCRIPTOR_ID);
    if (reader === undefined) throw new TypeError(`${this.#mimeType} has no layers`);
    return reader;
  }

  #send(packet: RtpPacket, sequenceNumber: number, timestamp: number, isSelected: boolean): void {
    const { forwarder } = this;
    const changes = isSelected && forwarder.changes;
    this.#before.set(packet.bytes.subarray(0, packet.length));
    if (changes) forwarder.changeHeader(packet);
    const fields = { payloadType: 100, sequenceNumber, timestamp, ssrc: 7 };
    const header = writeHeader(this.#out, packet, fields, this.#idMap, 0, this.#mid);
    const start = changes ? forwarder.changePayload(packet) : packet.headerLength;
    const length = this.#writeRest(packet, header, start, isSelected);
    if (changes) forwarder.restore(packet);
    for (let i = 0; i < packet.length; i++) {
      if (packet.bytes[i] !== this.#before[i]) throw new Error(`byte ${i} of the source's packet is another one`);
    }
    if (!this.sent.parse(this.#out, length)) throw new Error("what goes out is no RTP packet");
    this.#subscriber.read(this.sent);
  }

  #writeRest(packet: RtpPacket, header: number, start: number, isSelected: boolean): number {
    const out = this.#out;
    const marker = isSelected && this.forwarder.marker;
    out[1] = (out[1] & 0x7f) | (marker ? 0x80 : 0);
    if (!isSelected) {
      out[0] |= 0x20;
      out[header] = 1;
      return header + 1;
    }
    for (let i = start; i < packet.length; i++) out[header + i - start] = packet.bytes[i];
    return header + packet.length - start;
  }
}
