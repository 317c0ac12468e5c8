import { readUint16, writeUint16 } from "../../src/rtp/bytes.ts";
import { writeRtcpHeader } from "../../src/rtp/rtcp/rtcp_header.ts";
import type { RtcpReader } from "../../src/rtp/rtcp/rtcp_reader.ts";
import { sequenceDiff } from "../../src/rtp/sequence.ts";

// Generic NACK (RFC 4585 section 6.2.1), written for the test's clients alone: no mistake of the server's is made twice.

const TRANSPORT_FEEDBACK = 205;
const FORMAT_NACK = 1;
const HEADER_LENGTH = 12;
/** What one item can name: its packet identifier and the 16 that follow. */
const ITEM_REACH = 16;

/** A generic NACK. The sequence numbers must ascend, modulo 2^16. */
export function nackBytes(senderSsrc: number, mediaSsrc: number, sequenceNumbers: readonly number[]): Uint8Array {
  const items: { first: number; following: number }[] = [];
  for (const sequenceNumber of sequenceNumbers) {
    const item = items.at(-1);
    const distance = item === undefined ? Infinity : sequenceDiff(sequenceNumber, item.first);
    if (item === undefined || distance > ITEM_REACH) items.push({ first: sequenceNumber, following: 0 });
    else item.following |= 1 << (distance - 1);
  }
  const bytes = new Uint8Array(HEADER_LENGTH + items.length * 4);
  writeRtcpHeader(bytes, 0, FORMAT_NACK, TRANSPORT_FEEDBACK, bytes.length, senderSsrc);
  new DataView(bytes.buffer).setUint32(8, mediaSsrc);
  for (const [index, { first, following }] of items.entries()) {
    writeUint16(bytes, HEADER_LENGTH + index * 4, first);
    writeUint16(bytes, HEADER_LENGTH + index * 4 + 2, following);
  }
  return bytes;
}

/** What the generic NACK that the reader is at asks for; undefined where that is none. */
export function readNack(
  { bytes, offset, length, packetType, count }: RtcpReader,
): { readonly mediaSsrc: number; readonly sequenceNumbers: readonly number[] } | undefined {
  if (packetType !== TRANSPORT_FEEDBACK || count !== FORMAT_NACK || length < HEADER_LENGTH) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, length);
  const sequenceNumbers: number[] = [];
  for (let item = HEADER_LENGTH; item + 4 <= length; item += 4) {
    const first = readUint16(bytes, offset + item);
    const following = view.getUint16(item + 2);
    sequenceNumbers.push(first);
    for (let bit = 0; bit < ITEM_REACH; bit++) {
      if ((following & (1 << bit)) !== 0) sequenceNumbers.push((first + bit + 1) & 0xffff);
    }
  }
  return { mediaSsrc: view.getUint32(8), sequenceNumbers };
}
