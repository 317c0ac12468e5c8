import assert from "node:assert/strict";
import { vp8Packet } from "../../tests/harness/vp8_packets.ts";
import { Vp8LayerReader } from "../rtp/codecs/vp8_layers.ts";
import { PictureIdWriter } from "./picture_id_writer.ts";

for (const bits of [7, 15] as const) {
  Deno.test({
    name: `B319: a picture ID of ${bits} bits is written as one of 15, and every byte is put back`,
    permissions: "none",
    fn() {
      const writer = new PictureIdWriter();
      for (const id of [0, 1, 127, 128, 32_767]) {
        const packet = vp8Packet({ sequenceNumber: 1, timestamp: 2, pictureId: 77, bits, tl0: 3, keyFrame: true });
        new Vp8LayerReader().read(packet);
        const before = packet.bytes.slice();
        const start = writer.write(packet, id);
        assert.equal(start, packet.headerLength - (bits === 7 ? 1 : 0));
        const payload = [...packet.bytes.subarray(start)];
        assert.deepEqual(payload.slice(0, 4), [0x90, 0xf0, 0x80 | (id >> 8), id & 0xff]);
        assert.deepEqual(payload.slice(4), [...before.subarray(packet.headerLength + (bits === 7 ? 3 : 4))]);
        writer.restore(packet);
        assert.deepEqual(packet.bytes, before);
      }
    },
  });
}
