import { Peer } from "../sfu/peer.ts";
import type { RandomSource } from "../sfu/random.ts";
import type { PeerObserver, Room, Rooms } from "../sfu/room.ts";
import type { PeerId, PublishedTrack, RoomId, TrackId } from "../sfu/types.ts";
import { Negotiation, type OfferResult, type TrackRequest } from "../webrtc/negotiation.ts";
import type { PeerTransport, TransportObserver } from "../webrtc/peer_transport.ts";
import type { Offer } from "../webrtc/sdp_offer.ts";

/** Ends a peer whose signaling is lost: silence this long, or in any case this long (rule P14). */
const DETACHED_SILENCE_MS = 5_000;
const DETACHED_LIMIT_MS = 30_000;

/** Makes the transport of one peer; `release` gives back its socket. */
export type OpenTransport = (
  observer: TransportObserver,
  nowMs: number,
) => { readonly transport: PeerTransport; release(): void };

/** What a peer's signaling, of whatever kind, is told. */
export interface ParticipantObserver {
  peerJoined(id: PeerId, name: string | undefined): void;
  peerLeft(id: PeerId): void;
  trackPublished(peerId: PeerId, track: PublishedTrack): void;
  trackUnpublished(peerId: PeerId, trackId: TrackId): void;
  transportConnected(): void;
  /** The peer has left its room, and why. Told once; nothing is told afterwards. */
  left(reason: LeaveReason, detail: string): void;
}

export type LeaveReason = "leave" | "transport-failed" | "signaling-lost" | "server-closing" | "refused" | "fault";

export interface ParticipantOptions {
  readonly rooms: Rooms;
  readonly roomId: RoomId;
  readonly name: string | undefined;
  readonly openTransport: OpenTransport;
  readonly observer: ParticipantObserver;
  readonly random: RandomSource;
  /** Lower-case MIME types that the room allows. */
  readonly codecs: readonly string[];
  /** Which tracks the server fills the peer's receiving m-lines with; undefined where the client says so itself. */
  readonly fill?: ((track: PublishedTrack) => boolean) | undefined;
  readonly nowMs: number;
}

/**
 * One peer from join to leave: ties its place in the room, its negotiation and its transport together. WebSocket, WHIP
 * and WHEP all drive it by the same verbs: construct (join), `offer`, `leave`; it owns no timer.
 */
export class Participant {
  readonly peer: Peer;
  readonly room: Room;
  readonly transport: PeerTransport;
  readonly #rooms: Rooms;
  readonly #observer: ParticipantObserver;
  readonly #negotiation: Negotiation;
  readonly #release: () => void;
  #detachedMs = Infinity;
  #closed = false;

  constructor(options: ParticipantOptions) {
    this.#rooms = options.rooms;
    this.#observer = options.observer;
    const opened = options.openTransport(this.#transportObserver(), options.nowMs);
    this.transport = opened.transport;
    this.#release = opened.release;
    this.room = options.rooms.enter(options.roomId);
    this.peer = new Peer(this.room, {
      name: options.name,
      sender: this.transport,
      observer: this.#peerObserver(),
      random: options.random,
    });
    this.transport.deliverTo(this.peer);
    this.#negotiation = new Negotiation({
      peer: this.peer,
      transport: this.transport,
      codecs: options.codecs,
      fill: options.fill,
    });
    this.room.addPeer(this.peer);
  }

  get closed(): boolean {
    return this.#closed;
  }

  offer(sdp: string, requests: readonly TrackRequest[], nowMs: number): OfferResult {
    return this.#answered(this.#negotiation.handleOffer(sdp, requests), nowMs);
  }

  /** As `offer`, of one that is parsed. */
  answer(offer: Offer, requests: readonly TrackRequest[], nowMs: number): OfferResult {
    return this.#answered(this.#negotiation.answer(offer, requests), nowMs);
  }

  leave(reason: LeaveReason, detail = ""): void {
    if (this.#closed) return;
    this.#closed = true;
    try {
      this.#negotiation.close();
      this.peer.close();
      this.#rooms.release(this.room);
      this.transport.close();
    } finally {
      // A peer that ends by a fault may meet it here again: its socket is given back, and its end told, all the same.
      this.#release();
      this.#observer.left(reason, detail);
    }
  }

  /** The signaling is lost, the peer perhaps not: it stays while authenticated packets arrive (rule P14). */
  detach(nowMs: number): void {
    if (!this.transport.connected) return this.leave("signaling-lost");
    this.#detachedMs = nowMs;
  }

  nextTimeout(): number {
    if (this.#closed) return Infinity;
    return Math.min(this.transport.nextTimeout(), this.peer.nextTimeout(), this.#detachedDeadline());
  }

  handleTimeout(nowMs: number): void {
    if (this.#closed) return;
    if (nowMs >= this.#detachedDeadline()) return this.leave("signaling-lost");
    this.transport.handleTimeout(nowMs);
    if (!this.#closed) this.peer.handleTimeout(nowMs);
  }

  #answered(result: OfferResult, nowMs: number): OfferResult {
    if (result.ok && this.transport.connected) this.peer.requestKeyFrames(nowMs);
    return result;
  }

  #detachedDeadline(): number {
    if (this.#detachedMs === Infinity) return Infinity;
    return Math.min(
      this.#detachedMs + DETACHED_LIMIT_MS,
      Math.max(this.#detachedMs, this.transport.lastAuthenticatedMs) + DETACHED_SILENCE_MS,
    );
  }

  #transportObserver(): TransportObserver {
    return {
      transportConnected: (nowMs) => {
        this.#observer.transportConnected();
        this.peer.requestKeyFrames(nowMs);
      },
      transportMoved: (nowMs) => this.peer.refreshPictures(nowMs),
      transportFailed: (reason) => this.leave("transport-failed", reason),
    };
  }

  #peerObserver(): PeerObserver {
    const observer = this.#observer;
    return {
      peerJoined: (id, name) => observer.peerJoined(id, name),
      peerLeft: (id) => observer.peerLeft(id),
      trackPublished: (peerId, track) => {
        this.#negotiation.trackPublished();
        observer.trackPublished(peerId, track);
      },
      trackUnpublished: (peerId, trackId) => observer.trackUnpublished(peerId, trackId),
      trackEnded: (trackId) => this.#negotiation.trackEnded(trackId),
    };
  }
}
