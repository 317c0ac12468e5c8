import { RtcpReader } from "../../src/rtp/rtcp/rtcp_reader.ts";
import { pliMediaSsrc, writePli } from "../../src/rtp/rtcp/pli.ts";
import { SenderReport, writeSenderReport } from "../../src/rtp/rtcp/sender_report.ts";
import { writeBye } from "../../src/rtp/rtcp/bye.ts";
import { writeUint16, writeUint32 } from "../../src/rtp/bytes.ts";
import type { RtpPacket } from "../../src/rtp/packet.ts";
import { MID_URI, RID_URI } from "../../src/sfu/header_extensions.ts";
import type { ConsumerParameters, ProducerParameters } from "../../src/sfu/types.ts";
import { consumerParameters, videoProducer, VP8 } from "./engine.ts";
import type { MediaSetupPeer } from "./media_setup.ts";
import { nackBytes, readNack } from "./nack_feedback.ts";
import { parseRtp } from "./rtp_builder.ts";
import { seededRandom } from "./seeded_random.ts";
import { Encoder, FRAME_MS, RIDS, SSRCS } from "./simulcast_track.ts";

const RTX_PAYLOAD_TYPE = 97;
const CODEC = { ...VP8, rtxPayloadType: RTX_PAYLOAD_TYPE, nack: true };
const SDES_EXTENSIONS = [{ uri: MID_URI, id: 4 }, { uri: RID_URI, id: 5 }];
/** A REMB that says 10 Mbit/s. */
const PLENTY = Uint8Array.of(0x8f, 206, 0, 4, 0, 0, 0, 9, 0, 0, 0, 0, 0x52, 0x45, 0x4d, 0x42, 0, 0x19, 0x89, 0x68);

/** A camera in the encodings with these indices (0 is the lowest), in this order. */
export function cameraOf(indices: readonly number[]): ProducerParameters {
  const encodings = indices.map((index) => ({ rid: RIDS[index], ssrcs: [SSRCS[index]], fidGroups: [fidOf(index)] }));
  return videoProducer({
    codec: CODEC,
    headerExtensions: SDES_EXTENSIONS,
    ssrcs: indices.map((index) => SSRCS[index]),
    fidGroups: indices.map(fidOf),
    ...(indices.length > 1 && { encodings }),
  });
}

function fidOf(index: number): { ssrc: number; rtxSsrc: number } {
  return { ssrc: SSRCS[index], rtxSsrc: SSRCS[index] + 1 };
}

/** The browser of a publisher: sends pictures and reports, answers NACK by RTX and requests with the next picture. */
export class VideoPublisher {
  readonly encoders: readonly Encoder[];
  /** By the index of the encoding: key frames that it was asked for. */
  readonly requests: number[] = [];
  /** Sequence numbers that it was asked for again. */
  readonly nacked: number[] = [];
  /** Whether a packet is lost on the way up. */
  loses: (packet: RtpPacket) => boolean = () => false;
  readonly #peer: MediaSetupPeer;
  readonly #sent = new Map<number, Map<number, Uint8Array>>();
  readonly #rtxNumbers = new Map<number, number>();

  constructor(peer: MediaSetupPeer, seed: number, indices: readonly number[]) {
    const random = seededRandom(seed);
    this.#peer = peer;
    this.encoders = indices.map((index) => new Encoder(index, () => random.uint32()));
  }

  /** What it does at this millisecond. */
  step(nowMs: number): void {
    this.#handleFeedback();
    if (nowMs % 1000 === 500) this.report(nowMs);
    if (nowMs % FRAME_MS !== 0) return;
    for (const encoder of this.encoders) {
      if (encoder.enabled) { for (const packet of encoder.frame(nowMs)) this.send(packet); }
    }
  }

  send(packet: Uint8Array): void {
    const view = parseRtp(packet);
    const kept = this.#sent.get(view.ssrc) ?? new Map<number, Uint8Array>();
    this.#sent.set(view.ssrc, kept.set(view.sequenceNumber, packet));
    if (!this.loses(view)) this.#peer.client.sendRtp(packet);
  }

  report(nowMs: number): void {
    for (const encoder of this.encoders) {
      if (!encoder.enabled || !encoder.reports) continue;
      const { ssrc, ntpSeconds, ntpFraction, rtpTimestamp } = encoder.report(nowMs);
      const bytes = new Uint8Array(28);
      writeSenderReport(bytes, 0, ssrc, ntpSeconds, ntpFraction, rtpTimestamp, 1, 1);
      this.#peer.client.sendRtcp(bytes);
    }
  }

  sayBye(ssrc: number): void {
    const bytes = new Uint8Array(64);
    const start = writeReceiverReport(bytes);
    this.#peer.client.sendRtcp(bytes.slice(0, start + writeBye(bytes, start, [ssrc], 0, 1)));
  }

  #handleFeedback(): void {
    for (const { bytes } of this.#peer.datagrams.take()) {
      const opened = this.#peer.client.open(bytes);
      if (opened?.kind !== "rtcp") continue;
      const reader = new RtcpReader();
      reader.reset(opened.plain, opened.plain.length);
      while (reader.next()) {
        const asked = this.encoders.find(({ index }) => SSRCS[index] === pliMediaSsrc(reader));
        if (asked !== undefined) this.requests.push(asked.index);
        if (asked !== undefined) asked.keyFrameWanted = true;
        const nack = readNack(reader);
        if (nack !== undefined) this.#answer(nack.mediaSsrc, nack.sequenceNumbers);
      }
    }
  }

  #answer(ssrc: number, sequenceNumbers: readonly number[]): void {
    for (const number of sequenceNumbers) {
      this.nacked.push(number);
      const packet = this.#sent.get(ssrc)?.get(number);
      if (packet === undefined) continue;
      const { headerLength, marker } = parseRtp(packet);
      const rtx = new Uint8Array(packet.length + 2);
      rtx.set(packet.subarray(0, headerLength));
      rtx.set(packet.subarray(headerLength), headerLength + 2);
      rtx[1] = (marker ? 0x80 : 0) | RTX_PAYLOAD_TYPE;
      const next = this.#rtxNumbers.get(ssrc) ?? 1;
      this.#rtxNumbers.set(ssrc, next + 1);
      writeUint16(rtx, 2, next);
      writeUint32(rtx, 8, ssrc + 1);
      writeUint16(rtx, headerLength, number);
      this.#peer.client.sendRtp(rtx);
    }
  }
}

/** A receiver report about nothing, as a compound packet begins; returns its length. */
function writeReceiverReport(bytes: Uint8Array): number {
  bytes.set([0x80, 201, 0, 1, 0, 0, 0, 9]);
  return 8;
}

/** A packet of a picture, as a subscriber got it. */
export interface ReceivedPicture {
  readonly packet: RtpPacket;
  readonly encoding: number;
  readonly isKeyFrame: boolean;
  readonly capturedMs: number;
}

/** The browser of a subscriber. */
export class VideoSubscriber {
  readonly peer: MediaSetupPeer;
  readonly ssrc: number;
  /** In the order in which they came, without what came by RTX. */
  readonly pictures: ReceivedPicture[] = [];
  readonly reports: SenderReport[] = [];
  /** The numbers that came by RTX. */
  readonly recovered: number[] = [];

  constructor(peer: MediaSetupPeer) {
    this.peer = peer;
    this.ssrc = 7000 + peer.number;
  }

  subscribe(trackId: string, overrides: Partial<ConsumerParameters> = {}): void {
    const parameters = consumerParameters({
      codec: { ...CODEC, payloadType: 120, rtxPayloadType: 121 },
      ...overrides,
    });
    const ssrcs = { ssrc: this.ssrc, rtxSsrc: this.ssrc + 1000 };
    this.peer.say({ type: "subscribe", trackId, parameters, ssrcs });
    this.peer.client.sendRtcp(PLENTY);
  }

  /** Takes what has come. */
  receive(): void {
    for (const { bytes } of this.peer.datagrams.take()) {
      const opened = this.peer.client.open(bytes.slice());
      if (opened?.kind === "rtp") this.#handleRtp(opened.plain);
      else if (opened !== undefined) this.#handleRtcp(opened.plain);
    }
  }

  /** What has come since the last call. */
  take(): ReceivedPicture[] {
    this.receive();
    return this.pictures.splice(0);
  }

  requestKeyFrame(): void {
    const bytes = new Uint8Array(64);
    const start = writeReceiverReport(bytes);
    this.peer.client.sendRtcp(bytes.slice(0, start + writePli(bytes, start, 9, this.ssrc)));
  }

  sendNack(sequenceNumbers: readonly number[]): void {
    const nack = nackBytes(9, this.ssrc, sequenceNumbers);
    const bytes = new Uint8Array(8 + nack.length);
    bytes.set(nack, writeReceiverReport(bytes));
    this.peer.client.sendRtcp(bytes);
  }

  #handleRtp(plain: Uint8Array): void {
    const packet = parseRtp(plain.slice());
    if (packet.ssrc !== this.ssrc) {
      const view = new DataView(packet.bytes.buffer);
      this.recovered.push(view.getUint16(packet.headerLength));
      return;
    }
    const tail = packet.bytes.subarray(packet.headerLength + packet.payloadLength - 6);
    const capturedMs = new DataView(tail.buffer, tail.byteOffset).getUint32(2, true);
    this.pictures.push({ packet, encoding: tail[0], isKeyFrame: tail[1] === 1, capturedMs });
  }

  #handleRtcp(plain: Uint8Array): void {
    const reader = new RtcpReader();
    reader.reset(plain, plain.length);
    while (reader.next()) {
      const report = new SenderReport();
      if (report.read(reader)) this.reports.push(report);
    }
  }
}
