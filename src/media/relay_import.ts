import type { RtpPacket, RtpRun } from "../rtp/packet.ts";
import type { SenderReport } from "../rtp/rtcp/sender_report.ts";
import type { Encoding, FeedbackSender } from "../sfu/encoding.ts";
import { Producer } from "../sfu/producer.ts";
import type { Router } from "../sfu/router.ts";
import type { MediaCounters } from "../sfu/track_counters.ts";
import type { ProducerParameters } from "../sfu/types.ts";
import type { MediaBus } from "./media_bus.ts";
import type { RelayCommand } from "./messages.ts";
import type { BatchedStream } from "./relay_batch.ts";
import { changeWant, newWant, type RelayFrameReader, writeKeyFrameRequest, writeMissing } from "./relay_frames.ts";

/** What is wanted is said again after so long, ... */
const REPEAT_MS = 1000;
/** ... and, as the first word may be lost, soon where it is new: this, then twice as long each time. */
const FIRST_REPEAT_MS = 50;

const NO_EPOCH = -1;
const NOTHING = new Uint8Array(0);
/** What imports of this isolate write during one call. 256 sequence numbers fit. */
const out = new Uint8Array(1024);

export type ImportCommand = Extract<RelayCommand, { readonly type: "import" }>;

export interface RelayImportOptions {
  readonly command: ImportCommand;
  readonly bus: MediaBus;
  /** Of the room. */
  readonly router: Router;
  readonly equalizesLengths: boolean;
  /** Of what is sent to subscribers. */
  readonly counters: MediaCounters;
  /** Of what comes by the bus. */
  readonly received: MediaCounters;
  /** What came of the track could not be taken: it is to be closed. */
  readonly whenFaulty: (error: unknown) => void;
}

/** One encoding of a track as it comes by the bus. */
export class ImportedStream implements BatchedStream {
  readonly #encoding: Encoding;
  readonly #isAudio: boolean;
  readonly #whenFaulty: (error: unknown) => void;
  #epoch = NO_EPOCH;

  constructor({ kind }: Producer, encoding: Encoding, whenFaulty: (error: unknown) => void) {
    this.#isAudio = kind === "audio";
    this.#encoding = encoding;
    this.#whenFaulty = whenFaulty;
  }

  handleRtp(run: RtpRun, from: number, to: number, epoch: number, nowMs: number): void {
    if (this.#isAudio && epoch !== this.#epoch) this.#continueAt(run.packets[from], epoch);
    this.#encoding.handleRtp(run, from, to, nowMs);
  }

  handleFault(error: unknown): void {
    this.#whenFaulty(error);
  }

  /** Ahead of the packets that it is about, where those have not come yet: what switches to them needs it. */
  handleSenderReport(report: SenderReport, nowMs: number): void {
    this.#encoding.handleSource(report.ssrc, nowMs);
    this.#encoding.handleSenderReport(report, nowMs);
  }

  handleBye(ssrc: number, nowMs: number): void {
    this.#encoding.handleBye(ssrc, nowMs);
  }

  /** What is missing before this packet was not lost, but left out where it was published. */
  #continueAt(packet: RtpPacket, epoch: number): void {
    this.#epoch = epoch;
    packet.marker = true;
    for (const consumer of this.#encoding.consumers) consumer.continueAt(packet);
  }
}

/**
 * A track of another node, in its room here: a producer like any other, but that what it asks of its publisher goes over the
 * bus, and that only what somebody receives here comes.
 */
export class RelayImport implements FeedbackSender {
  readonly command: ImportCommand;
  /** By the order of the offer. */
  readonly streams: readonly ImportedStream[];
  readonly #options: RelayImportOptions;
  readonly #producer: Producer;
  readonly #want: Uint8Array | undefined;
  #wantedSet = 0;
  #isPinned = false;
  #repeatMs = FIRST_REPEAT_MS;
  #nextMs = Infinity;
  /** Its node is gone. */
  #isLost = false;

  constructor(options: RelayImportOptions) {
    const { command, router, equalizesLengths, counters, received, whenFaulty } = options;
    const { roomId, trackId, peerId, relay, parameters } = command;
    this.#options = options;
    this.command = command;
    this.#want = newWant(relay, roomId, trackId);
    this.#producer = new Producer({
      id: trackId,
      peerId,
      parameters: relayedParameters(parameters),
      feedback: this,
      equalizesLengths,
      counters: counters[parameters.kind],
      relayed: received[parameters.kind],
      roomAudio: router.audio,
    });
    this.streams = this.#producer.offered.map((encoding) => new ImportedStream(this.#producer, encoding, whenFaulty));
    router.addProducer(this.#producer);
  }

  handleFacts(frame: RelayFrameReader, nowMs: number): void {
    this.#producer.assume(Array.from({ length: frame.factsCount }, (_, index) => frame.factsOf(index)), nowMs);
  }

  sendPictureLossIndication(mediaSsrc: number): void {
    const encoding = this.#indexOf(mediaSsrc);
    if (encoding >= 0) this.#send(out, writeKeyFrameRequest(out, this.command.relay, encoding));
  }

  /** How the publisher is asked is the business of the node that it is at. */
  sendFullIntraRequest(mediaSsrc: number): void {
    this.sendPictureLossIndication(mediaSsrc);
  }

  sendNack(mediaSsrc: number, sequenceNumbers: Uint16Array, count: number): void {
    const encoding = this.#indexOf(mediaSsrc);
    if (encoding < 0) return;
    this.#send(out, writeMissing(out, this.command.relay, encoding, mediaSsrc, sequenceNumbers, count));
  }

  nextTimeout(): number {
    return this.#isToldPinned ? Math.min(this.#producer.nextTimeout(), this.#nextMs) : -Infinity;
  }

  handleTimeout(nowMs: number): void {
    this.#producer.handleTimeout(nowMs);
    const isNews = this.#producer.wantedSet !== this.#wantedSet || !this.#isToldPinned;
    if (isNews) this.#repeatMs = FIRST_REPEAT_MS;
    else if (nowMs < this.#nextMs) return;
    else this.#repeatMs = Math.min(2 * this.#repeatMs, REPEAT_MS);
    this.#wantedSet = this.#producer.wantedSet;
    this.#isPinned = this.#producer.audio?.isPinned === true;
    this.#nextMs = this.#wantedSet === 0 ? Infinity : nowMs + this.#repeatMs;
    this.#sendWant();
  }

  /** Says at once what is wanted, as if it were news. */
  sayAgain(nowMs: number): void {
    if (this.#wantedSet === 0) return;
    this.#repeatMs = FIRST_REPEAT_MS;
    this.#nextMs = nowMs + this.#repeatMs;
    this.#sendWant();
  }

  /** The node that it comes from is gone: nothing comes any more, and nobody is asked. */
  handleNodeLoss(): void {
    this.#isLost = true;
  }

  /** The track is over for those who receive it here. */
  close(): void {
    this.#options.router.removeProducer(this.#producer);
    if (this.#wantedSet === 0) return;
    this.#wantedSet = 0;
    this.#sendWant();
  }

  get #isToldPinned(): boolean {
    return (this.#producer.audio?.isPinned === true) === this.#isPinned;
  }

  #sendWant(): void {
    if (this.#want === undefined) return;
    changeWant(this.#want, this.#wantedSet, this.#isPinned);
    this.#send(this.#want, this.#want.length);
  }

  #send(frame: Uint8Array, length: number): void {
    const { bus, command: { roomId, from } } = this.#options;
    if (!this.#isLost) bus.send(roomId, 1 << from, frame, length, NOTHING, 0, 0);
  }

  /** Of an encoding by its present SSRC; -1 where none has it. */
  #indexOf(ssrc: number): number {
    return this.#producer.offered.findIndex((encoding) => encoding.ssrc === ssrc);
  }
}

/**
 * As the track is on the bus: packets of video are kept at the other end, whether its publisher takes NACK or not, and those
 * of sound are not. Each encoding can be asked for, also where none had a name.
 */
function relayedParameters(parameters: ProducerParameters): ProducerParameters {
  const { kind, codec, encodings } = parameters;
  const relayed = { ...parameters, codec: { ...codec, nack: kind === "video" } };
  if (encodings === undefined) return relayed;
  return { ...relayed, encodings: encodings.map((each, index) => ({ ...each, rid: each.rid ?? `${index + 1}` })) };
}
