import type { Codec, Kind, PublishedTrack, TrackId } from "../sfu/types.ts";
import { isAccepted, type MLine, receives, sends } from "./m_line.ts";
import type { NegotiatedPeer, TrackProblem } from "./negotiated_peer.ts";
import { codecToReceive, sameFormat } from "./rtp_parameters.ts";
import type { SentTrack } from "./sdp_answer.ts";
import type { OfferMedia } from "./sdp_media.ts";
import { assignSlots, type Candidate, type FilledSlot, NO_SWAPS, type SwapPace } from "./slot_assignment.ts";

/** An m-line of an offer. */
interface OfferedLine {
  readonly line: MLine;
  readonly media: OfferMedia;
}

/** Slots that one peer may have: whenever the tracks of the room change each is looked at, and what the peer receives. */
export const MAX_SLOTS = 64;

/** A picture that somebody looks at stays for a while; who is to be heard need not wait so long. */
const PACES: Readonly<Record<Kind, SwapPace>> = {
  audio: { stayMs: 500, intervalMs: 100 },
  video: { stayMs: 2000, intervalMs: 500 },
};

export interface SlotsOptions {
  readonly peer: NegotiatedPeer;
  /** Lower-case MIME types that the room allows. */
  readonly codecs: readonly string[];
  /** The tracks that may fill slots, as `assignSlots` wants them; those that the peer receives otherwise may be among them. */
  readonly candidates: (kind: Kind) => readonly Candidate[];
  /** Whether the k-th audio and the k-th video slot are one person's as a rule, and played in sync. */
  readonly paired: boolean;
}

/** What a client is told of a slot. */
export interface SlotFilling {
  readonly mid: string;
  readonly trackId: TrackId | undefined;
}

/**
 * The receiving m-lines of a client that the server fills: answered at once, and given one track after the other without
 * another offer (rules P53, P54 and P98). What goes out on one is a single stream under one SSRC.
 */
export class Slots {
  readonly #options: SlotsOptions;
  readonly #slots: Slot[] = [];
  readonly #lastSwapMs: Record<Kind, number> = { audio: -Infinity, video: -Infinity };

  constructor(options: SlotsOptions) {
    this.#options = options;
  }

  get isEmpty(): boolean {
    return this.#slots.length === 0;
  }

  /** In the order in which they were opened. */
  get fillings(): readonly SlotFilling[] {
    return this.#slots.map(({ line, track }) => ({ mid: line.mid, trackId: track?.id }));
  }

  /** Opens and closes slots, so that each m-line whose client wants one has it. What they hold is for `fill` to say. */
  settle(lines: readonly OfferedLine[], problems: TrackProblem[]): void {
    const present = new Map(lines.filter(isSlot).map(({ line, media }) => [line, media]));
    for (const slot of [...this.#slots]) {
      const media = present.get(slot.line);
      const codecs = media && this.#commonCodecs(media);
      if (media === undefined || codecs === undefined || codecs.length === 0) this.#close(slot);
      else slot.media = { ...media, codecs };
    }
    for (const [line, media] of present) if (line.slot === undefined) this.#open(line, media, problems);
  }

  /**
   * Gives each slot its track. Where the time is known tracks may take each other's places; returns when the next one
   * that waits for its turn may have it.
   */
  fill(nowMs = NO_SWAPS): number {
    return Math.min(this.#fill("audio", nowMs), this.#fill("video", nowMs));
  }

  #fill(kind: Kind, nowMs: number): number {
    const slots = this.#slots.filter(({ media }) => media.kind === kind);
    if (slots.length === 0 || (nowMs === NO_SWAPS && slots.every(({ track }) => track !== undefined))) return Infinity;
    const candidates = this.#options.candidates(kind);
    const { tracks, swapped, nextMs } = assignSlots(slots, candidates, PACES[kind], this.#lastSwapMs[kind], nowMs);
    for (const [index, slot] of slots.entries()) {
      if (slot.track !== undefined && tracks[index] === undefined) slot.empty();
    }
    for (const [index, slot] of slots.entries()) {
      const track = tracks[index];
      if (track === undefined || track.id === slot.track?.id) continue;
      slot.give(track);
      slot.swappedMs = swapped.includes(index) ? nowMs : -Infinity;
    }
    if (swapped.length > 0) this.#lastSwapMs[kind] = nowMs;
    return nextMs;
  }

  #open(line: MLine, media: OfferMedia & { readonly kind: Kind }, problems: TrackProblem[]): void {
    const { peer, codecs, paired } = this.#options;
    const common = this.#commonCodecs(media);
    if (line.received !== undefined) {
      // Until now its client said what it receives: it does so no more, be there a slot or not.
      peer.unsubscribe(line.mid);
      line.received = undefined;
    }
    const refuse = (code: TrackProblem["code"], message: string) =>
      problems.push({ code, mid: line.mid, trackId: undefined, message: `m-line ${line.mid} ${message}` });
    if (common.length === 0) {
      return void refuse("codec-unsupported", `offers no codec that the room allows (${codecs.join(", ")})`);
    }
    if (this.#slots.length >= MAX_SLOTS) {
      return void refuse("too-many-tracks", `is one slot too many: a peer has ${MAX_SLOTS} at most`);
    }
    const rtx = common.some(({ rtxPayloadType }) => rtxPayloadType !== undefined);
    const { ssrc, rtxSsrc } = peer.openSlot(line.mid, media.kind, common[0].clockRate, rtx);
    const order = this.#slots.filter(({ media: other }) => other.kind === media.kind).length;
    const stream = paired ? `${peer.id}-${order}` : `${peer.id}-slot-${line.mid}`;
    const sending = { ssrc, rtxSsrc, cname: peer.id, msid: { stream, track: `${peer.id}-${line.mid}` } };
    this.#slots.push(new Slot(peer, line, sending, { ...media, codecs: common }));
  }

  #close(slot: Slot): void {
    slot.empty();
    this.#options.peer.closeSlot(slot.line.mid);
    slot.line.slot = undefined;
    this.#slots.splice(this.#slots.indexOf(slot), 1);
  }

  #commonCodecs(media: OfferMedia): readonly Codec[] {
    return media.codecs.filter(({ mimeType }) => this.#options.codecs.includes(mimeType));
  }
}

/** One m-line that the server fills. */
class Slot implements FilledSlot {
  readonly line: MLine;
  swappedMs = -Infinity;
  readonly #peer: NegotiatedPeer;
  readonly #sending: SentTrack;
  #media: OfferMedia;

  /** `media` has the codecs alone that the room allows. */
  constructor(peer: NegotiatedPeer, line: MLine, sending: SentTrack, media: OfferMedia) {
    this.#peer = peer;
    this.#sending = sending;
    this.line = line;
    this.#media = media;
    line.slot = { codecs: media.codecs, sending };
  }

  get media(): OfferMedia {
    return this.#media;
  }

  /** Another offer has the m-line. */
  set media(media: OfferMedia) {
    this.#media = media;
    this.line.slot = { codecs: media.codecs, sending: this.#sending };
    const { received } = this.line;
    if (received === undefined) return;
    const still = media.codecs.some((codec) =>
      codec.payloadType === received.codec.payloadType && sameFormat(codec, received.codec)
    );
    if (!still) this.empty();
  }

  get track(): PublishedTrack | undefined {
    return this.line.received?.track;
  }

  accepts(track: PublishedTrack): boolean {
    return codecToReceive(this.#media.codecs, track.codec) !== undefined;
  }

  give(track: PublishedTrack): void {
    const { line } = this;
    const codec = codecToReceive(this.#media.codecs, track.codec);
    if (codec === undefined) return;
    const headerExtensions = line.extensionsFor(codec, this.#media);
    const consumer = this.#peer.subscribe(track.id, { mid: line.mid, codec, headerExtensions });
    if (consumer === undefined) return this.empty();
    line.received = { track, ssrc: consumer.ssrc, rtxSsrc: consumer.rtxSsrc, codec };
  }

  empty(): void {
    if (this.line.received === undefined) return;
    this.#peer.unsubscribe(this.line.mid);
    this.line.received = undefined;
  }
}

/** A client has it filled that wants it filled and sends nothing on it. */
function isSlot(offered: OfferedLine): offered is OfferedLine & { readonly media: { readonly kind: Kind } } {
  const { line, media } = offered;
  return line.wanted === "slot" && isAccepted(media) && receives(media) && !sends(media);
}
