import assert from "node:assert/strict";
import fc from "fast-check";
import { nackBlp, nackCount, nackMediaSsrc, nackPid, writeNack } from "./nack.ts";
import { RtcpReader } from "./rtcp_reader.ts";

const SENDER = 0x80000001;
const MEDIA = 0x90000002;

function readerAt(bytes: Uint8Array, length = bytes.length): RtcpReader {
  const reader = new RtcpReader();
  reader.reset(bytes, length);
  assert.equal(reader.next(), true);
  return reader;
}

/** The sequence numbers that a NACK asks for. */
function asked(reader: RtcpReader): number[] {
  return Array.from({ length: nackCount(reader) }, (_, i) => i).flatMap((i) => {
    const following = Array.from({ length: 16 }, (_, bit) => bit).filter((bit) => (nackBlp(reader, i) >> bit) & 1);
    return [nackPid(reader, i), ...following.map((bit) => (nackPid(reader, i) + 1 + bit) & 0xffff)];
  });
}

function written(sequenceNumbers: readonly number[], room = 65536): Uint8Array {
  const out = new Uint8Array(room);
  return out.slice(0, writeNack(out, 0, SENDER, MEDIA, Uint16Array.from(sequenceNumbers), sequenceNumbers.length));
}

Deno.test({
  name: "a NACK names sender and media source, and packs 17 sequence numbers into a pair (RFC 4585 section 6.2.1)",
  permissions: "none",
  fn() {
    const header = [0x80, 0, 0, 1, 0x90, 0, 0, 2];
    assert.deepEqual([...written([513])], [0x81, 205, 0, 3, ...header, 2, 1, 0, 0]);
    assert.deepEqual([...written([256, 257, 259, 272])], [0x81, 205, 0, 3, ...header, 1, 0, 0x80, 0x05]);
    assert.deepEqual([...written([256, 273])], [0x81, 205, 0, 4, ...header, 1, 0, 0, 0, 1, 17, 0, 0]);
    assert.equal(nackMediaSsrc(readerAt(written([1]))), MEDIA);
    assert.equal(readerAt(written([1])).senderSsrc, SENDER);
  },
});

Deno.test({
  name: "a pair goes on over the wrap of the sequence number",
  permissions: "none",
  fn() {
    const reader = readerAt(written([65533, 65535, 0, 13, 14]));
    assert.deepEqual([nackPid(reader, 0), nackBlp(reader, 0)], [65533, 0x8006]);
    assert.deepEqual([nackPid(reader, 1), nackBlp(reader, 1)], [14, 0]);
    assert.deepEqual(asked(reader), [65533, 65535, 0, 13, 14]);
  },
});

Deno.test({
  name: "298 sequence numbers in a row take 18 pairs",
  permissions: "none",
  fn() {
    const numbers = Array.from({ length: 298 }, (_, i) => (65400 + i) & 0xffff);
    const bytes = written(numbers);
    assert.equal(bytes.length, 12 + 18 * 4);
    assert.deepEqual(asked(readerAt(bytes)), numbers);
  },
});

Deno.test({
  name: "whatever the sequence numbers and their order, those and no others are asked for",
  permissions: "none",
  fn() {
    const property = fc.property(fc.array(fc.nat(65535), { minLength: 1, maxLength: 400 }), (numbers) => {
      assert.deepEqual(new Set(asked(readerAt(written(numbers)))), new Set(numbers));
    });
    fc.assert(property, { seed: 11 });
  },
});

Deno.test({
  name: "a NACK is written behind another packet, and not at all without room or numbers",
  permissions: "none",
  fn() {
    const out = new Uint8Array(28).fill(0xee);
    const numbers = Uint16Array.of(1, 100);
    assert.equal(writeNack(out, 8, SENDER, MEDIA, numbers, 2), 20);
    assert.deepEqual([...out.subarray(0, 8)], new Array(8).fill(0xee));
    assert.deepEqual(asked(readerAt(out.subarray(8))), [1, 100]);
    const before = out.slice();
    assert.equal(writeNack(out, 9, SENDER, MEDIA, numbers, 2), 0);
    assert.equal(writeNack(out, 8, SENDER, MEDIA, numbers, 0), 0);
    assert.deepEqual(out, before);
  },
});

Deno.test({
  name: "what is too short, of another format or of another type is no NACK; a broken last pair is not read",
  permissions: "none",
  fn() {
    const rest = [0, 0, 0, 1, 0, 0, 0, 2];
    for (
      const bytes of [
        [0x81, 205, 0, 1, 0, 0, 0, 1],
        [0x82, 205, 0, 3, ...rest, 0, 7, 0, 0],
        [0x81, 206, 0, 3, ...rest, 0, 7, 0, 0],
        [0x81, 205, 0, 0],
      ]
    ) {
      const reader = readerAt(Uint8Array.from(bytes));
      assert.equal(nackMediaSsrc(reader), -1);
      assert.equal(nackCount(reader), 0);
    }
    const empty = readerAt(Uint8Array.of(0x81, 205, 0, 2, ...rest));
    assert.equal(nackMediaSsrc(empty), 2);
    assert.equal(nackCount(empty), 0);
    // Two bytes of padding are taken off the last pair.
    const padded = readerAt(Uint8Array.of(0xa1, 205, 0, 4, ...rest, 0, 7, 0, 1, 0, 9, 0, 2));
    assert.deepEqual(asked(padded), [7, 8]);
  },
});
