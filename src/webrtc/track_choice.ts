import type { Kind, PublishedTrack, TrackId } from "../sfu/types.ts";

/** An m-line that can receive a track. */
export interface ReceivingLine {
  readonly kind: Kind;
  /** The track that it receives now. */
  readonly current: TrackId | undefined;
  /** The track that its client named, `slot` for one that the server fills, undefined where it named nothing. */
  readonly wanted: { readonly trackId: TrackId } | "slot" | undefined;
}

/** The tracks that a peer may receive, oldest first, each given to one m-line only. */
class FreeTracks {
  readonly #tracks: ReadonlyMap<TrackId, PublishedTrack>;
  readonly #taken = new Set<TrackId>();
  readonly #oldest: Record<Kind, Iterator<PublishedTrack>>;

  constructor(tracks: readonly PublishedTrack[]) {
    this.#tracks = new Map(tracks.map((track) => [track.id, track]));
    this.#oldest = {
      audio: tracks.values().filter((track) => track.kind === "audio"),
      video: tracks.values().filter((track) => track.kind === "video"),
    };
  }

  take(id: TrackId, kind: Kind): PublishedTrack | undefined {
    const track = this.#tracks.get(id);
    if (track?.kind !== kind || this.#taken.has(id)) return undefined;
    this.#taken.add(id);
    return track;
  }

  takeOldest(kind: Kind): PublishedTrack | undefined {
    for (let next = this.#oldest[kind].next(); !next.done; next = this.#oldest[kind].next()) {
      const track = this.take(next.value.id, kind);
      if (track !== undefined) return track;
    }
    return undefined;
  }
}

/**
 * Chooses the track of each m-line, as rules P22, P23 and P98 of docs/protocol.md say: a line keeps what it receives unless
 * another track is named; then the named tracks are given out; slots keep what they hold if nobody named it; then the
 * oldest tracks go to the lines that named nothing. `tracks` is oldest first; the result goes by the index of `lines`.
 */
export function chooseTracks(
  lines: readonly ReceivingLine[],
  tracks: readonly PublishedTrack[],
): (PublishedTrack | undefined)[] {
  const free = new FreeTracks(tracks);
  const kept = lines.map(({ kind, current, wanted }) => {
    const keeps = current !== undefined && (wanted === undefined || named(wanted) === current);
    return keeps ? free.take(current, kind) : undefined;
  });
  const given = lines.map(({ kind, wanted }, index) => {
    const name = named(wanted);
    return kept[index] ?? (name === undefined ? undefined : free.take(name, kind));
  });
  const held = lines.map(({ kind, current, wanted }, index) =>
    given[index] ?? (wanted === "slot" && current !== undefined ? free.take(current, kind) : undefined)
  );
  return lines.map(({ kind, wanted }, index) =>
    held[index] ?? (wanted === undefined ? free.takeOldest(kind) : undefined)
  );
}

function named(wanted: ReceivingLine["wanted"]): TrackId | undefined {
  return wanted === "slot" ? undefined : wanted?.trackId;
}
