import assert from "node:assert/strict";
import fc from "fast-check";
import { rtpPacket } from "../../tests/harness/rtp_packets.ts";
import {
  elementLength,
  findExtension,
  readTransportSequenceNumber,
  writeExtensions,
  writeTransportSequenceNumber,
} from "./header_extension.ts";
import type { RtpPacket } from "./packet.ts";

const ONE_BYTE = 0xbede;
const TWO_BYTE = 0x1000;
const NO_MID = new Uint8Array(0);
const IDENTITY = Uint8Array.from({ length: 256 }, (_, id) => id);

interface Element {
  readonly id: number;
  readonly data: readonly number[];
}

/** RFC 8285 sections 4.2 and 4.3, written to be obvious: what `header_extension.ts` is compared with. */
function referenceElements(profile: number, block: readonly number[]): Element[] {
  const elements: Element[] = [];
  const rest = [...block];
  const twoByte = profile !== ONE_BYTE;
  while (rest.length > 0) {
    const first = rest.shift() ?? 0;
    if (first === 0) continue;
    const id = twoByte ? first : first >> 4;
    if (!twoByte && (id === 0 || id === 15)) break;
    const length = twoByte ? rest.shift() : (first & 0x0f) + 1;
    if (length === undefined || length > rest.length) break;
    elements.push({ id, data: rest.splice(0, length) });
  }
  return elements;
}

function padded(data: readonly number[]): number[] {
  return [...data, ...new Array((4 - (data.length % 4)) % 4).fill(0)];
}

function packetWith(profile: number, data: readonly number[]): RtpPacket {
  return rtpPacket({ extension: { profile, data: padded(data) }, payload: [0xee, 0xee, 0xee] });
}

function encode(profile: number, elements: readonly Element[]): number[] {
  return elements.flatMap(({ id, data }) =>
    profile === ONE_BYTE ? [(id << 4) | (data.length - 1), ...data] : [id, data.length, ...data]
  );
}

function find(packet: RtpPacket, id: number): number[] | undefined {
  const element = findExtension(packet, id);
  if (element < 0) return undefined;
  return [...packet.bytes.subarray(element, element + elementLength(packet, element))];
}

/** The elements that `writeExtensions` wrote into `out[offset, offset + written)`. */
function writtenElements(out: Uint8Array, offset: number, written: number): Element[] {
  if (written === 0) return [];
  const words = (out[offset + 2] << 8) | out[offset + 3];
  assert.equal(written, 4 + words * 4);
  return referenceElements((out[offset] << 8) | out[offset + 1], [...out.subarray(offset + 4, offset + written)]);
}

const oneByteElement = fc.record({
  id: fc.integer({ min: 1, max: 14 }),
  data: fc.array(fc.nat(255), { minLength: 1, maxLength: 16 }),
});
const twoByteElement = fc.record({
  id: fc.integer({ min: 1, max: 255 }),
  data: fc.array(fc.nat(255), { maxLength: 40 }),
});
const form = fc.oneof(
  fc.tuple(fc.constant(ONE_BYTE), fc.array(oneByteElement, { maxLength: 8 })),
  fc.tuple(fc.integer({ min: TWO_BYTE, max: TWO_BYTE + 15 }), fc.array(twoByteElement, { maxLength: 8 })),
);

Deno.test({
  name: "an element is found by its id in both forms, behind padding too",
  permissions: "none",
  fn() {
    const oneByte = packetWith(ONE_BYTE, [0, 0x41, 0xaa, 0xbb, 0, 0, 0x30, 0xcc]);
    assert.deepEqual(find(oneByte, 4), [0xaa, 0xbb]);
    assert.deepEqual(find(oneByte, 3), [0xcc]);
    assert.equal(find(oneByte, 1), undefined);
    const twoByte = packetWith(TWO_BYTE | 7, [0, 200, 2, 0xaa, 0xbb, 0, 15, 0, 1, 1, 0xcc]);
    assert.deepEqual(find(twoByte, 200), [0xaa, 0xbb]);
    assert.deepEqual(find(twoByte, 15), []);
    assert.deepEqual(find(twoByte, 1), [0xcc]);
    assert.equal(find(twoByte, 2), undefined);
  },
});

Deno.test({
  name: "id 15, and id 0 with a length, end a one-byte block",
  permissions: "none",
  fn() {
    assert.equal(find(packetWith(ONE_BYTE, [0x10, 1, 0xf0, 2, 0x20, 3]), 2), undefined);
    assert.equal(find(packetWith(ONE_BYTE, [0x10, 1, 0x01, 2, 0x20, 3]), 2), undefined);
    assert.deepEqual(find(packetWith(ONE_BYTE, [0x10, 1, 0xf0, 2, 0x20, 3]), 1), [1]);
    assert.equal(find(packetWith(ONE_BYTE, [0x10, 1, 0xf0, 2, 0x20, 3]), 15), undefined);
  },
});

Deno.test({
  name: "an element that runs past its block is not found, nor is one of another profile or of no extension",
  permissions: "none",
  fn() {
    assert.equal(find(packetWith(ONE_BYTE, [0x13, 1, 1, 1]), 1), undefined);
    assert.equal(find(packetWith(TWO_BYTE, [1, 3, 1, 1]), 1), undefined);
    assert.equal(find(packetWith(TWO_BYTE, [9, 1, 0, 1]), 1), undefined);
    assert.equal(find(packetWith(0x2000, [0x10, 1, 1, 1]), 1), undefined);
    assert.equal(find(rtpPacket({ payload: [0x10, 0x10] }), 1), undefined);
  },
});

Deno.test({
  name: "any block of bytes is read as the reference parser reads it",
  permissions: "none",
  fn() {
    const profile = fc.constantFrom(ONE_BYTE, TWO_BYTE, TWO_BYTE | 15);
    // Small bytes make many short elements, so that the walk goes on for longer.
    const byte = fc.oneof(fc.nat(255), fc.nat(3), fc.constantFrom(0x10, 0x21, 0x32, 0xf0));
    const property = fc.property(profile, fc.array(byte, { maxLength: 48 }), (profile, data) => {
      const packet = packetWith(profile, data);
      const expected = referenceElements(profile, padded(data));
      for (let id = 0; id < 256; id++) {
        assert.deepEqual(find(packet, id), expected.find((element) => element.id === id)?.data, `id ${id}`);
      }
    });
    fc.assert(property, { seed: 4, numRuns: 1000 });
  },
});

Deno.test({
  name: "B58: header extensions go out under the subscriber's ids with the subscriber's MID, the others are left out",
  permissions: "none",
  fn() {
    const idMap = new Uint8Array(256);
    idMap[3] = 7;
    idMap[5] = 1;
    const packet = packetWith(ONE_BYTE, [0x31, 0xaa, 0xbb, 0x40, 0x30, 0x52, 1, 2, 3]);
    const out = new Uint8Array(64).fill(0xff);
    const written = writeExtensions(out, 12, packet, idMap, 9, new TextEncoder().encode("12"));
    assert.deepEqual(
      [...out.subarray(12, 12 + written)],
      [0xbe, 0xde, 0, 3, 0x91, 0x31, 0x32, 0x71, 0xaa, 0xbb, 0x12, 1, 2, 3, 0, 0],
    );
  },
});

Deno.test({
  name: "nothing is written where no element is left",
  permissions: "none",
  fn() {
    const out = new Uint8Array(64).fill(0xa5);
    const dropAll = new Uint8Array(256);
    assert.equal(writeExtensions(out, 12, packetWith(ONE_BYTE, [0x10, 1]), dropAll, 0, NO_MID), 0);
    assert.equal(writeExtensions(out, 12, rtpPacket({}), IDENTITY, 0, NO_MID), 0);
    assert.equal(writeExtensions(out, 12, packetWith(ONE_BYTE, []), IDENTITY, 0, NO_MID), 0);
    assert.ok(out.every((byte) => byte === 0xa5));
  },
});

Deno.test({
  name: "B58: each id and length is mapped to each form that can carry it",
  permissions: "none",
  fn() {
    const out = new Uint8Array(512);
    const idMap = new Uint8Array(256);
    for (let id = 1; id < 256; id++) {
      for (let length = 0; length < 256; length++) {
        const data = new Array(length).fill(length);
        const packet = packetWith(TWO_BYTE, encode(TWO_BYTE, [{ id: 256 - id, data }]));
        idMap[256 - id] = id;
        const written = writeExtensions(out, 4, packet, idMap, 0, NO_MID);
        assert.deepEqual(writtenElements(out, 4, written), [{ id, data }], `id ${id}, length ${length}`);
        const oneByte = id <= 14 && length >= 1 && length <= 16;
        assert.equal(out[4], oneByte ? 0xbe : 0x10, `id ${id}, length ${length}`);
      }
    }
  },
});

Deno.test({
  name: "B58: the MID decides the form too: id over 14, no bytes or over 16 bytes need two-byte headers",
  permissions: "none",
  fn() {
    const out = new Uint8Array(512);
    const packet = packetWith(ONE_BYTE, [0x10, 1]);
    for (let id = 1; id < 256; id++) {
      for (const length of [0, 1, 16, 17, 255]) {
        const mid = new Uint8Array(length).fill(0x61);
        const written = writeExtensions(out, 0, packet, IDENTITY, id, mid);
        const expected = [{ id, data: [...mid] }, { id: 1, data: [1] }];
        assert.deepEqual(writtenElements(out, 0, written), expected, `id ${id}, length ${length}`);
        assert.equal(out[0], id <= 14 && length >= 1 && length <= 16 ? 0xbe : 0x10, `id ${id}, length ${length}`);
      }
    }
  },
});

Deno.test({
  name: "a MID over 255 bytes, which no form can carry, is left out",
  permissions: "none",
  fn() {
    const out = new Uint8Array(1024);
    const written = writeExtensions(out, 0, packetWith(ONE_BYTE, [0x10, 1]), IDENTITY, 9, new Uint8Array(256));
    assert.deepEqual(writtenElements(out, 0, written), [{ id: 1, data: [1] }]);
  },
});

Deno.test({
  name: "B58: whatever was negotiated, the elements that are mapped arrive with their data and no others do",
  permissions: "none",
  fn() {
    const maps = fc.uint8Array({ minLength: 256, maxLength: 256 });
    const mid = fc.array(fc.nat(255), { maxLength: 20 });
    const property = fc.property(form, maps, fc.nat(255), mid, ([profile, elements], idMap, midId, mid) => {
      const packet = packetWith(profile, encode(profile, elements));
      const out = new Uint8Array(1024);
      const written = writeExtensions(out, 12, packet, idMap, midId, Uint8Array.from(mid));
      const mapped = elements.map(({ id, data }) => ({ id: idMap[id], data })).filter(({ id }) => id !== 0);
      const expected = midId === 0 ? mapped : [{ id: midId, data: mid }, ...mapped];
      assert.deepEqual(writtenElements(out, 12, written), expected);
      const needsTwoByte = expected.some(({ id, data }) => id > 14 || data.length === 0 || data.length > 16);
      if (expected.length > 0) assert.equal(out[12], needsTwoByte ? 0x10 : 0xbe);
    });
    fc.assert(property, { seed: 5, numRuns: 2000 });
  },
});

Deno.test({
  name: "what does not fit is left out, nothing is written past the end, and the MID goes first",
  permissions: "none",
  fn() {
    const property = fc.property(form, fc.nat(80), fc.nat(20), ([profile, elements], size, offset) => {
      const packet = packetWith(profile, encode(profile, elements));
      const memory = new Uint8Array(size + 16).fill(0xa5);
      const out = memory.subarray(0, size);
      const written = writeExtensions(out, offset, packet, IDENTITY, 1, Uint8Array.of(0x61));
      assert.ok(written === 0 || offset + written <= size);
      assert.ok(memory.subarray(size).every((byte) => byte === 0xa5));
      const all = [{ id: 1, data: [0x61] }, ...elements];
      const left = writtenElements(out, offset, written);
      assert.ok(left.every((element) => all.some((each) => sameElement(each, element))));
      if (offset + 8 <= size) assert.deepEqual(left[0], all[0]);
    });
    fc.assert(property, { seed: 6, numRuns: 2000 });
  },
});

function sameElement(a: Element, b: Element): boolean {
  return a.id === b.id && a.data.length === b.data.length && a.data.every((byte, i) => byte === b.data[i]);
}

Deno.test({
  name: "a transport-wide sequence number of our own stands in front, in both forms, and is filled in later",
  permissions: "none",
  fn() {
    const idMap = new Uint8Array(16);
    idMap[1] = 5;
    for (const transportId of [1, 14, 15, 255]) {
      const out = new Uint8Array(64);
      const written = writeExtensions(
        out,
        12,
        packetWith(ONE_BYTE, [0x10, 0xaa]),
        idMap,
        9,
        Uint8Array.of(0x61),
        transportId,
      );
      writeTransportSequenceNumber(out, 12, 0xfedc);
      const expected = [{ id: transportId, data: [0xfe, 0xdc] }, { id: 9, data: [0x61] }, { id: 5, data: [0xaa] }];
      assert.deepEqual(writtenElements(out, 12, written), expected, `id ${transportId}`);
    }
    const out = new Uint8Array(64);
    const written = writeExtensions(out, 0, rtpPacket({}), idMap, 0, NO_MID, 3);
    writeTransportSequenceNumber(out, 0, 7);
    assert.deepEqual(writtenElements(out, 0, written), [{ id: 3, data: [0, 7] }], "of a packet without extensions");
  },
});

Deno.test({
  name: "a transport-wide sequence number is read in both forms; without it, or with one byte of it, there is none",
  permissions: "none",
  fn() {
    assert.equal(readTransportSequenceNumber(packetWith(ONE_BYTE, [0x31, 0x12, 0x34]), 3), 0x1234);
    assert.equal(readTransportSequenceNumber(packetWith(TWO_BYTE, [200, 2, 0xff, 0xff]), 200), 0xffff);
    assert.equal(readTransportSequenceNumber(packetWith(ONE_BYTE, [0x30, 0x12]), 3), -1);
    assert.equal(readTransportSequenceNumber(packetWith(ONE_BYTE, [0x41, 0x12, 0x34]), 3), -1);
    assert.equal(readTransportSequenceNumber(rtpPacket({}), 3), -1);
  },
});
