import assert from "node:assert/strict";
import fc from "fast-check";
import type { LayerReader } from "../../src/rtp/codecs/format.ts";
import type { PacketLayers } from "../../src/rtp/codecs/packet_layers.ts";
import { RtpPacket } from "../../src/rtp/packet.ts";
import { mutationOf, type RecordedRtp } from "./recorded_packets.ts";

/** What was read of one packet, as plain values; `undefined` where it is of no use. */
export function readBytes(reader: LayerReader, bytes: Uint8Array, length = bytes.length): PacketLayers | undefined {
  const packet = new RtpPacket();
  if (!packet.parse(bytes, length)) return undefined;
  reader.read(packet);
  return packet.layers.usable ? packet.layers : undefined;
}

/** The recorded packets of a codec, each parsed. */
export function recordedOf(rtp: readonly RecordedRtp[], mimeType: string): Uint8Array[] {
  return rtp.filter(({ codec }) => codec === mimeType).map(({ bytes }) => bytes);
}

/**
 * Nothing throws on packets that are mutations of these, and what lies behind a packet changes nothing of what is read,
 * of that packet and of the ones that follow.
 */
export function assertReadsWithinPackets(makeReader: () => LayerReader, packets: readonly Uint8Array[]): void {
  const property = fc.property(fc.array(mutationOf(packets), { minLength: 1, maxLength: 6 }), (run) => {
    const readers = [makeReader(), makeReader(), makeReader()];
    for (const bytes of run) {
      const zeros = Uint8Array.of(...bytes, ...new Array(64).fill(0));
      const ones = Uint8Array.of(...bytes, ...new Array(64).fill(0xff));
      const read = [bytes, zeros, ones].map((buffer, i) => readBytes(readers[i], buffer, bytes.length));
      assert.deepEqual(read[1], read[0]);
      assert.deepEqual(read[2], read[0]);
      for (const reader of readers) assert.deepEqual(sizesOf(reader), sizesOf(readers[0]));
    }
  });
  fc.assert(property, { seed: 315, numRuns: 3000 });
}

function sizesOf(reader: LayerReader): unknown {
  return [0, 1, 2, 3].map((layer) => [reader.widthOf(layer), reader.heightOf(layer)]);
}
