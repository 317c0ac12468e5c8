import type { Producer } from "./producer.ts";
import { RoomAudio } from "./room_audio.ts";
import type { Speakers, TrackId } from "./types.ts";

/** A peer as its router knows it. */
export interface RouterMember {
  /** A track is over: a member that receives it stops to. */
  unsubscribeTrack(trackId: TrackId): void;
  /** Nothing of a track is to be forwarded any more, or it is to be again: as `producer.isMuted` says. */
  trackMuted(trackId: TrackId): void;
  /** Who speaks in the room has changed: signaling is told by one of its members. */
  speakersChanged(speakers: Speakers): void;
}

/**
 * The tracks of one room as far as their packets go: subscribers find producers here. Who is told of what is the
 * business of signaling.
 */
export class Router {
  readonly #members = new Set<RouterMember>();
  readonly #producers = new Map<TrackId, Producer>();

  /** The microphones of the room. */
  readonly audio: RoomAudio;

  /** Of the microphones `loudest` are forwarded at once. */
  constructor(loudest = Infinity) {
    const tell = (speakers: Speakers) => this.#members.values().next().value?.speakersChanged(speakers);
    this.audio = new RoomAudio({ loudest, tell });
  }

  get producers(): ReadonlyMap<TrackId, Producer> {
    return this.#producers;
  }

  /** Peers that have joined and not left. */
  get size(): number {
    return this.#members.size;
  }

  addMember(member: RouterMember): void {
    this.#members.add(member);
  }

  removeMember(member: RouterMember): void {
    this.#members.delete(member);
  }

  addProducer(producer: Producer): void {
    this.#producers.set(producer.id, producer);
  }

  /** Has nothing of a track forwarded to anybody here, or again what there is. */
  mute(producer: Producer, isMuted: boolean): void {
    if (producer.isMuted === isMuted) return;
    producer.mute(isMuted);
    for (const member of this.#members) member.trackMuted(producer.id);
  }

  removeProducer(producer: Producer): void {
    if (!this.#producers.delete(producer.id)) return;
    producer.audio?.close();
    for (const member of this.#members) member.unsubscribeTrack(producer.id);
  }
}
