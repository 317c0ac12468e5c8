import assert from "node:assert/strict";
import { RtpPacket } from "../packet.ts";
import { layersOf, NO_LAYERS } from "./packet_layers.ts";

Deno.test({
  name: "B315: a packet gets layers of its own with its first reading, and keeps them",
  permissions: "none",
  fn() {
    const packet = new RtpPacket();
    const other = new RtpPacket();
    assert.equal(packet.layers, NO_LAYERS);
    const layers = layersOf(packet);
    assert.notEqual(layers, NO_LAYERS);
    assert.equal(layersOf(packet), layers);
    assert.notEqual(layersOf(other), layers);
    assert.equal(NO_LAYERS.usable, false);
  },
});
