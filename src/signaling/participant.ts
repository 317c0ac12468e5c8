import type { MediaEndReason, OpenPeerMedia, PeerEvent } from "../media/messages.ts";
import { newIdentifier } from "../sfu/identifier.ts";
import type { QualityTelling, WantedQuality } from "../sfu/quality.ts";
import type { RandomSource } from "../sfu/random.ts";
import type { Kind, PublishedTrack, RoomId, Source, TrackId } from "../sfu/types.ts";
import type { RemoteAddress } from "../webrtc/datagram.ts";
import type { DtlsFactory } from "../webrtc/dtls.ts";
import type { HandshakeLimit } from "../webrtc/handshake_limit.ts";
import { Negotiation, type NegotiationOptions, type OfferResult, type TrackRequest } from "../webrtc/negotiation.ts";
import type { PeerConnection } from "../webrtc/peer_connection.ts";
import type { Offer } from "../webrtc/sdp_offer.ts";
import type { SlotFilling } from "../webrtc/slots.ts";
import { type DuplicateIdentity, DuplicateIdentityError } from "./duplicate_identity.ts";
import { type Grants, mayPublish } from "./grants.ts";
import { type LeaveReason, outcomeOf } from "./join_outcome.ts";
import type { JoinTrace } from "./join_trace.ts";
import type { PeerLimits } from "./limits.ts";
import { MediaConnection } from "./media_connection.ts";
import { MediaKnowledge } from "./media_knowledge.ts";
import type { ParticipantObserver } from "./participant_observer.ts";
import { remoteFirst } from "./remote_peer.ts";
import type { PeerObserver, Room, Rooms } from "./room.ts";
import { RoomPeer } from "./room_peer.ts";
import { SlotFiller } from "./slot_filler.ts";
import { TrackRelevance } from "./track_relevance.ts";

export type { LeaveReason };

/** A peer whose media was lost leaves unless it is resumed within this time (rule P110). */
const MEDIA_LOST_LIMIT_MS = 30_000;

/** How a client speaks to the server. */
export type Protocol = "websocket" | "whip" | "whep";

/** Whether media can flow; `lost`: what carried it has failed, and its client has not come back yet. */
export type ParticipantState = "connecting" | "connected" | "lost";

export interface ParticipantOptions {
  readonly protocol: Protocol;
  readonly rooms: Rooms;
  readonly roomId: RoomId;
  readonly name: string | undefined;
  readonly openMedia: OpenPeerMedia;
  readonly dtls: DtlsFactory;
  readonly handshakes: HandshakeLimit;
  readonly observer: ParticipantObserver;
  readonly random: RandomSource;
  /** Lower-case MIME types that the room allows. */
  readonly codecs: readonly string[];
  readonly limits: PeerLimits;
  /** Which tracks the server fills the peer's receiving m-lines with; undefined where the client says so itself. */
  readonly fill?: ((track: PublishedTrack) => boolean) | undefined;
  /** How the observer is told what the client gets; undefined where it cannot pass it on. */
  readonly tellsQuality?: QualityTelling | undefined;
  /** What its token allows; undefined where no tokens are asked for, and all is allowed. */
  readonly grants?: Grants | undefined;
  /** What becomes of others in the room with the same identity, or of this one. Default: they are all there. */
  readonly duplicateIdentity?: DuplicateIdentity | undefined;
  /** Told of the steps of the join; undefined where nobody traces it. */
  readonly trace?: JoinTrace | undefined;
}

/** What is agreed on with the client over one connection: nothing of it outlives that. */
interface Agreement {
  readonly negotiation: Negotiation;
  readonly relevance: TrackRelevance;
  readonly slotFiller: SlotFiller;
}

/**
 * One peer from join to leave: ties its place in the room, its negotiation, its connection and its media together.
 * WebSocket, WHIP and WHEP all drive it by the same verbs: construct (join), `offer`, `leave`; it owns no timer.
 */
export class Participant {
  readonly peer: RoomPeer;
  readonly room: Room;
  /** As it was when the peer joined: nothing changes it. */
  readonly grants: Grants | undefined;
  readonly protocol: Protocol;
  /** What media has told last. */
  readonly knowledge = new MediaKnowledge();
  /** Tracks of its own. */
  readonly #everMuted = new Set<TrackId>();
  readonly #rooms: Rooms;
  /** Of the connection that speaks for the peer, or was the last one to do so. */
  #observer: ParticipantObserver;
  readonly #openMedia: () => MediaConnection;
  readonly #terms: Omit<NegotiationOptions, "peer" | "transport" | "candidates">;
  readonly #maxBitrateIn: number;
  readonly #trace: JoinTrace | undefined;
  /** The last that there was, where there is none at present. */
  #media: MediaConnection;
  #agreement: Agreement;
  /** Since when there is no media; undefined where there is. */
  #mediaLostMs: number | undefined;
  /** Whether all that there is was made anew, and the client may not have heard of it. */
  #isNew = false;
  #hasConnected = false;
  #closed = false;

  constructor(options: ParticipantOptions) {
    const { rooms, roomId, name, random, openMedia, dtls, handshakes, grants, duplicateIdentity = "allow" } = options;
    const { maxTracks, maxBitrateOut, loudest } = options.limits;
    const maxBitrateIn = Math.min(options.limits.maxBitrateIn, grants?.maxBitrate ?? Infinity);
    const identity = grants?.identity;
    const rivals = duplicateIdentity === "allow" ? [] : rooms.find(roomId)?.peersOf(identity) ?? [];
    if (duplicateIdentity === "refuse" && rivals.length > 0) throw new DuplicateIdentityError();
    const id = newIdentifier(random);
    const opening = {
      roomId,
      peerId: id,
      // JSON has no Infinity.
      ...(maxBitrateIn < Infinity && { maxBitrateIn }),
      ...(maxBitrateOut < Infinity && { maxBitrateOut }),
      ...(loudest < Infinity && { loudest }),
      ...(options.tellsQuality !== undefined && { tellsQuality: options.tellsQuality }),
      ...(options.trace !== undefined && { isTraced: true as const }),
    };
    const observer = {
      handleEvent: (event: PeerEvent, nowMs: number) => this.#handleMediaEvent(event, nowMs),
      connected: () => {
        this.#hasConnected = true;
        this.#trace?.connected();
        this.#observer.transportConnected();
      },
      connectionFailed: (reason: string) => this.leave("transport-failed", reason),
    };
    this.#rooms = rooms;
    this.#observer = options.observer;
    this.#maxBitrateIn = maxBitrateIn;
    this.grants = grants;
    this.protocol = options.protocol;
    this.#trace = options.trace;
    this.#openMedia = () => new MediaConnection({ openMedia, opening, dtls, handshakes, random, observer });
    const media = this.#media = this.#openMedia();
    let room: Room | undefined;
    try {
      // Behind all that may be refused: else both were lost. And before this one enters: a room that all have left is over.
      for (const rival of remoteFirst(rivals)) rival.observer.replaced();
      this.room = room = rooms.enter(roomId);
      const { ssrc } = media;
      this.peer = new RoomPeer(this.room, { id, name, identity, ssrc, media, observer: this.#peerObserver(), random });
      this.#terms = {
        codecs: options.codecs,
        fill: options.fill,
        permissions: grants && { publish: (source: Source) => mayPublish(grants, source), receive: grants.subscribe },
        maxTracks,
        maxBitrateIn,
      };
      this.#agreement = this.#agreeOnNothing();
      this.room.addPeer(this.peer);
      this.#trace?.admitted(id);
    } catch (error) {
      // Whoever asked for a participant gets none that could leave.
      if (room !== undefined) rooms.release(room);
      media.close();
      throw error;
    }
  }

  get connection(): PeerConnection {
    return this.#media.connection;
  }

  get closed(): boolean {
    return this.#closed;
  }

  get state(): ParticipantState {
    if (this.#mediaLostMs !== undefined) return "lost";
    return this.connection.connected ? "connected" : "connecting";
  }

  /**
   * Whether nothing is left of what its client had agreed on, in the words of `welcome`: from when its media was lost until
   * it offers over the new one (rule P111).
   */
  get isNew(): boolean {
    return this.#isNew;
  }

  /** Whether it is told of the tracks of others: who may not receive them need not know of them (rule P76). */
  get hearsOfTracks(): boolean {
    return this.grants?.subscribe ?? true;
  }

  /** Where its media goes; undefined before ICE has an address. */
  get remoteAddress(): RemoteAddress | undefined {
    return this.#media.remoteAddress;
  }

  offer(sdp: string, requests: readonly TrackRequest[]): OfferResult {
    return this.#answered(this.#agreement.negotiation.handleOffer(sdp, requests));
  }

  /** As `offer`, of one that is parsed. */
  answer(offer: Offer, requests: readonly TrackRequest[]): OfferResult {
    return this.#answered(this.#agreement.negotiation.answer(offer, requests));
  }

  /** Takes what the peer wants of a track; false where it knows of no such track. */
  setQuality(trackId: TrackId, wanted: WantedQuality): boolean {
    const track = this.hearsOfTracks ? this.room.tracks.get(trackId) : undefined;
    if (track === undefined || track.peerId === this.peer.id) return false;
    const { relevance, slotFiller } = this.#agreement;
    if (relevance.pin(trackId, wanted.pinned ?? false)) slotFiller.refresh();
    this.#media.send({ type: "setQuality", trackId, wanted });
    return true;
  }

  /** Tells of its own tracks that were ever muted whether they still are, to a client that may not know (rule P134). */
  tellMuted(): void {
    for (const [mid, track] of this.peer.producers) {
      if (this.#everMuted.has(track.id)) this.#observer.trackMuted(track, this.room.isMuted(track.id), mid);
    }
  }

  /** What its slots hold, for a client that may not know: it is told of changes alone from now on (rule P99). */
  takeSlots(): readonly SlotFilling[] {
    return this.#agreement.slotFiller.takeAll();
  }

  /** Says something to the client in words of whoever runs the server; false where it does not hear it. */
  sendMessage(message: unknown): boolean {
    if (!this.#observer.isHeard()) return false;
    this.#observer.messageSent(message);
    return true;
  }

  /** Has the peer leave for another room, to which its client goes; false, with nothing done, where it would not hear of it. */
  moveTo(roomId: RoomId): boolean {
    if (!this.#observer.isHeard()) return false;
    this.leave("moved", roomId);
    return true;
  }

  leave(reason: LeaveReason, detail = ""): void {
    if (this.#closed) return;
    this.#closed = true;
    try {
      this.#agreement.negotiation.close();
      this.peer.close();
      this.#rooms.release(this.room);
    } finally {
      // A peer that ends by a fault may meet it here again: its socket is given back, and its end told, all the same.
      try {
        this.#media.close();
      } finally {
        this.#trace?.ended(outcomeOf(reason), reason);
        this.#observer.left(reason, detail);
      }
    }
  }

  /** The signaling is lost, the peer perhaps not: it stays for a while, and its media goes on (rule P14). */
  detach(): void {
    // Who has lost its media has its time already.
    if (this.#mediaLostMs !== undefined) return;
    if (!this.#hasConnected) return this.leave("signaling-lost");
    this.#media.send({ type: "detach" });
  }

  /** Opens media again where it was lost. Throws NoCapacityError, with nothing changed, where none can be had. */
  restoreMedia(): void {
    if (this.#mediaLostMs === undefined) return;
    const media = this.#openMedia();
    this.#media = media;
    this.peer.useMedia(media, media.ssrc);
    this.#agreement = this.#agreeOnNothing();
    this.#mediaLostMs = undefined;
  }

  /** Another connection speaks for the peer from now on, be the one before lost or not (rule P65). */
  attach(observer: ParticipantObserver): void {
    const before = this.#observer;
    this.#observer = observer;
    this.#media.send({ type: "attach" });
    before.superseded();
  }

  nextTimeout(): number {
    if (this.#closed) return Infinity;
    if (this.#mediaLostMs !== undefined) return this.#mediaLostMs + MEDIA_LOST_LIMIT_MS;
    return Math.min(this.connection.nextTimeout(), this.#agreement.slotFiller.nextTimeout());
  }

  handleTimeout(nowMs: number): void {
    if (this.nextTimeout() > nowMs) return;
    if (this.#mediaLostMs !== undefined) return this.leave("media-lost");
    this.connection.handleTimeout(nowMs);
    if (!this.#closed) this.#agreement.slotFiller.handleTimeout(nowMs);
  }

  #agreeOnNothing(): Agreement {
    const { peer, connection: transport } = this;
    const relevance = new TrackRelevance(this.room, peer.id);
    const candidates = this.#terms.fill === undefined ? (kind: Kind) => relevance.candidates(kind) : undefined;
    const negotiation = new Negotiation({ ...this.#terms, peer, transport, candidates });
    const slotFiller = new SlotFiller({
      slots: negotiation,
      timeWanted: () => this.#observer.timeWanted(),
      changed: (slots) => this.#observer.slotsChanged(slots),
    });
    return { negotiation, relevance, slotFiller };
  }

  /** Of what the peer had by its media nothing is left but its place in the room. */
  #loseMedia(nowMs: number): void {
    this.#mediaLostMs = nowMs;
    this.#isNew = true;
    // Before its tracks end: a slot that becomes free takes no other one.
    this.#agreement = this.#agreeOnNothing();
    this.peer.loseMedia();
    this.knowledge.clear();
    this.room.fallSilent(this.peer.id);
    this.#media.close();
    this.#observer.timeWanted();
  }

  #answered(result: OfferResult): OfferResult {
    if (result.ok) this.#trace?.answered();
    if (result.ok && this.connection.connected) this.#media.send({ type: "requestKeyFrames" });
    if (result.ok) this.#agreement.slotFiller.refresh();
    if (result.ok) this.#isNew = false;
    return result;
  }

  #handleMediaEvent(event: PeerEvent, nowMs: number): void {
    if (event.type === "speakersChanged") return this.room.handleSpeakers(event.speakers);
    if (this.#closed) return;
    switch (event.type) {
      case "addressSelected":
        return this.#trace?.addressSelected(event.address);
      case "mediaStarted":
        return this.#trace?.mediaStarted();
      case "bitrateExceeded":
        return this.#observer.bitrateExceeded(this.#maxBitrateIn);
      case "quality":
        this.knowledge.handleQuality(event.report, this.peer.receivedTracks);
        return this.#observer.qualityChanged(event.report);
      case "layersWanted":
        return this.#tellLayers(event.trackId, event.active);
      case "ended":
        return this.#handleMediaEnd(event.reason, event.detail, nowMs);
    }
  }

  #handleMediaEnd(reason: MediaEndReason, detail: string, nowMs: number): void {
    if (reason === "fault") return this.#observer.failed(detail);
    if (reason !== "media-lost") return this.leave(reason, detail);
    this.#observer.mediaLost(detail);
    if (!this.#closed) this.#loseMedia(nowMs);
  }

  /** Nobody has told the publisher the ids of its own tracks: it knows them by their m-lines. */
  #tellLayers(trackId: TrackId, active: readonly string[]): void {
    this.knowledge.handleLayers(trackId, active, this.peer.publishedTracks);
    const mid = this.peer.midOf(trackId);
    if (mid !== undefined) this.#observer.layersWanted(trackId, mid, active);
  }

  #peerObserver(): PeerObserver {
    return {
      peerJoined: (id, name, identity) => this.#observer.peerJoined(id, name, identity),
      peerLeft: (id) => this.#observer.peerLeft(id),
      trackPublished: (peerId, track) => {
        this.#agreement.negotiation.trackPublished();
        this.#agreement.slotFiller.refresh();
        if (this.hearsOfTracks) this.#observer.trackPublished(peerId, track, this.room.isMuted(track.id));
      },
      trackUnpublished: (peerId, trackId) => {
        if (this.hearsOfTracks) this.#observer.trackUnpublished(peerId, trackId);
      },
      trackMuted: (track, isMuted) => {
        const mid = track.peerId === this.peer.id ? this.peer.midOf(track.id) : undefined;
        if (mid !== undefined) this.#everMuted.add(track.id);
        if (mid !== undefined || this.hearsOfTracks) this.#observer.trackMuted(track, isMuted, mid);
      },
      trackEnded: (trackId) => {
        this.#agreement.negotiation.trackEnded(trackId);
        this.#agreement.slotFiller.refresh();
      },
      speakersChanged: (speakers) => {
        this.#agreement.slotFiller.refresh();
        if (this.hearsOfTracks) this.#observer.speakersChanged(speakers);
      },
      replaced: () => this.leave("replaced"),
    };
  }
}
