import type { PeerMedia } from "../media/messages.ts";
import { newIdentifier } from "../sfu/identifier.ts";
import type { RandomSource } from "../sfu/random.ts";
import type {
  ConsumerParameters,
  Kind,
  PeerId,
  ProducerParameters,
  PublishedTrack,
  StreamSsrcs,
  TrackId,
} from "../sfu/types.ts";
import type { NegotiatedPeer } from "../webrtc/negotiated_peer.ts";
import type { PeerObserver, Room, RoomMember } from "./room.ts";

export interface RoomPeerOptions {
  readonly id: PeerId;
  readonly name: string | undefined;
  readonly identity?: string | undefined;
  /** Of the server's own feedback: no stream that the peer is sent gets it. */
  readonly ssrc: number;
  readonly media: Pick<PeerMedia, "send">;
  readonly observer: PeerObserver;
  readonly random: RandomSource;
}

/** A track that the peer receives. */
export interface Subscription extends StreamSsrcs {
  readonly trackId: TrackId;
}

/** One peer of a room as signaling knows it: what it publishes and receives. Its packets are the business of its media. */
export class RoomPeer implements NegotiatedPeer, RoomMember {
  readonly id: PeerId;
  readonly name: string | undefined;
  readonly identity: string | undefined;
  readonly observer: PeerObserver;
  readonly #room: Room;
  readonly #random: RandomSource;
  #media: Pick<PeerMedia, "send">;
  /** Of the server's own feedback. */
  #feedbackSsrc: number;
  /** By MID of this peer's m-lines, as the others. */
  readonly #producers = new Map<string, PublishedTrack>();
  readonly #consumers = new Map<string, Subscription>();
  /** Streams that stay whichever track they carry, or none. */
  readonly #slots = new Map<string, StreamSsrcs>();

  constructor(room: Room, options: RoomPeerOptions) {
    this.id = options.id;
    this.name = options.name;
    this.identity = options.identity;
    this.observer = options.observer;
    this.#room = room;
    this.#random = options.random;
    this.#media = options.media;
    this.#feedbackSsrc = options.ssrc;
  }

  /** By MID of this peer's m-lines. */
  get producers(): ReadonlyMap<string, PublishedTrack> {
    return this.#producers;
  }

  /** By MID of this peer's m-lines. */
  get consumers(): ReadonlyMap<string, Subscription> {
    return this.#consumers;
  }

  /** Ids of the tracks that it publishes. */
  get publishedTracks(): ReadonlySet<TrackId> {
    return new Set(this.#producers.values().map(({ id }) => id));
  }

  /** Ids of the tracks that it receives. */
  get receivedTracks(): ReadonlySet<TrackId> {
    return new Set(this.#consumers.values().map(({ trackId }) => trackId));
  }

  /** The tracks of the others, oldest first. */
  *tracks(): Generator<PublishedTrack> {
    for (const track of this.#room.tracks.values()) if (track.peerId !== this.id) yield track;
  }

  publish(parameters: ProducerParameters): PublishedTrack {
    this.unpublish(parameters.mid);
    const { mid, kind, source, codec } = parameters;
    const rids = parameters.encodings?.flatMap(({ rid }) => rid ?? []) ?? [];
    const track: PublishedTrack = {
      id: newIdentifier(this.#random),
      peerId: this.id,
      kind,
      source,
      codec,
      ...(rids.length > 0 && { rids }),
    };
    this.#producers.set(mid, track);
    this.#media.send({ type: "publish", trackId: track.id, parameters });
    this.#room.addTrack(track, parameters);
    return track;
  }

  unpublish(mid: string): void {
    const track = this.#producers.get(mid);
    if (track === undefined) return;
    this.#producers.delete(mid);
    // First the media side: a subscriber's m-line that becomes free may get another track at once.
    this.#media.send({ type: "unpublish", mid });
    this.#room.removeTrack(track, true);
  }

  /** Has nothing of its track forwarded to anybody, or again what there is; false where it publishes no such track. */
  muteTrack(trackId: TrackId, isMuted: boolean): boolean {
    const mid = this.midOf(trackId);
    const track = mid === undefined ? undefined : this.#producers.get(mid);
    if (mid === undefined || track === undefined) return false;
    this.#media.send({ type: "mute", mid, isMuted });
    this.#room.muteTrack(track, isMuted);
    return true;
  }

  /** The m-line by which it publishes a track; undefined where it does not. */
  midOf(trackId: TrackId): string | undefined {
    for (const [mid, { id }] of this.#producers) if (id === trackId) return mid;
    return undefined;
  }

  /** Forwards a track to this peer; undefined where the room has no such track. */
  subscribe(trackId: TrackId, parameters: ConsumerParameters): Subscription | undefined {
    const track = this.#room.tracks.get(trackId);
    if (track === undefined) return undefined;
    const { mid, codec } = parameters;
    const ssrcs = this.#slots.get(mid) ?? this.#newSsrcs(codec.rtxPayloadType !== undefined);
    const subscription = { trackId, ...ssrcs };
    this.#consumers.set(mid, subscription);
    this.#media.send({ type: "subscribe", trackId, parameters, ssrcs });
    return subscription;
  }

  openSlot(mid: string, kind: Kind, clockRate: number, rtx: boolean): StreamSsrcs {
    const ssrcs = this.#newSsrcs(rtx);
    this.#slots.set(mid, ssrcs);
    this.#media.send({ type: "openSlot", mid, kind, clockRate, ssrcs });
    return ssrcs;
  }

  closeSlot(mid: string): void {
    if (this.#slots.delete(mid)) this.#media.send({ type: "closeSlot", mid });
  }

  unsubscribe(mid: string): void {
    if (this.#consumers.delete(mid)) this.#media.send({ type: "unsubscribe", mid });
  }

  /** The media side has ended the subscription together with the track. */
  forgetTrack(trackId: TrackId): void {
    for (const [mid, subscription] of this.#consumers) {
      if (subscription.trackId !== trackId) continue;
      this.#consumers.delete(mid);
      this.observer.trackEnded(trackId);
      return;
    }
  }

  /** What it published is over, for the others as if it had unpublished it, and it receives nothing. */
  loseMedia(): void {
    for (const mid of [...this.#producers.keys()]) this.unpublish(mid);
    this.#consumers.clear();
    this.#slots.clear();
  }

  /** Goes on with another media in place of the one that it lost. */
  useMedia(media: Pick<PeerMedia, "send">, ssrc: number): void {
    this.#media = media;
    this.#feedbackSsrc = ssrc;
  }

  /** Leaves the room: its tracks end for the others, and it receives no more. */
  close(): void {
    this.#media.send({ type: "leave" });
    const tracks = [...this.#producers.values()];
    this.#producers.clear();
    this.#consumers.clear();
    for (const track of tracks) this.#room.removeTrack(track, false);
    this.#room.removePeer(this);
  }

  #newSsrcs(rtx: boolean): StreamSsrcs {
    const taken = new Set([0, this.#feedbackSsrc]);
    for (const { ssrc, rtxSsrc } of [...this.#consumers.values(), ...this.#slots.values()]) {
      taken.add(ssrc).add(rtxSsrc ?? 0);
    }
    const ssrc = this.#newSsrc(taken);
    return { ssrc, rtxSsrc: rtx ? this.#newSsrc(taken.add(ssrc)) : undefined };
  }

  #newSsrc(taken: ReadonlySet<number>): number {
    let ssrc = this.#random.uint32();
    while (taken.has(ssrc)) ssrc = this.#random.uint32();
    return ssrc;
  }
}
