import type { RtpPacket } from "../rtp/packet.ts";
import type { StreamRewriter } from "../stream/rewriter.ts";
import { Timeline } from "../stream/timeline.ts";
import type { Encoding, RtpConsumer } from "./encoding.ts";
import type { Producer } from "./producer.ts";

/**
 * Which encoding of a track one consumer forwards. It stays on that until a key frame of the encoding that it is to go to
 * comes, and goes over there, so that its stream is continuous in numbers and in time (rules B305 to B309).
 */
export class EncodingSwitch {
  readonly #producer: Producer;
  readonly #consumer: RtpConsumer;
  readonly #rewriter: StreamRewriter;
  /** The highest that is to be forwarded; undefined for the highest there is. */
  #wanted: Encoding | undefined;
  /** Forwarded, or waited for where nothing is. */
  #current: Encoding;
  /** Waited for while the current one goes on. */
  #next: Encoding | undefined;
  #attached = false;
  /** Made with the first switch. */
  #timeline: Timeline | undefined;

  /** `consumer` takes the packets of the encodings, `rewriter` makes one stream of them. */
  constructor(producer: Producer, consumer: RtpConsumer, rewriter: StreamRewriter) {
    this.#producer = producer;
    this.#consumer = consumer;
    this.#rewriter = rewriter;
    this.#current = this.#choose();
  }

  /** Forwarded at present, or waited for where nothing is yet. */
  get current(): Encoding {
    return this.#current;
  }

  get attached(): boolean {
    return this.#attached;
  }

  /** Whether packets of the current encoding go on to the subscriber. */
  get started(): boolean {
    return this.#rewriter.sourceSsrc >= 0;
  }

  /** Takes packets of the encoding that is the best at present. */
  attach(): void {
    this.#attached = true;
    this.#current = this.#choose();
    this.#current.addConsumer(this.#consumer);
  }

  detach(): void {
    this.#attached = false;
    this.#current.removeConsumer(this.#consumer);
    this.#waitFor(undefined);
  }

  /** The highest encoding to forward, by its index, lowest first; Infinity: the highest there is. */
  setWanted(index: number, nowMs: number): void {
    const { encodings } = this.#producer;
    const wanted = index >= encodings.length ? undefined : encodings[Math.max(0, Math.floor(index))];
    if (wanted === this.#wanted) return;
    this.#wanted = wanted;
    this.#producer.consumerChanged();
    this.handleEncodings(nowMs);
  }

  /** Whether it is forwarded, waited for, or would be forwarded as soon as it is sent. */
  wants(encoding: Encoding): boolean {
    if (!this.#attached) return false;
    return encoding === this.#current || encoding === this.#next || encoding === this.#highest();
  }

  /** Goes to what is the best now, as soon as that can be. */
  handleEncodings(nowMs: number): void {
    if (!this.#attached) return;
    const best = this.#choose();
    if (best === this.#current) return this.#waitFor(undefined);
    if (!this.started) return this.#waitForFirst(best, nowMs);
    this.#waitFor(best);
    if (this.#canSwitchTo(best)) best.requestKeyFrame(nowMs);
  }

  requestKeyFrame(nowMs: number): void {
    if (this.#attached) this.#current.requestKeyFrame(nowMs);
  }

  /**
   * Takes a packet that is not of the source which is forwarded, and returns whether that begins here, or begins anew: a
   * decoder can begin, or go over to another SSRC, only at a key frame.
   */
  begin(packet: RtpPacket, nowMs: number): boolean {
    const next = packet.ssrc === this.#next?.ssrc ? this.#next : undefined;
    if (packet.payloadLength === 0 || !this.#producer.startsKeyFrame(packet)) {
      // For the next one a request was sent, and is repeated until the key frame comes.
      if (next === undefined) this.requestKeyFrame(nowMs);
      return false;
    }
    if (next !== undefined && !this.#canSwitchTo(next)) return false;
    this.#switchTo(next ?? this.#current, packet);
    return true;
  }

  #switchTo(encoding: Encoding, packet: RtpPacket): void {
    const timestamp = this.#align(encoding, packet);
    this.#rewriter.switchTo();
    if (timestamp >= 0) this.#rewriter.alignTo(timestamp);
    if (encoding === this.#current) return;
    this.#current.removeConsumer(this.#consumer);
    this.#current = encoding;
    this.#next = undefined;
    this.#producer.consumerChanged();
  }

  /** The timestamp under which the packet continues what was sent, -1 where no reports tell. */
  #align({ senderReport }: Encoding, { timestamp }: RtpPacket): number {
    if (this.#producer.encodings.length === 1) return -1;
    const timeline = this.#timeline ??= new Timeline(this.#producer.codec.clockRate);
    const { senderReport: before } = this.#current;
    if (senderReport === undefined) {
      timeline.reset();
    } else if (!timeline.begun && before !== undefined && before.ssrc === this.#rewriter.sourceSsrc) {
      timeline.begin(before, this.#rewriter.translateTimestamp(0));
    }
    return senderReport === undefined || !timeline.begun ? -1 : timeline.translate(senderReport, timestamp);
  }

  /** By the reports of both it can be; without them only where nothing is forwarded, or not any more (rule B306). */
  #canSwitchTo({ senderReport }: Encoding): boolean {
    if (!this.started || !this.#current.active) return true;
    return senderReport !== undefined && (this.#timeline?.begun || this.#current.senderReport !== undefined);
  }

  #waitFor(encoding: Encoding | undefined): void {
    if (encoding === this.#next) return;
    this.#next?.removeConsumer(this.#consumer);
    encoding?.addConsumer(this.#consumer);
    this.#next = encoding;
    this.#producer.consumerChanged();
  }

  /** Nothing is forwarded yet that would have to go on. */
  #waitForFirst(encoding: Encoding, nowMs: number): void {
    this.#waitFor(undefined);
    this.#current.removeConsumer(this.#consumer);
    encoding.addConsumer(this.#consumer);
    this.#current = encoding;
    this.#producer.consumerChanged();
    encoding.requestKeyFrame(nowMs);
  }

  /** The highest that is sent of those that are wanted, else the lowest that is sent. */
  #choose(): Encoding {
    const { encodings } = this.#producer;
    const highest = this.#highest();
    const index = encodings.indexOf(highest);
    return encodings.findLast(({ active }, each) => active && each <= index) ??
      encodings.find(({ active }) => active) ?? highest;
  }

  #highest(): Encoding {
    return this.#wanted ?? this.#producer.encodings[this.#producer.encodings.length - 1];
  }
}
