import { MID_URI, REPAIRED_RID_URI, RID_URI, TRANSPORT_WIDE_URI } from "../sfu/header_extensions.ts";
import type { IceCredentials } from "../webrtc/ice_generations.ts";
import {
  AUDIO_PAYLOAD_TYPE,
  MID_ID,
  REPAIRED_RID_ID,
  RID_ID,
  RTX_PAYLOAD_TYPE,
  TRANSPORT_WIDE_ID,
  VIDEO_PAYLOAD_TYPE,
} from "./formats.ts";

/** One m-line: what is sent on it, or that something is received. */
export interface OfferLine {
  readonly kind: "audio" | "video";
  /** Undefined: it receives. */
  readonly sent?: SentMedia;
}

export interface SentMedia {
  /** Stream and track, as in `a=msid`. */
  readonly msid: string;
  /** Of the only encoding, and of what retransmits it; undefined: nothing is sent again. */
  readonly ssrc: number;
  readonly rtxSsrc: number | undefined;
  /** Of simulcast, the best encoding first: packets tell the SSRC of each. Empty where there is one encoding. */
  readonly rids: readonly string[];
}

/** What an offer says of the peer's one transport. */
export interface OfferedTransport extends IceCredentials {
  /** SHA-256, as SDP has it. */
  readonly fingerprint: string;
  /** Where its socket is; undefined: the server learns it from connectivity checks. */
  readonly address: { readonly hostname: string; readonly port: number } | undefined;
}

/**
 * An offer such as a browser writes that has gathered all its candidates, of Opus and of VP8 with RTX: BUNDLE, rtcp-mux,
 * MIDs from 0 on.
 */
export function buildOffer(lines: readonly OfferLine[], transport: OfferedTransport): string {
  const session = [
    "v=0",
    "o=- 1 2 IN IP4 127.0.0.1",
    "s=-",
    "t=0 0",
    `a=group:BUNDLE ${lines.map((_, mid) => mid).join(" ")}`,
    "a=extmap-allow-mixed",
  ];
  return [...session, ...lines.flatMap((line, mid) => sectionOf(line, mid, transport)), ""].join("\r\n");
}

function sectionOf(line: OfferLine, mid: number, transport: OfferedTransport): string[] {
  const payloadTypes = line.kind === "audio" ? [AUDIO_PAYLOAD_TYPE] : [VIDEO_PAYLOAD_TYPE, RTX_PAYLOAD_TYPE];
  return [
    `m=${line.kind} 9 UDP/TLS/RTP/SAVPF ${payloadTypes.join(" ")}`,
    "c=IN IP4 0.0.0.0",
    "a=rtcp:9 IN IP4 0.0.0.0",
    ...transportLines(transport),
    `a=mid:${mid}`,
    `a=extmap:${MID_ID} ${MID_URI}`,
    ...(line.sent === undefined ? receivingLines(payloadTypes[0]) : ["a=sendonly", `a=msid:${line.sent.msid}`]),
    "a=rtcp-mux",
    "a=rtcp-rsize",
    ...(line.kind === "audio" ? [`a=rtpmap:${AUDIO_PAYLOAD_TYPE} opus/48000/2`] : videoLines()),
    ...(line.sent === undefined ? [] : sourceLines(line.sent)),
  ];
}

function transportLines({ ufrag, password, fingerprint, address }: OfferedTransport): string[] {
  return [
    `a=ice-ufrag:${ufrag}`,
    `a=ice-pwd:${password}`,
    ...(address === undefined ? [] : [`a=candidate:1 1 udp 2130706431 ${address.hostname} ${address.port} typ host`]),
    "a=end-of-candidates",
    `a=fingerprint:sha-256 ${fingerprint}`,
    "a=setup:actpass",
  ];
}

function receivingLines(payloadType: number): string[] {
  return [
    `a=extmap:${TRANSPORT_WIDE_ID} ${TRANSPORT_WIDE_URI}`,
    `a=rtcp-fb:${payloadType} transport-cc`,
    "a=recvonly",
  ];
}

function videoLines(): string[] {
  return [
    `a=rtpmap:${VIDEO_PAYLOAD_TYPE} VP8/90000`,
    `a=rtcp-fb:${VIDEO_PAYLOAD_TYPE} nack`,
    `a=rtcp-fb:${VIDEO_PAYLOAD_TYPE} nack pli`,
    `a=rtcp-fb:${VIDEO_PAYLOAD_TYPE} ccm fir`,
    `a=rtpmap:${RTX_PAYLOAD_TYPE} rtx/90000`,
    `a=fmtp:${RTX_PAYLOAD_TYPE} apt=${VIDEO_PAYLOAD_TYPE}`,
  ];
}

function sourceLines({ ssrc, rtxSsrc, rids }: SentMedia): string[] {
  if (rids.length > 0) return simulcastLines(rids);
  const ssrcs = rtxSsrc === undefined ? [ssrc] : [ssrc, rtxSsrc];
  return [
    ...(rtxSsrc === undefined ? [] : [`a=ssrc-group:FID ${ssrc} ${rtxSsrc}`]),
    ...ssrcs.map((each) => `a=ssrc:${each} cname:load`),
  ];
}

/** The worst encoding first, as browsers list them. */
function simulcastLines(rids: readonly string[]): string[] {
  const ascending = rids.toReversed();
  return [
    `a=extmap:${RID_ID} ${RID_URI}`,
    `a=extmap:${REPAIRED_RID_ID} ${REPAIRED_RID_URI}`,
    ...ascending.map((rid) => `a=rid:${rid} send`),
    `a=simulcast:send ${ascending.join(";")}`,
  ];
}
