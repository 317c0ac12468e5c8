import assert from "node:assert/strict";
import { LayeredPath } from "../../tests/harness/layered_path.ts";
import { type Vp8Fields, vp8Packet } from "../../tests/harness/vp8_packets.ts";
import type { RtpPacket } from "../rtp/packet.ts";
import { ALL_LAYERS } from "./layer_forwarder.ts";

function picture(number: number, fields: Partial<Vp8Fields> = {}): RtpPacket {
  return vp8Packet({ sequenceNumber: number, timestamp: number * 3000, pictureId: number, tl0: number, ...fields });
}

function started(): LayeredPath {
  const path = new LayeredPath("video/vp8");
  path.handle(picture(0, { keyFrame: true }));
  return path;
}

Deno.test({
  name: "B122: as long as all of the first source is forwarded every payload goes on as it came, malformed ones too",
  permissions: "none",
  fn() {
    const path = started();
    const { forwarder } = path;
    assert.deepEqual([forwarder.spatial, forwarder.temporal], [ALL_LAYERS, ALL_LAYERS]);
    for (let number = 1; number < 500; number++) {
      assert.equal(path.handle(picture(number, { temporal: number % 3, marker: number % 2 === 0 })), "sent");
      assert.deepEqual([forwarder.changes, forwarder.marker], [false, number % 2 === 0]);
    }
    const malformed = picture(500);
    malformed.payloadLength = 3;
    assert.equal(path.handle(malformed), "sent");
    assert.equal(path.forwarder.selectAgain(malformed), true);
  },
});

Deno.test({
  name: "B122: a target that is lowered and raised before the first packet leaves everything as it comes",
  permissions: "none",
  fn() {
    const path = new LayeredPath("video/vp8");
    path.forwarder.setTarget(0, 0);
    path.forwarder.setTarget(Infinity, Infinity);
    path.switchSource();
    path.handle(picture(77, { keyFrame: true, bits: 7 }));
    path.handle(picture(78, { temporal: 2, bits: 7 }));
    assert.deepEqual([path.forwarder.changes, path.sent.layers.pictureIdBits], [false, 7]);
  },
});

Deno.test({
  name: "B320: what came before the first picture that was left out, or is of its time, goes on as it came",
  permissions: "none",
  fn() {
    const path = started();
    for (const number of [1, 2, 5]) path.handle(picture(number));
    path.forwarder.setTarget(Infinity, 0);
    assert.equal(path.handle(picture(3, { temporal: 1 })), "sent", "it is late, and all were forwarded then");
    assert.equal(path.forwarder.changes, false);
    assert.equal(path.handle(picture(6, { temporal: 1 })), "closed");
    assert.equal(path.handle(picture(4, { temporal: 1 })), "sent");
    assert.equal(path.handle(picture(7)), "sent");
    assert.equal(path.sent.layers.pictureId, 6);
  },
});

Deno.test({
  name: "B328: a malformed payload is not forwarded where layers are chosen from, and changes nothing",
  permissions: "none",
  fn() {
    const path = new LayeredPath("video/vp8");
    path.forwarder.setTarget(Infinity, 0);
    path.handle(picture(0, { keyFrame: true }));
    const malformed = picture(1);
    malformed.payloadLength = 3;
    assert.equal(path.handle(malformed), "closed");
    assert.equal(path.forwarder.selectAgain(malformed), false);
    assert.equal(path.handle(picture(2)), "sent");
    assert.equal(path.sent.layers.pictureId, 2, "it may have been a picture");
  },
});

Deno.test({
  name:
    "B322: a packet of a source that was never forwarded is not sent again, unless it was before anything was left out",
  permissions: "none",
  fn() {
    const path = started();
    const early = picture(0, { keyFrame: true });
    path.switchSource();
    path.handle(picture(50, { ssrc: 2, keyFrame: true }));
    path.read(early);
    assert.equal(path.forwarder.selectAgain(early), true);
    assert.equal(path.forwarder.changes, false);
    const later = picture(60, { ssrc: 2 });
    path.read(later);
    assert.equal(path.forwarder.selectAgain(later), false);
    const direct = new LayeredPath("video/vp8");
    direct.forwarder.setTarget(Infinity, 0);
    direct.handle(picture(0, { keyFrame: true }));
    const stranger = picture(0, { ssrc: 9 });
    direct.read(stranger);
    assert.equal(direct.forwarder.selectAgain(stranger), false);
  },
});
