import type { Clock } from "../../src/io/clock.ts";
import type { SentStream } from "./sent_stream.ts";

/** A source of media that begins when its connection is there. */
export interface Generator {
  start(): void;
  stop(): void;
  /** The next frame shall be a key frame. */
  requestKeyFrame(): void;
}

export interface CameraOptions {
  /** Frames each second: 30 unless given. */
  readonly fps?: number;
  /** Packets of an interframe, 3 unless given, and of a key frame, 10 unless given. */
  readonly packetsPerFrame?: number;
  readonly keyFramePackets?: number;
  /** Of each packet: 1,000 bytes unless given. */
  readonly payloadLength?: number;
}

/** A camera with a VP8 encoder: a key frame at the start and wherever one is asked for, the packets of a frame at once. */
export class Camera implements Generator {
  readonly #stream: SentStream;
  readonly #clock: Clock;
  readonly #options: Required<CameraOptions>;
  #frame = 0;
  #keyFrameWanted = true;
  #timer: number | undefined;

  constructor(stream: SentStream, clock: Clock, options: CameraOptions) {
    this.#stream = stream;
    this.#clock = clock;
    this.#options = { fps: 30, packetsPerFrame: 3, keyFramePackets: 10, payloadLength: 1000, ...options };
  }

  start(): void {
    this.#timer ??= this.#repeat();
  }

  stop(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  requestKeyFrame(): void {
    this.#keyFrameWanted = true;
  }

  #repeat(): number {
    return this.#clock.setTimeout(() => {
      this.#sendFrame();
      this.#timer = this.#repeat();
    }, this.#frame === 0 ? 0 : 1000 / this.#options.fps);
  }

  #sendFrame(): void {
    const { packetsPerFrame, keyFramePackets, payloadLength } = this.#options;
    const count = this.#keyFrameWanted ? keyFramePackets : packetsPerFrame;
    const start = this.#keyFrameWanted ? "keyFrameStart" : "frameStart";
    this.#keyFrameWanted = false;
    const frame = this.#frame++;
    const nowMs = this.#clock.now();
    for (let i = 0; i < count; i++) {
      this.#stream.send(i === 0 ? start : "continuation", frame, payloadLength, i === count - 1, nowMs);
    }
  }
}

const OPUS_FRAME_MS = 20;
/** 32 kbit/s. */
const OPUS_PAYLOAD_LENGTH = 80;

/** A microphone with an Opus encoder: a packet each 20 ms, the first with the marker (RFC 7587 section 4.2). */
export class Microphone implements Generator {
  readonly #stream: SentStream;
  readonly #clock: Clock;
  #frame = 0;
  #timer: number | undefined;

  constructor(stream: SentStream, clock: Clock) {
    this.#stream = stream;
    this.#clock = clock;
  }

  start(): void {
    this.#timer ??= this.#repeat();
  }

  stop(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  requestKeyFrame(): void {
    // Every packet of sound can be the first.
  }

  #repeat(): number {
    return this.#clock.setTimeout(() => {
      this.#stream.send("sound", this.#frame, OPUS_PAYLOAD_LENGTH, this.#frame === 0, this.#clock.now());
      this.#frame++;
      this.#timer = this.#repeat();
    }, this.#frame === 0 ? 0 : OPUS_FRAME_MS);
  }
}
