import assert from "node:assert/strict";
import { FORMAT_TRANSPORT_WIDE, TRANSPORT_FEEDBACK } from "../../src/rtp/rtcp/packet_types.ts";
import { RtcpReader } from "../../src/rtp/rtcp/rtcp_reader.ts";
import { TransportFeedbackReader } from "../../src/rtp/rtcp/transport_feedback.ts";

/** Transport-wide feedback as a test writes it by hand. */
export interface FeedbackFields {
  readonly senderSsrc?: number;
  readonly mediaSsrc?: number;
  readonly base: number;
  readonly count: number;
  /** In units of 64 ms. */
  readonly referenceTime?: number;
  readonly feedbackCount?: number;
  /** Each is 16 bits. */
  readonly chunks: readonly number[];
  /** Bytes. */
  readonly deltas: readonly number[];
}

/** The bytes of it, whether or not it makes sense. */
export function feedbackPacket(fields: FeedbackFields): Uint8Array {
  const { senderSsrc = 1, mediaSsrc = 2, base, count, referenceTime = 0, feedbackCount = 0, chunks, deltas } = fields;
  const length = (20 + chunks.length * 2 + deltas.length + 3) & ~3;
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 0x8f00 | 205);
  view.setUint16(2, length / 4 - 1);
  view.setUint32(4, senderSsrc);
  view.setUint32(8, mediaSsrc);
  view.setUint16(12, base);
  view.setUint16(14, count);
  view.setUint32(16, (referenceTime << 8) | feedbackCount);
  chunks.forEach((chunk, index) => view.setUint16(20 + index * 2, chunk));
  bytes.set(deltas, 20 + chunks.length * 2);
  return bytes;
}

/** A reader before the first status of feedback. */
export function feedbackReader(bytes: Uint8Array): TransportFeedbackReader {
  const reader = new RtcpReader();
  reader.reset(bytes, bytes.length);
  assert.ok(reader.next());
  const feedback = new TransportFeedbackReader();
  assert.ok(feedback.reset(reader), "not transport-wide feedback");
  return feedback;
}

/** When each packet came, by its number, in units of 250 us modulo 2^32; undefined where it did not come. */
export function arrivalsOf(bytes: Uint8Array): [number, number | undefined][] {
  const feedback = feedbackReader(bytes);
  const arrivals: [number, number | undefined][] = [];
  while (feedback.next()) {
    arrivals.push([feedback.sequenceNumber, feedback.received ? feedback.arrivalTicks : undefined]);
  }
  assert.equal(feedback.next(), false);
  return arrivals;
}

/** What feedback says of each packet: its number, and its delta in units of 250 us, undefined where it did not come. */
export function statusesOf(bytes: Uint8Array): [number, number | undefined][] {
  let before = feedbackReader(bytes).arrivalTicks;
  return arrivalsOf(bytes).map(([number, ticks]) => {
    if (ticks === undefined) return [number, undefined];
    const delta = (ticks - before) | 0;
    before = ticks;
    return [number, delta];
  });
}

/** The transport-wide feedback of a compound packet; undefined where it has none. */
export function transportFeedbackIn(compound: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  const reader = new RtcpReader();
  reader.reset(compound, compound.length);
  while (reader.next()) {
    if (reader.packetType !== TRANSPORT_FEEDBACK || reader.count !== FORMAT_TRANSPORT_WIDE) continue;
    return Uint8Array.from(compound.subarray(reader.offset, reader.offset + reader.length));
  }
  return undefined;
}
