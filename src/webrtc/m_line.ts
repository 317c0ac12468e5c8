import type { Codec, HeaderExtension, Kind, PublishedTrack, Source, TrackId } from "../sfu/types.ts";
import {
  extensionsOf,
  negotiateFeedback,
  negotiateHeaderExtensions,
  sameFormat,
  withoutRed,
} from "./rtp_parameters.ts";
import type { AnswerMedia, SentTrack } from "./sdp_answer.ts";
import type { Direction, OfferMedia } from "./sdp_media.ts";
import { encodingsIn, type OfferedEncoding } from "./sdp_simulcast.ts";
import type { ReceivingLine } from "./track_choice.ts";

/** The track that the client publishes on an m-line. */
export interface PublishedHere {
  readonly id: TrackId;
  /** The track of the msid that it began with. */
  readonly msidTrack: string | undefined;
  readonly codec: Codec;
  /** Of its encodings, in the order of the offer; left out where they have none. */
  readonly rids?: readonly string[];
}

/** The track that the client receives on an m-line. */
export interface ReceivedHere {
  readonly track: PublishedTrack;
  readonly ssrc: number;
  readonly rtxSsrc: number | undefined;
  readonly codec: Codec;
}

/** A stream that the server fills with one track after the other. */
export interface SlotHere {
  /** All that a track may come in, as the last offer has them. */
  readonly codecs: readonly Codec[];
  readonly sending: SentTrack;
}

/** What is negotiated on one m-line, from offer to offer. */
export class MLine {
  readonly mid: string;
  readonly kind: OfferMedia["kind"];
  /** Stopped by the client or rejected by the server: another m-line may take its place (RFC 9429 section 5.2.2). */
  stopped = false;
  published: PublishedHere | undefined;
  received: ReceivedHere | undefined;
  /** Where the server fills the m-line. */
  slot: SlotHere | undefined;
  /** What the client named; it holds until the client names something else or stops receiving. */
  wanted: ReceivingLine["wanted"];
  #headerExtensions: readonly HeaderExtension[] = [];
  /** The one that was answered first of all last time. */
  #codec: Codec | undefined;

  constructor(mid: string, kind: OfferMedia["kind"]) {
    this.mid = mid;
    this.kind = kind;
  }

  get inUse(): boolean {
    return this.published !== undefined || this.received !== undefined;
  }

  /** The header extensions of the m-line; while it is in use an id stays what it is (RFC 8285 section 5). */
  #settleHeaderExtensions(media: OfferMedia): readonly HeaderExtension[] {
    if (!this.inUse) this.#headerExtensions = negotiateHeaderExtensions(media);
    return this.#headerExtensions;
  }

  /** The header extensions for a track in `codec` that begins on the m-line. */
  extensionsFor(codec: Codec, media: OfferMedia): readonly HeaderExtension[] {
    return extensionsOf(codec, this.#settleHeaderExtensions(media), media.rtcpFeedback);
  }

  /** Whether the published track goes on: the m-line still sends the same track in the same codec (rule P27). */
  keepsPublished(media: OfferMedia): boolean {
    return this.published !== undefined && sends(media) && this.published.msidTrack === media.msid?.track &&
      offeredCodec(media, this.published.codec) !== undefined &&
      this.#encodingsOf(this.published, media).map(({ rid }) => rid).join() === (this.published.rids ?? []).join();
  }

  /** Whether the received track goes on, `chosen` being the one that the m-line should receive now. */
  keepsReceived(media: OfferMedia, chosen: PublishedTrack | undefined): boolean {
    return this.received !== undefined && this.received.track.id === chosen?.id &&
      offeredCodec(media, this.received.codec) !== undefined;
  }

  answer(media: OfferMedia): AnswerMedia {
    const { mid, type, protocol, format } = media;
    if (!isAccepted(media)) return { rejected: true, mid, type, protocol, format };
    const codecs = this.#answeredCodecs(media);
    this.#codec = codecs.at(0);
    const sending = this.#sending;
    const onlySends = sending !== undefined && this.published === undefined;
    // An inactive m-line has them too: Chromium never again offers those that an answer left out.
    const extensions = this.#settleHeaderExtensions(media).filter((one) => offersExtension(media, one));
    const feedback = (codec: Codec) => negotiateFeedback(codec, media.rtcpFeedback, extensions, onlySends);
    return {
      rejected: false,
      mid,
      kind: media.kind,
      direction: direction(sending !== undefined, this.published !== undefined),
      format,
      codecs: codecs.map((codec) => ({ codec, feedback: feedback(codec) })),
      headerExtensions: extensions,
      encodings: this.published === undefined ? [] : this.#encodingsOf(this.published, media),
      rtcpRsize: media.rtcpRsize,
      sending,
    };
  }

  /** Those of an offer that the published track can have, with the header extensions that were settled. */
  #encodingsOf({ codec }: PublishedHere, media: OfferMedia): readonly OfferedEncoding[] {
    return encodingsIn(codec, { ...media, headerExtensions: this.#headerExtensions });
  }

  get #sending(): SentTrack | undefined {
    return this.slot?.sending ?? (this.received && sentTrack(this.received));
  }

  /**
   * The codecs in use. An m-line that is not in use must name one as well: the one that was in use before, so that the
   * browser changes nothing, or the first.
   */
  #answeredCodecs(media: OfferMedia): readonly Codec[] {
    if (this.slot !== undefined) return this.slot.codecs;
    const used = [this.published?.codec, this.received?.codec].filter((codec) => codec !== undefined);
    const wanted = used.length > 0 || this.#codec === undefined ? used : [this.#codec];
    const offered = wanted.flatMap((codec) => answeredCodec(media, codec) ?? []);
    return offered.length > 0 ? [...new Set(offered)] : media.codecs.slice(0, 1);
  }
}

/** An m-line that the server does not reject (rule P26). */
export function isAccepted(media: OfferMedia): media is OfferMedia & { readonly kind: Kind } {
  return !media.stopped && media.kind !== "other";
}

export function sends(media: OfferMedia): boolean {
  return isAccepted(media) && (media.direction === "sendonly" || media.direction === "sendrecv");
}

export function receives(media: OfferMedia): boolean {
  return isAccepted(media) && (media.direction === "recvonly" || media.direction === "sendrecv");
}

/** A codec as this offer has it, its payload type being what it was (RFC 3264 section 8.3.2). */
function offeredCodec(media: OfferMedia, codec: Codec): Codec | undefined {
  return media.codecs.find((offered) => offered.payloadType === codec.payloadType && sameFormat(offered, codec));
}

/** With RED (RFC 2198) only where it was settled. */
function answeredCodec(media: OfferMedia, settled: Codec): Codec | undefined {
  const offered = offeredCodec(media, settled);
  return offered !== undefined && settled.redPayloadType === undefined ? withoutRed(offered) : offered;
}

function offersExtension(media: OfferMedia, extension: HeaderExtension): boolean {
  return media.headerExtensions.some(({ id, uri }) => id === extension.id && uri === extension.uri);
}

/** As the server sees it. */
function direction(sending: boolean, receiving: boolean): Direction {
  if (sending) return receiving ? "sendrecv" : "sendonly";
  return receiving ? "recvonly" : "inactive";
}

/** Rule P31. */
function sentTrack({ track, ssrc, rtxSsrc }: ReceivedHere): SentTrack {
  const stream = isScreen(track.source) ? `${track.peerId}-screen` : track.peerId;
  return { ssrc, rtxSsrc, cname: track.peerId, msid: { stream, track: track.id } };
}

export function isScreen(source: Source): boolean {
  return source === "screen" || source === "screenAudio";
}
