import type { OpenPeerMedia, PeerEvent, PeerMedia } from "../media/messages.ts";
import { newIdentifier } from "../sfu/identifier.ts";
import type { RandomSource } from "../sfu/random.ts";
import type { PeerId, PublishedTrack, RoomId, Source, TrackId } from "../sfu/types.ts";
import type { RemoteAddress } from "../webrtc/datagram.ts";
import type { DtlsFactory } from "../webrtc/dtls.ts";
import type { HandshakeLimit } from "../webrtc/handshake_limit.ts";
import { IceGenerations } from "../webrtc/ice_generations.ts";
import { Negotiation, type OfferResult, type TrackRequest } from "../webrtc/negotiation.ts";
import { PeerConnection } from "../webrtc/peer_connection.ts";
import type { Offer } from "../webrtc/sdp_offer.ts";
import { type DuplicateIdentity, DuplicateIdentityError } from "./duplicate_identity.ts";
import { type Grants, mayPublish } from "./grants.ts";
import { type LeaveReason, outcomeOf } from "./join_outcome.ts";
import type { JoinTrace } from "./join_trace.ts";
import type { PeerLimits } from "./limits.ts";
import type { PeerObserver, Room, Rooms } from "./room.ts";
import { RoomPeer } from "./room_peer.ts";

export type { LeaveReason };

/** What a peer's signaling, of whatever kind, is told. */
export interface ParticipantObserver {
  peerJoined(id: PeerId, name: string | undefined, identity: string | undefined): void;
  peerLeft(id: PeerId): void;
  trackPublished(peerId: PeerId, track: PublishedTrack): void;
  trackUnpublished(peerId: PeerId, trackId: TrackId): void;
  transportConnected(): void;
  /** The peer sends more than these bits per second, which are all that it may, and packets are dropped. */
  bitrateExceeded(maxBitrateIn: number): void;
  /** A track is not sent for a while, as all that the peer receives is more than these bits per second. */
  trackPaused(trackId: TrackId, maxBitrateOut: number): void;
  /** The server failed on this peer's media: signaling says so, and has the peer leave. */
  failed(detail: string): void;
  /** Another connection speaks for the peer from now on. Nothing is told afterwards. */
  superseded(): void;
  /** The peer has left its room, and why. Told once; nothing is told afterwards. */
  left(reason: LeaveReason, detail: string): void;
}

export interface ParticipantOptions {
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
  /** What its token allows; undefined where no tokens are asked for, and all is allowed. */
  readonly grants?: Grants | undefined;
  /** What becomes of others in the room with the same identity, or of this one. Default: they are all there. */
  readonly duplicateIdentity?: DuplicateIdentity | undefined;
  /** Told of the steps of the join; undefined where nobody traces it. */
  readonly trace?: JoinTrace | undefined;
}

/**
 * One peer from join to leave: ties its place in the room, its negotiation, its connection and its media together.
 * WebSocket, WHIP and WHEP all drive it by the same verbs: construct (join), `offer`, `leave`; it owns no timer.
 */
export class Participant {
  readonly peer: RoomPeer;
  readonly room: Room;
  readonly connection: PeerConnection;
  /** As it was when the peer joined: nothing changes it. */
  readonly grants: Grants | undefined;
  readonly #rooms: Rooms;
  /** Of the connection that speaks for the peer, or was the last one to do so. */
  #observer: ParticipantObserver;
  readonly #negotiation: Negotiation;
  readonly #media: PeerMedia;
  readonly #maxBitrateIn: number;
  readonly #maxBitrateOut: number;
  readonly #trace: JoinTrace | undefined;
  #remoteAddress: RemoteAddress | undefined;
  #closed = false;

  constructor(options: ParticipantOptions) {
    const { rooms, roomId, name, random, codecs, fill, grants, duplicateIdentity = "allow" } = options;
    const { maxTracks, maxBitrateOut } = options.limits;
    const maxBitrateIn = Math.min(options.limits.maxBitrateIn, grants?.maxBitrate ?? Infinity);
    const identity = grants?.identity;
    const rivals = duplicateIdentity === "allow" ? [] : rooms.find(roomId)?.peersOf(identity) ?? [];
    if (duplicateIdentity === "refuse" && rivals.length > 0) throw new DuplicateIdentityError();
    const id = newIdentifier(random);
    const ssrc = random.uint32();
    const ice = new IceGenerations(random);
    this.#rooms = rooms;
    this.#observer = options.observer;
    this.#maxBitrateIn = maxBitrateIn;
    this.#maxBitrateOut = maxBitrateOut;
    this.grants = grants;
    this.#trace = options.trace;
    const media = options.openMedia(
      {
        roomId,
        peerId: id,
        ssrc,
        ice: ice.local,
        // JSON has no Infinity.
        ...(maxBitrateIn < Infinity && { maxBitrateIn }),
        ...(maxBitrateOut < Infinity && { maxBitrateOut }),
        ...(options.trace !== undefined && { isTraced: true }),
      },
      (event, nowMs) => this.#handleMediaEvent(event, nowMs),
    );
    this.#media = media;
    let room: Room | undefined;
    try {
      // Behind all that may be refused: else both were lost. And before this one enters: a room that all have left is over.
      for (const rival of rivals) rival.observer.replaced();
      this.room = room = rooms.enter(roomId);
      this.connection = new PeerConnection({
        dtls: options.dtls,
        handshakes: options.handshakes,
        ice,
        candidates: () => media.candidates,
        transport: {
          restartIce: (local) => media.send({ type: "restartIce", ice: local }),
          sendDtls: (bytes) => media.send({ type: "sendDtls", bytes }),
          connect: (keying) => media.send({ type: "connect", keying }),
        },
        observer: {
          connected: () => {
            this.#trace?.connected();
            this.#observer.transportConnected();
          },
          connectionFailed: (reason) => this.leave("transport-failed", reason),
        },
      });
      this.peer = new RoomPeer(this.room, { id, name, identity, ssrc, media, observer: this.#peerObserver(), random });
      const permissions = grants &&
        { publish: (source: Source) => mayPublish(grants, source), receive: grants.subscribe };
      const { peer, connection: transport } = this;
      this.#negotiation = new Negotiation({ peer, transport, codecs, fill, permissions, maxTracks, maxBitrateIn });
      this.room.addPeer(this.peer);
      this.#trace?.admitted(id);
    } catch (error) {
      // Whoever asked for a participant gets none that could leave.
      if (room !== undefined) rooms.release(room);
      media.send({ type: "close" });
      throw error;
    }
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Whether it is told of the tracks of others: who may not receive them need not know of them (rule P76). */
  get hearsOfTracks(): boolean {
    return this.grants?.subscribe ?? true;
  }

  /** Where its media goes; undefined before ICE has an address. */
  get remoteAddress(): RemoteAddress | undefined {
    return this.#remoteAddress;
  }

  offer(sdp: string, requests: readonly TrackRequest[]): OfferResult {
    return this.#answered(this.#negotiation.handleOffer(sdp, requests));
  }

  /** As `offer`, of one that is parsed. */
  answer(offer: Offer, requests: readonly TrackRequest[]): OfferResult {
    return this.#answered(this.#negotiation.answer(offer, requests));
  }

  leave(reason: LeaveReason, detail = ""): void {
    if (this.#closed) return;
    this.#closed = true;
    try {
      this.#negotiation.close();
      this.peer.close();
      this.#rooms.release(this.room);
      this.connection.close();
    } finally {
      // A peer that ends by a fault may meet it here again: its socket is given back, and its end told, all the same.
      this.#media.send({ type: "close" });
      this.#trace?.ended(outcomeOf(reason), reason);
      this.#observer.left(reason, detail);
    }
  }

  /** The signaling is lost, the peer perhaps not: it stays for a while, and its media goes on (rule P14). */
  detach(): void {
    if (!this.connection.connected) return this.leave("signaling-lost");
    this.#media.send({ type: "detach" });
  }

  /** Another connection speaks for the peer from now on, be the one before lost or not (rule P65). */
  attach(observer: ParticipantObserver): void {
    const before = this.#observer;
    this.#observer = observer;
    this.#media.send({ type: "attach" });
    before.superseded();
  }

  nextTimeout(): number {
    return this.#closed ? Infinity : this.connection.nextTimeout();
  }

  handleTimeout(nowMs: number): void {
    if (!this.#closed) this.connection.handleTimeout(nowMs);
  }

  #answered(result: OfferResult): OfferResult {
    if (result.ok) this.#trace?.answered();
    if (result.ok && this.connection.connected) this.#media.send({ type: "requestKeyFrames" });
    return result;
  }

  #handleMediaEvent(event: PeerEvent, nowMs: number): void {
    if (this.#closed) return;
    switch (event.type) {
      case "dtlsReceived":
        return this.connection.handleDtls(event.bytes, this.#remoteAddress?.hostname ?? "", nowMs);
      case "iceCredentialsUsed":
        return this.connection.handleIceCredentialsUsed(event.ufrag);
      case "addressSelected":
        this.#remoteAddress = event.address;
        return this.#trace?.addressSelected(event.address);
      case "mediaStarted":
        return this.#trace?.mediaStarted();
      case "bitrateExceeded":
        return this.#observer.bitrateExceeded(this.#maxBitrateIn);
      case "trackPaused":
        return this.#observer.trackPaused(event.trackId, this.#maxBitrateOut);
      case "ended":
        if (event.reason === "fault") this.#observer.failed(event.detail);
        else this.leave(event.reason, event.detail);
    }
  }

  #peerObserver(): PeerObserver {
    return {
      peerJoined: (id, name, identity) => this.#observer.peerJoined(id, name, identity),
      peerLeft: (id) => this.#observer.peerLeft(id),
      trackPublished: (peerId, track) => {
        this.#negotiation.trackPublished();
        if (this.hearsOfTracks) this.#observer.trackPublished(peerId, track);
      },
      trackUnpublished: (peerId, trackId) => {
        if (this.hearsOfTracks) this.#observer.trackUnpublished(peerId, trackId);
      },
      trackEnded: (trackId) => this.#negotiation.trackEnded(trackId),
      replaced: () => this.leave("replaced"),
    };
  }
}
