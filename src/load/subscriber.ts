import { readUint32 } from "../rtp/bytes.ts";
import { writeNack } from "../rtp/rtcp/nack.ts";
import { writePli } from "../rtp/rtcp/pli.ts";
import { MAX_REPORT_BLOCKS, ReportBlock, writeReceiverReport } from "../rtp/rtcp/receiver_report.ts";
import type { RtcpReader } from "../rtp/rtcp/rtcp_reader.ts";
import { writeSourceDescription } from "../rtp/rtcp/sdes.ts";
import { SenderReport } from "../rtp/rtcp/sender_report.ts";
import { Endpoint, type MediaKeys } from "./endpoint.ts";
import type { IncomingTrack } from "./incoming_track.ts";
import type { LoadLoop } from "./loop.ts";
import type { PacketLoss } from "./packet_loss.ts";
import type { ReceiveBatch } from "./receive_batch.ts";
import type { Repairable, RepairRound } from "./repair_round.ts";
import type { Task } from "./schedule.ts";
import { spread } from "./spread.ts";
import { TransportArrivals } from "./transport_arrivals.ts";

const REPORT_INTERVAL_US = 1e6;
const TRANSPORT_INTERVAL_US = 1e5;
const KEY_FRAME_REQUEST_INTERVAL_US = 5e5;
/** Who receives only still has an SSRC to report from; browsers take 1. */
const OWN_SSRC = 1;
const CNAME = new TextEncoder().encode("load");
/** Sequence numbers in one NACK. */
const MAX_NACK = 64;
/** Of the second byte of a packet: the other bit is the marker. */
const PAYLOAD_TYPE = 0x7f;

/** What feedback is read into and written from, one for all subscribers: nothing of it outlives a call. */
export class FeedbackBuffers {
  readonly senderReport = new SenderReport();
  readonly blocks = Array.from({ length: MAX_REPORT_BLOCKS }, () => new ReportBlock());
  readonly asked = new Uint16Array(MAX_NACK);
  readonly none = new Uint16Array(0);
}

/** What subscribers need of the rest of the load. */
export interface SubscriberContext {
  readonly loop: LoadLoop;
  readonly repairs: RepairRound;
  readonly buffers: FeedbackBuffers;
  /** Of the way from the server. */
  readonly loss: PacketLoss;
}

/** A peer that receives: its tracks, its receiver reports, transport-wide feedback, NACK and PLI. */
export class Subscriber extends Endpoint implements Task, Repairable {
  /** Empty before `start`. */
  tracks: readonly IncomingTrack[] = [];
  isInRepair = false;
  /** RTP packets that came before the keys and tracks were known, or on an SSRC of none of them. */
  unassigned = 0;
  readonly #context: SubscriberContext;
  readonly #number: number;
  readonly #arrivals = new TransportArrivals();
  #begun = () => {};
  #silent = 0;
  #feedback = false;
  #closed = false;

  /** `number` is its place among all subscribers. */
  constructor(context: SubscriberContext, number: number) {
    super(context.loop);
    this.#context = context;
    this.#number = number;
  }

  /** Begins to receive. Without `feedback` nothing is sent. Calls `begun` when a packet of each track has come. */
  start(keys: MediaKeys, tracks: readonly IncomingTrack[], feedback: boolean, begun: () => void): void {
    this.keys = keys;
    this.tracks = tracks;
    this.#silent = tracks.length;
    this.#feedback = feedback;
    this.#begun = begun;
    const { loop } = this.#context;
    const beginUs = loop.clock.now() + REPORT_INTERVAL_US;
    if (feedback) {
      loop.schedule.add(this, beginUs + spread(this.#number) * REPORT_INTERVAL_US);
      const transport: Task = { run: (nowUs) => this.#sendTransportFeedback(nowUs) };
      loop.schedule.add(transport, beginUs + spread(this.#number) * TRANSPORT_INTERVAL_US);
    }
    if (tracks.length === 0) begun();
  }

  /** Sends a receiver report, and PLI for what has not begun. */
  run(nowUs: number): number {
    if (this.#closed) return Infinity;
    const { blocks } = this.#context.buffers;
    let count = 0;
    for (const track of this.tracks) {
      if (count === MAX_REPORT_BLOCKS) this.#sendReport(count);
      count %= MAX_REPORT_BLOCKS;
      if (track.report(blocks[count], nowUs)) count++;
      else if (track.options.isVideo) this.#requestKeyFrame(track, nowUs);
    }
    this.#sendReport(count);
    return nowUs + REPORT_INTERVAL_US;
  }

  repair(nowUs: number): boolean {
    if (this.#closed) return false;
    const { asked, none } = this.#context.buffers;
    let awaited = 0;
    for (const track of this.tracks) {
      const { window, options } = track;
      if (window.awaited === 0) continue;
      const repairable = this.#feedback && track.isRepaired;
      const count = window.collect(nowUs, repairable ? asked : none);
      if (count > 0) this.sendRtcp(writeNack(this.rtcp, 0, OWN_SSRC, track.ssrc, asked, count));
      if (options.isVideo && window.lost > track.lostBefore) this.#requestKeyFrame(track, nowUs);
      track.lostBefore = window.lost;
      awaited += window.awaited;
    }
    return awaited > 0;
  }

  override close(): void {
    this.#closed = true;
    super.close();
  }

  protected handleRtp(batch: ReceiveBatch, index: number, nowUs: number): void {
    const ssrc = readUint32(batch.bytes(index), 8);
    for (const track of this.tracks) {
      if (track.ssrc === ssrc) return this.#handleMedia(track, batch, index, nowUs);
      if (track.rtxSsrc === ssrc) return this.#handleRepair(track, batch, index, nowUs);
    }
    if (this.#adopt(ssrc, batch.bytes(index)[1] & PAYLOAD_TYPE)) this.handleRtp(batch, index, nowUs);
    else this.unassigned++;
  }

  protected handleRtcp(reader: RtcpReader, nowUs: number): void {
    const report = this.#context.buffers.senderReport;
    if (!report.read(reader)) return;
    for (const track of this.tracks) {
      if (track.ssrc === report.ssrc) track.handleSenderReport(report, nowUs);
    }
  }

  #handleMedia(track: IncomingTrack, batch: ReceiveBatch, index: number, nowUs: number): void {
    track.arrived++;
    if (this.keys === undefined || this.#context.loss.takes()) return;
    this.#noteArrival(batch, index, nowUs);
    if (track.window.highest < 0) this.#noteBegin();
    track.handleRtp(batch, index, nowUs, this.keys.receiver);
    if (track.window.awaited > 0 && !this.isInRepair) this.#context.repairs.add(this, nowUs);
  }

  #handleRepair(track: IncomingTrack, batch: ReceiveBatch, index: number, nowUs: number): void {
    track.arrivedByRtx++;
    if (this.keys === undefined || this.#context.loss.takes()) return;
    this.#noteArrival(batch, index, nowUs);
    track.handleRtx(batch, index, nowUs, this.keys.receiver);
  }

  /** Whether a track lacks this SSRC, which is then its own. */
  #adopt(ssrc: number, payloadType: number): boolean {
    for (const track of this.tracks) if (track.adopt(ssrc, payloadType)) return true;
    return false;
  }

  /** For feedback on what came. */
  #noteArrival(batch: ReceiveBatch, index: number, nowUs: number): void {
    if (this.#feedback) this.#arrivals.handleRtp(batch.bytes(index), batch.receivedUs(index, nowUs));
  }

  #noteBegin(): void {
    this.#silent--;
    if (this.#silent === 0) this.#begun();
  }

  #requestKeyFrame(track: IncomingTrack, nowUs: number): void {
    if (!this.#feedback || track.ssrc < 0) return;
    if (nowUs - track.keyFrameRequestUs < KEY_FRAME_REQUEST_INTERVAL_US) return;
    track.keyFrameRequestUs = nowUs;
    this.sendRtcp(writePli(this.rtcp, 0, OWN_SSRC, track.ssrc));
  }

  /** As often as browsers do, where the server numbers what it sends; returns when to be called next. */
  #sendTransportFeedback(nowUs: number): number {
    if (this.#closed) return Infinity;
    this.sendRtcp(this.#arrivals.write(this.rtcp, OWN_SSRC, Math.max(0, this.tracks[0]?.ssrc ?? 0)));
    return nowUs + TRANSPORT_INTERVAL_US;
  }

  #sendReport(count: number): void {
    const length = writeReceiverReport(this.rtcp, 0, OWN_SSRC, this.#context.buffers.blocks, 0, count);
    this.sendRtcp(length + writeSourceDescription(this.rtcp, length, OWN_SSRC, CNAME));
  }
}
