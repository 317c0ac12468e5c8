import { CAPTURE_WINDOW_BYTES } from "../media/capture_tap.ts";
import { type CapturedBatch, readCaptured } from "../media/captured_packets.ts";
import type { PeerMedia } from "../media/messages.ts";
import { PCAPNG_END_LENGTH, pcapngEnd, pcapngHeader, pcapngPacket } from "../media/pcapng.ts";
import type { Clock } from "./clock.ts";

/** How long a capture may be, and how large. */
export const MAX_CAPTURE_SECONDS = 60;
export const MAX_CAPTURE_BYTES = 50_000_000;

/** For the media to tell the rest. */
const LAST_WORD_MS = 500;

export interface CaptureOptions {
  /** 60 at most. */
  readonly seconds: number;
  /** Of the file: 50,000,000 at most. */
  readonly bytes: number;
  /** Whether RTP packets are there with their payload, which is what was said and seen. Default: only their headers are. */
  readonly payload?: boolean;
}

/** Throws a TypeError for a capture that is too long, too large, or none. */
export function checkCapture({ seconds, bytes }: CaptureOptions): void {
  const numbers = [["seconds", seconds, MAX_CAPTURE_SECONDS], ["bytes", bytes, MAX_CAPTURE_BYTES]] as const;
  for (const [name, value, max] of numbers) {
    if (Number.isSafeInteger(value) && value >= 1 && value <= max) continue;
    throw new TypeError(`capture: ${name} is ${value}, and no whole number from 1 to ${max}`);
  }
}

interface CaptureSetup extends CaptureOptions {
  /** Another one for each. */
  readonly number: number;
  /** Shown by whoever opens the file. */
  readonly comment: string;
  readonly send: PeerMedia["send"];
  readonly clock: Clock;
  /** Unix time in ms. */
  readonly unixMs: () => number;
  /** Called once, when it is over. */
  readonly ended: () => void;
}

/** The packets of one peer as a pcapng file, until its time or its bytes are used up, the peer is gone, or nobody reads it. */
export class Capture {
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly #setup: CaptureSetup;
  #timer: number;
  #controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | undefined;
  #left: number;
  /** Bytes of batches that came, and of which the media was not told yet that they were taken. */
  #taken = 0;
  #missed = 0;
  /** What the media's milliseconds lack to Unix time; undefined before the first batch. */
  #offsetMs: number | undefined;
  /** The media was told to end it, and may have a last word to say. */
  #isEnding = false;
  #ended = false;

  constructor(setup: CaptureSetup) {
    this.#setup = setup;
    const header = pcapngHeader(setup.comment);
    this.#left = setup.bytes - header.length - PCAPNG_END_LENGTH;
    this.stream = new ReadableStream({
      start: (controller) => {
        this.#controller = controller;
        controller.enqueue(header);
      },
      pull: () => this.#takeMore(),
      cancel: () => this.#end(),
    }, { highWaterMark: CAPTURE_WINDOW_BYTES, size: (chunk) => chunk.length });
    this.#timer = setup.clock.setTimeout(() => this.end(), setup.seconds * 1000);
    setup.send({ type: "capture", number: setup.number, withPayload: setup.payload ?? false });
  }

  handleBatch(batch: CapturedBatch): void {
    if (this.#ended || batch.number !== this.#setup.number) return;
    this.#missed += batch.missed;
    this.#taken += batch.bytes.length;
    this.#offsetMs ??= this.#setup.unixMs() - batch.toldMs;
    const toldUs = Math.floor((this.#offsetMs + batch.toldMs) * 1000);
    for (const { ageUs, ...packet } of readCaptured(batch)) {
      const bytes = pcapngPacket({ ...packet, unixUs: toldUs - ageUs });
      this.#left -= bytes.length;
      if (this.#left < 0) return this.#finish();
      this.#controller?.enqueue(bytes);
    }
    if (batch.isLast) this.#finish();
  }

  /** Ends it with what the media has still to tell, or a while later without: the media may have failed. */
  end(): void {
    if (this.#ended || this.#isEnding) return;
    this.#isEnding = true;
    const { clock, send } = this.#setup;
    clock.clearTimeout(this.#timer);
    this.#timer = clock.setTimeout(() => this.#finish(), LAST_WORD_MS);
    send({ type: "endCapture" });
  }

  #finish(): void {
    if (this.#ended) return;
    this.#controller?.enqueue(pcapngEnd(Math.floor(this.#setup.unixMs() * 1000), this.#missed));
    this.#controller?.close();
    this.#end();
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    const { clock, send, ended } = this.#setup;
    clock.clearTimeout(this.#timer);
    if (!this.#isEnding) send({ type: "endCapture" });
    ended();
  }

  /** Whoever reads has room for more. */
  #takeMore(): void {
    if (this.#taken === 0 || this.#ended) return;
    this.#setup.send({ type: "takeCaptured", bytes: this.#taken });
    this.#taken = 0;
  }
}
