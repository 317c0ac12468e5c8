import { RtpPacket } from "../../src/rtp/packet.ts";
import {
  type FrameFormat,
  FrameStream,
  MAX_GENERATED_LENGTH,
  type PacketPosition,
  type StreamShape,
} from "./frame_stream.ts";
import { DESCRIPTOR_ID } from "./layered_path.ts";

/** A generated stream as a producer gets it: one packet after the other, in one that is reused. */
export class FrameSource {
  readonly stream: FrameStream;
  readonly #packet = new RtpPacket();
  readonly #bytes = new Uint8Array(MAX_GENERATED_LENGTH);

  constructor(format: FrameFormat, shape: StreamShape, ssrc = 1) {
    const descriptorId = format.writeDescriptor === undefined ? 0 : DESCRIPTOR_ID;
    const start = { firstSequenceNumber: 65_500 + ssrc, firstTimestamp: 0xfffffff0 };
    this.stream = new FrameStream(format, shape, { ssrc, payloadType: 96, descriptorId, ...start });
  }

  /** Of the packet that was asked for last. */
  get position(): PacketPosition {
    return this.stream.position;
  }

  packet(index: number): RtpPacket {
    if (!this.#packet.parse(this.#bytes, this.stream.write(index, this.#bytes))) throw new Error("no RTP packet");
    return this.#packet;
  }
}

/** Throws where these are not the same, without a message having been made for each packet. */
export function expect<T extends number | boolean | string>(actual: T, expected: T, index: number, seed = 0): void {
  if (actual !== expected) throw new Error(`packet ${index} of seed ${seed}: ${actual}, not ${expected}`);
}

/** Source numbers with those they have going out: order is kept, nothing is used twice, and no step is wider than it was. */
export function expectRising(outgoing: ReadonlyMap<number, number>, seed: number): void {
  const sources = Uint32Array.from(outgoing.keys()).sort();
  if (sources.length === 0) throw new Error("nothing went out");
  for (let i = 1; i < sources.length; i++) {
    const step = (outgoing.get(sources[i]) ?? 0) - (outgoing.get(sources[i - 1]) ?? 0);
    expect(step > 0 && step <= sources[i] - sources[i - 1], true, sources[i], seed);
  }
}
