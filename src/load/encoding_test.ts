import assert from "node:assert/strict";
import { RtpPacket } from "../rtp/packet.ts";
import { vp8 } from "../rtp/codecs/vp8.ts";
import { extensionBlock, keyFrameStart, ONLY_ENCODING, simulcastEncodings } from "./encoding.ts";

Deno.test({
  name: "the packets of an encoding say by MID and RID which one they are of, repairs by the repaired RID",
  permissions: "none",
  fn() {
    const [best] = simulcastEncodings("1");
    assert.equal(extensionBlock(best, false).toHex(), "bede0001" + "4031" + "a066");
    assert.equal(extensionBlock(best, true).toHex(), "bede0001" + "4031" + "b066");
    const bytes = new Uint8Array(40);
    bytes[0] = 0x90;
    bytes.set(extensionBlock(best, false), 12);
    const packet = new RtpPacket();
    assert.ok(packet.parse(bytes, bytes.length));
    assert.equal(packet.headerLength, 20);
    assert.equal(extensionBlock(ONLY_ENCODING, false).length, 0);
  },
});

Deno.test({
  name: "a key frame begins as the codec has it, with the size of its encoding",
  permissions: "none",
  fn() {
    for (const encoding of simulcastEncodings("0")) {
      const start = keyFrameStart(encoding);
      assert.ok(vp8.isKeyFrameStart(start, 0, start.length));
      const view = new DataView(start.buffer);
      assert.deepEqual([view.getUint16(7, true), view.getUint16(9, true)], [encoding.width, encoding.height]);
    }
  },
});
