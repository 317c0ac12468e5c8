import fc from "fast-check";
import { writeUint16, writeUint32 } from "../../src/rtp/bytes.ts";
import { mutationOf, type RecordedPackets } from "./recorded_packets.ts";

/** SSRCs that a hostile peer knows of: its own track's and its RTX's, and those that it receives. */
export interface KnownSsrcs {
  readonly own: readonly number[];
  readonly received: readonly number[];
}

/** A packet under the keys of a call: RTP, RTCP, or bytes without protection. */
export interface HostilePacket {
  readonly as: "rtp" | "rtcp" | "raw";
  readonly bytes: Uint8Array;
}

/** Payload types of the tests' offers, RTX among them, and some of nobody's. */
const PAYLOAD_TYPES = [96, 97, 111, 0, 127];
/** Few, as a receiver remembers no more than 64 (rule B33): what comes from others is dropped before it is looked at. */
const STRANGERS = [0, 1, 0x7fffffff, 0x80000000, 0xffffffff];
const SENDER_OFFSET = 4;
const MEDIA_OFFSET = 8;

/** What a peer that has the keys may send to hurt a call. */
export function hostilePacket(known: KnownSsrcs, recorded: RecordedPackets): fc.Arbitrary<HostilePacket> {
  const ssrc = fc.constantFrom(...known.own, ...known.received, ...STRANGERS);
  return fc.oneof(
    as("rtp", shortRtp(ssrc)),
    as("rtp", mutatedRtp(ssrc, recorded)),
    as("rtcp", withSsrcs(rtcpShaped(8, 64), ssrc, [SENDER_OFFSET])),
    as("raw", rtcpShaped(3, 64)),
    as("rtcp", feedback(ssrc)),
    as("rtcp", withSsrcs(mutationOf(recorded.rtcp), ssrc, [SENDER_OFFSET])),
  );
}

function as(kind: HostilePacket["as"], bytes: fc.Arbitrary<Uint8Array>): fc.Arbitrary<HostilePacket> {
  return bytes.map((bytes) => ({ as: kind, bytes }));
}

/** A header with any bits, sequence number and timestamp, and 0 to 32 bytes behind it. */
function shortRtp(ssrc: fc.Arbitrary<number>): fc.Arbitrary<Uint8Array> {
  const bits = fc.oneof(fc.constantFrom(0x80, 0xa0, 0x90), fc.nat(0x3f).map((low) => 0x80 | low));
  const marked = fc.tuple(fc.boolean(), fc.constantFrom(...PAYLOAD_TYPES)).map(([on, type]) => on ? 0x80 | type : type);
  const fields = fc.tuple(bits, marked, fc.nat(0xffff), fc.nat(0xffffffff), ssrc, fc.uint8Array({ maxLength: 32 }));
  return fields.map(([bits, marked, sequenceNumber, timestamp, ssrc, payload]) => {
    const bytes = Uint8Array.of(bits, marked, ...new Array(10).fill(0), ...payload);
    writeUint16(bytes, 2, sequenceNumber);
    writeUint32(bytes, 4, timestamp);
    writeUint32(bytes, 8, ssrc);
    return bytes;
  });
}

function mutatedRtp(ssrc: fc.Arbitrary<number>, { rtp }: RecordedPackets): fc.Arbitrary<Uint8Array> {
  const mutation = withSsrcs(mutationOf(rtp.map(({ bytes }) => bytes)), ssrc, [8]);
  return fc.tuple(mutation, fc.constantFrom(...PAYLOAD_TYPES)).map(([bytes, payloadType]) => {
    if (bytes.length > 1) bytes[1] = (bytes[1] & 0x80) | payloadType;
    return bytes;
  });
}

/** The first two bytes are RTCP's, and often the length is right. */
function rtcpShaped(minLength: number, maxLength: number): fc.Arbitrary<Uint8Array> {
  const body = fc.uint8Array({ minLength: minLength - 2, maxLength: maxLength - 2 });
  const header = fc.tuple(fc.integer({ min: 0x80, max: 0xbf }), fc.integer({ min: 192, max: 223 }), fc.boolean());
  return fc.tuple(header, body).map(([[first, type, whole], body]) => {
    const bytes = Uint8Array.of(first, type, ...body);
    if (whole && bytes.length >= 4) writeUint16(bytes, 2, (bytes.length >> 2) - 1);
    return bytes;
  });
}

/** Feedback that claims what it does not hold, or that is about others. */
function feedback(ssrc: fc.Arbitrary<number>): fc.Arbitrary<Uint8Array> {
  const forms = fc.constantFrom(
    // REMB with 255 SSRCs in 20 bytes (draft-alvestrand-rmcat-remb-03 section 2.2).
    "8fce0004000000010000000052454d42ff03ffff",
    // TWCC (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1): a vector of the reserved symbol 3.
    "8fcd000500000001000000020001ffff00000000ffffffff",
    // The same as a run of it, 8191 packets long.
    "8fcd000500000001000000020001ffff000000007fff7fff",
    // NACK: 17 packets, then the same again and again.
    "81cd00060000000100000002" + "0000ffff".repeat(4),
    // PLI, FIR, BYE and a sender report with 31 blocks that are not there.
    "81ce00020000000100000002",
    "84ce000400000001000000020000000201000000",
    "82cb00020000000100000002",
    "9fc800060000000100000002ffffffffffffffffffffffffffffffff",
    // XR: an RRTR block, a DLRR with one sub-block and a block that runs past the end.
    "80cf000900000001040000020000000000000000050000030000000200000000000000000400ffff",
  ).map((hex) => Uint8Array.fromHex(hex));
  return withSsrcs(forms, ssrc, [SENDER_OFFSET, MEDIA_OFFSET]);
}

function withSsrcs(
  packets: fc.Arbitrary<Uint8Array>,
  ssrc: fc.Arbitrary<number>,
  offsets: readonly number[],
): fc.Arbitrary<Uint8Array> {
  return fc.tuple(packets, fc.array(ssrc, { minLength: offsets.length, maxLength: offsets.length })).map(
    ([packet, ssrcs]) => {
      const bytes = packet.slice();
      offsets.forEach((at, i) => at + 4 <= bytes.length && writeUint32(bytes, at, ssrcs[i]));
      return bytes;
    },
  );
}
