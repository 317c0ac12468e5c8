import { RoomAudio } from "../../src/sfu/room_audio.ts";
import type { Speakers } from "../../src/sfu/types.ts";
import { Voice } from "../../src/sfu/voice.ts";
import { seededRandom } from "./seeded_random.ts";

/** Each packet has so much of sound. */
export const PACKET_MS = 20;
const TICK_MS = 25;
const CLOCK_RATE = 48_000;

/** The level (-dBov, 0 to 127) of the packet at a time, or undefined where none comes. */
export type Sound = (ms: number) => number | undefined;

export const silence: Sound = () => 127;
export const nothing: Sound = () => undefined;

/**
 * Syllables of 120 to 300 ms, most of them near `level`, with stops of 20 to 80 ms between, and after the first second a
 * breath of 200 ms now and then.
 */
export function speech(level: number, seed: number): Sound {
  const random = fractions(seed);
  let startMs: number | undefined;
  let untilMs = 0;
  let isStop = true;
  let loudness = level;
  return (ms) => {
    startMs ??= ms;
    if (ms >= untilMs) {
      isStop = !isStop;
      const isBreath = random() < 0.1 && ms > startMs + 1000;
      untilMs = ms + (isStop ? (isBreath ? 200 : 20 + 60 * random()) : 120 + 180 * random());
      loudness = level + 6 * (random() - 0.5);
    }
    const present = isStop ? 58 + 6 * random() : loudness + 8 * (random() - 0.5);
    return Math.round(Math.min(127, Math.max(0, present)));
  };
}

/** A fan: the same loudness, within a few dB. */
export function noise(level: number, seed: number): Sound {
  const random = fractions(seed);
  return () => Math.round(level + 4 * (random() - 0.5));
}

/** Clicks of 20 to 40 ms, five to eight a second, over a quiet room. */
export function typing(level: number, seed: number): Sound {
  const random = fractions(seed);
  let clickMs = 0;
  let endMs = 0;
  return (ms) => {
    if (ms >= clickMs) {
      endMs = ms + 20 + 20 * random();
      clickMs = ms + 125 + 75 * random();
    }
    return ms < endMs ? level : 62;
  };
}

/** A cough of 280 ms every `everyMs`. */
export function coughs(level: number, everyMs: number): Sound {
  return (ms) => ms % everyMs < 280 ? level : 62;
}

/** `sounds[i]` from `fromMs[i]` on. */
export function inTurn(...turns: readonly [fromMs: number, sound: Sound][]): Sound {
  return (ms) => turns.findLast(([fromMs]) => ms >= fromMs)?.[1](ms);
}

function fractions(seed: number): () => number {
  const random = seededRandom(seed);
  return () => random.uint32() / 2 ** 32;
}

/** A room whose microphones hear what they are given, packet by packet, by a virtual clock. */
export class VoiceRoom {
  readonly audio: RoomAudio;
  /** What was told, and when. */
  readonly told: { readonly atMs: number; readonly speakers: Speakers }[] = [];
  nowMs = 0;
  readonly #microphones: { readonly voice: Voice; sound: Sound }[] = [];

  constructor(loudest = Infinity) {
    this.audio = new RoomAudio({
      loudest,
      tell: (speakers) => this.told.push({ atMs: this.nowMs, speakers: structuredClone(speakers) }),
    });
  }

  /** The dominant speakers one after the other, with the time of each. */
  get dominants(): [peerId: string, atMs: number][] {
    const changes: [string, number][] = [];
    for (const { atMs, speakers: { dominant } } of this.told) {
      if (dominant !== undefined && dominant !== changes.at(-1)?.[0]) changes.push([dominant, atMs]);
    }
    return changes;
  }

  add(peerId: string, sound: Sound): Voice {
    const voice = new Voice(peerId, CLOCK_RATE);
    this.#microphones.push({ voice, sound });
    this.audio.addVoice(voice, this.nowMs);
    return voice;
  }

  remove(voice: Voice): void {
    const at = this.#microphones.findIndex((microphone) => microphone.voice === voice);
    this.#microphones.splice(at, 1);
    this.audio.removeVoice(voice);
  }

  /** Goes on by `ms`; `look` is called behind the packets of each 20 ms. */
  run(ms: number, look: () => void = () => {}): void {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs;) {
      this.nowMs += PACKET_MS;
      for (const { voice, sound } of this.#microphones) {
        const level = sound(this.nowMs);
        if (level === undefined) continue;
        voice.handlePacket((this.nowMs * CLOCK_RATE) / 1000, level, this.nowMs);
        this.audio.handleVoice(voice, this.nowMs);
      }
      // The isolate looks at deadlines at its ticks.
      const isTick = Math.floor(this.nowMs / TICK_MS) > Math.floor((this.nowMs - PACKET_MS) / TICK_MS);
      if (isTick && this.audio.nextTimeout() <= this.nowMs) this.audio.handleTimeout(this.nowMs);
      look();
    }
  }
}
