import { type CodecFormat, codecFormat } from "../rtp/codecs/codec.ts";
import type { RtpPacket } from "../rtp/packet.ts";
import { AudioTrack } from "./audio_track.ts";
import { RoomAudio } from "./room_audio.ts";
import { Encoding, type FeedbackSender, type RtpConsumer } from "./encoding.ts";
import { TrackCounters } from "./track_counters.ts";
import type {
  Codec,
  HeaderExtension,
  Kind,
  PeerId,
  ProducerParameters,
  PublishedTrack,
  Source,
  TrackId,
} from "./types.ts";

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
  /** Lowest first. */
  readonly encodings: readonly Encoding[];
  /** Of all tracks of its kind: what it and its consumers send and receive is counted there. */
  readonly counters: TrackCounters;
  /** Undefined of video. */
  readonly audio: AudioTrack<RtpConsumer> | undefined;
  readonly #consumers: RtpConsumer[] = [];
  readonly #format: CodecFormat;

  /**
   * `equalizesLengths`: packets are padded to equal lengths before they are forwarded (rule B161). `counters` are those of
   * all tracks of its kind, `roomAudio` hears the microphones of its room.
   */
  constructor(
    id: TrackId,
    peerId: PeerId,
    parameters: ProducerParameters,
    feedback: FeedbackSender,
    equalizesLengths = false,
    counters = new TrackCounters(),
    roomAudio = new RoomAudio({ loudest: Infinity, tell: () => {} }),
  ) {
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
    if (kind === "audio") this.audio = new AudioTrack(roomAudio, peerId, parameters);
    const { audio } = this;
    const track = { kind, codec, format: this.#format, feedback, equalizesLengths, counters, audio };
    this.encodings = (parameters.encodings ?? [parameters]).map((encoding) => new Encoding(track, encoding));
  }

  get consumers(): readonly RtpConsumer[] {
    return this.#consumers;
  }

  addConsumer(consumer: RtpConsumer): void {
    this.#consumers.push(consumer);
    this.encodings[0].addConsumer(consumer);
  }

  removeConsumer(consumer: RtpConsumer): void {
    const index = this.#consumers.indexOf(consumer);
    if (index >= 0) this.#consumers.splice(index, 1);
    this.audio?.remove(consumer);
    for (const encoding of this.encodings) encoding.removeConsumer(consumer);
  }

  /** Whether the packet begins a key frame; true of every audio packet. */
  startsKeyFrame(packet: RtpPacket): boolean {
    return this.#format.isKeyFrameStart(packet.bytes, packet.headerLength, packet.payloadLength);
  }

  nextTimeout(): number {
    let next = Infinity;
    for (const encoding of this.encodings) next = Math.min(next, encoding.nextTimeout());
    return next;
  }

  handleTimeout(nowMs: number): void {
    for (const encoding of this.encodings) encoding.handleTimeout(nowMs);
  }
}
