import { writeUint16, writeUint32 } from "../rtp/bytes.ts";
import type { SrtpSender } from "../webrtc/srtp/srtp_session.ts";
import type { VideoRate } from "./requests.ts";
import { type Encoding, extensionBlock, keyFrameStart } from "./encoding.ts";
import type { Task } from "./schedule.ts";
import { SentPackets } from "./sent_packets.ts";
import { MAX_ENCODINGS, MIN_PAYLOAD_LENGTH, Stamp, writePattern } from "./stamp.ts";

/** Bytes of payload at most: 1,200 of a datagram with header, MID and tag. */
const MAX_PAYLOAD_LENGTH = 1160;
const RTP_HEADER_LENGTH = 12;
/** Of RTX: the original sequence number in front of the payload (RFC 4588 section 4). */
const OSN_LENGTH = 2;

const KEY_FRAME_INTERVAL_US = 3e6;
/** A key frame that was asked for comes so long after the one before at the soonest. */
const MIN_KEY_FRAME_INTERVAL_US = 5e5;
const AUDIO_INTERVAL_US = 20_000;
const AUDIO_LENGTH = 100;

const FIRST_OF_FRAME = 1;
const LAST_OF_FRAME = 2;
const OF_KEY_FRAME = 4;

/** A VP8 packet that does not begin a frame: a descriptor without S (RFC 7741 section 4.2). */
const CONTINUATION = 0x00;
/** One that does, with S set, and the first bytes of the frame behind it (section 4.3): P is set where it is no key frame. */
const DELTA_FRAME_START = new Uint8Array([0x10, 0x01, 0x02, 0x03]);

/** Takes an RTP packet: `slot` gives its place, `sendRtp` the parts of it that are not there yet. */
export interface PacketSink {
  slot(): Uint8Array;
  /** Seals and queues the packet whose header is in the slot; the payload is `source[offset, offset + length)`. */
  sendRtp(sender: SrtpSender, headerLength: number, source: Uint8Array, offset: number, length: number): void;
  /** What was queued leaves. */
  flush(): void;
}

export interface TrackOptions {
  /** Names the track in its packets. */
  readonly number: number;
  readonly encoding: Encoding;
  readonly ssrc: number;
  readonly payloadType: number;
  /** Undefined: no packet is sent again. */
  readonly rtx: { readonly ssrc: number; readonly payloadType: number } | undefined;
  /** Null: sound. */
  readonly video: VideoRate | null;
  readonly clockRate: number;
}

/** One track of a publisher: frames at their times, each as packets of almost one size that leave together. */
export class OutgoingTrack implements Task {
  readonly options: TrackOptions;
  /** Packets, and bytes of payload, without retransmissions. */
  packets = 0;
  octets = 0;
  /** Frames left out because this process was late. */
  skippedFrames = 0;
  /** Time goes on, but no frame is sent. */
  paused = false;
  readonly #sink: PacketSink;
  readonly #sender: SrtpSender;
  readonly #sent = new SentPackets();
  readonly #stamp = new Stamp();
  /** A payload, with room for an original sequence number in front. */
  readonly #source = new Uint8Array(OSN_LENGTH + MAX_PAYLOAD_LENGTH);
  readonly #keyFrameStart: Uint8Array;
  /** Header extensions of packets, and of repairs. */
  readonly #extension: Uint8Array;
  readonly #rtxExtension: Uint8Array;
  #rtxPackets = 0;
  #intervalUs = AUDIO_INTERVAL_US;
  #frameLength = AUDIO_LENGTH;
  #dueUs = 0;
  #startUs = 0;
  #lastKeyFrameUs = -KEY_FRAME_INTERVAL_US;
  #keyFrameWanted = true;
  #ended = false;

  constructor(options: TrackOptions, sink: PacketSink, sender: SrtpSender) {
    this.options = options;
    this.#sink = sink;
    this.#sender = sender;
    this.#stamp.track = options.number * MAX_ENCODINGS + options.encoding.index;
    this.#keyFrameStart = keyFrameStart(options.encoding);
    this.#extension = extensionBlock(options.encoding, false);
    this.#rtxExtension = extensionBlock(options.encoding, true);
    writePattern(this.#source, OSN_LENGTH, this.#stamp.track);
    if (options.video !== null) this.setRate(options.video);
  }

  get intervalUs(): number {
    return this.#intervalUs;
  }

  /** Of a video track: what the best of its encodings has. */
  setRate({ bitsPerSecond, fps }: VideoRate): void {
    this.#intervalUs = 1e6 / fps;
    this.#frameLength = Math.max(MIN_PAYLOAD_LENGTH, Math.round(bitsPerSecond * this.options.encoding.share / 8 / fps));
  }

  /** The first frame is due at `dueUs`. */
  begin(dueUs: number): void {
    this.#dueUs = dueUs;
    this.#startUs = dueUs;
  }

  requestKeyFrame(): void {
    this.#keyFrameWanted = true;
  }

  /** No frame is sent from now on. */
  end(): void {
    this.#ended = true;
  }

  /** Sends the frame that is due. Where this process was late for more than a frame those between are left out. */
  run(nowUs: number): number {
    if (this.#ended) return Infinity;
    const missed = Math.floor((nowUs - this.#dueUs) / this.#intervalUs);
    if (missed > 0) {
      this.skippedFrames += missed;
      this.#dueUs += missed * this.#intervalUs;
    }
    if (!this.paused) this.#sendFrame(nowUs);
    return this.#dueUs += this.#intervalUs;
  }

  /** The RTP timestamp of this instant. */
  timestampAt(nowUs: number): number {
    return Math.round((nowUs - this.#startUs) * this.options.clockRate / 1e6) >>> 0;
  }

  /** Answers a NACK. */
  resend(sequenceNumber: number): void {
    const { rtx } = this.options;
    const behind = (this.packets - sequenceNumber) & 0xffff;
    const packet = this.packets - behind;
    const place = rtx === undefined || behind === 0 ? -1 : this.#sent.find(packet);
    if (rtx === undefined || place < 0) return;
    this.#writePayload(packet, place);
    writeUint16(this.#source, 0, sequenceNumber);
    const header = this.#writeHeader(place, rtx.payloadType, this.#rtxPackets++, rtx.ssrc, this.#rtxExtension);
    const length = OSN_LENGTH + this.#sent.lengths[place];
    this.#sink.sendRtp(this.#sender, header, this.#source, 0, length);
  }

  #sendFrame(nowUs: number): void {
    const isKeyFrame = this.#takesKeyFrame(nowUs);
    const count = Math.ceil(this.#frameLength / MAX_PAYLOAD_LENGTH);
    const length = Math.floor(this.#frameLength / count);
    const longer = this.#frameLength % count;
    for (let i = 0; i < count; i++) {
      const place = this.#sent.place(this.packets);
      this.#sent.sentUs[place] = Math.floor(nowUs);
      this.#sent.timestamps[place] = this.timestampAt(this.#dueUs);
      this.#sent.lengths[place] = length + (i < longer ? 1 : 0);
      this.#sent.flags[place] = (i === 0 ? FIRST_OF_FRAME : 0) | (i === count - 1 ? LAST_OF_FRAME : 0) |
        (isKeyFrame ? OF_KEY_FRAME : 0);
      this.#sendPacket(place);
    }
    this.#sink.flush();
  }

  #sendPacket(place: number): void {
    const { payloadType, ssrc } = this.options;
    const length = this.#sent.lengths[place];
    this.#writePayload(this.packets, place);
    const header = this.#writeHeader(place, payloadType, this.packets, ssrc, this.#extension);
    this.#sink.sendRtp(this.#sender, header, this.#source, OSN_LENGTH, length);
    this.packets++;
    this.octets += length;
  }

  #takesKeyFrame(nowUs: number): boolean {
    if (this.options.video?.onlyKeyFrames) return true;
    const sinceLast = nowUs - this.#lastKeyFrameUs;
    const due = this.#keyFrameWanted ? MIN_KEY_FRAME_INTERVAL_US : KEY_FRAME_INTERVAL_US;
    if (sinceLast < due) return false;
    this.#lastKeyFrameUs = nowUs;
    this.#keyFrameWanted = false;
    return true;
  }

  /** Returns the header's bytes. */
  #writeHeader(
    place: number,
    payloadType: number,
    sequenceNumber: number,
    ssrc: number,
    extension: Uint8Array,
  ): number {
    const header = this.#sink.slot();
    const isMarked = this.options.video !== null && (this.#sent.flags[place] & LAST_OF_FRAME) !== 0;
    header[0] = extension.length === 0 ? 0x80 : 0x90;
    header[1] = payloadType | (isMarked ? 0x80 : 0);
    writeUint16(header, 2, sequenceNumber & 0xffff);
    writeUint32(header, 4, this.#sent.timestamps[place]);
    writeUint32(header, 8, ssrc);
    header.set(extension, RTP_HEADER_LENGTH);
    return RTP_HEADER_LENGTH + extension.length;
  }

  #writePayload(packet: number, place: number): void {
    if (this.options.video !== null) this.#writeDescriptor(this.#sent.flags[place]);
    this.#stamp.packet = packet;
    this.#stamp.sentUs = this.#sent.sentUs[place];
    this.#stamp.length = this.#sent.lengths[place];
    this.#stamp.write(this.#source, OSN_LENGTH);
  }

  #writeDescriptor(flags: number): void {
    this.#source[OSN_LENGTH] = CONTINUATION;
    if ((flags & FIRST_OF_FRAME) === 0) return;
    const begin = (flags & OF_KEY_FRAME) !== 0 ? this.#keyFrameStart : DELTA_FRAME_START;
    for (let i = 0; i < begin.length; i++) this.#source[OSN_LENGTH + i] = begin[i];
  }
}
