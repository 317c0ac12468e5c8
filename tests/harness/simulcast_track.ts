import { ntpFraction, ntpSeconds } from "../../src/rtp/rtcp/ntp.ts";
import type { RtpPacket } from "../../src/rtp/packet.ts";
import { SenderReport } from "../../src/rtp/rtcp/sender_report.ts";
import { Consumer } from "../../src/sfu/consumer.ts";
import { Producer } from "../../src/sfu/producer.ts";
import type { ConsumerParameters } from "../../src/sfu/types.ts";
import { consumerParameters, outgoingStream, videoProducer, VP8 } from "./engine.ts";
import { RecordingSender } from "./recording_sender.ts";
import { buildRtp, parseRtp, runOf } from "./rtp_builder.ts";
import { seededRandom } from "./seeded_random.ts";

/** Of the encoding with index n: SSRCS[n]; its retransmissions: SSRCS[n] + 1. */
export const SSRCS = [1000, 0x8000_2000, 3000];
export const FRAME_MS = 33;
const PACKETS_OF_FRAME = 3;
export const RIDS = ["q", "h", "f"];
const SIZES = [[320, 180], [640, 360], [1280, 720]];

/** What a test reads out of a packet that was forwarded. */
export interface ForwardedPacket {
  readonly encoding: number;
  readonly capturedMs: number;
  readonly isKeyFrame: boolean;
  readonly packet: RtpPacket;
}

/** The encoder of one encoding: numbers and timestamps begin anywhere. */
export class Encoder {
  readonly index: number;
  enabled = true;
  keyFrameWanted = true;
  reports = true;
  sequenceNumber: number;
  readonly timestampOffset: number;
  #picture = 0;

  constructor(index: number, random: () => number) {
    this.index = index;
    this.sequenceNumber = random() & 0xffff;
    this.timestampOffset = random();
  }

  timestamp(ms: number): number {
    return (Math.round(ms * 90) + this.timestampOffset) >>> 0;
  }

  /** One picture that was captured at `ms`, told by what is behind the payload's own bytes. */
  frame(ms: number): Uint8Array[] {
    const isKeyFrame = this.keyFrameWanted;
    this.keyFrameWanted = false;
    this.#picture = (this.#picture + 1) & 0x7fff;
    return Array.from({ length: PACKETS_OF_FRAME }, (_, place) => {
      const descriptor = [place === 0 ? 0x90 : 0x80, 0x80, 0x80 | (this.#picture >> 8), this.#picture & 0xff];
      const [width, height] = SIZES[this.index];
      const keyFrame = [0x10, 0, 0, 0x9d, 0x01, 0x2a, width & 0xff, width >> 8, height & 0xff, height >> 8];
      const data = place > 0 ? [7] : isKeyFrame ? keyFrame : [0x11, 0, 0];
      const tail = [this.index, isKeyFrame ? 1 : 0, ...new Uint8Array(Uint32Array.of(ms).buffer)];
      return buildRtp({
        ssrc: SSRCS[this.index],
        sequenceNumber: this.sequenceNumber++ & 0xffff,
        timestamp: this.timestamp(ms),
        marker: place === PACKETS_OF_FRAME - 1,
        payload: Uint8Array.from([...descriptor, ...data, ...tail]),
      });
    });
  }

  report(ms: number): SenderReport {
    const report = new SenderReport();
    report.ssrc = SSRCS[this.index];
    report.ntpSeconds = ntpSeconds(1_700_000_000_000 + ms);
    report.ntpFraction = ntpFraction(1_700_000_000_000 + ms);
    report.rtpTimestamp = this.timestamp(ms);
    return report;
  }
}

/** A track in three encodings, whose publisher answers requests with the next picture, and one subscriber. */
export class SimulcastTrack {
  readonly encoders: readonly Encoder[];
  readonly sender = new RecordingSender();
  readonly producer: Producer;
  readonly consumer: Consumer;
  /** By the index of the encoding. */
  readonly requests: number[] = [];
  /** The RIDs that the publisher was told last; undefined before that. */
  wantedRids: readonly string[] | undefined;
  nowMs = 0;

  constructor(seed: number, parameters: ConsumerParameters = consumerParameters(), mimeType = VP8.mimeType) {
    const random = seededRandom(seed);
    this.encoders = SSRCS.map((_, index) => new Encoder(index, () => random.uint32()));
    const encodings = SSRCS.map((ssrc, index) => ({ rid: RIDS[index], ssrcs: [ssrc] }));
    const codec = { ...VP8, mimeType, rtxPayloadType: 97, nack: true };
    this.producer = new Producer({
      id: "track",
      peerId: "peer",
      parameters: videoProducer({ codec, ssrcs: SSRCS, encodings }),
      feedback: {
        sendPictureLossIndication: (ssrc) => this.#request(SSRCS.indexOf(ssrc)),
        sendFullIntraRequest: () => {},
        sendNack: () => {},
      },
      encodingsWanted: (rids) => this.wantedRids = rids,
    });
    this.consumer = new Consumer(this.producer, parameters, outgoingStream(77, 78, seed), this.sender);
  }

  subscribe(): void {
    this.producer.addConsumer(this.consumer);
  }

  /** Lets time go by: a picture of each encoding every 33 ms, and reports once a second. Returns what was forwarded. */
  play(durationMs: number, order: (packets: Uint8Array[]) => Uint8Array[] = (packets) => packets): ForwardedPacket[] {
    const end = this.nowMs + durationMs;
    for (; this.nowMs < end; this.nowMs++) {
      this.producer.handleTimeout(this.nowMs);
      if (this.nowMs % 1000 === 500) this.report();
      if (this.nowMs % FRAME_MS !== 0) continue;
      for (const encoder of this.encoders) if (encoder.enabled) this.handle(order(encoder.frame(this.nowMs)));
    }
    return this.take();
  }

  report(): void {
    for (const encoder of this.encoders) {
      if (!encoder.enabled || !encoder.reports) continue;
      this.producer.encodings.find(({ ssrc }) => ssrc === SSRCS[encoder.index])?.handleSenderReport(
        encoder.report(this.nowMs),
        this.nowMs,
      );
    }
  }

  /** Packets of one encoding come. */
  handle(packets: readonly Uint8Array[]): void {
    const run = runOf(...packets);
    const ssrc = run.packets[0].ssrc;
    const encoding = this.producer.encodings.find(({ announcedSsrcs }) => announcedSsrcs.includes(ssrc));
    encoding?.handleRtp(run, 0, run.count, this.nowMs);
  }

  take(): ForwardedPacket[] {
    return this.sender.takeRtp().map((bytes) => {
      const packet = parseRtp(bytes);
      const tail = bytes.subarray(packet.headerLength + packet.payloadLength - 6);
      const capturedMs = new DataView(tail.buffer, tail.byteOffset).getUint32(2, true);
      return { encoding: tail[0], isKeyFrame: tail[1] === 1, capturedMs, packet };
    });
  }

  #request(index: number): void {
    this.requests.push(index);
    this.encoders[index].keyFrameWanted = true;
  }
}

/** The encodings in the order in which they were forwarded, each once where it goes on. */
export function encodingsOf(packets: readonly ForwardedPacket[]): number[] {
  return packets.map(({ encoding }) => encoding).filter((encoding, index, all) => encoding !== all[index - 1]);
}
