import { type CodecFormat, codecFormat } from "../rtp/codecs/codec.ts";
import type { RtpPacket } from "../rtp/packet.ts";
import { AudioTrack } from "./audio_track.ts";
import { type EncodedTrack, Encoding, type FeedbackSender, type RtpConsumer } from "./encoding.ts";
import { DEPENDENCY_DESCRIPTOR_URI, extensionId } from "./header_extensions.ts";
import { RoomAudio } from "./room_audio.ts";
import { TrackCounters } from "./track_counters.ts";
import { TrackLayers } from "./track_layers.ts";
import type {
  Codec,
  EncodingFacts,
  HeaderExtension,
  Kind,
  PeerId,
  ProducerParameters,
  PublishedTrack,
  Source,
  TrackId,
} from "./types.ts";
import { WantedEncodings } from "./wanted_encodings.ts";

/** Who receives a track: a `Consumer` one of its encodings, a relay any of them. */
export interface TrackConsumer {
  /** Takes packets of the encoding that it is to begin with. */
  attach(): void;
  /** Takes no more packets. */
  detach(): void;
  /** An encoding of the track has begun, or can be aligned now, or one has stopped. */
  handleEncodings(nowMs: number): void;
  /** Whether it forwards an encoding, waits for it, or would as soon as it is sent. */
  wants(encoding: Encoding): boolean;
}

export interface ProducerOptions {
  readonly id: TrackId;
  readonly peerId: PeerId;
  readonly parameters: ProducerParameters;
  readonly feedback: FeedbackSender;
  /** Whether packets are padded to equal lengths before they are forwarded (rule B161). Default: they are not. */
  readonly equalizesLengths?: boolean;
  /** Of all tracks of its kind. Default: its own. */
  readonly counters?: TrackCounters;
  /** Told, as `wantedRids`, what the publisher is to send where that changes. */
  readonly encodingsWanted?: (rids: readonly string[]) => void;
  /** Hears the microphones of its room. Default: it is in none. */
  readonly roomAudio?: RoomAudio;
  /**
   * The track is published in another isolate, from where what is wanted comes and nothing else, whether it is in several
   * encodings or not: nothing is wanted at first. What is received so is counted here, apart from what comes of publishers.
   */
  readonly relayed?: TrackCounters;
}

/** One published track, in one encoding or, with simulcast, several. */
export class Producer implements PublishedTrack {
  readonly id: TrackId;
  readonly peerId: PeerId;
  /** Names the publisher in RTCP: its id in UTF-8. */
  readonly cname: Uint8Array;
  readonly mid: string;
  readonly kind: Kind;
  readonly source: Source;
  readonly codec: Codec;
  readonly headerExtensions: readonly HeaderExtension[];
  /** Of all tracks of its kind: what it and its consumers send and receive is counted there. */
  readonly counters: TrackCounters;
  /** Undefined of video. */
  readonly audio: AudioTrack<RtpConsumer> | undefined;
  /** What its subscribers can be sent of it. */
  readonly layers = new TrackLayers(this);
  #isMuted = false;
  readonly #consumers: TrackConsumer[] = [];
  readonly #format: CodecFormat;
  /** In the order of the offer. */
  readonly #offered: readonly Encoding[];
  #encodings: readonly Encoding[];
  readonly #wanted: WantedEncodings;
  /** Whether it makes a difference which encodings are wanted. */
  readonly #asks: boolean;
  readonly #encodingsWanted: ProducerOptions["encodingsWanted"];

  constructor(options: ProducerOptions) {
    const { id, peerId, parameters, feedback, equalizesLengths = false, counters = new TrackCounters() } = options;
    const { mid, kind, source, codec, headerExtensions } = parameters;
    this.id = id;
    this.peerId = peerId;
    this.cname = new TextEncoder().encode(peerId);
    this.mid = mid;
    this.kind = kind;
    this.source = source;
    this.codec = codec;
    this.headerExtensions = headerExtensions;
    this.counters = counters;
    this.#format = codecFormat(codec.mimeType);
    if (kind === "audio") this.audio = new AudioTrack(options.roomAudio ?? silentRoom(), peerId, parameters);
    const encodings: Encoding[] = [];
    const track: EncodedTrack = {
      kind,
      codec,
      format: this.#format,
      feedback,
      equalizesLengths,
      counters: options.relayed ?? counters,
      audio: this.audio,
      descriptorId: extensionId(headerExtensions, DEPENDENCY_DESCRIPTOR_URI),
      encodings,
      frames: 0,
      encodingsChanged: (nowMs) => this.#encodingsChanged(nowMs),
      encodingResized: () => this.#sortEncodings(),
    };
    for (const encoding of parameters.encodings ?? [parameters]) encodings.push(new Encoding(track, encoding));
    this.#offered = encodings;
    this.#encodings = encodings;
    this.#wanted = new WantedEncodings(encodings.length, options.relayed === undefined);
    // What has no name cannot be asked for, nor be left out of those that are.
    const isNamed = encodings.length > 1 && encodings.every(({ rid }) => rid !== undefined);
    this.#asks = isNamed || options.relayed !== undefined;
    this.#encodingsWanted = options.encodingsWanted;
    this.consumerChanged();
  }

  /** Lowest first: as the offer has them, and by their pixels once those are known of all. */
  get encodings(): readonly Encoding[] {
    return this.#encodings;
  }

  /** The RIDs of what the publisher is to send, lowest first: of what a consumer wants, or has wanted within a second. */
  get wantedRids(): readonly string[] {
    const wanted = this.#encodings.filter((encoding) => this.#wanted.isTold(this.#offered.indexOf(encoding)));
    return wanted.flatMap(({ rid }) => rid ?? []);
  }

  /** As the offer has them, which is how another isolate names them. */
  get offered(): readonly Encoding[] {
    return this.#offered;
  }

  /** The same as `wantedRids`, as a set: one bit for each encoding in the order of the offer. */
  get wantedSet(): number {
    let set = 0;
    for (let index = 0; index < this.#offered.length; index++) if (this.#wanted.isTold(index)) set |= 1 << index;
    return set;
  }

  /** Whether nothing of it is to be forwarded: who receives it pauses. */
  get isMuted(): boolean {
    return this.#isMuted;
  }

  /** To be called by its router, which tells those who receive it. */
  mute(isMuted: boolean): void {
    this.#isMuted = isMuted;
    this.audio?.mute(isMuted);
  }

  get consumers(): readonly TrackConsumer[] {
    return this.#consumers;
  }

  addConsumer(consumer: TrackConsumer): void {
    this.#consumers.push(consumer);
    consumer.attach();
    this.consumerChanged();
  }

  removeConsumer(consumer: TrackConsumer): void {
    const index = this.#consumers.indexOf(consumer);
    if (index < 0) return;
    this.#consumers.splice(index, 1);
    consumer.detach();
    this.consumerChanged();
  }

  /** One of its consumers wants another encoding than before. */
  consumerChanged(): void {
    if (this.#asks) this.#wanted.checkSoon();
  }

  /** Its publisher may not have heard which encodings are wanted: it is told with the next tick. */
  tellWantedAgain(): void {
    if (this.#offered.length > 1) this.#wanted.tellAgain();
  }

  /** What is known elsewhere of the encodings, in the order of the offer, counts as long as nothing is known by packets. */
  assume(facts: readonly EncodingFacts[], nowMs: number): void {
    const before = this.#activeSet;
    for (const [index, each] of facts.entries()) this.#offered[index]?.assume(each);
    this.#sortEncodings();
    if (this.#activeSet !== before) this.#encodingsChanged(nowMs);
  }

  /** Which encodings are sent, a bit for each. */
  get #activeSet(): number {
    return this.#offered.reduce((set, { active }, index) => active ? set | 1 << index : set, 0);
  }

  /** Whether the packet begins a key frame; true of every audio packet. */
  startsKeyFrame(packet: RtpPacket): boolean {
    return this.#format.isKeyFrameStart(packet.bytes, packet.headerLength, packet.payloadLength);
  }

  nextTimeout(): number {
    let next = this.#wanted.nextTimeout();
    for (const encoding of this.#encodings) next = Math.min(next, encoding.nextTimeout());
    return next;
  }

  handleTimeout(nowMs: number): void {
    for (const encoding of this.#encodings) encoding.handleTimeout(nowMs);
    const isWanted = (index: number) => this.#consumers.some((consumer) => consumer.wants(this.#offered[index]));
    if (this.#wanted.handleTimeout(isWanted, nowMs)) this.#encodingsWanted?.(this.wantedRids);
  }

  #encodingsChanged(nowMs: number): void {
    if (this.#offered.length === 1) return;
    for (const consumer of this.#consumers) consumer.handleEncodings(nowMs);
    this.consumerChanged();
  }

  /** An offer may list the encodings in any order. */
  #sortEncodings(): void {
    if (this.#offered.some((encoding) => encoding.widthOf(0) === 0)) return;
    this.#encodings = this.#offered.toSorted((a, b) => a.widthOf(0) - b.widthOf(0));
    this.layers.handleOrder();
  }
}

/** For a track that is in no room: all that it sends passes, and nobody is told who speaks. */
function silentRoom(): RoomAudio {
  return new RoomAudio({ loudest: Infinity, tell: () => {} });
}
