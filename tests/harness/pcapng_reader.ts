import assert from "node:assert/strict";

/** A packet of a file, without the headers in front of it. */
export interface ReadPacket {
  /** Unix time in microseconds. */
  readonly unixUs: number;
  readonly isSent: boolean;
  /** Bytes of the whole RTP or RTCP packet. */
  readonly length: number;
  readonly bytes: Uint8Array;
}

export interface ReadPcapng {
  readonly comment: string;
  readonly packets: readonly ReadPacket[];
  /** Packets that it says it leaves out; undefined where it has no end. */
  readonly missed: number | undefined;
}

const HEADERS_LENGTH = 28;

/** Reads a file of Switchboard's as draft-ietf-opsawg-pcapng says, and fails on whatever is not as it must be. */
export function readPcapng(file: Uint8Array): ReadPcapng {
  const blocks = [...readBlocks(file)];
  assert.deepEqual(blocks.slice(0, 2).map(({ type }) => type), [0x0a0d0d0a, 1]);
  const [section, description, ...rest] = blocks;
  assert.equal(section.body.getUint32(0), 0x1a2b3c4d);
  assert.deepEqual([section.body.getUint16(4), section.body.getUint16(6)], [1, 0]);
  assert.equal(description.body.getUint16(0), 101);
  const packets = rest.filter(({ type }) => type === 6);
  const ends = rest.filter(({ type }) => type === 5);
  assert.equal(packets.length + ends.length, rest.length);
  assert(ends.length === 0 || ends.length === 1 && rest.at(-1)?.type === 5);
  const [end] = ends;
  return {
    comment: new TextDecoder().decode(readOptions(section.body, 16).get(1)),
    packets: packets.map(({ body }) => readPacket(body)),
    missed: end && Number(viewOf(readOptions(end.body, 12).get(5)).getBigUint64(0)),
  };
}

function* readBlocks(file: Uint8Array): Generator<{ readonly type: number; readonly body: DataView }> {
  let offset = 0;
  while (offset < file.length) {
    const view = viewOf(file.subarray(offset));
    const length = view.getUint32(4);
    assert(length >= 12 && length % 4 === 0 && offset + length <= file.length, `a block of ${length} bytes`);
    assert.equal(view.getUint32(length - 4), length);
    yield { type: view.getUint32(0), body: viewOf(file.subarray(offset + 8, offset + length - 4)) };
    offset += length;
  }
}

function readOptions(body: DataView, start: number): Map<number, Uint8Array> {
  const options = new Map<number, Uint8Array>();
  for (let offset = start; offset < body.byteLength;) {
    const [code, length] = [body.getUint16(offset), body.getUint16(offset + 2)];
    if (code === 0) {
      assert.deepEqual([length, offset + 4], [0, body.byteLength]);
      return options;
    }
    options.set(code, new Uint8Array(body.buffer, body.byteOffset + offset + 4, length));
    offset += 4 + length + (-length & 3);
  }
  assert.equal(options.size, 0, "options without an end");
  return options;
}

function readPacket(body: DataView): ReadPacket {
  assert.equal(body.getUint32(0), 0);
  const [captured, length] = [body.getUint32(12), body.getUint32(16)];
  assert(captured >= HEADERS_LENGTH && captured <= length);
  const flags = viewOf(readOptions(body, 20 + captured + (-captured & 3)).get(2)).getUint32(0);
  const isSent = flags === 2;
  assert(isSent || flags === 1);
  const ip = new DataView(body.buffer, body.byteOffset + 20, HEADERS_LENGTH);
  assert.deepEqual([ip.getUint8(0), ip.getUint8(9), ip.getUint16(2), ip.getUint16(24)], [
    0x45,
    17,
    length,
    length - 20,
  ]);
  let sum = 0;
  for (let i = 0; i < 20; i += 2) sum += ip.getUint16(i);
  assert.equal((sum & 0xffff) + (sum >>> 16), 0xffff, "the checksum of the IP header");
  assert.deepEqual([ip.getUint16(20), ip.getUint16(22)], isSent ? [5004, 50_000] : [50_000, 5004]);
  return {
    unixUs: Number(body.getBigUint64(4)),
    isSent,
    length: length - HEADERS_LENGTH,
    bytes: new Uint8Array(body.buffer, body.byteOffset + 20 + HEADERS_LENGTH, captured - HEADERS_LENGTH),
  };
}

function viewOf(bytes: Uint8Array | undefined): DataView {
  assert(bytes !== undefined, "an option is missing");
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** All of a stream. */
export async function readAll(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return new Uint8Array(await new Blob(chunks.map((chunk) => chunk.slice())).arrayBuffer());
}
