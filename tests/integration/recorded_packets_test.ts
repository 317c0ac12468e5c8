import assert from "node:assert/strict";
import fc from "fast-check";
import { codecFormat } from "../../src/rtp/codecs/codec.ts";
import { elementLength, findExtension, writeExtensions } from "../../src/rtp/header_extension.ts";
import { RtpPacket } from "../../src/rtp/packet.ts";
import { byeSource, byeSourceCount } from "../../src/rtp/rtcp/bye.ts";
import { dlrrCount, dlrrDelay, dlrrSsrc, ExtendedReportReader } from "../../src/rtp/rtcp/extended_report.ts";
import { receiverReferenceTime } from "../../src/rtp/rtcp/extended_report.ts";
import { firEntryCount, firMediaSsrc, firSequenceNumber } from "../../src/rtp/rtcp/fir.ts";
import { nackBlp, nackCount, nackMediaSsrc, nackPid } from "../../src/rtp/rtcp/nack.ts";
import { pliMediaSsrc } from "../../src/rtp/rtcp/pli.ts";
import { ReportBlock } from "../../src/rtp/rtcp/receiver_report.ts";
import { RtcpReader } from "../../src/rtp/rtcp/rtcp_reader.ts";
import { SenderReport } from "../../src/rtp/rtcp/sender_report.ts";
import { unwrapRtx } from "../../src/rtp/rtx.ts";
import { parseMessage } from "../../src/signaling/parse_message.ts";
import { parseCandidate } from "../../src/webrtc/candidate.ts";
import { classify } from "../../src/webrtc/classify.ts";
import { StunMessage } from "../../src/webrtc/stun.ts";
import { NegotiationFixture } from "../harness/negotiation.ts";
import { RECORDED_OFFERS, recordedSequences } from "../harness/recorded_offers.ts";
import { mutationOf, readRecordedPackets, RECORDED_PACKETS, textMutationOf } from "../harness/recorded_packets.ts";

// What real browsers sent, with a few bytes changed, goes through each parser that the network can reach.

const SEED = 5_764;
const RUNS = { seed: SEED, numRuns: 10_000 };

const { stun, rtp, rtcp, signaling } = readRecordedPackets();
const offers = recordedSequences().flatMap(({ offers }) => offers);

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: { read: [RECORDED_PACKETS, RECORDED_OFFERS] }, fn });
}

function parsedRtp(bytes: Uint8Array): RtpPacket {
  const packet = new RtpPacket();
  assert.ok(packet.parse(bytes, bytes.length));
  return packet;
}

/** Reads all that there is in a compound packet; returns the packet types. */
function readAll(bytes: Uint8Array): number[] {
  const reader = new RtcpReader();
  const block = new ReportBlock();
  const types: number[] = [];
  reader.reset(bytes, bytes.length);
  while (reader.next()) {
    types.push(reader.packetType);
    assert.ok(reader.length >= 4 && reader.offset + reader.length <= bytes.length);
    new SenderReport().read(reader);
    for (let i = 0; block.read(reader, i); i++) assert.ok(i < 31);
    for (let i = 0; i < byeSourceCount(reader); i++) assert.notEqual(byeSource(reader, i), undefined);
    for (let i = 0; i < firEntryCount(reader); i++) {
      assert.ok(firMediaSsrc(reader, i) + firSequenceNumber(reader, i) >= 0);
    }
    for (let i = 0; i < nackCount(reader); i++) assert.ok(nackPid(reader, i) + nackBlp(reader, i) >= 0);
    assert.ok(pliMediaSsrc(reader) >= -1 && nackMediaSsrc(reader) >= -1);
    readExtendedReport(reader);
  }
  return types;
}

function readExtendedReport(reader: RtcpReader): void {
  const block = new ExtendedReportReader();
  block.reset(reader);
  while (block.next()) {
    assert.ok(block.offset + block.length <= reader.offset + reader.length);
    assert.ok(receiverReferenceTime(block) >= -1);
    for (let i = 0; i < dlrrCount(block); i++) assert.ok(dlrrSsrc(block, i) + dlrrDelay(block, i) >= 0);
  }
}

test("Chromium's connectivity checks are authentic, and ask for nothing that is unknown", () => {
  const message = new StunMessage();
  for (const { bytes, password } of stun) {
    assert.equal(classify(bytes, bytes.length), "stun");
    assert.ok(message.parse(bytes, bytes.length) && message.hasValidIntegrity(password));
    assert.deepEqual([message.iceControlled, message.unknownCount, message.priority > 0], [false, 0, true]);
  }
  assert.deepEqual(stun.map(({ bytes }) => message.parse(bytes, bytes.length) && message.useCandidate), [false, true]);
});

test(`B13: no mutation of Chromium's checks throws, or is authentic with another signed part (seed ${SEED})`, () => {
  const message = new StunMessage();
  const [{ password }] = stun;
  const signed = new Set(stun.map(({ bytes }) => bytes.slice(0, -8).toHex()));
  fc.assert(
    fc.property(mutationOf(stun.map(({ bytes }) => bytes)), (bytes) => {
      if (!message.parse(bytes, bytes.length) || !message.hasValidIntegrity(password)) return;
      // FINGERPRINT, the last 8 bytes, is not signed.
      assert.ok(signed.has(bytes.slice(0, -8).toHex()) || signed.has(bytes.toHex()));
    }),
    RUNS,
  );
});

test("B90: of Chromium's packets the first of a key frame starts one in each codec, and no other does", () => {
  for (const { codec, what, bytes } of rtp) {
    const { headerLength, payloadLength } = parsedRtp(bytes);
    const isStart = codecFormat(codec).isKeyFrameStart(bytes, headerLength, payloadLength);
    assert.equal(
      isStart,
      codec.startsWith("audio/") || what === "the first packet of a key frame",
      `${codec}, ${what}`,
    );
  }
  const codecs = new Set(rtp.map(({ codec }) => codec));
  for (const codec of ["vp8", "vp9", "h264", "av1"]) assert.ok(codecs.has(`video/${codec}`), codec);
});

test(`no mutation of Chromium's RTP throws, nor is anything behind its end read (seed ${SEED})`, () => {
  const out = new Uint8Array(2048);
  const idMap = Uint8Array.from({ length: 256 }, (_, id) => id);
  const mid = Uint8Array.of(0x30);
  fc.assert(
    fc.property(mutationOf(rtp.map(({ bytes }) => bytes)), (mutation) => {
      const read = [0x00, 0xff].map((behind) => {
        const bytes = Uint8Array.of(...mutation, ...new Array(300).fill(behind));
        const packet = new RtpPacket();
        if (!packet.parse(bytes, mutation.length)) return undefined;
        const { headerLength, payloadLength } = packet;
        assert.ok(headerLength + payloadLength <= mutation.length);
        const elements = Array.from({ length: 16 }, (_, id) => {
          const element = findExtension(packet, id);
          return element < 0 ? undefined : [element, elementLength(packet, element)];
        });
        const written = writeExtensions(out, 12, packet, idMap, 3, mid);
        const starts = new Set(rtp.map(({ codec }) => codec)).values()
          .map((codec) => codecFormat(codec).isKeyFrameStart(bytes, headerLength, payloadLength)).toArray();
        const unwrapped = unwrapRtx(packet, 1, 96) && packet.sequenceNumber;
        return { elements, written: out.slice(12, 12 + written).toHex(), starts, unwrapped };
      });
      assert.deepEqual(read[0], read[1]);
    }),
    { ...RUNS, numRuns: 3_000 },
  );
});

test("Chromium's compound packets are read to their end", () => {
  const types = rtcp.map(readAll);
  assert.ok(types.every((all) => all.length > 0));
  assert.deepEqual(new Set(types.flat()), new Set([200, 201, 202, 206, 207]));
});

test(`no mutation of Chromium's RTCP throws, and the walk over each one ends (seed ${SEED})`, () => {
  fc.assert(fc.property(mutationOf(rtcp), (bytes) => void readAll(bytes)), RUNS);
});

test(`B10: each mutation of a datagram is of one protocol (seed ${SEED})`, () => {
  const all = [...stun, ...rtp].map(({ bytes }) => bytes).concat(rtcp);
  fc.assert(
    fc.property(mutationOf(all), (bytes) => {
      assert.ok(["stun", "dtls", "rtp", "rtcp", "unknown"].includes(classify(bytes, bytes.length)));
    }),
    RUNS,
  );
});

test(`P30: no mutation of a browser's offer throws, and a refused one changes nothing (seed ${SEED})`, () => {
  const mutated = fc.constantFrom(...offers).chain((offer) => fc.tuple(fc.constant(offer), textMutationOf([offer])));
  let answered = 0;
  fc.assert(
    fc.property(mutated, fc.boolean(), ([offer, mutation], again) => {
      const fixture = new NegotiationFixture();
      fixture.peer.addTrack("b1", "video");
      if (again) assert.ok(fixture.negotiation.handleOffer(offer, []).ok);
      fixture.peer.takeCalls();
      const result = fixture.negotiation.handleOffer(mutation, []);
      if (!result.ok) return assert.deepEqual(fixture.peer.takeCalls(), []);
      answered++;
      assert.ok(result.answer.split("\r\n").every((line) => /^$|^[a-z]=[^\r\n]+$/.test(line)));
    }),
    { ...RUNS, numRuns: 1_000 },
  );
  assert.ok(answered > 100, `${answered} were answered`);
});

test(`P1, P2: no mutation of the page's messages throws (seed ${SEED})`, () => {
  const messages = [...signaling, ...offers.slice(0, 5).map((sdp) => JSON.stringify({ type: "offer", id: "1", sdp }))];
  for (const message of messages) assert.ok(parseMessage(message).ok, message);
  fc.assert(
    fc.property(textMutationOf(messages), (text) => {
      const parsed = parseMessage(text);
      if (!parsed.ok) assert.match(parsed.code, /^(bad-json|unknown-type|bad-message|too-large)$/);
    }),
    { ...RUNS, numRuns: 3_000 },
  );
});

test(`B11: no mutation of Chromium's candidates throws (seed ${SEED})`, () => {
  const candidates = signaling.map((text) => JSON.parse(text)).filter(({ type }) => type === "iceCandidate")
    .map(({ candidate }) => String(candidate.candidate));
  for (const candidate of candidates) assert.ok(parseCandidate(candidate), candidate);
  fc.assert(
    fc.property(textMutationOf(candidates), (text) => {
      const port = parseCandidate(text)?.port ?? 0;
      assert.ok(port >= 0 && port <= 0xffff);
    }),
    RUNS,
  );
});
