import assert from "node:assert/strict";
import fc from "fast-check";
import { rtpBytes } from "../../tests/harness/rtp_packets.ts";
import { equalizeLengths } from "./equal_length.ts";
import { writeHeader } from "./header.ts";
import { RtpPacket, type RtpRun } from "./packet.ts";

const FIXED = 12;
const ROOM = 2048;
/** What lies in a receive buffer behind the packet. */
const STALE = 0xaa;

/** Payloads are pieces of this; none of it looks like padding. */
const CONTENT = Array.from({ length: 2 * ROOM }, (_, i) => i % 255 + 1);

interface Shape {
  /** Bytes of the payload. */
  readonly payload: number;
  /** Words of the header extension, its own header left out. */
  readonly words?: number;
  readonly padding?: number;
  /** Bytes of the buffer. */
  readonly room?: number;
}

function packetOf({ payload, words, padding, room = ROOM }: Shape, sequenceNumber = 0): RtpPacket {
  const extension = words === undefined ? undefined : { profile: 0xbede, data: new Array<number>(words * 4).fill(0) };
  const content = CONTENT.slice(sequenceNumber, sequenceNumber + payload);
  const bytes = rtpBytes({ ssrc: 7, sequenceNumber, extension, payload: content, padding });
  const buffer = new Uint8Array(Math.max(room, bytes.length)).fill(STALE);
  buffer.set(bytes);
  const packet = new RtpPacket();
  assert.ok(packet.parse(buffer, bytes.length));
  return packet;
}

function runOf(shapes: readonly Shape[]): RtpRun {
  return { packets: shapes.map(packetOf), count: shapes.length };
}

/** The run of these packets, padded. */
function equalized(shapes: readonly Shape[]): RtpRun {
  const run = runOf(shapes);
  equalizeLengths(run, 0, run.count);
  return run;
}

const lengthsOf = ({ packets }: RtpRun): number[] => packets.map(({ length }) => length);
const payloadOf = ({ bytes, headerLength, payloadLength }: RtpPacket) =>
  bytes.slice(headerLength, headerLength + payloadLength);

/** Lengths of the padded packets of these payload lengths, without the header. */
function bodies(...payloads: number[]): number[] {
  return lengthsOf(equalized(payloads.map((payload) => ({ payload })))).map((length) => length - FIXED);
}

/** Messages of the kernel that these lengths take: equal ones, save the last, which may be shorter. */
function messages(lengths: readonly number[]): number {
  let count = 0;
  for (let i = 0; i < lengths.length; count++) {
    const size = lengths[i++];
    while (lengths[i] === size) i++;
    if (lengths[i] < size) i++;
  }
  return count;
}

/** The least number of messages that padding can bring about, found by trying every division into groups. */
function fewestMessages(shapes: readonly Shape[]): number {
  const { packets } = runOf(shapes);
  const fewest = [0];
  for (let end = 1; end <= packets.length; end++) {
    fewest[end] = Infinity;
    for (let start = 0; start < end; start++) {
      const longest = Math.max(...packets.slice(start, end).map(({ length }) => length));
      const fits = shapes.slice(start, end - 1).every((shape) => greatestLength(shape) >= longest);
      if (fits) fewest[end] = Math.min(fewest[end], fewest[start] + 1);
    }
  }
  return fewest[packets.length];
}

function greatestLength({ payload, words, padding = 0, room = ROOM }: Shape): number {
  const plain = FIXED + (words === undefined ? 0 : 4 + words * 4) + payload;
  if (payload === 0) return plain + padding;
  return Math.max(plain + padding, Math.min(plain + 16, plain + Math.floor(plain / 128), room));
}

/** How libwebrtc splits a frame: evenly, and the last packets are the longer ones by a byte. */
function splitEvenly(frame: number, max = 1180): number[] {
  const count = Math.ceil(frame / max);
  return Array.from({ length: count }, (_, i) => Math.floor((frame + i) / count));
}

/** Lengths that are close to each other often, padding, and buffers without room. */
const shape: fc.Arbitrary<Shape> = fc.record({
  payload: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 1000, max: 1012 }) },
    { weight: 2, arbitrary: fc.integer({ min: 0, max: 1200 }) },
    { weight: 1, arbitrary: fc.integer({ min: 2000, max: 2036 }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 130 }) },
  ),
  padding: fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, fc.nat(20), fc.nat(255)),
  room: fc.oneof({ weight: 6, arbitrary: fc.constant(ROOM) }, fc.integer({ min: 1012, max: 1030 }), fc.constant(0)),
});
const shapes = fc.array(shape, { maxLength: 24 });
const anyHeaders = fc.array(fc.tuple(shape, fc.constantFrom(undefined, undefined, undefined, 0, 1, 3)), {
  maxLength: 24,
}).map((list) => list.map(([rest, words]): Shape => ({ ...rest, ...(words !== undefined && { words }) })));

Deno.test({
  name: "B161: the packets of a frame that was split evenly get one length, and it is one message",
  permissions: "none",
  fn() {
    assert.deepEqual(bodies(1000, 1000, 1001, 1001), [1001, 1001, 1001, 1001]);
    assert.deepEqual(bodies(1001, 1001, 1000, 1000), [1001, 1001, 1001, 1000]);
    const property = fc.property(fc.integer({ min: 1181, max: 60_000 }), (frame) => {
      const split = splitEvenly(frame);
      assert.equal(split.reduce((sum, payload) => sum + payload, 0), frame);
      const padded = bodies(...split);
      assert.equal(messages(padded), 1);
      assert.ok(padded.every((length, i) => length - split[i] <= 1));
      if (split[0] !== split.at(-1)) assert.ok(messages(split) > 1);
    });
    fc.assert(property, { seed: 161, numRuns: 300 });
  },
});

Deno.test({
  name: "B161: frames of 2 Mbit/s that come three at a time take half the messages, and grow by less than 0.1 %",
  permissions: "none",
  fn() {
    let before = 0, after = 0, bytes = 0, added = 0;
    const property = fc.property(
      fc.array(fc.integer({ min: 4000, max: 14_000 }), { minLength: 3, maxLength: 3 }),
      (f) => {
        const split = f.flatMap((frame) => splitEvenly(frame));
        const padded = bodies(...split);
        before += messages(split);
        after += messages(padded);
        bytes += split.reduce((sum, length) => sum + length, 0);
        added += padded.reduce((sum, length, i) => sum + length - split[i], 0);
      },
    );
    fc.assert(property, { seed: 162, numRuns: 300 });
    assert.ok(after < before * 0.55, `${before} messages before, ${after} after`);
    assert.ok(added < bytes / 1000, `${added} bytes were added to ${bytes}`);
  },
});

Deno.test({
  name: "B161: the last of a group may be shorter by any amount and gets no padding; the next group begins behind it",
  permissions: "none",
  fn() {
    assert.deepEqual(bodies(1000, 1001, 300), [1001, 1001, 300]);
    assert.deepEqual(bodies(1000, 1001, 300, 300, 299, 301), [1001, 1001, 300, 301, 301, 301]);
    assert.deepEqual(bodies(1001, 1000), [1001, 1000]);
  },
});

Deno.test({
  name: "B161: a packet that is too much longer begins a group, and the shorter ones before it stay as they are",
  permissions: "none",
  fn() {
    // A 128th of 12 + 1,012 bytes is 8.
    assert.deepEqual(bodies(1012, 1012, 1020), [1020, 1020, 1020]);
    assert.deepEqual(bodies(1012, 1012, 1021), [1012, 1012, 1021]);
    assert.deepEqual(bodies(1012, 1015, 1021, 1020, 1020), [1015, 1015, 1021, 1021, 1020]);
    assert.deepEqual(bodies(90, 91, 92), [90, 91, 92], "short packets are not worth a byte");
    const long = (payload: number): Shape => ({ payload, room: 4096 });
    assert.deepEqual(lengthsOf(equalized([long(3000), long(3016)])), [3028, 3028]);
    assert.deepEqual(lengthsOf(equalized([long(3000), long(3017)])), [3012, 3029]);
  },
});

Deno.test({
  name: "B161: packets with headers of different lengths are not of one group",
  permissions: "none",
  fn() {
    const payload = 1000;
    const lengths = lengthsOf(
      equalized([{ payload, words: 1 }, { payload }, { payload: 1002 }, { payload, words: 1 }]),
    );
    assert.deepEqual(lengths, [1020, 1014, 1014, 1020]);
  },
});

Deno.test({
  name: "B161: nothing happens to one packet, and to those outside the range",
  permissions: "none",
  fn() {
    const run = runOf([{ payload: 1000 }, { payload: 1001 }, { payload: 1000 }, { payload: 1002 }]);
    equalizeLengths(run, 1, 1);
    equalizeLengths(run, 1, 2);
    equalizeLengths(run, 4, 4);
    assert.deepEqual(lengthsOf(run), [1012, 1013, 1012, 1014]);
    equalizeLengths(run, 1, 3);
    assert.deepEqual(lengthsOf(run), [1012, 1013, 1012, 1014]);
    equalizeLengths(run, 2, 4);
    assert.deepEqual(lengthsOf(run), [1012, 1013, 1014, 1014]);
  },
});

Deno.test({
  name: "B161: padding that a packet came with counts, and padding alone is left alone",
  permissions: "none",
  fn() {
    const end = { payload: 1005 };
    const padded = equalized([{ payload: 1000, padding: 3 }, end, end]);
    assert.deepEqual(padded.packets.map((packet) => packet.paddingLength), [5, 0, 0]);
    assert.deepEqual(lengthsOf(equalized([{ payload: 1000, padding: 20 }, { payload: 1021 }])), [1032, 1033]);
    assert.deepEqual(lengthsOf(equalized([{ payload: 1000 }, { payload: 990, padding: 14 }])), [1016, 1016]);
    assert.deepEqual(lengthsOf(equalized([{ payload: 0, padding: 254 }, { payload: 255 }])), [266, 267]);
    assert.deepEqual(lengthsOf(equalized([{ payload: 1000 }, { payload: 0, padding: 9 }, end])), [1012, 21, 1017]);
    const probe = { payload: 0, words: 60 };
    assert.deepEqual(lengthsOf(equalized([probe, { ...probe, padding: 1 }])), [256, 257]);
  },
});

Deno.test({
  name: "B161: a packet whose buffer ends is padded as far as that goes; one without room ends the group",
  permissions: "none",
  fn() {
    const next = { payload: 1004 };
    assert.deepEqual(lengthsOf(equalized([{ payload: 1000, room: 1016 }, next, next])), [1016, 1016, 1016]);
    assert.deepEqual(lengthsOf(equalized([{ payload: 1000, room: 1015 }, next, next])), [1012, 1016, 1016]);
    assert.deepEqual(lengthsOf(equalized([next, { payload: 1000, room: 1012 }, next])), [1016, 1012, 1016]);
  },
});

Deno.test({
  name: "B161: payload and header stay, and what is forwarded reads as the payload with its padding",
  permissions: "none",
  fn() {
    const none = new Uint8Array(256);
    const property = fc.property(anyHeaders, (list) => {
      const before = runOf(list);
      const after = equalized(list);
      after.packets.forEach((packet, i) => {
        const added = packet.length - before.packets[i].length;
        const parsed = new RtpPacket();
        assert.ok(parsed.parse(packet.bytes, packet.length));
        assert.deepEqual(parsed, packet);
        assert.equal(packet.paddingLength, before.packets[i].paddingLength + added);
        assert.deepEqual(payloadOf(packet), payloadOf(before.packets[i]));
        assert.deepEqual(
          packet.bytes.slice(1, packet.headerLength),
          before.packets[i].bytes.slice(1, packet.headerLength),
        );
        assert.deepEqual(packet.bytes.slice(packet.length), before.packets[i].bytes.slice(packet.length));

        const out = new Uint8Array(ROOM + 300);
        const headerLength = writeHeader(
          out,
          packet,
          { payloadType: 100, sequenceNumber: 1, timestamp: 2, ssrc: 3 },
          none,
          0,
          none,
        );
        out.set(packet.bytes.subarray(packet.headerLength, packet.length), headerLength);
        assert.ok(parsed.parse(out, headerLength + packet.length - packet.headerLength));
        assert.equal(parsed.paddingLength, packet.paddingLength);
        assert.deepEqual(payloadOf(parsed), payloadOf(packet));
      });
    });
    fc.assert(property, { seed: 163, numRuns: 300 });
  },
});

Deno.test({
  name: "B161: a packet grows to 16 bytes of padding and by a 128th at most, and not beyond the longest one",
  permissions: "none",
  fn() {
    const property = fc.property(anyHeaders, (list) => {
      const before = lengthsOf(runOf(list));
      const after = lengthsOf(equalized(list));
      after.forEach((length, i) => {
        assert.ok(length >= before[i] && length <= greatestLength(list[i]));
        assert.ok(length <= Math.max(...before));
      });
    });
    fc.assert(property, { seed: 164, numRuns: 1000 });
  },
});

Deno.test({
  name: "B161: to equalise lengths a second time changes nothing",
  permissions: "none",
  fn() {
    const property = fc.property(anyHeaders, (list) => {
      const run = equalized(list);
      const once = run.packets.map(({ bytes, length }) => bytes.slice(0, length));
      equalizeLengths(run, 0, run.count);
      assert.deepEqual(run.packets.map(({ bytes, length }) => bytes.slice(0, length)), once);
    });
    fc.assert(property, { seed: 165, numRuns: 500 });
  },
});

Deno.test({
  name: "B161: with headers of one length the messages are as few as padding can make them",
  permissions: "none",
  fn() {
    const property = fc.property(shapes, (list) => {
      assert.equal(messages(lengthsOf(equalized(list))), fewestMessages(list));
    });
    fc.assert(property, { seed: 166, numRuns: 2000 });
  },
});

/** Lengths in which the packets go out where headers of these lengths become others. */
function forwarded({ packets }: RtpRun, headers: ReadonlyMap<number, number>): number[] {
  return packets.map(({ length, headerLength }) => length - headerLength + (headers.get(headerLength) ?? 0));
}

/** What the headers of a run become for one subscriber: up to four words more than the fixed header. */
const mappings = fc.array(fc.nat(4), { minLength: 4, maxLength: 4 })
  .map((words) => new Map([12, 16, 20, 28].map((length, i) => [length, FIXED + 4 * words[i]])));

Deno.test({
  name: "B161: where headers change the messages grow by one for each change at most, whatever the headers become",
  permissions: "none",
  fn() {
    const property = fc.property(anyHeaders, mappings, (list, headers) => {
      const changes = list.filter(({ words }, i) => i > 0 && words !== list[i - 1].words).length;
      const before = messages(forwarded(runOf(list), headers));
      assert.ok(messages(forwarded(equalized(list), headers)) <= before + changes);
    });
    fc.assert(property, { seed: 167, numRuns: 2000 });
  },
});

Deno.test({
  name: "B161: frames whose first or last packet has more extensions never take more messages, whatever these become",
  permissions: "none",
  fn() {
    const frame = fc.record({
      bytes: fc.integer({ min: 300, max: 15_000 }),
      first: fc.constantFrom(undefined, 1, 3),
      last: fc.constantFrom(undefined, 1),
    });
    let before = 0, after = 0;
    const property = fc.property(fc.array(frame, { minLength: 1, maxLength: 4 }), mappings, (frames, headers) => {
      const list = frames.flatMap(packetsOf);
      const [had, has] = [messages(forwarded(runOf(list), headers)), messages(forwarded(equalized(list), headers))];
      assert.ok(has <= had);
      before += had;
      after += has;
    });
    fc.assert(property, { seed: 168, numRuns: 500 });
    assert.ok(after < before * 0.75, `${before} messages before, ${after} after`);
  },
});

/** The packets of a frame as libwebrtc makes them: evenly split with the extensions that the first or the last one has. */
function packetsOf({ bytes, first, last }: { bytes: number; first?: number; last?: number }): Shape[] {
  const extra = (words?: number) => words === undefined ? 0 : 4 + words * 4;
  const split = splitEvenly(bytes + extra(first) + extra(last), 1172);
  return split.map((length, i) => {
    const words = i === 0 ? first : i === split.length - 1 ? last : undefined;
    return { payload: length - extra(words), ...(words !== undefined && { words }) };
  });
}
