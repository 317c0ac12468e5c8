import type { OpenPeerMedia } from "../media/messages.ts";
import { NoCapacityError } from "../media/no_capacity_error.ts";
import type { QualityReport } from "../sfu/quality.ts";
import type { RandomSource } from "../sfu/random.ts";
import type { PublishedTrack } from "../sfu/types.ts";
import type { DtlsFactory } from "../webrtc/dtls.ts";
import type { HandshakeLimit } from "../webrtc/handshake_limit.ts";
import type { Direction, OfferMedia } from "../webrtc/sdp_media.ts";
import { isAccepted } from "../webrtc/m_line.ts";
import { MAX_PUBLISHED_TRACKS, type OfferResult } from "../webrtc/negotiation.ts";
import { parseSdpFragment, writeSdpFragment } from "../webrtc/sdp_fragment.ts";
import { type Offer, parseOffer } from "../webrtc/sdp_offer.ts";
import { SourceRule } from "../webrtc/source_rule.ts";
import type { Admission, JoinRefusal } from "./admission.ts";
import { type DuplicateIdentity, DuplicateIdentityError, replacedBy } from "./duplicate_identity.ts";
import { type Grants, mayPublish } from "./grants.ts";
import type { JoinTrace } from "./join_trace.ts";
import { bitrateWords } from "./limit_words.ts";
import type { PeerLimits } from "./limits.ts";
import { type LeaveReason, Participant } from "./participant.ts";
import type { ParticipantObserver } from "./participant_observer.ts";
import type { Rooms } from "./room.ts";

/** What the peer of an HTTP session does: publish (WHIP, RFC 9725) or subscribe (WHEP, draft-ietf-wish-whep). */
export type HttpRole = "whip" | "whep";

/** Why a request was refused. */
export type HttpRefusalCode =
  | "bad-sdp"
  | "bad-fragment"
  | "wrong-direction"
  | "codec-unsupported"
  | "too-many-tracks"
  | "etag-required"
  | "etag-mismatch"
  | "server-closing"
  | "no-capacity"
  | JoinRefusal["code"]
  | "forbidden"
  | "duplicate-identity"
  | "wrong-generation";

export interface HttpRefusal {
  readonly ok: false;
  readonly code: HttpRefusalCode;
  readonly message: string;
  /** When the same will be allowed, where that is known. */
  readonly retryAfterSeconds?: number | undefined;
}

export type HttpOpenResult =
  | { readonly ok: true; readonly session: HttpSession; readonly answer: string }
  | HttpRefusal;

/** What a PATCH comes to: candidates taken, or ICE restarted with the fragment to answer. */
export type HttpPatchResult =
  | { readonly ok: true; readonly restarted: false }
  | { readonly ok: true; readonly restarted: true; readonly fragment: string; readonly etag: string }
  | HttpRefusal;

export interface HttpSessionOptions {
  readonly role: HttpRole;
  /** The client's IP address in text form. */
  readonly address: string;
  readonly admission: Admission;
  readonly limits: PeerLimits;
  readonly nowMs: number;
  readonly rooms: Rooms;
  readonly roomId: string;
  readonly name: string | undefined;
  /** WHEP: takes tracks of this publisher alone, by its peer id or its name; undefined for anyone's. */
  readonly publisher: string | undefined;
  readonly openMedia: OpenPeerMedia;
  readonly dtls: DtlsFactory;
  readonly handshakes: HandshakeLimit;
  readonly random: RandomSource;
  /** Lower-case MIME types that rooms allow. */
  readonly codecs: readonly string[];
  /** What the client's token allows; undefined where no tokens are asked for. */
  readonly grants?: Grants | undefined;
  readonly duplicateIdentity?: DuplicateIdentity | undefined;
  readonly trace?: JoinTrace | undefined;
  readonly observer: HttpSessionObserver;
}

/** What the I/O side learns of a session: to log it, and to give its participant its time. */
export interface HttpSessionObserver {
  joined(session: HttpSession): void;
  left(session: HttpSession, reason: LeaveReason, detail: string): void;
  connected(session: HttpSession): void;
  /** The server failed on this peer's media, which ends it. */
  failed(session: HttpSession, detail: string): void;
  /** The peer sends more than it may: packets are dropped. */
  refused(session: HttpSession, code: HttpNotice["code"]): void;
}

/** What a client without a WebSocket is not told when it happens. */
export interface HttpNotice {
  readonly code: "bitrate-exceeded";
  /** Of the last time, in words. */
  readonly detail: string;
  /** How often so far: it goes up as long as it goes on. */
  readonly count: number;
}

/** What a client may ask for (rule P103). */
export interface HttpSessionStatus {
  readonly connected: boolean;
  readonly notices: readonly HttpNotice[];
  /** What a player gets, and why, as it was told last; left out before the first time, and of encoders. */
  readonly quality?: QualityReport;
}

/** 192 bits: whoever knows the id may end the session (RFC 9725 section 5). */
const ID_LENGTH = 32;

/** One peer whose signaling is a few HTTP requests: docs/protocol.md, rules P50 to P60. Bad input is refused, never thrown. */
export class HttpSession {
  /** Names the session in its URL; not to be guessed. */
  readonly id: string;
  readonly role: HttpRole;
  readonly participant: Participant;
  /** Of the m-line that carries the candidates: the first of the BUNDLE group that is not rejected, as in the answer. */
  readonly #mid: string;
  readonly #observer: HttpSessionObserver;
  readonly #notices = new Map<HttpNotice["code"], HttpNotice>();
  #quality: QualityReport | undefined;

  private constructor(options: HttpSessionOptions, offer: Offer) {
    this.id = options.random.text(ID_LENGTH).replaceAll("+", "-").replaceAll("/", "_");
    this.role = options.role;
    const accepted = offer.media.filter(isAccepted).map(({ mid }) => mid);
    this.#mid = offer.bundle.find((mid) => accepted.includes(mid)) ?? accepted[0];
    this.#observer = options.observer;
    this.participant = new Participant({
      ...options,
      protocol: options.role,
      observer: this.#participantObserver(),
      tellsQuality: options.role === "whep" ? "whole" : undefined,
      fill: options.role === "whep" ? (track) => this.#isWanted(track, options.publisher) : undefined,
    });
  }

  /** Makes the session that an SDP offer asks for; nothing is left of one that is refused. */
  static open(options: HttpSessionOptions, sdp: string): HttpOpenResult {
    // Before the offer is looked at, which costs more.
    const { roomId, address, nowMs, grants, duplicateIdentity } = options;
    const notAdmitted = options.admission.refuse(roomId, address, nowMs, replacedBy(grants, duplicateIdentity));
    if (notAdmitted !== undefined) return { ok: false, ...notAdmitted };
    const parsed = parseOffer(sdp);
    if (!parsed.ok) return refused("bad-sdp", parsed.message);
    const problem = directionProblem(parsed.offer, options.role);
    if (problem !== undefined) return refused("wrong-direction", problem);
    const ungranted = options.grants && findUngranted(parsed.offer, options.role, options.grants);
    if (ungranted !== undefined) return refused("forbidden", ungranted);
    const refusal = findUnanswerable(parsed.offer, options.role, options);
    if (refusal !== undefined) return refusal;
    try {
      return new HttpSession(options, parsed.offer).#answer(oneWay(parsed.offer, options.role), options.trace);
    } catch (error) {
      if (error instanceof NoCapacityError) return refused("no-capacity", error.message);
      if (error instanceof DuplicateIdentityError) return refused("duplicate-identity", error.message);
      throw error;
    }
  }

  /** Names the ICE generation (RFC 9725 section 4.3.1): a strong entity-tag. */
  get etag(): string {
    return `"${this.participant.connection.localUfrag}"`;
  }

  get status(): HttpSessionStatus {
    const { participant: { connection: { connected } } } = this;
    const notices = [...this.#notices.values()];
    return { connected, notices, ...(this.#quality !== undefined && { quality: this.#quality }) };
  }

  /** Takes a trickle-ice-sdpfrag; `ifMatch` is the field of the request, undefined where it has none. */
  patch(text: string, ifMatch: string | undefined): HttpPatchResult {
    if (ifMatch === undefined) return refused("etag-required", "the request has no If-Match");
    const wildcard = ifMatch.trim() === "*";
    if (!wildcard && !ifMatch.split(",").some((tag) => tag.trim() === this.etag)) {
      return refused("etag-mismatch", `If-Match names another ICE generation than ${this.etag}`);
    }
    const parsed = parseSdpFragment(text);
    if (!parsed.ok) return refused("bad-fragment", parsed.message);
    const { credentials } = parsed.fragment;
    if (credentials === undefined) return { ok: true, restarted: false };
    const { connection } = this.participant;
    const isPresent = credentials.ufrag === connection.remoteUfrag;
    // Some clients trickle with If-Match: * as well: only other credentials restart, and those that come once more because
    // the answer was lost.
    if (isPresent && !(wildcard && connection.restarting)) return { ok: true, restarted: false };
    if (!wildcard) return refused("wrong-generation", "the ice-ufrag is new: a restart needs If-Match: *");
    const local = connection.restartIce(credentials.ufrag, credentials.password);
    return { ok: true, restarted: true, fragment: writeSdpFragment(local, this.#mid), etag: this.etag };
  }

  leave(): void {
    this.participant.leave("leave");
  }

  /** Something here went wrong that should not: this peer goes, nobody else. */
  fail(): void {
    this.participant.leave("fault");
  }

  /** All of an offer or none: a client that nobody tells would wait for what does not come (RFC 9725 section 4.4.3). */
  #answer(offer: Offer, trace: JoinTrace | undefined): HttpOpenResult {
    this.#observer.joined(this);
    const result = this.#tryAnswer(offer);
    const problem = result.ok ? result.problems.at(0) : result;
    if (result.ok && problem === undefined) return { ok: true, session: this, answer: result.answer };
    const refusal = refused(problem?.code ?? "bad-sdp", problem?.message ?? "");
    trace?.ended("refused", refusal.code);
    this.participant.leave("refused", refusal.message);
    return refusal;
  }

  /** A fault of the server leaves no peer behind that nobody could end. */
  #tryAnswer(offer: Offer): OfferResult {
    try {
      return this.participant.answer(offer, []);
    } catch (error) {
      this.fail();
      throw error;
    }
  }

  #isWanted(track: PublishedTrack, publisher: string | undefined): boolean {
    if (publisher === undefined || track.peerId === publisher) return true;
    return this.participant.room.peers.get(track.peerId)?.name === publisher;
  }

  /** No message reaches the client: it is kept until it asks. */
  #notice(code: HttpNotice["code"], detail: string): void {
    this.#notices.set(code, { code, detail, count: (this.#notices.get(code)?.count ?? 0) + 1 });
    this.#observer.refused(this, code);
  }

  #handleFailure(detail: string): void {
    this.#observer.failed(this, detail);
    this.fail();
  }

  #participantObserver(): ParticipantObserver {
    const ignored = () => {};
    return {
      peerJoined: ignored,
      peerLeft: ignored,
      trackPublished: ignored,
      trackUnpublished: ignored,
      trackMuted: ignored,
      // Nobody asks for what comes by no request.
      messageSent: ignored,
      isHeard: () => false,
      speakersChanged: ignored,
      transportConnected: () => this.#observer.connected(this),
      bitrateExceeded: (maxBitrateIn) => this.#notice("bitrate-exceeded", bitrateWords(maxBitrateIn)),
      qualityChanged: (report) => {
        this.#quality = report;
      },
      slotsChanged: ignored,
      // Nothing is more relevant to it than what it has: no track ever waits for its turn.
      timeWanted: ignored,
      // No message reaches an encoder.
      layersWanted: ignored,
      failed: (detail) => this.#handleFailure(detail),
      // No token resumes it: its client begins anew (rule P113).
      mediaLost: (detail) => this.#handleFailure(detail),
      // No token names it: nothing else ever speaks for it.
      superseded: ignored,
      left: (reason, detail) => this.#observer.left(this, reason, detail),
    };
  }
}

/** As the client offers it. */
function directionOf(role: HttpRole): Direction {
  return role === "whip" ? "sendonly" : "recvonly";
}

/** WHIP takes what sends, WHEP what receives: an m-line that does neither is told, not answered in vain. */
function directionProblem(offer: Offer, role: HttpRole): string | undefined {
  const media = offer.media.filter(isAccepted);
  if (media.length === 0) return "the offer has neither audio nor video";
  const right = directionOf(role);
  const wrong = media.find(({ direction }) => direction !== right && direction !== "sendrecv");
  return wrong && `m-line ${wrong.mid} is ${wrong.direction}: ${role.toUpperCase()} takes ${right}`;
}

/** What the token does not allow, told before anyone in the room hears of the peer. */
function findUngranted(offer: Offer, role: HttpRole, grants: Grants): string | undefined {
  if (role === "whep") return grants.subscribe ? undefined : "the token does not allow to receive";
  const rule = new SourceRule();
  const sources = offer.media.filter(isAccepted).map(({ kind, msid }) => rule.sourceOf(kind, msid, undefined));
  const ungranted = sources.find((source) => !mayPublish(grants, source));
  return ungranted && `the token does not allow to publish ${ungranted}`;
}

/** What can be told before anyone in the room hears of the peer: too many m-lines, or one without an allowed codec. */
function findUnanswerable(
  offer: Offer,
  role: HttpRole,
  { codecs, limits }: Pick<HttpSessionOptions, "codecs" | "limits">,
): HttpRefusal | undefined {
  const media = offer.media.filter(isAccepted);
  const allowed = role === "whip" ? Math.min(limits.maxTracks, MAX_PUBLISHED_TRACKS) : MAX_PUBLISHED_TRACKS;
  if (media.length > allowed) {
    return refused("too-many-tracks", `the offer has ${media.length} m-lines: ${allowed} are allowed`);
  }
  const strange = media.find((line) => !line.codecs.some(({ mimeType }) => codecs.includes(mimeType)));
  if (strange === undefined) return undefined;
  const message = `m-line ${strange.mid} offers no codec that the room allows (${codecs.join(", ")})`;
  return refused("codec-unsupported", message);
}

/** The offer with `sendrecv` narrowed to the one direction that the role has. */
function oneWay(offer: Offer, role: HttpRole): Offer {
  const direction = directionOf(role);
  const media: OfferMedia[] = offer.media.map((line) => ({ ...line, direction }));
  return { ...offer, media };
}

function refused(code: HttpRefusalCode, message: string): HttpRefusal {
  return { ok: false, code, message };
}
