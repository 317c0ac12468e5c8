import type { Codec, HeaderExtension, Kind } from "../sfu/types.ts";
import type { Direction } from "./sdp_media.ts";
import { type OfferedEncoding, writeSimulcast } from "./sdp_simulcast.ts";
import type { LocalParameters } from "./transport_parameters.ts";

/** An m-line that the answer refuses. `type`, `protocol` and `format` are the offer's. */
export interface RejectedMedia {
  readonly rejected: true;
  readonly mid: string;
  readonly type: string;
  readonly protocol: string;
  readonly format: string;
}

export interface AcceptedMedia {
  readonly rejected: false;
  readonly mid: string;
  readonly kind: Kind;
  /** As the server sees it: `sendonly` forwards a track to the client. */
  readonly direction: Direction;
  /** The first format of the offer, for an m-line of which no codec is known. */
  readonly format: string;
  /** With the feedback messages of each. */
  readonly codecs: readonly { readonly codec: Codec; readonly feedback: readonly string[] }[];
  readonly headerExtensions: readonly HeaderExtension[];
  /** That the client is to send of the track it publishes, by RID; left out where it sends one that is not named. */
  readonly encodings?: readonly OfferedEncoding[];
  readonly rtcpRsize: boolean;
  /** Bits per second that the client is asked to send at most; undefined for any. */
  readonly maxBitrate?: number;
  /** The forwarded track. */
  readonly sending: SentTrack | undefined;
}

/** A forwarded track as its subscriber sees it. */
export interface SentTrack {
  readonly ssrc: number;
  /** Of its retransmissions (RFC 4588); undefined where there are none. */
  readonly rtxSsrc: number | undefined;
  /** The publisher. */
  readonly cname: string;
  readonly msid: { readonly stream: string; readonly track: string };
}

export type AnswerMedia = RejectedMedia | AcceptedMedia;

export interface Answer {
  /** Names the session in the o= line; without blanks. */
  readonly session: string;
  /** Counts the answers of the session. */
  readonly version: number;
  readonly extmapAllowMixed: boolean;
  /** The accepted mids if the offer has a BUNDLE group, first the one whose m-line carries the candidates. */
  readonly bundle: readonly string[];
  /** Undefined where no m-line is accepted. */
  readonly local: LocalParameters | undefined;
  readonly media: readonly AnswerMedia[];
}

/** Writes the SDP of an answer (RFC 9429 section 5.3), as ICE-lite agent and DTLS server. */
export function writeAnswer(answer: Answer): string {
  const lines = ["v=0", `o=${answer.session} 1 ${answer.version} IN IP4 0.0.0.0`, "s=-", "t=0 0"];
  if (answer.bundle.length > 0) lines.push(`a=group:BUNDLE ${answer.bundle.join(" ")}`);
  lines.push("a=ice-lite", "a=ice-options:trickle");
  if (answer.extmapAllowMixed) lines.push("a=extmap-allow-mixed");
  lines.push("a=msid-semantic: WMS *");
  const accepted = answer.media.find((media) => !media.rejected);
  const tag = answer.bundle.at(0) ?? accepted?.mid;
  for (const media of answer.media) {
    if (media.rejected) {
      writeRejected(lines, media);
      continue;
    }
    writeAccepted(lines, media, answer.local);
    if (media.mid === tag) writeCandidates(lines, answer.local);
  }
  return lines.join("\r\n") + "\r\n";
}

function writeRejected(lines: string[], media: RejectedMedia): void {
  lines.push(
    `m=${media.type} 0 ${media.protocol} ${media.format}`,
    "c=IN IP4 0.0.0.0",
    `a=mid:${media.mid}`,
    "a=inactive",
  );
}

function writeAccepted(lines: string[], media: AcceptedMedia, local: LocalParameters | undefined): void {
  const formats = media.codecs.flatMap(({ codec }) => payloadTypes(codec)).join(" ") ||
    media.format;
  lines.push(`m=${media.kind} 9 UDP/TLS/RTP/SAVPF ${formats}`, "c=IN IP4 0.0.0.0");
  writeBandwidth(lines, media.maxBitrate);
  lines.push(`a=mid:${media.mid}`);
  writeTransport(lines, local);
  lines.push(`a=${media.direction}`, "a=rtcp-mux");
  if (media.rtcpRsize) lines.push("a=rtcp-rsize");
  for (const { codec, feedback } of media.codecs) writeCodec(lines, codec, feedback);
  for (const { id, uri, direction } of media.headerExtensions) {
    lines.push(`a=extmap:${direction === undefined ? id : `${id}/${direction}`} ${uri}`);
  }
  if (media.codecs.length > 0) writeSimulcast(lines, media.codecs[0].codec, media.encodings ?? []);
  if (media.sending === undefined) return;
  const { ssrc, rtxSsrc, cname, msid } = media.sending;
  lines.push(`a=msid:${msid.stream} ${msid.track}`);
  if (rtxSsrc !== undefined) lines.push(`a=ssrc-group:FID ${ssrc} ${rtxSsrc}`);
  lines.push(`a=ssrc:${ssrc} cname:${cname}`);
  if (rtxSsrc !== undefined) lines.push(`a=ssrc:${rtxSsrc} cname:${cname}`);
}

/** RED comes first where it is preferred: browsers send it only then. */
function payloadTypes({ payloadType, rtxPayloadType, redPayloadType, prefersRed }: Codec): number[] {
  const all = prefersRed ? [redPayloadType, payloadType] : [payloadType, rtxPayloadType, redPayloadType];
  return all.filter((one) => one !== undefined);
}

/** In bits per second (TIAS, RFC 3890 section 6.2), and in kbit/s for who does not know that (AS, RFC 8866 section 5.8). */
function writeBandwidth(lines: string[], maxBitrate: number | undefined): void {
  if (maxBitrate !== undefined) lines.push(`b=AS:${Math.ceil(maxBitrate / 1000)}`, `b=TIAS:${maxBitrate}`);
}

function writeTransport(lines: string[], local: LocalParameters | undefined): void {
  if (local === undefined) return;
  lines.push(`a=ice-ufrag:${local.ufrag}`, `a=ice-pwd:${local.password}`, `a=fingerprint:sha-256 ${local.fingerprint}`);
  lines.push("a=setup:passive");
}

function writeCandidates(lines: string[], local: LocalParameters | undefined): void {
  for (const candidate of local?.candidates ?? []) lines.push(`a=${candidate}`);
  lines.push("a=end-of-candidates");
}

/**
 * The name as IANA registered it: in capitals for video and for the ITU's audio codecs. Names are compared without regard
 * to case (RFC 4855 section 3), but Chromium finds no encoder for `vp8`.
 */
function encodingName(mimeType: string): string {
  const name = mimeType.slice(mimeType.indexOf("/") + 1);
  return mimeType.startsWith("video/") || /^(pcm[ua]|g7\d\d|cn|l16)$/.test(name) ? name.toUpperCase() : name;
}

function writeCodec(lines: string[], codec: Codec, feedback: readonly string[]): void {
  const encoding = encodingName(codec.mimeType);
  const channels = (codec.channels ?? 1) > 1 ? `/${codec.channels}` : "";
  lines.push(`a=rtpmap:${codec.payloadType} ${encoding}/${codec.clockRate}${channels}`);
  for (const message of feedback) lines.push(`a=rtcp-fb:${codec.payloadType} ${message}`);
  if (codec.fmtp !== "") lines.push(`a=fmtp:${codec.payloadType} ${codec.fmtp}`);
  if (codec.redPayloadType !== undefined) {
    lines.push(`a=rtpmap:${codec.redPayloadType} red/${codec.clockRate}${channels}`);
    lines.push(`a=fmtp:${codec.redPayloadType} ${codec.payloadType}/${codec.payloadType}`);
  }
  if (codec.rtxPayloadType === undefined) return;
  lines.push(`a=rtpmap:${codec.rtxPayloadType} rtx/${codec.clockRate}`);
  lines.push(`a=fmtp:${codec.rtxPayloadType} apt=${codec.payloadType}`);
}
