import { LoudestTracks } from "./loudest_tracks.ts";
import { SpeakerDetector } from "./speaker_detector.ts";
import type { Speakers } from "./types.ts";
import type { Voice } from "./voice.ts";

export interface RoomAudioOptions {
  /** Microphones that are forwarded at once. */
  readonly loudest: number;
  /** Takes who speaks, at each change. */
  readonly tell: (speakers: Speakers) => void;
}

/** The microphones of one room: who speaks, and whose packets are forwarded. */
export class RoomAudio {
  readonly #detector: SpeakerDetector;
  readonly #loudest: LoudestTracks;

  constructor({ loudest, tell }: RoomAudioOptions) {
    this.#detector = new SpeakerDetector(tell);
    this.#loudest = new LoudestTracks(loudest);
  }

  /** A microphone tells its levels from now on. */
  addVoice(voice: Voice, nowMs: number): void {
    this.#loudest.add(voice, nowMs);
  }

  /** It does no longer, or is over: it always passes, and is no speaker's. */
  removeVoice(voice: Voice): void {
    this.#detector.remove(voice);
    this.#loudest.remove(voice);
  }

  /** A packet with a level came. */
  handleVoice(voice: Voice, nowMs: number): void {
    this.#detector.handleVoice(voice, nowMs);
    if (!voice.forwarded) this.#loudest.handleVoice(voice, nowMs);
  }

  nextTimeout(): number {
    return this.#detector.nextTimeout();
  }

  handleTimeout(nowMs: number): void {
    this.#detector.handleTimeout(nowMs);
  }
}
