import {
  AUDIO_LEVEL_URI,
  DEPENDENCY_DESCRIPTOR_URI,
  MID_URI,
  REPAIRED_RID_URI,
  RID_URI,
  TRANSPORT_WIDE_URI,
} from "../sfu/header_extensions.ts";
import type { Codec, HeaderExtension } from "../sfu/types.ts";
import { CONSTRAINED_BASELINE, decodesConstrainedBaseline, h264Profile } from "./h264_profile.ts";
import type { OfferMedia, RtcpFeedback } from "./sdp_media.ts";

/** 3GPP TS 26.114 section 7.4.5: how a phone is held. */
export const VIDEO_ORIENTATION_URI = "urn:3gpp:video-orientation";
/** When a frame was captured, by the publisher's clock. */
export const ABS_CAPTURE_TIME_URI = "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time";
/** Whether a picture is a camera's or a screen's. */
export const VIDEO_CONTENT_TYPE_URI = "http://www.webrtc.org/experiments/rtp-hdrext/video-content-type";
/** The delay that the publisher wants for playing. */
export const PLAYOUT_DELAY_URI = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay";

/**
 * What the server negotiates wherever it is offered: MID is rewritten for each subscriber, the rest passes unchanged under
 * the subscriber's ids.
 */
export const HEADER_EXTENSION_URIS: readonly string[] = [
  MID_URI,
  AUDIO_LEVEL_URI,
  VIDEO_ORIENTATION_URI,
  ABS_CAPTURE_TIME_URI,
  VIDEO_CONTENT_TYPE_URI,
  PLAYOUT_DELAY_URI,
];

/** Requests for packets and key frames: sent to publishers, understood of subscribers (RFC 4585, RFC 5104). */
const VIDEO_FEEDBACK: readonly string[] = ["nack", "nack pli", "ccm fir"];
/** Feedback on transport-wide sequence numbers (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 4). */
const TRANSPORT_WIDE_FEEDBACK = "transport-cc";
/** What a receiver thinks that its way carries (draft-alvestrand-rmcat-remb-03 section 3). */
const REMB_FEEDBACK = "goog-remb";

/**
 * The codec to publish with: the first that the room allows, as the publisher prefers it. `allowed` has lower-case MIME
 * types. Undefined where there is none. Of the formats of H.264 the one that every subscriber decodes is taken, wherever
 * it stands: Safari offers to decode no Baseline, which Chromium offers first.
 */
export function codecToPublish(offered: readonly Codec[], allowed: readonly string[]): Codec | undefined {
  const preferred = offered.find((codec) => allowed.includes(codec.mimeType));
  if (preferred?.mimeType !== "video/h264") {
    return preferred?.prefersRed ? preferred : preferred && withoutRed(preferred);
  }
  return offered.find((codec) => sameEncoding(codec, preferred) && isCommonH264(codec)) ?? preferred;
}

/** As a publisher has it that does not prefer RED: it would double the bits. */
export function withoutRed(codec: Codec): Codec {
  if (codec.redPayloadType === undefined) return codec;
  const { redPayloadType: _red, prefersRed: _prefers, ...plain } = codec;
  return plain;
}

/** What RFC 7742 section 6.2 has every endpoint support. */
function isCommonH264({ fmtp }: Codec): boolean {
  return profileOf(fmtp) === CONSTRAINED_BASELINE && packetizationModeOf(fmtp) === "1";
}

/** The subscriber's codec that takes what `published` carries. Undefined where the subscriber cannot decode it. */
export function codecToReceive(offered: readonly Codec[], published: Codec): Codec | undefined {
  return offered.find((codec) => sameFormat(codec, published)) ??
    offered.find((codec) => includesFormat(codec, published));
}

/**
 * Whether two codecs are one format. The levels of H.264 and AV1 are not compared: browsers name 3.1, whatever they send
 * or can decode, and a stream that goes to many cannot be lowered for one. Nor are the parameters of VP8 (RFC 7741) and
 * audio, which are wishes of the receiver.
 */
export function sameFormat(a: Codec, b: Codec): boolean {
  return sameEncoding(a, b) && variant(a) === variant(b);
}

/**
 * Whether a decoder for `codec` decodes `other` as well. One for an AV1 profile decodes those below it
 * (https://aomediacodec.github.io/av1-rtp-spec/, section 7.2.3), one for most H.264 profiles Constrained Baseline.
 */
function includesFormat(codec: Codec, other: Codec): boolean {
  if (!sameEncoding(codec, other)) return false;
  switch (codec.mimeType) {
    case "video/h264":
      return packetizationModeOf(codec.fmtp) === packetizationModeOf(other.fmtp) &&
        profileOf(other.fmtp) === CONSTRAINED_BASELINE && decodesConstrainedBaseline(profileOf(codec.fmtp));
    case "video/av1":
      return Number(variant(codec)) > Number(variant(other));
    default:
      return false;
  }
}

function sameEncoding(a: Codec, b: Codec): boolean {
  return a.mimeType === b.mimeType && a.clockRate === b.clockRate && a.channels === b.channels;
}

/** What tells apart the formats that go by one name (RFC 6184 section 8.2.2, RFC 9628 section 7, AV1 section 7.2). */
function variant({ mimeType, fmtp }: Codec): string {
  switch (mimeType) {
    case "video/h264":
      return `${profileOf(fmtp)}, mode ${packetizationModeOf(fmtp)}`;
    case "video/vp9":
      return parameter(fmtp, "profile-id") ?? "0";
    case "video/av1":
      return parameter(fmtp, "profile") ?? "0";
    default:
      return "";
  }
}

function profileOf(h264Fmtp: string): string {
  return h264Profile(parameter(h264Fmtp, "profile-level-id"));
}

/** Single NAL unit mode where it is not named (RFC 6184 section 8.1). */
function packetizationModeOf(h264Fmtp: string): string {
  return parameter(h264Fmtp, "packetization-mode") ?? "0";
}

/** A parameter of an `a=fmtp`, as in `name=value;name=value`. */
function parameter(fmtp: string, name: string): string | undefined {
  for (const pair of fmtp.split(";")) {
    const [key, value] = pair.split("=", 2);
    if (key.trim().toLowerCase() === name) return value?.trim();
  }
  return undefined;
}

/**
 * The offered extensions that the server takes, under the ids of the offer. A URI is taken once. RIDs are
 * taken of a publisher that would send simulcast: Chromium offers it again next time, whatever was answered, and refuses
 * an offer of its own that has no RID extension.
 */
export function negotiateHeaderExtensions(media: OfferMedia): HeaderExtension[] {
  const uris = [...HEADER_EXTENSION_URIS];
  if (media.encodings.length > 0) uris.push(RID_URI, REPAIRED_RID_URI);
  if (takesDependencyDescriptor(media)) uris.push(DEPENDENCY_DESCRIPTOR_URI);
  // A number that nobody reports on is of no use, and neither is a report without numbers.
  if (media.codecs.some((codec) => offersTransportWide(codec, media.rtcpFeedback))) uris.push(TRANSPORT_WIDE_URI);
  return uris.flatMap((uri) => media.headerExtensions.find((extension) => extension.uri === uri) ?? []);
}

/** Of a publisher that prefers AV1, which needs it, and not of others, which would send it in vain. */
function takesDependencyDescriptor({ direction, codecs }: OfferMedia): boolean {
  const carried = direction === "recvonly" ? codecs : codecs.slice(0, 1);
  return carried.some(({ mimeType }) => mimeType === "video/av1");
}

/** Of the extensions of an m-line those that go with `codec`: transport-wide numbers where it is reported on them. */
export function extensionsOf(
  codec: Codec,
  extensions: readonly HeaderExtension[],
  offered: RtcpFeedback,
): readonly HeaderExtension[] {
  return offersTransportWide(codec, offered) ? extensions : extensions.filter(({ uri }) => uri !== TRANSPORT_WIDE_URI);
}

/**
 * The offered feedback messages for `codec` that the server takes, `extensions` being those of the m-line. Where it only
 * sends it takes no requests for packets that it could not answer, as it sends again by RTX alone, and REMB where there
 * is no transport-wide feedback.
 */
export function negotiateFeedback(
  codec: Codec,
  offered: RtcpFeedback,
  extensions: readonly HeaderExtension[],
  onlySends: boolean,
): string[] {
  const wide = offersTransportWide(codec, offered) && extensions.some(({ uri }) => uri === TRANSPORT_WIDE_URI);
  const taken = wide ? [TRANSPORT_WIDE_FEEDBACK] : [];
  if (!codec.mimeType.startsWith("video/")) return taken;
  if (!wide && onlySends && offers(offered, codec, REMB_FEEDBACK)) taken.push(REMB_FEEDBACK);
  const unanswered = onlySends && codec.rtxPayloadType === undefined ? "nack" : undefined;
  return [...VIDEO_FEEDBACK.filter((message) => message !== unanswered && offers(offered, codec, message)), ...taken];
}

function offersTransportWide(codec: Codec, offered: RtcpFeedback): boolean {
  return offers(offered, codec, TRANSPORT_WIDE_FEEDBACK);
}

function offers(offered: RtcpFeedback, { payloadType }: Codec, message: string): boolean {
  return (offered.get(payloadType)?.has(message) || offered.get("*")?.has(message)) ?? false;
}
