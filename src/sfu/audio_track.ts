import { readAudioLevel } from "../rtp/audio_level.ts";
import type { RtpPacket, RtpRun } from "../rtp/packet.ts";
import { AUDIO_LEVEL_URI, extensionId } from "./header_extensions.ts";
import { Redundancy } from "./redundancy.ts";
import type { RoomAudio } from "./room_audio.ts";
import type { PeerId, ProducerParameters } from "./types.ts";
import { Voice } from "./voice.ts";

/** So many packets in a row without a level: the publisher tells none. */
const MAX_WITHOUT_LEVEL = 10;

/** What receives an audio track. */
export interface AudioConsumer {
  /** The stream goes on with this packet as if nothing had been left out before it, but time. */
  continueAt(packet: RtpPacket): void;
}

/** What an audio track has beyond other tracks: levels, a place among the loudest of its room, and redundancy (RED). */
export class AudioTrack<C extends AudioConsumer> {
  readonly #room: RoomAudio;
  readonly #voice: Voice;
  /** The id of the header extension; 0 where levels are not told, or not looked at. */
  readonly #levelId: number;
  readonly #redundancy: Redundancy | undefined;
  readonly #pinned: C[] = [];
  /** Of those pinned: the ones that have missed what was left out before. */
  readonly #behind: C[] = [];
  #withoutLevel = 0;
  /** The room knows its levels. */
  #isHeard = false;
  /** Its packets go to all who receive it. */
  #isOpen = true;
  /** Nobody is to hear it. */
  #isMuted = false;

  /** Of microphones alone the room takes levels: what a screen plays is nobody's voice, and always passes. */
  constructor(room: RoomAudio, peerId: PeerId, { source, codec, headerExtensions }: ProducerParameters) {
    this.#room = room;
    this.#voice = new Voice(peerId, codec.clockRate);
    this.#levelId = source === "microphone" ? extensionId(headerExtensions, AUDIO_LEVEL_URI) : 0;
    this.#redundancy = codec.mimeType === "audio/opus" ? new Redundancy(codec) : undefined;
  }

  /** Looks at the level of a packet, before it is forwarded. */
  handlePacket(packet: RtpPacket, nowMs: number): void {
    if (this.#levelId === 0 || this.#isMuted) return;
    const level = readAudioLevel(packet, this.#levelId);
    if (level < 0) return this.#handleMissingLevel();
    this.#withoutLevel = 0;
    this.#voice.handlePacket(packet.timestamp, level, nowMs);
    if (!this.#isHeard) {
      this.#isHeard = true;
      this.#room.addVoice(this.#voice, nowMs);
    }
    this.#room.handleVoice(this.#voice, nowMs);
  }

  /** Which of `consumers` are sent the run that begins with `first`. */
  receivers(consumers: readonly C[], first: RtpPacket): readonly C[] {
    const { forwarded } = this.#voice;
    if (forwarded !== this.#isOpen) this.#turn(forwarded, consumers, first);
    if (forwarded) return consumers;
    while (this.#behind.length > 0) this.#behind.pop()?.continueAt(first);
    return this.#pinned;
  }

  /** The run as subscribers without RED get it. */
  begin(run: RtpRun, from: number, to: number): RtpRun {
    return this.#redundancy?.begin(run, from, to) ?? run;
  }

  /** The run that `begin` was given, as subscribers with RED get it. */
  red(run: RtpRun, from: number, to: number): RtpRun {
    return this.#redundancy?.red(run, from, to) ?? run;
  }

  /** Whether somebody gets the track whoever is louder. */
  get isPinned(): boolean {
    return this.#pinned.length > 0;
  }

  /** A consumer that is pinned gets the track whoever is louder. */
  pin(consumer: C, isPinned: boolean): void {
    if (isPinned === this.#pinned.includes(consumer)) return;
    if (!isPinned) return this.remove(consumer);
    this.#pinned.push(consumer);
    if (!this.#isOpen) this.#behind.push(consumer);
  }

  /** Forgets a consumer. */
  remove(consumer: C): void {
    for (const list of [this.#pinned, this.#behind]) {
      const at = list.indexOf(consumer);
      if (at >= 0) list.splice(at, 1);
    }
  }

  /** Nobody is to hear it: it has no place among the loudest, and is no speaker's. */
  mute(isMuted: boolean): void {
    this.#isMuted = isMuted;
    if (isMuted) this.close();
  }

  /** The track is over. */
  close(): void {
    if (this.#isHeard) this.#room.removeVoice(this.#voice);
    this.#isHeard = false;
  }

  #turn(isOpen: boolean, consumers: readonly C[], first: RtpPacket): void {
    this.#isOpen = isOpen;
    if (!isOpen) return;
    // The first packet behind silence (RFC 3551 section 4.1): a receiver may move its playing time there.
    first.marker = true;
    for (const consumer of consumers) if (!this.#isUpToDate(consumer)) consumer.continueAt(first);
    this.#behind.length = 0;
  }

  #isUpToDate(consumer: C): boolean {
    return this.#pinned.includes(consumer) && !this.#behind.includes(consumer);
  }

  #handleMissingLevel(): void {
    if (!this.#isHeard || ++this.#withoutLevel < MAX_WITHOUT_LEVEL) return;
    this.close();
  }
}
