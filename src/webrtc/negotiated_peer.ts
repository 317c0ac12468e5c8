import type { ConsumerParameters, Kind, PeerId, ProducerParameters, PublishedTrack, TrackId } from "../sfu/types.ts";

/** The peer in its room, as far as an offer can change what it publishes and receives. */
export interface NegotiatedPeer {
  readonly id: PeerId;
  publish(parameters: ProducerParameters): { readonly id: TrackId };
  unpublish(mid: string): void;
  /** The tracks of the other peers, oldest first. */
  tracks(): Iterable<PublishedTrack>;
  /** Undefined where there is no such track. */
  subscribe(
    trackId: TrackId,
    parameters: ConsumerParameters,
  ): { readonly ssrc: number; readonly rtxSsrc?: number } | undefined;
  unsubscribe(mid: string): void;
  /** Makes the one stream that is sent on an m-line whatever the track: `subscribe` with this mid fills it. `clockRate` in Hz. */
  openSlot(
    mid: string,
    kind: Kind,
    clockRate: number,
    rtx: boolean,
  ): { readonly ssrc: number; readonly rtxSsrc: number | undefined };
  /** Ends the stream of a slot, which holds no track any more. */
  closeSlot(mid: string): void;
}

/** A track that could not be negotiated although the offer as a whole could. */
export interface TrackProblem {
  readonly code: "codec-unsupported" | "too-many-tracks" | "forbidden";
  /** Of the m-line, which is answered inactive. */
  readonly mid: string;
  /** The track that cannot be received; undefined where one cannot be published, and of a slot. */
  readonly trackId: TrackId | undefined;
  readonly message: string;
}
