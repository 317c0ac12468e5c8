import type { Kind, PublishedTrack, Source, TrackId } from "../sfu/types.ts";
import { bitrateShares } from "./bitrate_shares.ts";
import { isAccepted, MLine, receives, sends } from "./m_line.ts";
import type { NegotiatedPeer, TrackProblem } from "./negotiated_peer.ts";
import { codecToPublish, codecToReceive } from "./rtp_parameters.ts";
import { type AnswerMedia, writeAnswer } from "./sdp_answer.ts";
import type { OfferMedia } from "./sdp_media.ts";
import { type Offer, parseOffer } from "./sdp_offer.ts";
import { encodingParameters } from "./sdp_simulcast.ts";
import type { Candidate } from "./slot_assignment.ts";
import { type SlotFilling, Slots } from "./slots.ts";
import { SourceRule } from "./source_rule.ts";
import { chooseTracks } from "./track_choice.ts";
import type { LocalParameters, RemoteParameters } from "./transport_parameters.ts";

export type { LocalParameters, RemoteParameters };

/** The peer's transport, as far as SDP describes it. */
export interface LocalTransport {
  /** Takes the client's side; undefined, with nothing changed, where it cannot: another fingerprint than before. */
  accept(remote: RemoteParameters): LocalParameters | undefined;
}

/** What a client says of one m-line: the track to receive, a slot for the server to fill, or the source it publishes. */
export type TrackRequest =
  | { readonly mid: string; readonly trackId: TrackId }
  | { readonly mid: string; readonly slot: true }
  | { readonly mid: string; readonly source: Source };

export type OfferResult =
  | {
    readonly ok: true;
    readonly answer: string;
    /** The answer begins an ICE generation. */
    readonly restarted: boolean;
    readonly problems: readonly TrackProblem[];
  }
  | { readonly ok: false; readonly code: "bad-sdp"; readonly message: string };

/** What the peer may do with its m-lines. */
export interface Permissions {
  publish(source: Source): boolean;
  readonly receive: boolean;
}

export interface NegotiationOptions {
  readonly peer: NegotiatedPeer;
  readonly transport: LocalTransport;
  /** Lower-case MIME types that the room allows. */
  readonly codecs: readonly string[];
  /** Which tracks the server fills all receiving m-lines with; undefined where the client says what each is for. */
  readonly fill?: ((track: PublishedTrack) => boolean) | undefined;
  /** The tracks of the others for slots, the most relevant first. Default: none is more relevant than those before it. */
  readonly candidates?: ((kind: Kind) => readonly Candidate[]) | undefined;
  /** Tracks that the peer may publish. Default: 32, which is also the most. */
  readonly maxTracks?: number;
  /** Bits per second that the peer may send. Default: any. */
  readonly maxBitrateIn?: number;
  /** Default: all. */
  readonly permissions?: Permissions | undefined;
}

const ALL_PERMISSIONS: Permissions = { publish: () => true, receive: true };

/** Tracks that one peer may publish at most: each is told to everyone in the room. */
export const MAX_PUBLISHED_TRACKS = 32;

/** An m-line of the offer that is being answered, and what is negotiated on it. */
interface OfferedLine {
  readonly line: MLine;
  readonly media: OfferMedia;
}

/**
 * Answers the offers of one peer, and has the peer publish and receive what they say. Rules P20 to P31 and P41 of
 * docs/protocol.md. An offer that is refused changes nothing: all that can fail comes before the first change.
 */
export class Negotiation {
  readonly #peer: NegotiatedPeer;
  readonly #transport: LocalTransport;
  readonly #codecs: readonly string[];
  readonly #maxTracks: number;
  readonly #maxBitrateIn: number;
  readonly #permissions: Permissions;
  readonly #sources = new SourceRule();
  /** By the index of the m-line. */
  #lines: readonly MLine[] = [];
  readonly #slots: Slots;
  /** Whether every m-line that receives is a slot. */
  readonly #fillsAll: boolean;
  #answers = 0;

  constructor(options: NegotiationOptions) {
    const { peer, codecs, fill, maxTracks = MAX_PUBLISHED_TRACKS, maxBitrateIn = Infinity } = options;
    const candidates = options.candidates ?? ((kind) => oldestFirst(peer.tracks(), kind, fill));
    this.#fillsAll = fill !== undefined;
    this.#slots = new Slots({
      peer,
      codecs,
      paired: this.#fillsAll,
      candidates: (kind) => {
        const askedFor = this.#askedFor();
        return candidates(kind).filter(({ track }) => !askedFor.has(track.id));
      },
    });
    this.#peer = options.peer;
    this.#transport = options.transport;
    this.#codecs = options.codecs;
    this.#maxBitrateIn = maxBitrateIn;
    this.#maxTracks = Math.min(maxTracks, MAX_PUBLISHED_TRACKS);
    this.#permissions = options.permissions ?? ALL_PERMISSIONS;
  }

  handleOffer(sdp: string, requests: readonly TrackRequest[]): OfferResult {
    const parsed = parseOffer(sdp);
    return parsed.ok ? this.answer(parsed.offer, requests) : refused(parsed.message);
  }

  /** As `handleOffer`, of one that is parsed. */
  answer(offer: Offer, requests: readonly TrackRequest[]): OfferResult {
    const conflict = findConflict(this.#lines, offer.media);
    if (conflict !== undefined) return refused(conflict);
    const local = offer.remote && this.#transport.accept(offer.remote);
    if (offer.remote !== undefined && local === undefined) {
      return refused("the offer has another fingerprint than before");
    }

    const lines = this.#alignLines(offer.media);
    const problems: TrackProblem[] = [];
    this.#negotiatePublished(lines, requests, problems);
    if (!this.#permissions.receive) refuseReceived(lines, requests, problems);
    else this.#negotiateReceived(lines, requests, problems);
    const answer = this.#writeAnswer(offer, lines, local);
    return { ok: true, answer, restarted: local?.restarted ?? false, problems };
  }

  /** A track that this peer received is over, and the peer receives it no more. */
  trackEnded(trackId: TrackId): void {
    for (const line of this.#lines) if (line.received?.track.id === trackId) line.received = undefined;
    this.#slots.fill();
  }

  /** Someone publishes another track. */
  trackPublished(): void {
    this.#slots.fill();
  }

  /** Whether the client has slots. */
  get hasSlots(): boolean {
    return !this.#slots.isEmpty;
  }

  /** What each slot holds. */
  get slots(): readonly SlotFilling[] {
    return this.#slots.fillings;
  }

  /** Lets tracks take each other's places in slots; returns when the next one that waits may (see Slots). */
  fillSlots(nowMs: number): number {
    return this.#slots.fill(nowMs);
  }

  /** Forgets all; what the peer publishes and receives is the peer's to end. */
  close(): void {
    this.#lines = [];
  }

  /** Gives each m-line of the offer its state. An m-line whose place was taken by another one is over. */
  #alignLines(media: readonly OfferMedia[]): OfferedLine[] {
    const before = this.#lines;
    const lines = media.map((media, index) => {
      const known = before.at(index);
      return { line: known?.mid === media.mid ? known : new MLine(media.mid, media.kind), media };
    });
    this.#lines = lines.map(({ line }) => line);
    for (const { line, media } of lines) line.stopped = !isAccepted(media);
    return lines;
  }

  #negotiatePublished(
    lines: readonly OfferedLine[],
    requests: readonly TrackRequest[],
    problems: TrackProblem[],
  ): void {
    const sources = new Map<string, Source>();
    for (const request of requests) if ("source" in request) sources.set(request.mid, request.source);
    for (const { line, media } of lines) {
      if (line.published === undefined || line.keepsPublished(media)) continue;
      this.#peer.unpublish(line.mid);
      line.published = undefined;
    }
    for (const { line, media } of lines) {
      if (line.published === undefined && sends(media)) this.#publish(line, media, sources.get(line.mid), problems);
    }
  }

  #publish(line: MLine, media: OfferMedia, named: Source | undefined, problems: TrackProblem[]): void {
    if (!isAccepted(media)) return;
    const { mid, kind, msid, ssrcs, fidGroups } = media;
    const source = this.#sources.sourceOf(kind, msid, named);
    if (!this.#permissions.publish(source)) {
      const message = `m-line ${mid} publishes ${source}: this peer may not`;
      problems.push({ code: "forbidden", mid, trackId: undefined, message });
      return;
    }
    if (this.#publishedCount() >= this.#maxTracks) {
      const message = `m-line ${mid} is one too many: a peer publishes ${this.#maxTracks} tracks at most`;
      problems.push({ code: "too-many-tracks", mid, trackId: undefined, message });
      return;
    }
    const codec = codecToPublish(media.codecs, this.#codecs);
    if (codec === undefined) {
      const message = `m-line ${mid} offers no codec that the room allows (${this.#codecs.join(", ")})`;
      problems.push({ code: "codec-unsupported", mid, trackId: undefined, message });
      return;
    }
    const headerExtensions = line.extensionsFor(codec, media);
    const encodings = encodingParameters(codec, { ...media, headerExtensions });
    const { id } = this.#peer.publish({
      mid,
      kind,
      source,
      codec,
      headerExtensions,
      ssrcs,
      fidGroups,
      ...(encodings !== undefined && { encodings }),
    });
    const rids = encodings?.flatMap(({ rid }) => rid ?? []) ?? [];
    line.published = { id, msidTrack: msid?.track, codec, rids };
  }

  #publishedCount(): number {
    return this.#lines.reduce((count, line) => line.published === undefined ? count : count + 1, 0);
  }

  #negotiateReceived(lines: readonly OfferedLine[], requests: readonly TrackRequest[], problems: TrackProblem[]): void {
    const wanted = wantedByMid(requests);
    for (const { line, media } of lines) {
      const named = this.#fillsAll ? "slot" : wanted.get(line.mid) ?? line.wanted;
      line.wanted = receives(media) ? named : undefined;
    }
    this.#slots.settle(lines, problems);
    const chosen = this.#chooseTracks(lines);
    for (const { line, media } of lines) {
      if (line.received === undefined || line.keepsReceived(media, chosen.get(line))) continue;
      this.#peer.unsubscribe(line.mid);
      line.received = undefined;
    }
    for (const { line, media } of lines) {
      const track = chosen.get(line);
      if (track !== undefined && line.received === undefined) this.#subscribe(line, media, track, problems);
    }
    this.#slots.fill();
  }

  /** The tracks that the peer receives on m-lines that are no slots. */
  #askedFor(): ReadonlySet<TrackId> {
    const lines = this.#lines.filter(({ slot }) => slot === undefined);
    return new Set(lines.flatMap(({ received }) => received?.track.id ?? []));
  }

  #chooseTracks(lines: readonly OfferedLine[]): ReadonlyMap<MLine, PublishedTrack | undefined> {
    const receiving = lines.flatMap(({ line, media }) => {
      if (!isAccepted(media) || !receives(media)) return [];
      return { line, kind: media.kind, current: line.received?.track.id, wanted: line.wanted };
    });
    const tracks = chooseTracks(receiving, [...this.#peer.tracks()]);
    return new Map(receiving.map(({ line }, index) => [line, tracks[index]]));
  }

  #subscribe(line: MLine, media: OfferMedia, track: PublishedTrack, problems: TrackProblem[]): void {
    const codec = codecToReceive(media.codecs, track.codec);
    if (codec === undefined) {
      const message = `m-line ${line.mid} does not offer ${track.codec.mimeType}, the codec of track ${track.id}`;
      problems.push({ code: "codec-unsupported", mid: line.mid, trackId: track.id, message });
      return;
    }
    const headerExtensions = line.extensionsFor(codec, media);
    const consumer = this.#peer.subscribe(track.id, { mid: line.mid, codec, headerExtensions });
    if (consumer !== undefined) line.received = { track, ssrc: consumer.ssrc, rtxSsrc: consumer.rtxSsrc, codec };
  }

  #writeAnswer(offer: Offer, lines: readonly OfferedLine[], local: LocalParameters | undefined): string {
    const accepted = new Set(lines.filter(({ line }) => !line.stopped).map(({ line }) => line.mid));
    return writeAnswer({
      session: this.#peer.id,
      version: ++this.#answers,
      extmapAllowMixed: offer.extmapAllowMixed,
      bundle: offer.bundle.filter((mid) => accepted.has(mid)),
      local,
      media: this.#answerLines(lines),
    });
  }

  /** Each m-line that publishes is told its share of what the peer may send (rule P83). */
  #answerLines(lines: readonly OfferedLine[]): AnswerMedia[] {
    const kinds = lines.flatMap(({ line, media }) =>
      line.published !== undefined && isAccepted(media) ? media.kind : []
    );
    const shares = bitrateShares(this.#maxBitrateIn, kinds);
    return lines.map(({ line, media }) => {
      const answer = line.answer(media);
      if (answer.rejected || shares === undefined || line.published === undefined) return answer;
      return { ...answer, maxBitrate: shares[answer.kind] };
    });
  }
}

/** Where nothing says which track matters more. */
function oldestFirst(
  tracks: Iterable<PublishedTrack>,
  kind: Kind,
  accepts: (track: PublishedTrack) => boolean = () => true,
): Candidate[] {
  return [...tracks].filter((track) => track.kind === kind && accepts(track))
    .map((track) => ({ track, claim: "whereFree" }));
}

/** An m-line keeps its place, its mid and its kind; only a stopped one gives its place away (RFC 9429 section 5.2.2). */
function findConflict(lines: readonly MLine[], media: readonly OfferMedia[]): string | undefined {
  if (media.length < lines.length) return "m-lines of an earlier offer are missing";
  for (const [index, line] of lines.entries()) {
    const { mid, kind } = media[index];
    if (mid !== line.mid && !line.stopped) return `m-line ${index} was ${line.mid} before, and is ${mid} now`;
    if (mid === line.mid && kind !== line.kind) return `m-line ${mid} was ${line.kind} before, and is ${kind} now`;
  }
  return undefined;
}

/** Nothing is received, and each m-line that asks for something is told so. */
function refuseReceived(
  lines: readonly OfferedLine[],
  requests: readonly TrackRequest[],
  problems: TrackProblem[],
): void {
  const wanted = wantedByMid(requests);
  for (const { line, media } of lines) {
    if (!receives(media)) continue;
    const request = wanted.get(line.mid);
    const trackId = typeof request === "object" ? request.trackId : undefined;
    const message = `m-line ${line.mid} receives: this peer may not`;
    problems.push({ code: "forbidden", mid: line.mid, trackId, message });
  }
}

function wantedByMid(requests: readonly TrackRequest[]): Map<string, MLine["wanted"]> {
  const wanted = new Map<string, MLine["wanted"]>();
  for (const request of requests) {
    if ("trackId" in request) wanted.set(request.mid, { trackId: request.trackId });
    else if ("slot" in request) wanted.set(request.mid, "slot");
  }
  return wanted;
}

function refused(message: string): OfferResult {
  return { ok: false, code: "bad-sdp", message };
}
