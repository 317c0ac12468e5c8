import assert from "node:assert/strict";
import fc from "fast-check";
import { findPrimary, setBlockPayloadTypes, writeLastRedHeader, writeRedHeaders } from "./red.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

const OPUS = 111;

/** A RED payload at index 3 of its buffer, of blocks with their timestamp offsets, the last one the primary. */
function redPayload(payloadType: number, ...blocks: { readonly offset: number; readonly data: readonly number[] }[]) {
  const headers = blocks.flatMap(({ offset, data }, index) =>
    index === blocks.length - 1 ? [payloadType] : [
      0x80 | payloadType,
      offset >> 6,
      ((offset & 0x3f) << 2) | (data.length >> 8),
      data.length & 0xff,
    ]
  );
  return Uint8Array.from([9, 9, 9, ...headers, ...blocks.flatMap(({ data }) => data)]);
}

test("the primary block of RED (RFC 2198) is found behind any number of redundant ones", () => {
  const data = (length: number) => Array.from({ length }, (_, index) => index & 0xff);
  for (const lengths of [[5], [0, 5], [3, 5], [1023, 5], [1, 2, 3, 4], [7, 0, 1]]) {
    const blocks = lengths.map((length, index) => ({ offset: 960 * (lengths.length - index), data: data(length) }));
    const bytes = redPayload(OPUS, ...blocks);
    const primary = findPrimary(bytes, 3, bytes.length - 3, OPUS);
    assert.equal(primary, bytes.length - lengths[lengths.length - 1], `for ${lengths}`);
  }
});

test("B353: a RED payload that is cut short, has no primary block, too many blocks or a strange one is malformed", () => {
  const sound = redPayload(OPUS, { offset: 960, data: [1, 2, 3] }, { offset: 0, data: [4] });
  assert.ok(findPrimary(sound, 3, sound.length - 3, OPUS) > 0);
  for (let length = 0; length < sound.length - 3; length++) {
    assert.equal(findPrimary(sound, 3, length, OPUS), -1, `cut to ${length} bytes`);
  }
  assert.equal(findPrimary(sound, 3, sound.length - 3, 110), -1);
  const strange = sound.slice();
  strange[7] = 110;
  assert.equal(findPrimary(strange, 3, sound.length - 3, OPUS), -1, "the primary block is another codec's");
  const block = { offset: 1, data: [] };
  const full = redPayload(OPUS, ...Array(15).fill(block), { offset: 0, data: [1] });
  assert.equal(findPrimary(full, 3, full.length - 3, OPUS), full.length - 1);
  const tooMany = redPayload(OPUS, ...Array(16).fill(block), { offset: 0, data: [1] });
  assert.equal(findPrimary(tooMany, 3, tooMany.length - 3, OPUS), -1);
});

test("B353: whatever the bytes, the primary block lies within the payload, and nothing behind it is read", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(20), fc.nat(127), (bytes, offset, payloadType) => {
      const length = Math.max(0, bytes.length - offset);
      const primary = findPrimary(bytes, offset, length, payloadType);
      assert.ok(primary === -1 || (primary > offset && primary < offset + length));
      const longer = Uint8Array.from([...bytes.slice(0, offset + length), ...Array(16).fill(0x80 | payloadType)]);
      if (bytes.length >= offset) assert.equal(findPrimary(longer, offset, length, payloadType), primary);
    }),
    { verbose: true },
  );
});

test("what is written is read again, and each block takes another payload type", () => {
  for (const [offset, length] of [[960, 200], [1, 1], [0x3fff, 0x3ff]]) {
    const out = new Uint8Array(1100);
    const block = writeRedHeaders(out, 2, OPUS, offset, length);
    assert.equal(block, 7);
    const end = block + length + 4;
    assert.equal(findPrimary(out, 2, end - 2, OPUS), block + length);
    const header = redPayload(OPUS, { offset, data: Array(length).fill(0) }, { offset: 0, data: [] }).slice(3, 8);
    assert.deepEqual(out.slice(2, 7), header);
    setBlockPayloadTypes(out, 2, 63);
    assert.equal(findPrimary(out, 2, end - 2, 63), block + length);
    assert.equal(out.slice(7).some((byte) => byte !== 0), false, "the data stays");
  }
  const out = new Uint8Array(4);
  assert.equal(writeLastRedHeader(out, 1, OPUS), 2);
  assert.deepEqual([...out], [0, OPUS, 0, 0]);
});
