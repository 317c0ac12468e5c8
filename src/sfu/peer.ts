import type { RtpRun } from "../rtp/packet.ts";
import { Consumer } from "./consumer.ts";
import { Demux } from "./demux.ts";
import { newIdentifier } from "./identifier.ts";
import type { MediaSender, MediaSink } from "./media_sink.ts";
import { OutgoingStream } from "./outgoing_stream.ts";
import { Producer } from "./producer.ts";
import type { RandomSource } from "./random.ts";
import { RtcpResponder } from "./rtcp_responder.ts";
import type { PeerObserver, Room, RoomMember } from "./room.ts";
import type { ConsumerParameters, Kind, PeerId, ProducerParameters, PublishedTrack, TrackId } from "./types.ts";

/** Who one peer is, and how it is reached. */
export interface PeerOptions {
  readonly name: string | undefined;
  readonly sender: MediaSender;
  readonly observer: PeerObserver;
  readonly random: RandomSource;
}

/** One peer of a room: publishes by producers, subscribes by consumers. Its transport delivers into it. */
export class Peer implements MediaSink, RoomMember {
  readonly id: PeerId;
  readonly name: string | undefined;
  readonly observer: PeerObserver;
  /** RTP packets of no known track. */
  unknownPackets = 0;
  readonly #room: Room;
  readonly #sender: MediaSender;
  readonly #random: RandomSource;
  readonly #demux = new Demux();
  readonly #producers = new Map<string, Producer>();
  readonly #consumers = new Map<string, Consumer>();
  readonly #consumersBySsrc = new Map<number, Consumer>();
  /** By MID: streams that stay whichever track they carry, or none. */
  readonly #slots = new Map<string, OutgoingStream>();
  readonly #rtcp: RtcpResponder;
  /** Where the server's own feedback comes from. */
  readonly #ssrc: number;

  constructor(room: Room, options: PeerOptions) {
    this.id = newIdentifier(options.random);
    this.name = options.name;
    this.observer = options.observer;
    this.#room = room;
    this.#sender = options.sender;
    this.#random = options.random;
    this.#ssrc = this.#newSsrc();
    this.#rtcp = new RtcpResponder(this.#demux, this.#consumersBySsrc, options.sender, this.#ssrc, this.id);
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

  /** The time to the peer and back, as reports show it; undefined while it is not known. */
  get roundTripMs(): number | undefined {
    return this.#rtcp.roundTripMs;
  }

  /** The tracks of the others, oldest first. */
  *tracks(): Generator<PublishedTrack> {
    for (const producer of this.#room.producers.values()) if (producer.peerId !== this.id) yield producer;
  }

  publish(parameters: ProducerParameters): Producer {
    this.unpublish(parameters.mid);
    const producer = new Producer(
      newIdentifier(this.#random),
      this.id,
      parameters,
      this.#rtcp,
    );
    this.#producers.set(parameters.mid, producer);
    this.#demux.add(producer, [...parameters.ssrcs, ...parameters.rtxSsrcs ?? []]);
    this.#room.addProducer(producer);
    return producer;
  }

  unpublish(mid: string): void {
    this.#removeProducer(mid, true);
  }

  /** Forwards a track to this peer; undefined where the room has no such track. */
  subscribe(trackId: TrackId, parameters: ConsumerParameters): Consumer | undefined {
    const producer = this.#room.producers.get(trackId);
    if (producer === undefined) return undefined;
    this.unsubscribe(parameters.mid);
    const { kind, codec: { clockRate } } = producer;
    const rtx = parameters.codec.rtxPayloadType !== undefined;
    const stream = this.#slots.get(parameters.mid) ?? this.#newStream(kind, clockRate, rtx);
    const consumer = new Consumer(producer, parameters, stream, this.#sender);
    this.#consumers.set(parameters.mid, consumer);
    this.#consumersBySsrc.set(consumer.ssrc, consumer);
    producer.addConsumer(consumer);
    return consumer;
  }

  /** Makes the one stream that is sent on an m-line as long as the peer lasts, whichever track `subscribe` fills it with. */
  openSlot(
    mid: string,
    kind: Kind,
    clockRate: number,
    rtx: boolean,
  ): { readonly ssrc: number; readonly rtxSsrc: number | undefined } {
    const stream = this.#newStream(kind, clockRate, rtx);
    this.#slots.set(mid, stream);
    return stream;
  }

  unsubscribe(mid: string): void {
    const consumer = this.#consumers.get(mid);
    if (consumer === undefined) return;
    this.#removeConsumer(consumer);
    if (!this.#slots.has(mid)) this.#endStream(consumer.stream);
  }

  /** The track is over: its consumer goes, and whoever negotiates for this peer learns that the m-line is free. */
  unsubscribeTrack(trackId: TrackId): void {
    for (const consumer of this.#consumers.values()) {
      if (consumer.producer.id !== trackId) continue;
      this.unsubscribe(consumer.mid);
      this.observer.trackEnded(trackId);
      return;
    }
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
    return next;
  }

  handleTimeout(nowMs: number): void {
    for (const producer of this.#producers.values()) producer.handleTimeout(nowMs);
    this.#rtcp.handleTimeout(this.#producers.values(), nowMs);
  }

  /** Leaves the room: its tracks end for the others, and it receives no more. */
  close(): void {
    for (const mid of [...this.#producers.keys()]) this.#removeProducer(mid, false);
    const streams = new Set([...this.#consumers.values()].map(({ stream }) => stream)).union(
      new Set(this.#slots.values()),
    );
    this.#rtcp.close([...streams].flatMap(({ usedSsrcs }) => usedSsrcs));
    for (const consumer of [...this.#consumers.values()]) this.#removeConsumer(consumer);
    for (const stream of streams) this.#removeStream(stream);
    this.#room.removePeer(this);
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

  #removeProducer(mid: string, announce: boolean): void {
    const producer = this.#producers.get(mid);
    if (producer === undefined) return;
    this.#producers.delete(mid);
    this.#demux.remove(producer);
    this.#room.removeProducer(producer, announce);
  }

  #newStream(kind: Kind, clockRate: number, rtx: boolean): OutgoingStream {
    const ssrc = this.#newSsrc();
    const rtxSsrc = rtx ? this.#newSsrc(ssrc) : undefined;
    return new OutgoingStream({ ssrc, rtxSsrc, kind, clockRate, random: this.#random });
  }

  /** One that this peer is not sent already. */
  #newSsrc(except = 0): number {
    const streams = [...[...this.#consumers.values()].map(({ stream }) => stream), ...this.#slots.values()];
    const taken = new Set([0, except, this.#ssrc, ...streams.flatMap(({ ssrcs }) => ssrcs)]);
    let ssrc = this.#random.uint32();
    while (taken.has(ssrc)) ssrc = this.#random.uint32();
    return ssrc;
  }
}
