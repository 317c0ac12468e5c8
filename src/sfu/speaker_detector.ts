import type { PeerId, Speakers } from "./types.ts";
import { SPEECH_MS, type Voice } from "./voice.ts";

/** Between two looks at who speaks. */
const LOOK_MS = 20;
/** A change of the active speakers alone is told so long after what was told before. */
export const TELL_MS = 300;
/** The dominant speaker who is silent for so long leaves the floor to others: within a word it is less. */
const FLOOR_MS = 250;
/** Who speaks at the same time takes the floor by being so much louder for so long. */
const LOUDER_DB = 6;
const LOUDER_MS = 1000;
const NEVER = -Infinity;

/**
 * Who speaks in one room, and who above all. As in the method of Volfin and Cohen ("Dominant speaker identification for
 * multipoint videoconferencing", 2013) a voice counts by how long it has been one, over its own noise, and challenges the
 * dominant one: what is short or steady does not, and two who speak at once do not take turns by each other's pauses.
 *
 * Voices are looked at as long as one of them is heard, from time to time and not for each packet.
 */
export class SpeakerDetector {
  readonly #tell: (speakers: Speakers) => void;
  /** Those that are voiced, or were a moment ago. */
  #watched: Voice[] = [];
  #nextMs = Infinity;
  #dominant: PeerId | undefined;
  /** Who is louder than the dominant speaker, and since when. */
  #rival: Voice | undefined;
  #rivalMs = NEVER;
  #changed = false;
  #toldMs = NEVER;

  /** `tell` takes each change. */
  constructor(tell: (speakers: Speakers) => void) {
    this.#tell = tell;
  }

  /** A packet of this voice came. */
  handleVoice(voice: Voice, nowMs: number): void {
    if (voice.watched || voice.speechMs === 0) return;
    voice.watched = true;
    this.#watched.push(voice);
    this.#nextMs = Math.min(this.#nextMs, nowMs);
  }

  /** The voice is heard no more. */
  remove(voice: Voice): void {
    if (!voice.watched) return;
    this.#release(voice);
    this.#watched = this.#watched.filter((other) => other !== voice);
    this.#nextMs = NEVER;
  }

  nextTimeout(): number {
    return this.#nextMs;
  }

  handleTimeout(nowMs: number): void {
    if (nowMs < this.#nextMs) return;
    for (const voice of this.#watched) this.#look(voice, nowMs);
    if (this.#watched.some(({ watched }) => !watched)) this.#watched = this.#watched.filter(({ watched }) => watched);
    const hasFloor = this.#passFloor(nowMs);
    if (hasFloor || (this.#changed && nowMs >= this.#toldMs + TELL_MS)) this.#tellSpeakers(nowMs);
    if (this.#watched.length > 0) this.#nextMs = nowMs + LOOK_MS;
    else this.#nextMs = this.#changed ? this.#toldMs + TELL_MS : Infinity;
  }

  #look(voice: Voice, nowMs: number): void {
    voice.settle(nowMs);
    if (voice.speechMs === 0) return this.#release(voice);
    if (voice.speaking || voice.speechMs < SPEECH_MS) return;
    voice.speaking = true;
    this.#changed = true;
  }

  #release(voice: Voice): void {
    voice.watched = false;
    if (!voice.speaking) return;
    voice.speaking = false;
    this.#changed = true;
  }

  /** True where somebody else is dominant now. */
  #passFloor(nowMs: number): boolean {
    const challenger = this.#loudest((voice) => this.#holdsFloor(voice, nowMs));
    if (challenger === undefined || challenger.peerId === this.#dominant) {
      this.#rival = undefined;
      return false;
    }
    const present = this.#loudest((voice) =>
      voice.peerId === this.#dominant && voice.speaking && nowMs - voice.voicedMs < FLOOR_MS
    );
    if (present !== undefined && !this.#isLouder(challenger, present, nowMs)) return false;
    this.#dominant = challenger.peerId;
    this.#rival = undefined;
    return true;
  }

  /** Whether somebody speaks so that it is not only a word in between. */
  #holdsFloor(voice: Voice, nowMs: number): boolean {
    return voice.speaking && voice.speechMs >= SPEECH_MS && nowMs - voice.voicedMs < FLOOR_MS;
  }

  #isLouder(challenger: Voice, present: Voice, nowMs: number): boolean {
    if (challenger.loudness < present.loudness + LOUDER_DB) {
      this.#rival = undefined;
      return false;
    }
    if (this.#rival !== challenger) this.#rivalMs = nowMs;
    this.#rival = challenger;
    return nowMs - this.#rivalMs >= LOUDER_MS;
  }

  #loudest(isMeant: (voice: Voice) => boolean): Voice | undefined {
    let loudest: Voice | undefined;
    for (const voice of this.#watched) {
      if (isMeant(voice) && (loudest === undefined || voice.loudness > loudest.loudness)) loudest = voice;
    }
    return loudest;
  }

  #tellSpeakers(nowMs: number): void {
    this.#changed = false;
    this.#toldMs = nowMs;
    const dominant = this.#dominant;
    const levels = new Map<PeerId, number>();
    for (const { speaking, peerId, level } of this.#watched) {
      if (speaking) levels.set(peerId, Math.max(level, levels.get(peerId) ?? 0));
    }
    const active = [...levels].map(([peerId, level]) => ({ peerId, level }));
    active.sort((a, b) => Number(b.peerId === dominant) - Number(a.peerId === dominant) || b.level - a.level);
    this.#tell(dominant === undefined ? { active } : { dominant, active });
  }
}
