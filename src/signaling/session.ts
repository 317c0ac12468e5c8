import type { OpenPeerMedia } from "../media/messages.ts";
import { NoCapacityError } from "../media/no_capacity_error.ts";
import type { RandomSource } from "../sfu/random.ts";
import type { Speakers } from "../sfu/types.ts";
import { END_OF_CANDIDATES, parseCandidate } from "../webrtc/candidate.ts";
import { messageOf } from "../webrtc/error_message.ts";
import type { DtlsFactory } from "../webrtc/dtls.ts";
import type { HandshakeLimit } from "../webrtc/handshake_limit.ts";
import type { Admission } from "./admission.ts";
import { CLOSE_CODES, type CloseReason, meansLeaving } from "./close_codes.ts";
import type { SignalingConnection } from "./connection.ts";
import { describeGrants, describePeer, describePeers, describeTrack } from "./descriptions.ts";
import { type DuplicateIdentity, DuplicateIdentityError, replacedBy } from "./duplicate_identity.ts";
import type { Grants } from "./grants.ts";
import { outcomeOf } from "./join_outcome.ts";
import type { JoinTrace } from "./join_trace.ts";
import { lastWords } from "./last_words.ts";
import { bitrateWords } from "./limit_words.ts";
import type { PeerLimits } from "./limits.ts";
import type {
  CandidateInit,
  ClientMessage,
  ErrorCode,
  IceServerInfo,
  MessageId,
  OfferMessage,
  ServerMessage,
  SetQualityMessage,
} from "./messages.ts";
import { costOf, MESSAGE_BURST, MESSAGES_PER_SECOND } from "./message_cost.ts";
import { parseMessage } from "./parse_message.ts";
import { type LeaveReason, Participant } from "./participant.ts";
import type { ParticipantObserver } from "./participant_observer.ts";
import type { Resumption } from "./resumption.ts";
import type { Rooms } from "./room.ts";
import { TokenBucket } from "../webrtc/token_bucket.ts";

export interface SignalingSessionOptions {
  readonly connection: SignalingConnection;
  /** The client's IP address in text form. */
  readonly address: string;
  readonly admission: Admission;
  readonly limits: PeerLimits;
  readonly rooms: Rooms;
  readonly resumption: Resumption;
  readonly openMedia: OpenPeerMedia;
  readonly dtls: DtlsFactory;
  readonly handshakes: HandshakeLimit;
  readonly random: RandomSource;
  /** Lower-case MIME types that rooms allow. */
  readonly codecs: readonly string[];
  /** STUN and TURN servers that a peer is told of. */
  readonly iceServers: (peerId: string) => readonly IceServerInfo[];
  /** What the client's token allows; undefined where no tokens are asked for. */
  readonly grants?: Grants | undefined;
  readonly duplicateIdentity?: DuplicateIdentity | undefined;
  readonly trace?: JoinTrace | undefined;
  /** Whether other servers have the same rooms. */
  readonly isShared?: boolean | undefined;
  readonly observer: SessionObserver;
  readonly nowMs: number;
}

/** What the I/O side learns of a session: to log it, and to give a participant its time. */
export interface SessionObserver {
  joined(participant: Participant): void;
  /** This session speaks for the participant now; until now another one did. */
  resumed(participant: Participant): void;
  left(participant: Participant, reason: LeaveReason, detail: string): void;
  connected(participant: Participant): void;
  /** It has a deadline, where it had none. */
  timeWanted(participant: Participant): void;
  /** The server failed on this peer's media, which ends it. */
  failed(participant: Participant, detail: string): void;
  /** What carries this peer's media has failed; the peer may be resumed. */
  mediaLost(participant: Participant, detail: string): void;
  refused(code: ErrorCode, message: string): void;
  /** What was refused last was a join. */
  joinRefused(): void;
}

/** What an error is about. */
interface ErrorSubject {
  /** A message of the client's. */
  readonly replyTo?: MessageId | undefined;
  readonly trackId?: string | undefined;
  /** An m-line of the offer that is answered next. */
  readonly mid?: string | undefined;
}

/** Fields that one state has and another cannot. */
type State =
  | { readonly name: "new" }
  | { readonly name: "joined"; readonly participant: Participant }
  | { readonly name: "closed" };

/** One WebSocket's conversation: docs/protocol.md as a state machine. Bad input is answered, never thrown. */
export class SignalingSession {
  readonly #options: SignalingSessionOptions;
  readonly #bucket: TokenBucket;
  #state: State = { name: "new" };
  #detached = false;

  constructor(options: SignalingSessionOptions) {
    this.#options = options;
    this.#bucket = new TokenBucket(MESSAGE_BURST, MESSAGES_PER_SECOND, options.nowMs);
    options.trace?.opened();
  }

  /** Takes one message; `data` is undefined for a binary frame. */
  handleMessage(data: string | undefined, nowMs: number): void {
    if (this.#state.name === "closed" || this.#detached) return;
    if (!this.#bucket.take(nowMs, costOf(data))) return this.#refuseFlood();
    const parsed = parseMessage(data);
    if (!parsed.ok) return this.#sendError(parsed.code, parsed.text, { replyTo: parsed.replyTo });
    this.#dispatch(parsed.message, nowMs);
  }

  /** The WebSocket is gone. */
  handleClose(code: number): void {
    this.#detached = true;
    if (this.#state.name !== "joined") {
      this.#state = { name: "closed" };
      return this.#options.trace?.ended("left", "leave");
    }
    if (meansLeaving(code)) this.#state.participant.leave("leave");
    else this.#state.participant.detach();
  }

  /** The WebSocket is closed from outside, before its client has joined. */
  handleDismissal(code: ErrorCode): void {
    this.#options.trace?.ended(code === "server-closing" ? outcomeOf(code) : "refused", code);
  }

  /** Something here went wrong that should not: this peer goes, nobody else (rule P7). */
  fail(): void {
    this.#sendError("internal", "the server failed on this connection");
    if (this.#state.name === "joined") this.#state.participant.leave("fault");
    else this.#giveUp("fault");
  }

  /** The server ends: the client is told, and its peer leaves. */
  shutDown(): void {
    this.#sendError("server-closing", "the server is shutting down");
    if (this.#state.name === "joined") this.#state.participant.leave("server-closing");
    else this.#giveUp("server-closing");
  }

  /** The server ends in so many seconds, and asks the client to go elsewhere before. */
  tellDraining(seconds: number): void {
    if (this.#state.name === "joined") this.#send({ type: "draining", seconds });
  }

  #dispatch(message: ClientMessage, nowMs: number): void {
    const state = this.#state;
    if (message.type === "join") {
      if (state.name !== "new") return this.#sendError("wrong-state", "this connection has joined a room already");
      const { admission, grants } = this.#options;
      // Who brought the wrong token needs another WebSocket for another one (rule P72).
      const refusal = admission.refuseRoom(grants, message.roomId);
      if (refusal !== undefined) return this.#refuseJoin(refusal.code, refusal.message);
      if (message.resume !== undefined) return this.#resume(message.roomId, message.resume);
      return this.#join(message.roomId, grants?.name ?? message.name, nowMs);
    }
    if (state.name !== "joined") {
      const replyTo = message.type === "offer" ? message.id : undefined;
      return this.#sendError("wrong-state", `${message.type} needs a join before it`, { replyTo });
    }
    switch (message.type) {
      case "offer":
        return this.#offer(state.participant, message);
      case "iceCandidate":
        return this.#checkCandidate(message.candidate);
      case "setQuality":
        return this.#setQuality(state.participant, message);
      case "leave":
        return state.participant.leave("leave");
    }
  }

  #join(roomId: string, name: string | undefined, nowMs: number): void {
    const { admission, address, grants, duplicateIdentity } = this.#options;
    const refusal = admission.refuse(roomId, address, nowMs, replacedBy(grants, duplicateIdentity));
    if (refusal !== undefined) return this.#refuseJoin(refusal.code, refusal.message);
    const participant = this.#enter(roomId, name);
    if (participant === undefined) return;
    this.#state = { name: "joined", participant };
    this.#options.connection.joined?.();
    this.#welcome(participant, this.#options.resumption.issue(participant));
    this.#options.observer.joined(participant);
  }

  /** Speaks for a peer that another connection spoke for. The welcome tells all that it may have missed (rule P65). */
  #resume(roomId: string, token: string): void {
    const redeemed = this.#options.resumption.redeem(roomId, token, this.#options.grants?.identity);
    if (redeemed === undefined) {
      // Not why: who guesses should not learn which peers there are.
      return this.#sendError("resume-failed", "no peer of this room can be resumed by this token");
    }
    const { participant } = redeemed;
    if (!this.#restoreMedia(participant)) return;
    participant.attach(this.#participantObserver());
    this.#state = { name: "joined", participant };
    this.#options.connection.joined?.();
    this.#welcome(participant, redeemed.token);
    this.#sendAllSlots(participant);
    participant.tellMuted();
    this.#options.trace?.resumed(participant.peer.id);
    this.#options.observer.resumed(participant);
  }

  /** A peer that lost its media, and can have no other at present, stays: its client may try again (rule P112). */
  #restoreMedia(participant: Participant): boolean {
    try {
      participant.restoreMedia();
      return true;
    } catch (error) {
      if (!(error instanceof NoCapacityError)) {
        participant.leave("fault", messageOf(error));
        throw error;
      }
      this.#sendError("no-capacity", error.message);
      this.#options.trace?.ended("refused", "no-capacity");
      this.#close("no-capacity");
      return false;
    }
  }

  #refuseJoin(code: ErrorCode & CloseReason, message: string): void {
    this.#sendError(code, message);
    this.#options.trace?.ended("refused", code);
    this.#options.observer.joinRefused();
    this.#close(code);
  }

  #welcome({ room, peer: { id, identity }, grants, hearsOfTracks, isNew }: Participant, resume: string): void {
    const iceServers = this.#options.iceServers(id);
    this.#send({
      type: "welcome",
      peerId: id,
      peers: describePeers(room, id, hearsOfTracks),
      ...(iceServers.length > 0 && { iceServers }),
      resume,
      ...(isNew && { media: "new" }),
      ...(this.#options.isShared && { shared: true }),
      ...(identity !== undefined && { identity }),
      ...(grants !== undefined && { grants: describeGrants(grants) }),
    });
    if (hearsOfTracks && room.hasSpeakers) this.#sendSpeakers(room.speakers);
  }

  #sendSpeakers(speakers: Speakers): void {
    this.#send({ type: "speakers", ...speakers });
  }

  /** Undefined where the server has no media for another peer (rule P61), or will not have this one twice: it is told. */
  #enter(roomId: string, name: string | undefined): Participant | undefined {
    try {
      const observer = this.#participantObserver();
      const own = { protocol: "websocket", roomId, name, observer, tellsQuality: "changes" } as const;
      return new Participant({ ...this.#options, ...own });
    } catch (error) {
      const code = refusalOf(error);
      if (code === undefined) throw error;
      this.#refuseJoin(code, messageOf(error));
      return undefined;
    }
  }

  #offer(participant: Participant, message: OfferMessage): void {
    const result = participant.offer(message.sdp, message.tracks ?? []);
    if (!result.ok) return this.#sendError(result.code, result.message, { replyTo: message.id });
    for (const { code, message, trackId, mid } of result.problems) this.#sendError(code, message, { trackId, mid });
    this.#send({ type: "answer", sdp: result.answer, ...(message.id !== undefined && { id: message.id }) });
    this.#sendAllSlots(participant);
    if (result.restarted) this.#send({ type: "iceCandidate", candidate: NO_MORE_CANDIDATES });
  }

  #sendAllSlots(participant: Participant): void {
    const slots = participant.takeSlots();
    if (slots.length > 0) this.#send({ type: "slots", slots });
  }

  /** An ICE-lite agent sends no checks, so a candidate is looked at for its form alone (rule P40). */
  #checkCandidate(candidate: CandidateInit): void {
    if (candidate.candidate === END_OF_CANDIDATES || parseCandidate(candidate.candidate) !== undefined) return;
    this.#sendError("bad-message", "candidate.candidate: is no candidate (RFC 8839 section 5.1)");
  }

  #setQuality(participant: Participant, { type: _, trackId, ...wanted }: SetQualityMessage): void {
    if (participant.setQuality(trackId, wanted)) return;
    this.#sendError("unknown-track", `no track ${trackId} of another peer is in the room`, { trackId });
  }

  #participantObserver(): ParticipantObserver {
    return {
      peerJoined: (id, name, identity) => {
        this.#send({ type: "peerJoined", peer: describePeer({ id, name, identity }) });
      },
      peerLeft: (peerId) => this.#send({ type: "peerLeft", peerId }),
      trackPublished: (peerId, track, isMuted) => {
        this.#send({ type: "trackPublished", peerId, track: describeTrack(track, isMuted) });
      },
      trackUnpublished: (peerId, trackId) => this.#send({ type: "trackUnpublished", peerId, trackId }),
      trackMuted: ({ id: trackId, peerId }, muted, mid) => {
        this.#send({ type: "trackMuted", peerId, trackId, muted, ...(mid !== undefined && { mid }) });
      },
      messageSent: (message) => this.#send({ type: "message", message }),
      isHeard: () => !this.#detached,
      speakersChanged: (speakers) => this.#sendSpeakers(speakers),
      transportConnected: () => {
        if (this.#state.name === "joined") this.#options.observer.connected(this.#state.participant);
      },
      bitrateExceeded: (maxBitrateIn) => this.#sendError("bitrate-exceeded", bitrateWords(maxBitrateIn)),
      qualityChanged: (report) => this.#send({ type: "quality", ...report }),
      slotsChanged: (slots) => this.#send({ type: "slots", slots }),
      timeWanted: () => {
        if (this.#state.name === "joined") this.#options.observer.timeWanted(this.#state.participant);
      },
      layersWanted: (trackId, mid, active) => this.#send({ type: "layers", trackId, mid, active }),
      failed: (detail) => {
        if (this.#state.name === "joined") this.#options.observer.failed(this.#state.participant, detail);
        this.fail();
      },
      mediaLost: (detail) => this.#handleMediaLoss(detail),
      superseded: () => this.#close("superseded"),
      left: (reason, detail) => this.#left(reason, detail),
    };
  }

  /** The WebSocket closes, for all that is under way on it is void; until the peer is resumed it is this session's still. */
  #handleMediaLoss(detail: string): void {
    if (this.#state.name !== "joined") return;
    this.#options.observer.mediaLost(this.#state.participant, detail);
    if (!this.#detached) this.#options.connection.close(CLOSE_CODES["media-lost"], "media-lost");
    this.#detached = true;
  }

  #left(reason: LeaveReason, detail: string): void {
    const state = this.#state;
    if (state.name !== "joined") return;
    this.#options.resumption.forget(state.participant);
    const words = lastWords(reason, detail);
    if (words !== undefined) this.#send(words);
    this.#close(reason);
    this.#options.observer.left(state.participant, reason, detail);
  }

  #refuseFlood(): void {
    this.#sendError("too-many", `more than ${MESSAGES_PER_SECOND} messages a second`);
    if (this.#state.name === "joined") this.#state.participant.leave("refused", "too many messages");
    else this.#giveUp("refused");
  }

  /** Before there is a peer that would leave. */
  #giveUp(reason: LeaveReason): void {
    this.#options.trace?.ended(outcomeOf(reason), reason);
    this.#close(reason);
  }

  #close(reason: CloseReason): void {
    this.#state = { name: "closed" };
    if (!this.#detached) this.#options.connection.close(CLOSE_CODES[reason], reason);
  }

  /** Something that the client asked for is refused. */
  #sendError(code: ErrorCode, message: string, about?: ErrorSubject): void {
    this.#options.observer.refused(code, message);
    this.#tellError(code, message, about);
  }

  #tellError(code: ErrorCode, message: string, { replyTo, trackId, mid }: ErrorSubject = {}): void {
    this.#send({
      type: "error",
      code,
      message,
      ...(replyTo !== undefined && { replyTo }),
      ...(trackId !== undefined && { trackId }),
      ...(mid !== undefined && { mid }),
    });
  }

  #send(message: ServerMessage): void {
    if (!this.#detached) this.#options.connection.send(JSON.stringify(message));
  }
}

/** Undefined for a fault. */
function refusalOf(error: unknown): "no-capacity" | "duplicate-identity" | undefined {
  if (error instanceof NoCapacityError) return "no-capacity";
  return error instanceof DuplicateIdentityError ? "duplicate-identity" : undefined;
}

const NO_MORE_CANDIDATES: CandidateInit = { candidate: END_OF_CANDIDATES, sdpMLineIndex: 0 };
