import type { Kind, PeerId, PublishedTrack, TrackId } from "../sfu/types.ts";
import type { Candidate } from "../webrtc/slot_assignment.ts";
import type { Room } from "./room.ts";

/** Which tracks of its room matter most to one peer: those that it has pinned, then as to all others. Its own never do. */
export class TrackRelevance {
  readonly #room: Room;
  readonly #peerId: PeerId;
  /** The one that was pinned last is the last. */
  readonly #pinned = new Set<TrackId>();

  constructor(room: Room, peerId: PeerId) {
    this.#room = room;
    this.#peerId = peerId;
  }

  /** Pins a track that is in the room, or lets it go; false where it is so already. */
  pin(trackId: TrackId, pinned: boolean): boolean {
    if (this.#pinned.has(trackId) === pinned) return false;
    // Who has no slots asks for no candidates: what has ended is forgotten here as well.
    this.#forgetEnded();
    if (pinned) this.#pinned.add(trackId);
    else this.#pinned.delete(trackId);
    return true;
  }

  /** How many tracks it remembers as pinned. */
  get pinnedCount(): number {
    return this.#pinned.size;
  }

  /** The most relevant first. */
  candidates(kind: Kind): Candidate[] {
    const pinned = this.#pinnedTracks().filter((track) => track.kind === kind);
    const rest = this.#room.candidates(kind)
      .filter(({ track: { id, peerId } }) => peerId !== this.#peerId && !this.#pinned.has(id));
    return [...pinned.map((track): Candidate => ({ track, claim: "now" })), ...rest];
  }

  /** The one that was pinned last first. */
  #pinnedTracks(): PublishedTrack[] {
    this.#forgetEnded();
    return [...this.#pinned].flatMap((id) => this.#room.tracks.get(id) ?? []).reverse();
  }

  #forgetEnded(): void {
    for (const id of this.#pinned) if (!this.#room.tracks.has(id)) this.#pinned.delete(id);
  }
}
