import type { PublishedTrack, TrackId } from "../sfu/types.ts";
import { isAccepted, type MLine, receives } from "./m_line.ts";
import type { NegotiatedPeer, TrackProblem } from "./negotiated_peer.ts";
import { codecToReceive } from "./rtp_parameters.ts";
import type { OfferMedia } from "./sdp_media.ts";

/** An m-line of the client that the server fills. */
interface Slot {
  readonly line: MLine;
  readonly media: OfferMedia;
}

export interface SlotsOptions {
  readonly peer: NegotiatedPeer;
  /** Lower-case MIME types that the room allows. */
  readonly codecs: readonly string[];
  /** Whether a track may fill one. */
  readonly accepts: (track: PublishedTrack) => boolean;
}

/**
 * The receiving m-lines of a client that cannot be asked for another offer (WHEP): answered at once, and filled with
 * tracks as they come and go (rules P53 and P54). What goes out on one is a single stream under one SSRC.
 */
export class Slots {
  readonly #options: SlotsOptions;
  readonly #slots: Slot[] = [];

  constructor(options: SlotsOptions) {
    this.#options = options;
  }

  /** Opens a slot on each m-line that receives, and fills those that it can. */
  open(lines: readonly Slot[], problems: TrackProblem[]): void {
    for (const { line, media } of lines) {
      if (line.slot === undefined && isAccepted(media) && receives(media)) this.#open({ line, media }, problems);
    }
    this.fill();
  }

  /** Gives the tracks that nobody takes yet, oldest first, to the first empty slots that can take them. */
  fill(): void {
    const taken = new Set(this.#slots.map(({ line }) => line.received?.track.id));
    for (const track of this.#options.peer.tracks()) {
      if (!taken.has(track.id) && this.#options.accepts(track)) this.#give(track);
    }
  }

  /** A track is over: its slot is empty. */
  trackEnded(trackId: TrackId): void {
    for (const { line } of this.#slots) if (line.received?.track.id === trackId) line.received = undefined;
    this.fill();
  }

  #open(slot: Slot, problems: TrackProblem[]): void {
    const { line, media } = slot;
    const { peer, codecs } = this.#options;
    const common = media.codecs.filter(({ mimeType }) => codecs.includes(mimeType));
    if (!isAccepted(media) || common.length === 0) {
      const message = `m-line ${line.mid} offers no codec that the room allows (${codecs.join(", ")})`;
      problems.push({ code: "codec-unsupported", mid: line.mid, trackId: undefined, message });
      return;
    }
    const rtx = common.some(({ rtxPayloadType }) => rtxPayloadType !== undefined);
    const { ssrc, rtxSsrc } = peer.openSlot(line.mid, media.kind, common[0].clockRate, rtx);
    // The k-th audio and the k-th video are one person's as a rule: played in sync.
    const order = this.#slots.filter(({ media: other }) => other.kind === media.kind).length;
    const msid = { stream: `${peer.id}-${order}`, track: `${peer.id}-${line.mid}` };
    line.slot = { codecs: common, sending: { ssrc, rtxSsrc, cname: peer.id, msid } };
    this.#slots.push({ line, media: { ...media, codecs: common } });
  }

  #give(track: PublishedTrack): void {
    const { peer } = this.#options;
    for (const { line, media } of this.#slots) {
      const codec = line.received === undefined && media.kind === track.kind
        ? codecToReceive(media.codecs, track.codec)
        : undefined;
      if (codec === undefined) continue;
      const headerExtensions = line.settleHeaderExtensions(media);
      const consumer = peer.subscribe(track.id, { mid: line.mid, codec, headerExtensions });
      if (consumer !== undefined) line.received = { track, ssrc: consumer.ssrc, rtxSsrc: consumer.rtxSsrc, codec };
      return;
    }
  }
}
