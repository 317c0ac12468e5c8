import { FIXED_HEADER_LENGTH, RtpPacket } from "../rtp/packet.ts";
import type { PayloadForwarder } from "../stream/payload_forwarder.ts";
import { payloadForwarder } from "../stream/payload_forwarders.ts";
import type { Encoding } from "./encoding.ts";
import { DEPENDENCY_DESCRIPTOR_URI, extensionId } from "./header_extensions.ts";
import type { Producer } from "./producer.ts";

/** What of a track goes to a subscriber. */
export interface CurrentLayers {
  readonly encoding: Encoding;
  /** The highest, which count from 0. */
  readonly spatial: number;
  readonly temporal: number;
}

const newest = new RtpPacket();

/** Leaves out layers of a track for one consumer; undefined where its codec has none. */
export function newForwarder({ codec, headerExtensions }: Producer): PayloadForwarder | undefined {
  return payloadForwarder(codec.mimeType, extensionId(headerExtensions, DEPENDENCY_DESCRIPTOR_URI) !== 0);
}

/** The same for a consumer that has forwarded an encoding as it came: what counts pictures goes on from its newest packet. */
export function forwarderBehind(producer: Producer, encoding: Encoding, nowMs: number): PayloadForwarder | undefined {
  const forwarder = newForwarder(producer);
  const { cache } = encoding;
  if (forwarder === undefined || cache === undefined) return forwarder;
  if (!cache.load(cache.find(cache.newestSequenceNumber, nowMs), newest)) return forwarder;
  encoding.readLayers(newest);
  forwarder.select(newest);
  return forwarder;
}

/**
 * Decides on a packet from the cache, a copy of the caller's, that is to be sent again: true where `forwarder` must change
 * it. Of one that was left out nothing remains but its number.
 */
export function selectAgain(forwarder: PayloadForwarder, packet: RtpPacket, encoding: Encoding): boolean {
  encoding.readLayers(packet);
  const isSelected = forwarder.selectAgain(packet);
  packet.marker = isSelected && forwarder.marker;
  if (isSelected) return forwarder.changes;
  packet.length = packet.headerLength;
  packet.payloadLength = 0;
  return false;
}

/** A packet of one byte of padding behind the header (RFC 3550 section 5.1). */
export function newFiller(): RtpPacket {
  const filler = new RtpPacket();
  const length = FIXED_HEADER_LENGTH + 1;
  const bytes = new Uint8Array(length);
  bytes[0] = 0xa0;
  bytes[length - 1] = 1;
  filler.parse(bytes, length);
  return filler;
}
