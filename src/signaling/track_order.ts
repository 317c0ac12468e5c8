import type { Kind, PeerId, PublishedTrack, Speakers, TrackId } from "../sfu/types.ts";
import { isScreen } from "../webrtc/m_line.ts";
import type { Candidate, Claim } from "../webrtc/slot_assignment.ts";

/** What a room knows of who matters. */
export interface OrderedRoom {
  /** In the order of publication. */
  readonly tracks: ReadonlyMap<TrackId, PublishedTrack>;
  readonly speakers: Speakers;
  /** Who has spoken, the dominant speaker first, then who began last. */
  readonly recentSpeakers: readonly PeerId[];
}

/**
 * The tracks of a room as slots are filled with them, the most relevant first (rule P106). Made once for all peers: it is
 * the same for each but for what it pins.
 */
export class TrackOrder {
  readonly #room: OrderedRoom;
  #ordered: Readonly<Record<Kind, readonly Candidate[]>> | undefined;

  constructor(room: OrderedRoom) {
    this.#room = room;
  }

  /** Tracks came or went, or others speak. */
  invalidate(): void {
    this.#ordered = undefined;
  }

  of(kind: Kind): readonly Candidate[] {
    this.#ordered ??= this.#order();
    return this.#ordered[kind];
  }

  #order(): Record<Kind, Candidate[]> {
    const { tracks, speakers, recentSpeakers } = this.#room;
    const spoken = new Map<PeerId, PublishedTrack[]>(recentSpeakers.map((id) => [id, []]));
    const screens: PublishedTrack[] = [];
    const others: PublishedTrack[] = [];
    for (const track of tracks.values()) {
      if (isScreen(track.source)) screens.push(track);
      else (spoken.get(track.peerId) ?? others).push(track);
    }
    const ordered: Record<Kind, Candidate[]> = { audio: [], video: [] };
    const add = (list: readonly PublishedTrack[] | undefined, claim: Claim) => {
      for (const track of list ?? []) ordered[track.kind].push({ track, claim });
    };
    add(screens, "now");
    const speaking = new Set(speakers.active.map(({ peerId }) => peerId));
    for (const id of speaking) add(spoken.get(id), "inTurn");
    for (const id of recentSpeakers) if (!speaking.has(id)) add(spoken.get(id), "whereFree");
    add(others, "whereFree");
    return ordered;
  }
}
