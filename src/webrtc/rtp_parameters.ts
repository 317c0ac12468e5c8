import { MID_URI } from "../sfu/header_extensions.ts";
import type { Codec, HeaderExtension } from "../sfu/types.ts";
import type { OfferMedia, RtcpFeedback } from "./sdp_media.ts";

/** RFC 6464: how loud an audio packet is. */
export const AUDIO_LEVEL_URI = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";
/** 3GPP TS 26.114 section 7.4.5: how a phone is held. */
export const VIDEO_ORIENTATION_URI = "urn:3gpp:video-orientation";
/** When a frame was captured, by the publisher's clock. */
export const ABS_CAPTURE_TIME_URI = "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time";
/** Whether a picture is a camera's or a screen's. */
export const VIDEO_CONTENT_TYPE_URI = "http://www.webrtc.org/experiments/rtp-hdrext/video-content-type";
/** The delay that the publisher wants for playing. */
export const PLAYOUT_DELAY_URI = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay";

/** RFC 8852: which simulcast layer a packet belongs to. */
export const RID_URI = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id";

/** What the server negotiates: MID is rewritten for each subscriber, the rest passes unchanged under the subscriber's ids. */
export const HEADER_EXTENSION_URIS: readonly string[] = [
  MID_URI,
  AUDIO_LEVEL_URI,
  VIDEO_ORIENTATION_URI,
  ABS_CAPTURE_TIME_URI,
  VIDEO_CONTENT_TYPE_URI,
  PLAYOUT_DELAY_URI,
];

/** Key-frame requests: what the server sends to publishers and understands of subscribers (RFC 4585, RFC 5104). */
const VIDEO_FEEDBACK: readonly string[] = ["nack pli", "ccm fir"];

/**
 * The codec to publish with: the first that the room allows, as the publisher prefers it. `allowed` has lower-case MIME
 * types. Undefined where there is none.
 */
export function codecToPublish(offered: readonly Codec[], allowed: readonly string[]): Codec | undefined {
  return offered.find((codec) => allowed.includes(codec.mimeType));
}

/** The subscriber's codec that takes what `published` carries. Undefined where the subscriber cannot decode it. */
export function codecToReceive(offered: readonly Codec[], published: Codec): Codec | undefined {
  return offered.find((codec) => sameFormat(codec, published));
}

/**
 * Whether what is encoded as `a` can be decoded as `b`. The format parameters of Opus (RFC 7587) and VP8 (RFC 7741) are
 * wishes of the receiver and exclude nothing; a codec with profiles compares them here.
 */
export function sameFormat(a: Codec, b: Codec): boolean {
  return a.mimeType === b.mimeType && a.clockRate === b.clockRate && a.channels === b.channels;
}

/**
 * The offered extensions that the server takes, under the ids of the offer. A URI is taken once. RID is taken of a
 * publisher that would send simulcast: Chromium offers simulcast again next time, and refuses an offer of its own that has
 * no RID extension.
 */
export function negotiateHeaderExtensions(media: OfferMedia): HeaderExtension[] {
  const uris = media.simulcast ? [...HEADER_EXTENSION_URIS, RID_URI] : HEADER_EXTENSION_URIS;
  return uris.flatMap((uri) => media.headerExtensions.find((extension) => extension.uri === uri) ?? []);
}

/** The offered feedback messages for `codec` that the server takes. */
export function negotiateFeedback(codec: Codec, offered: RtcpFeedback): string[] {
  if (!codec.mimeType.startsWith("video/")) return [];
  const own = offered.get(codec.payloadType);
  const all = offered.get("*");
  return VIDEO_FEEDBACK.filter((message) => own?.has(message) || all?.has(message));
}
