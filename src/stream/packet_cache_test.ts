import assert from "node:assert/strict";
import { type PacketFields, rtpBytes, rtpPacket, START_SEQUENCE_NUMBERS } from "../../tests/harness/rtp_packets.ts";
import { seededRandom } from "../../tests/harness/seeded_random.ts";
import { RtpPacket } from "../rtp/packet.ts";
import {
  MAX_PACKET_AGE_MS,
  MAX_PACKET_LENGTH,
  PacketCache,
  PAGE_BYTES,
  VIDEO_CACHE_BYTES,
  VIDEO_CACHE_SLOTS,
} from "./packet_cache.ts";

const SSRC = 7;
const VIDEO_PAYLOAD = 1150;
const KB = 1024;
/** 2 s at 30 frames a second. */
const KEPT_FRAMES = 60;
const FRAME_MS = 1000 / 30;

/** A packet whose payload tells its index; in a buffer of 2,048 bytes, as a socket delivers it, or in one of its length. */
function packetOf(index: number, fields: PacketFields = {}, payloadLength = 20, room = 0): RtpPacket {
  const payload = Array.from({ length: payloadLength }, (_, at) => (index >> (8 * (at % 4))) & 0xff);
  const sequenceNumber = index & 0xffff;
  const bytes = rtpBytes({ ssrc: SSRC, sequenceNumber, timestamp: index, payload, ...fields });
  const buffer = new Uint8Array(Math.max(room, bytes.length)).fill(0xaa);
  buffer.set(bytes);
  const packet = new RtpPacket();
  assert.ok(packet.parse(buffer, bytes.length));
  return packet;
}

function videoCache(): PacketCache {
  return new PacketCache(VIDEO_CACHE_BYTES, VIDEO_CACHE_SLOTS);
}

/** The packet's bytes, undefined where it is not there. */
function found(cache: PacketCache, sequenceNumber: number, nowMs = 0): Uint8Array | undefined {
  const view = new RtpPacket();
  if (!cache.load(cache.find(sequenceNumber & 0xffff, nowMs), view)) return undefined;
  assert.equal(view.sequenceNumber, sequenceNumber & 0xffff);
  return view.bytes.slice(0, view.length);
}

function wholeBytes(packet: RtpPacket): Uint8Array {
  return packet.bytes.slice(0, packet.length);
}

for (const start of START_SEQUENCE_NUMBERS) {
  Deno.test({
    name: `B104: a stored packet comes back as it was, late and doubled ones too, from ${start}`,
    permissions: "none",
    fn() {
      const cache = videoCache();
      for (const index of [0, 1, 4, 3, 3, 1]) cache.store(packetOf(start + index), 0);
      for (const index of [0, 1, 3, 4]) {
        assert.deepEqual(found(cache, start + index), wholeBytes(packetOf(start + index)));
      }
      for (const index of [-1, 2, 5, VIDEO_CACHE_SLOTS, 32_768]) assert.equal(found(cache, start + index), undefined);
    },
  });

  Deno.test({
    name: `B104: of 32 packets in 16 slots the last 16 are left, from ${start}`,
    permissions: "none",
    fn() {
      const cache = new PacketCache(VIDEO_CACHE_BYTES, 16);
      for (let index = 0; index < 32; index++) cache.store(packetOf(start + index), 0);
      for (let index = 0; index < 32; index++) {
        assert.equal(found(cache, start + index) !== undefined, index >= 16, `packet ${index}`);
      }
    },
  });
}

Deno.test({
  name: "B104: a view of the packet has all its parts, and may be written over",
  permissions: "none",
  fn() {
    const cache = videoCache();
    const packet = rtpPacket({
      ssrc: SSRC,
      sequenceNumber: 9,
      timestamp: 0xfffffff0,
      payloadType: 96,
      marker: true,
      csrcs: [1, 2],
      extension: { profile: 0xbede, data: [0x10, 0xff, 0, 0] },
      payload: [1, 2, 3],
    });
    cache.store(packet, 0);
    const view = new RtpPacket();
    for (let round = 0; round < 2; round++) {
      assert.equal(cache.load(cache.find(9, 0), view), true);
      assert.deepEqual({ ...view, bytes: view.bytes.slice(0, view.length) }, { ...packet });
      view.bytes.fill(0xee, 0, view.length);
    }
  },
});

Deno.test({
  name: "B104: a packet is kept without its padding, one of padding alone as an empty one",
  permissions: "none",
  fn() {
    const cache = videoCache();
    cache.store(rtpPacket({ ssrc: SSRC, sequenceNumber: 1, payload: [5, 6], padding: 200 }), 0);
    cache.store(rtpPacket({ ssrc: SSRC, sequenceNumber: 2, padding: 255 }), 0);
    assert.deepEqual(found(cache, 1), rtpBytes({ ssrc: SSRC, sequenceNumber: 1, payload: [5, 6] }));
    assert.deepEqual(found(cache, 2), rtpBytes({ ssrc: SSRC, sequenceNumber: 2 }));
  },
});

Deno.test({
  name: "B105: a packet of 2,000 ms is found, one of a millisecond more is not",
  permissions: "none",
  fn() {
    const cache = videoCache();
    cache.store(packetOf(1), 5000);
    assert.notEqual(found(cache, 1, 5000 + MAX_PACKET_AGE_MS - 1), undefined);
    assert.notEqual(found(cache, 1, 5000 + MAX_PACKET_AGE_MS), undefined);
    assert.equal(found(cache, 1, 5000 + MAX_PACKET_AGE_MS + 1), undefined);
    assert.equal(cache.find(1, 5100, 99), -1);
  },
});

Deno.test({
  name: "B104: a sequence number that is used again after a wrap never gives the old packet",
  permissions: "none",
  fn() {
    const cache = videoCache();
    // All that share a slot with packet 5 are lost, so that nothing writes over it but what counts the losses.
    for (let index = 0; index < 65_536 + 100; index++) {
      if (index === 5 || index % VIDEO_CACHE_SLOTS !== 5) cache.store(packetOf(index), 0);
    }
    assert.equal(found(cache, 5), undefined);
    assert.deepEqual(found(cache, 6), wholeBytes(packetOf(65_536 + 6)));
  },
});

Deno.test({
  name: "B104: another SSRC, a jump and a reset empty the cache",
  permissions: "none",
  fn() {
    const cache = videoCache();
    assert.equal(cache.ssrc, -1);
    assert.equal(found(cache, 0), undefined);
    cache.store(packetOf(10), 0);
    assert.equal(cache.newestSequenceNumber, 10);
    cache.store(packetOf(11, { ssrc: 8 }), 0);
    assert.equal(cache.ssrc, 8);
    assert.equal(found(cache, 10), undefined);
    assert.notEqual(found(cache, 11), undefined);
    for (const jump of [40_000, 20_000, 20_000 + VIDEO_CACHE_SLOTS]) {
      cache.store(packetOf(jump, { ssrc: 8 }), 0);
      assert.notEqual(found(cache, jump), undefined);
      assert.equal(found(cache, 11), undefined);
    }
    assert.equal(found(cache, 20_000), undefined);
    cache.clear();
    assert.equal(cache.ssrc, -1);
    assert.equal(found(cache, 20_000 + VIDEO_CACHE_SLOTS), undefined);
  },
});

Deno.test({
  name: "B105: a busy video stream takes 1 MB and keeps at least 840 full packets; nothing grows beyond the bound",
  permissions: "none",
  fn() {
    const cache = videoCache();
    for (let index = 0; index < 3000; index++) {
      cache.store(packetOf(index, {}, VIDEO_PAYLOAD, 2048), index);
      assert.ok(cache.byteLength <= VIDEO_CACHE_BYTES);
    }
    assert.equal(cache.byteLength, VIDEO_CACHE_BYTES);
    for (let index = 3000 - 840; index < 3000; index++) {
      assert.deepEqual(found(cache, index, 3000), wholeBytes(packetOf(index, {}, VIDEO_PAYLOAD)), `packet ${index}`);
    }
  },
});

for (const [kbits, packets, kB] of [[300, 2, 96], [1200, 5, 320], [2500, 10, 672], [3800, 15, 976]]) {
  Deno.test({
    name: `B105: the last 2 s of a video stream of ${kbits} kbit/s are there at any time, in ${kB} kB`,
    permissions: "none",
    fn() {
      const cache = videoCache();
      assert.equal(cache.byteLength, 0, "a stream without packets takes none");
      const length = Math.round((kbits * 1000) / 8 / 30 / packets) - 12;
      for (let frame = 0; frame < 250; frame++) {
        const nowMs = Math.floor(frame * FRAME_MS);
        for (let i = 0; i < packets; i++) cache.store(packetOf(frame * packets + i, {}, length), nowMs);
        const oldest = Math.max(0, frame - KEPT_FRAMES + 1) * packets;
        assert.deepEqual(found(cache, oldest, nowMs), wholeBytes(packetOf(oldest, {}, length)), `packet ${oldest}`);
      }
      assert.equal(cache.byteLength, kB * KB);
    },
  });
}

Deno.test({
  name: "B105: pages are added with the bit rate while the oldest is needed: nothing of the last 2 s is written over",
  permissions: "none",
  fn() {
    const cache = videoCache();
    const times: number[] = [];
    let nowMs = 0;
    for (const [packets, stepMs] of [[500, 100], [600, 6], [200, 50], [300, 6]]) {
      for (let i = 0; i < packets; i++) {
        nowMs += stepMs;
        times.push(nowMs);
        cache.store(packetOf(times.length - 1, {}, VIDEO_PAYLOAD, 2048), nowMs);
        const oldest = times.findLastIndex((atMs) => atMs < nowMs - MAX_PACKET_AGE_MS) + 1;
        assert.notEqual(found(cache, oldest, nowMs), undefined, `packet ${oldest} at ${times.length - 1}`);
      }
      if (packets === 500) assert.equal(cache.byteLength, 3 * PAGE_BYTES);
    }
    assert.ok(cache.byteLength < VIDEO_CACHE_BYTES);
  },
});

Deno.test({
  name: "a packet that is longer than any network carries is not kept",
  permissions: "none",
  fn() {
    const cache = new PacketCache(0, 16);
    cache.store(packetOf(1, {}, MAX_PACKET_LENGTH - 12), 0);
    assert.notEqual(found(cache, 1), undefined);
    cache.store(packetOf(2, {}, MAX_PACKET_LENGTH - 11), 0);
    assert.equal(found(cache, 2), undefined);
    // One that lies in a longer buffer is kept.
    cache.store(packetOf(3, {}, 100, 65_536), 0);
    assert.deepEqual(found(cache, 3), wholeBytes(packetOf(3, {}, 100)));
  },
});

/** The books of a cache: what may be found, and what must be. */
class Model {
  readonly #stored = new Map<number, { readonly bytes: Uint8Array; readonly atMs: number; readonly end: number }>();
  #end = 0;

  has(index: number): boolean {
    return this.#stored.has(index);
  }

  store(index: number, packet: RtpPacket, nowMs: number): void {
    this.#end += packet.length;
    this.#stored.set(index, { bytes: wholeBytes(packet), atMs: nowMs, end: this.#end });
  }

  check(cache: PacketCache, index: number, newest: number, nowMs: number, slots: number, sureBytes: number): void {
    const entry = this.#stored.get(index);
    const bytes = found(cache, index, nowMs);
    const fits = entry !== undefined && index > newest - slots && nowMs - entry.atMs <= MAX_PACKET_AGE_MS;
    if (!fits) return assert.equal(bytes, undefined);
    if (bytes !== undefined) return assert.deepEqual(bytes, entry.bytes);
    assert.ok(this.#end - entry.end > sureBytes, `packet ${index} is gone after ${this.#end - entry.end} bytes`);
  }
}

for (const [pages, slots] of [[1, 16], [1, 256], [2, 64], [3, 1024], [8, 256]]) {
  Deno.test({
    name: `B104: a cache of ${pages} pages and ${slots} slots gives the right packet or none, whatever comes`,
    permissions: "none",
    fn() {
      for (let seed = 1; seed <= 5; seed++) {
        const random = seededRandom(seed);
        const below = (limit: number) => random.uint32() % limit;
        const cache = new PacketCache(pages * PAGE_BYTES, slots);
        const model = new Model();
        // One page may have been begun just now; at the end of each a packet may not have fitted.
        const sureBytes = (pages - 1) * (PAGE_BYTES - MAX_PACKET_LENGTH) - MAX_PACKET_LENGTH;
        let newest = below(65_536);
        let nowMs = 0;
        for (let step = 0; step < 2000; step++) {
          const late = step > 0 && below(4) === 0;
          const index = late ? newest - below(slots) : newest + 1 + (below(10) === 0 ? below(slots - 1) : 0);
          const packet = packetOf(index, {}, below(3) === 0 ? below(1400) : below(200), below(2) * 2048);
          const whole = model.has(index) && cache.find(index & 0xffff, nowMs, Infinity) >= 0;
          if (index >= 0) {
            cache.store(packet, nowMs);
            if (!whole) model.store(index, packet, nowMs);
            newest = Math.max(newest, index);
          }
          nowMs += below(20);
          model.check(cache, newest - below(slots + 5), newest, nowMs, slots, sureBytes);
        }
      }
    },
  });
}
