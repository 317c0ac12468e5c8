import { readUint32 } from "../../src/rtp/bytes.ts";
import { elementLength, findExtension } from "../../src/rtp/header_extension.ts";
import { RtpPacket } from "../../src/rtp/packet.ts";
import { Consumer } from "../../src/sfu/consumer.ts";
import type { MediaSender } from "../../src/sfu/media_sink.ts";
import { Producer } from "../../src/sfu/producer.ts";
import type { Codec } from "../../src/sfu/types.ts";
import { DEPENDENCY_DESCRIPTOR_URI } from "../../src/sfu/header_extensions.ts";
import { consumerParameters, outgoingStream, videoProducer } from "./engine.ts";
import {
  type FrameFormat,
  FrameStream,
  MAX_GENERATED_LENGTH,
  PICTURE_TICKS,
  type StreamShape,
} from "./frame_stream.ts";
import { seededRandom } from "./seeded_random.ts";

const PUBLISHED = { ssrc: 1000, payloadType: 96, descriptorId: 12 };
const SUBSCRIBED = { ssrc: 77, payloadType: 120, descriptorId: 5 };
/** Packets of one run, as a receive batch brings them. */
const MAX_RUN = 8;

export interface ForwardedStreamOptions {
  readonly firstSequenceNumber?: number;
  readonly firstTimestamp?: number;
  /** Of the numbers that the subscriber is given, and of the lengths of runs. */
  readonly seed?: number;
}

/**
 * A producer and one subscriber, and a stream that is told by arithmetic: what goes out is checked as it comes, and of
 * a packet no more is kept than that it came.
 */
export class ForwardedStream {
  readonly stream: FrameStream;
  readonly sender: CheckingSender;
  readonly producer: Producer;
  nowMs = 0;
  readonly #random;
  readonly #buffers = Array.from({ length: MAX_RUN }, () => new Uint8Array(MAX_GENERATED_LENGTH));
  readonly #packets = Array.from({ length: MAX_RUN }, () => new RtpPacket());

  constructor(format: FrameFormat, shape: StreamShape, options: ForwardedStreamOptions = {}) {
    const { firstSequenceNumber = 65_000, firstTimestamp = 0xffff_ff00, seed = 1 } = options;
    const hasDescriptor = format.writeDescriptor !== undefined;
    const descriptorId = hasDescriptor ? PUBLISHED.descriptorId : 0;
    this.stream = new FrameStream(format, shape, { ...PUBLISHED, descriptorId, firstSequenceNumber, firstTimestamp });
    this.sender = new CheckingSender(this.stream, seed);
    this.#random = seededRandom(seed);
    const { mimeType } = format;
    const codec: Codec = { mimeType, clockRate: 90_000, payloadType: PUBLISHED.payloadType, fmtp: "" };
    const extensionOf = (id: number) => hasDescriptor ? [{ uri: DEPENDENCY_DESCRIPTOR_URI, id }] : [];
    this.producer = new Producer({
      id: "track",
      peerId: "peer",
      parameters: videoProducer({ codec, headerExtensions: extensionOf(PUBLISHED.descriptorId) }),
      feedback: { sendPictureLossIndication: () => {}, sendFullIntraRequest: () => {}, sendNack: () => {} },
    });
    const parameters = consumerParameters({
      codec: { ...codec, payloadType: SUBSCRIBED.payloadType },
      headerExtensions: extensionOf(SUBSCRIBED.descriptorId),
    });
    const outgoing = outgoingStream(SUBSCRIBED.ssrc, undefined, seed);
    this.producer.addConsumer(new Consumer(this.producer, parameters, outgoing, this.sender));
  }

  /** Has packets come in the order given, one each ms, in runs of 1 to 8. */
  handle(order: Iterable<number>): void {
    let length = this.#runLength();
    let count = 0;
    for (const index of order) {
      this.#load(count++, index);
      if (count < length) continue;
      this.#handleRun(count);
      length = this.#runLength();
      count = 0;
    }
    if (count > 0) this.#handleRun(count);
  }

  #runLength(): number {
    return 1 + this.#random.uint32() % MAX_RUN;
  }

  #load(place: number, index: number): void {
    const bytes = this.#buffers[place];
    if (!this.#packets[place].parse(bytes, this.stream.write(index, bytes))) throw new Error("no RTP packet");
  }

  #handleRun(count: number): void {
    this.nowMs += count;
    this.producer.encodings[0].handleRtp({ packets: this.#packets, count }, 0, count, this.nowMs);
  }
}

/** Takes what one consumer sends of a stream, and throws on anything that is not as it should be. */
export class CheckingSender implements MediaSender {
  /** Packets that came, and the highest index of them. */
  sent = 0;
  highest = -1;
  /** Of the first packet that came. */
  firstIndex = -1;
  readonly #stream: FrameStream;
  readonly #seed: number;
  readonly #slot = new Uint8Array(1500);
  readonly #view = new RtpPacket();
  readonly #expected = new Uint8Array(MAX_GENERATED_LENGTH);
  /** A bit for each index. */
  readonly #came = new Uint8Array(1 << 16);
  #sequenceOffset = 0;
  #timestampOffset = 0;

  constructor(stream: FrameStream, seed: number) {
    this.#stream = stream;
    this.#seed = seed;
  }

  readAhead(): number {
    return 0;
  }

  beginRtp(): Uint8Array {
    return this.#slot;
  }

  sendRtp(headerLength: number, source: Uint8Array, offset: number, length: number): boolean {
    const index = readUint32(source, offset + length - 4);
    const view = this.#view;
    this.#expect(view.parse(this.#slot, headerLength), true, index, "form");
    this.#note(index);
    this.#checkNumbers(index, view);
    this.#checkPayload(index, view, source, offset, length);
    if (this.#stream.fields.descriptorId !== 0) this.#checkDescriptor(index, view);
    return true;
  }

  sendRtcp(): void {
    throw new Error("no report was to be sent");
  }

  removeStream(): void {}

  #note(index: number): void {
    const bit = 1 << (index & 7);
    this.#expect(this.#came[index >> 3] & bit, 0, index, "times that it came before");
    this.#came[index >> 3] |= bit;
    this.sent++;
    this.highest = Math.max(this.highest, index);
  }

  /** All packets have one offset: then order and gaps are those of the source, and no number is used twice. */
  #checkNumbers(index: number, { sequenceNumber, timestamp, ssrc, payloadType }: RtpPacket): void {
    this.#stream.position.seek(index);
    const sequenceOffset = (sequenceNumber - index) & 0xffff;
    const timestampOffset = (timestamp - this.#stream.position.picture * PICTURE_TICKS) >>> 0;
    if (this.firstIndex < 0) {
      this.firstIndex = index;
      this.#sequenceOffset = sequenceOffset;
      this.#timestampOffset = timestampOffset;
    }
    this.#expect(sequenceOffset, this.#sequenceOffset, index, "offset of the sequence number");
    this.#expect(timestampOffset, this.#timestampOffset, index, "offset of the timestamp");
    this.#expect(ssrc, SUBSCRIBED.ssrc, index, "SSRC");
    this.#expect(payloadType, SUBSCRIBED.payloadType, index, "payload type");
  }

  #checkPayload(index: number, { marker }: RtpPacket, source: Uint8Array, offset: number, length: number): void {
    this.#expect(length, this.#stream.writePayload(index, this.#expected, 0), index, "payload length");
    for (let i = 0; i < length; i++) this.#expect(source[offset + i], this.#expected[i], index, "payload");
    this.#expect(marker, this.#stream.position.endOfPicture, index, "marker");
  }

  #checkDescriptor(index: number, view: RtpPacket): void {
    const { format, position } = this.#stream;
    const length = format.writeDescriptor?.(position, this.#expected, 0) ?? 0;
    const element = findExtension(view, SUBSCRIBED.descriptorId);
    this.#expect(element >= 0, true, index, "descriptor");
    this.#expect(elementLength(view, element), length, index, "descriptor length");
    for (let i = 0; i < length; i++) this.#expect(view.bytes[element + i], this.#expected[i], index, "descriptor");
  }

  #expect(actual: number | boolean, expected: number | boolean, index: number, what: string): void {
    if (actual === expected) return;
    throw new Error(`packet ${index}: ${what} is ${actual}, not ${expected} (seed ${this.#seed})`);
  }
}
