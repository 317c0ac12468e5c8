import type { RtpRun } from "../rtp/packet.ts";
import { Consumer } from "./consumer.ts";
import { Demux } from "./demux.ts";
import type { MediaSender, MediaSink } from "./media_sink.ts";
import { OutgoingStream } from "./outgoing_stream.ts";
import { Producer } from "./producer.ts";
import type { RandomSource } from "./random.ts";
import { RtcpResponder } from "./rtcp_responder.ts";
import type { Router, RouterMember } from "./router.ts";
import { SendLimit } from "./send_limit.ts";
import type { MediaCounters } from "./track_counters.ts";
import type { ConsumerParameters, Kind, PeerId, ProducerParameters, StreamSsrcs, TrackId } from "./types.ts";

/** Who one peer is, and how it is reached. */
export interface PeerOptions {
  readonly id: PeerId;
  /** Where the server's own feedback comes from; no stream that the peer is sent has it. */
  readonly ssrc: number;
  readonly sender: MediaSender;
  readonly random: RandomSource;
  /** Whether what it publishes is padded to equal lengths (rule B161). */
  readonly equalizesLengths: boolean;
  /** What its tracks are counted in. */
  readonly counters: MediaCounters;
  /** Bits per second that it is sent; undefined for any. */
  readonly maxBitrateOut?: number | undefined;
  /** A track that it receives is paused, as all of them are too much for it. */
  readonly trackPaused?: ((trackId: TrackId) => void) | undefined;
}

/** The media of one peer: publishes by producers, subscribes by consumers. Its transport delivers into it. */
export class Peer implements MediaSink, RouterMember {
  readonly id: PeerId;
  /** RTP packets of no known track. */
  unknownPackets = 0;
  readonly #router: Router;
  readonly #sender: MediaSender;
  readonly #random: RandomSource;
  readonly #demux = new Demux();
  readonly #producers = new Map<string, Producer>();
  readonly #consumers = new Map<string, Consumer>();
  readonly #consumersBySsrc = new Map<number, Consumer>();
  /** By MID: streams that stay whichever track they carry, or none. */
  readonly #slots = new Map<string, OutgoingStream>();
  readonly #rtcp: RtcpResponder;
  readonly #equalizesLengths: boolean;
  readonly #counters: MediaCounters;
  readonly #sendLimit: SendLimit<Consumer> | undefined;
  readonly #trackPaused: ((trackId: TrackId) => void) | undefined;

  constructor(router: Router, options: PeerOptions) {
    const { id, ssrc, sender, random, equalizesLengths, counters, maxBitrateOut, trackPaused } = options;
    this.#counters = counters;
    this.#equalizesLengths = equalizesLengths;
    this.#sendLimit = maxBitrateOut === undefined ? undefined : new SendLimit(maxBitrateOut);
    this.#trackPaused = trackPaused;
    this.id = id;
    this.#router = router;
    this.#sender = sender;
    this.#random = random;
    this.#rtcp = new RtcpResponder(this.#demux, this.#consumersBySsrc, sender, ssrc, id);
    router.addMember(this);
  }

  /** By MID of this peer's m-lines. */
  get producers(): ReadonlyMap<string, Producer> {
    return this.#producers;
  }

  /** By MID of this peer's m-lines. */
  get consumers(): ReadonlyMap<string, Consumer> {
    return this.#consumers;
  }

  /** SSRCs that are bound to this peer's producers. */
  get ssrcCount(): number {
    return this.#demux.ssrcCount;
  }

  /** Whether a packet of media has come from this peer, or has gone to it. */
  get hasMedia(): boolean {
    for (const { ssrc } of this.#producers.values()) if (ssrc !== undefined) return true;
    for (const { stream } of this.#consumers.values()) if (stream.packetsSent > 0) return true;
    return false;
  }

  /** The time to the peer and back, as reports show it; undefined while it is not known. */
  get roundTripMs(): number | undefined {
    return this.#rtcp.roundTripMs;
  }

  publish(id: TrackId, parameters: ProducerParameters): Producer {
    this.unpublish(parameters.mid);
    const counters = this.#counters[parameters.kind];
    const producer = new Producer(id, this.id, parameters, this.#rtcp, this.#equalizesLengths, counters);
    this.#producers.set(parameters.mid, producer);
    this.#demux.add(producer);
    this.#router.addProducer(producer);
    return producer;
  }

  unpublish(mid: string): void {
    const producer = this.#producers.get(mid);
    if (producer === undefined) return;
    this.#producers.delete(mid);
    this.#demux.remove(producer);
    this.#router.removeProducer(producer);
  }

  /**
   * Forwards a track to this peer, under `ssrcs`, or those of the slot that is open on the m-line; undefined where there
   * is no such track.
   */
  subscribe(trackId: TrackId, parameters: ConsumerParameters, ssrcs: StreamSsrcs): Consumer | undefined {
    const producer = this.#router.producers.get(trackId);
    if (producer === undefined) return undefined;
    this.unsubscribe(parameters.mid);
    const { kind, codec: { clockRate } } = producer;
    const stream = this.#slots.get(parameters.mid) ?? this.#newStream(kind, clockRate, ssrcs);
    const consumer = new Consumer(producer, parameters, stream, this.#sender);
    this.#consumers.set(parameters.mid, consumer);
    this.#consumersBySsrc.set(consumer.ssrc, consumer);
    producer.addConsumer(consumer);
    this.#sendLimit?.checkSoon();
    return consumer;
  }

  /**
   * Makes the one stream that is sent on an m-line as long as the peer lasts, whichever track `subscribe` fills it with.
   * `clockRate` in Hz.
   */
  openSlot(mid: string, kind: Kind, clockRate: number, ssrcs: StreamSsrcs): void {
    this.#slots.set(mid, this.#newStream(kind, clockRate, ssrcs));
  }

  unsubscribe(mid: string): void {
    const consumer = this.#consumers.get(mid);
    if (consumer === undefined) return;
    this.#removeConsumer(consumer);
    if (!this.#slots.has(mid)) this.#endStream(consumer.stream);
  }

  unsubscribeTrack(trackId: TrackId): void {
    for (const { mid, producer } of this.#consumers.values()) if (producer.id === trackId) return this.unsubscribe(mid);
  }

  /** Asks for a picture on each track of which this peer has none yet: its transport is ready, or tracks were added. */
  requestKeyFrames(nowMs: number): void {
    for (const consumer of this.#consumers.values()) if (!consumer.started) consumer.requestKeyFrame(nowMs);
  }

  /** Asks for a picture on every track: what was sent last may not have arrived. */
  refreshPictures(nowMs: number): void {
    for (const consumer of this.#consumers.values()) consumer.requestKeyFrame(nowMs);
  }

  handleRtp(run: RtpRun, nowMs: number): void {
    let from = 0;
    while (from < run.count) {
      const first = run.packets[from];
      let to = from + 1;
      while (to < run.count && run.packets[to].ssrc === first.ssrc) to++;
      const producer = this.#demux.find(first);
      if (producer === undefined) this.unknownPackets += to - from;
      else producer.handleRtp(run, from, to, nowMs);
      from = to;
    }
  }

  handleRtcp(bytes: Uint8Array, length: number, nowMs: number): void {
    this.#rtcp.handleRtcp(bytes, length, nowMs);
  }

  nextTimeout(): number {
    let next = this.#producers.size > 0 ? this.#rtcp.nextReportMs : Infinity;
    for (const producer of this.#producers.values()) next = Math.min(next, producer.nextTimeout());
    if (this.#sendLimit !== undefined && this.#consumers.size > 0) next = Math.min(next, this.#sendLimit.nextCheckMs);
    return next;
  }

  handleTimeout(nowMs: number): void {
    for (const producer of this.#producers.values()) producer.handleTimeout(nowMs);
    this.#rtcp.handleTimeout(this.#producers.values(), nowMs);
    if (this.#sendLimit !== undefined && nowMs >= this.#sendLimit.nextCheckMs) this.#limitSent(this.#sendLimit, nowMs);
  }

  /** Its tracks end for the others, it receives no more, and is told so. */
  close(): void {
    for (const mid of [...this.#producers.keys()]) this.unpublish(mid);
    const streams = new Set([...this.#consumers.values()].map(({ stream }) => stream)).union(
      new Set(this.#slots.values()),
    );
    this.#rtcp.close([...streams].flatMap(({ usedSsrcs }) => usedSsrcs));
    for (const consumer of [...this.#consumers.values()]) this.#removeConsumer(consumer);
    for (const stream of streams) this.#removeStream(stream);
    this.#router.removeMember(this);
  }

  #limitSent(limit: SendLimit<Consumer>, nowMs: number): void {
    for (const { producer } of limit.check(this.#consumers.values(), nowMs)) this.#trackPaused?.(producer.id);
  }

  #removeConsumer(consumer: Consumer): void {
    this.#consumers.delete(consumer.mid);
    this.#consumersBySsrc.delete(consumer.ssrc);
    consumer.producer.removeConsumer(consumer);
  }

  #endStream(stream: OutgoingStream): void {
    this.#rtcp.sendBye(stream.usedSsrcs);
    this.#removeStream(stream);
  }

  #removeStream({ ssrcs }: OutgoingStream): void {
    for (const ssrc of ssrcs) this.#sender.removeStream(ssrc);
  }

  #newStream(kind: Kind, clockRate: number, { ssrc, rtxSsrc }: StreamSsrcs): OutgoingStream {
    return new OutgoingStream({ ssrc, rtxSsrc, kind, clockRate, random: this.#random });
  }
}
