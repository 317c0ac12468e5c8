import type { Codec, FidGroup, HeaderExtension, Kind } from "../sfu/types.ts";
import type { SdpSection } from "./sdp_lines.ts";
import { MAX_ENCODINGS, type OfferedEncoding, readSimulcast, type SimulcastLines } from "./sdp_simulcast.ts";

export type Direction = "sendrecv" | "sendonly" | "recvonly" | "inactive";

/** RTCP feedback messages that an m-line offers, as in `nack pli`, by payload type; `*` is for all of them (RFC 4585 section 4.2). */
export type RtcpFeedback = ReadonlyMap<number | "*", ReadonlySet<string>>;

/** One m-line of an offer. */
export interface OfferMedia {
  readonly mid: string;
  /** `other` is all that is not audio or video over UDP/TLS/RTP/SAVPF: the server rejects it. */
  readonly kind: Kind | "other";
  /** Media type, protocol and first format of the m-line, which an answer repeats. */
  readonly type: string;
  readonly protocol: string;
  readonly format: string;
  /** Port 0 without `a=bundle-only` (RFC 8843 section 6): the client has stopped the m-line. */
  readonly stopped: boolean;
  readonly direction: Direction;
  readonly rtcpMux: boolean;
  readonly rtcpRsize: boolean;
  /** Those that the client would send of one track, in the order of the offer; empty without simulcast by RID. */
  readonly encodings: readonly OfferedEncoding[];
  /** SSRCs of the encodings, lowest first, where the offer groups them (`a=ssrc-group:SIM`). */
  readonly simulcastSsrcs: readonly number[];
  /** In the order of preference; without retransmission, redundancy, events and comfort noise. */
  readonly codecs: readonly Codec[];
  readonly rtcpFeedback: RtcpFeedback;
  readonly headerExtensions: readonly HeaderExtension[];
  /** The first is the media's; those of RTX and FEC are left out. */
  readonly ssrcs: readonly number[];
  readonly fidGroups: readonly FidGroup[];
  /** RFC 8830; `stream` is undefined where the track belongs to none (`-`). */
  readonly msid: { readonly stream: string | undefined; readonly track: string } | undefined;
}

/** sdp-transform has no types. It makes a number of text that is one, so a value may be either. */
type Value = string | number;

/** What is read of a section that sdp-transform has parsed. */
export interface ParsedSection {
  readonly iceUfrag?: Value;
  readonly icePwd?: Value;
  readonly setup?: Value;
  readonly direction?: Direction;
  readonly extmapAllowMixed?: Value;
}

/** What is read of an m-line that is parsed: the formats (`rtp`, `fmtp`, `rtcpFb`) in sdp_formats.ts, the rest by sdp-transform. */
export interface ParsedMedia extends ParsedSection {
  readonly type?: Value;
  readonly port?: Value;
  readonly protocol?: Value;
  readonly payloads?: Value;
  readonly mid?: Value;
  readonly bundleOnly?: Value;
  readonly rtcpMux?: Value;
  readonly rtcpRsize?: Value;
  readonly rtp: readonly { payload: Value; codec: Value; rate?: Value; encoding?: Value }[];
  readonly fmtp: readonly { payload: Value; config: Value }[];
  readonly rtcpFb?: readonly { payload: Value; type: Value; subtype?: Value }[];
  readonly ext?: readonly { value: Value; direction?: Value; "encrypt-uri"?: Value; uri: Value }[];
  readonly ssrcs?: readonly { id: Value }[];
  readonly ssrcGroups?: readonly { semantics: Value; ssrcs: Value }[];
}

/** A token (RFC 8866 section 9), short because packets carry it. */
const MID = /^[!#-'*+\-.0-9A-Z^-~]{1,32}$/;

/** Not media of their own: they repair, repeat or replace what another payload type carries. */
const AUXILIARY: ReadonlySet<string> = new Set([
  "rtx",
  "red",
  "ulpfec",
  "flexfec",
  "flexfec-03",
  "telephone-event",
  "cn",
]);

/** Audio formats that need no `a=rtpmap` (RFC 3551 section 6). */
const STATIC_RTPMAPS: ReadonlyMap<string, ParsedMedia["rtp"][number]> = new Map([
  ["0", { payload: 0, codec: "PCMU", rate: 8_000 }],
  ["8", { payload: 8, codec: "PCMA", rate: 8_000 }],
]);

/** SSRCs of one m-line that are looked at. */
const MAX_SSRCS = 16;
const MAX_SSRC = 0xffff_ffff;

const EMPTY_FEEDBACK: RtcpFeedback = new Map();

/** Undefined where the m-line or its mid cannot be read. `sessionDirection` holds for m-lines without one of their own. */
export function readMedia(
  parsed: ParsedMedia,
  section: Pick<SdpSection, "msid"> & Partial<SimulcastLines>,
  sessionDirection: Direction | undefined,
): OfferMedia | undefined {
  const mid = String(parsed.mid ?? "");
  const port = integer(parsed.port, 0, 65_535);
  if (!MID.test(mid) || port === undefined || !parsed.type || !parsed.protocol) return undefined;
  const kind = rtpKind(parsed);
  const rtp = kind !== "other";
  const rtcpFeedback = rtp ? readFeedback(parsed) : EMPTY_FEEDBACK;
  return {
    mid,
    kind,
    type: String(parsed.type),
    protocol: String(parsed.protocol),
    format: formats(parsed)[0] || "0",
    stopped: port === 0 && parsed.bundleOnly === undefined,
    direction: parsed.direction ?? sessionDirection ?? "sendrecv",
    rtcpMux: parsed.rtcpMux !== undefined,
    rtcpRsize: parsed.rtcpRsize !== undefined,
    encodings: kind === "video" ? readSimulcast(section) : [],
    simulcastSsrcs: kind === "video" ? readSimulcastSsrcs(parsed) : [],
    codecs: rtp ? readCodecs(parsed, kind, rtcpFeedback) : [],
    rtcpFeedback,
    headerExtensions: rtp ? readHeaderExtensions(parsed) : [],
    ssrcs: rtp ? readSsrcs(parsed) : [],
    fidGroups: rtp ? readFidGroups(parsed) : [],
    msid: readMsid(section.msid),
  };
}

function rtpKind(parsed: ParsedMedia): Kind | "other" {
  if (parsed.protocol !== "UDP/TLS/RTP/SAVPF") return "other";
  return parsed.type === "audio" || parsed.type === "video" ? parsed.type : "other";
}

function formats(parsed: ParsedMedia): string[] {
  return String(parsed.payloads ?? "").split(" ");
}

function readCodecs(parsed: ParsedMedia, kind: Kind, feedback: RtcpFeedback): Codec[] {
  const rtpmaps = firstByPayloadType(parsed.rtp);
  const fmtps = firstByPayloadType(parsed.fmtp);
  const rtx = readRtx(rtpmaps, fmtps);
  const codecs = new Map<number, Codec>();
  for (const format of formats(parsed)) {
    const payloadType = Number(format);
    const rtpmap = rtpmaps.get(payloadType) ?? (kind === "audio" ? STATIC_RTPMAPS.get(format) : undefined);
    const clockRate = integer(rtpmap?.rate, 1, 0xffff_ffff);
    if (rtpmap === undefined || clockRate === undefined || codecs.has(payloadType)) continue;
    const name = String(rtpmap.codec).toLowerCase();
    if (name === "" || AUXILIARY.has(name)) continue;
    const channels = kind === "audio" ? { channels: integer(rtpmap.encoding, 1, 255) ?? 1 } : {};
    const fmtp = String(fmtps.get(payloadType)?.config ?? "");
    // Audio conceals what is lost, and is neither asked for again nor sent again: no answer says that it would be.
    const repair = kind === "video" ? readRepair(feedback, rtx, payloadType) : readRed(parsed, rtpmap, payloadType);
    codecs.set(payloadType, { mimeType: `${kind}/${name}`, clockRate, ...channels, payloadType, ...repair, fmtp });
  }
  return [...codecs.values()];
}

function readRepair(
  feedback: RtcpFeedback,
  rtx: ReadonlyMap<number, number>,
  payloadType: number,
): Pick<Codec, "nack" | "keyFrameRequest" | "rtxPayloadType"> {
  const nack = offers(feedback, payloadType, "nack");
  const keyFrameRequest = readKeyFrameRequest(feedback, payloadType);
  const rtxPayloadType = rtx.get(payloadType);
  return {
    ...(nack && { nack }),
    ...(keyFrameRequest !== undefined && { keyFrameRequest }),
    ...(rtxPayloadType !== undefined && { rtxPayloadType }),
  };
}

/** RED (RFC 2198) of a codec, whose `a=fmtp` names the payload types of its blocks: taken where all are the codec's. */
function readRed(
  parsed: ParsedMedia,
  { rate, encoding }: { readonly rate?: Value; readonly encoding?: Value },
  payloadType: number,
): Pick<Codec, "redPayloadType" | "prefersRed"> {
  const all = formats(parsed).map(Number);
  const blocks = new RegExp(`^\\s*${payloadType}(/${payloadType})+\\s*$`);
  const fmtps = firstByPayloadType(parsed.fmtp);
  for (const [redPayloadType, red] of firstByPayloadType(parsed.rtp)) {
    if (String(red.codec).toLowerCase() !== "red" || red.rate !== rate || red.encoding !== encoding) continue;
    if (!all.includes(redPayloadType) || !blocks.test(String(fmtps.get(redPayloadType)?.config ?? ""))) continue;
    return { redPayloadType, prefersRed: all.indexOf(redPayloadType) < all.indexOf(payloadType) };
  }
  return {};
}

/** The payload type of RTX by the payload type that it repairs (RFC 4588 section 8.6). */
function readRtx(
  rtpmaps: ReadonlyMap<number, ParsedMedia["rtp"][number]>,
  fmtps: ReadonlyMap<number, ParsedMedia["fmtp"][number]>,
): Map<number, number> {
  const rtx = new Map<number, number>();
  for (const [payloadType, { codec }] of rtpmaps) {
    if (String(codec).toLowerCase() !== "rtx") continue;
    const repaired = /(?:^|;)\s*apt=(\d{1,3})\b/.exec(String(fmtps.get(payloadType)?.config ?? ""))?.[1];
    if (repaired !== undefined) rtx.set(Number(repaired), payloadType);
  }
  return rtx;
}

function firstByPayloadType<T extends { payload: Value }>(lines: readonly T[]): Map<number, T> {
  const first = new Map<number, T>();
  for (const line of lines) {
    const payloadType = integer(line.payload, 0, 127);
    // Beside RTCP on one port 64 to 95 would look like RTCP packet types (RFC 5761 section 4).
    if (payloadType === undefined || (payloadType >= 64 && payloadType <= 95)) continue;
    if (!first.has(payloadType)) first.set(payloadType, line);
  }
  return first;
}

function readFeedback(parsed: ParsedMedia): RtcpFeedback {
  const feedback = new Map<number | "*", Set<string>>();
  for (const { payload, type, subtype } of parsed.rtcpFb ?? []) {
    const key = payload === "*" ? payload : integer(payload, 0, 127);
    if (key === undefined) continue;
    const messages = feedback.get(key) ?? new Set();
    feedback.set(key, messages.add(subtype === undefined ? String(type) : `${type} ${subtype}`));
  }
  return feedback;
}

/** Whether a message is offered for the payload type, or for all of them. */
function offers(feedback: RtcpFeedback, payloadType: number, message: string): boolean {
  return (feedback.get(payloadType)?.has(message) || feedback.get("*")?.has(message)) ?? false;
}

/** PLI rather than FIR, which is a command and not a loss that is told (RFC 5104 section 4.3.1.2). */
function readKeyFrameRequest(feedback: RtcpFeedback, payloadType: number): Codec["keyFrameRequest"] {
  if (offers(feedback, payloadType, "nack pli")) return "pli";
  return offers(feedback, payloadType, "ccm fir") ? "fir" : undefined;
}

/**
 * RFC 8285 section 5. An extension that is encrypted, or that the client would only receive, is none that the server takes.
 * One that it would only send is received only.
 */
function readHeaderExtensions(parsed: ParsedMedia): HeaderExtension[] {
  const byId = new Map<number, HeaderExtension>();
  for (const extension of parsed.ext ?? []) {
    const id = integer(extension.value, 1, 255);
    // 15 ends a one-byte header (RFC 8285 section 4.2).
    if (id === undefined || id === 15 || byId.has(id)) continue;
    if (extension["encrypt-uri"] !== undefined) continue;
    const uri = String(extension.uri);
    if (extension.direction === undefined) byId.set(id, { uri, id });
    else if (extension.direction === "sendonly") byId.set(id, { uri, id, direction: "recvonly" });
  }
  return [...byId.values()];
}

function readSsrcs(parsed: ParsedMedia): number[] {
  const repair = repairSsrcs(parsed);
  const media = new Set<number>();
  for (const line of parsed.ssrcs ?? []) {
    const ssrc = integer(line.id, 0, MAX_SSRC);
    if (ssrc !== undefined && !repair.has(ssrc)) media.add(ssrc);
    if (media.size === MAX_SSRCS) break;
  }
  return [...media];
}

/** The SSRCs behind the first of each group: they repair it. */
function repairSsrcs(parsed: ParsedMedia): Set<number> {
  return new Set(
    ["FID", "FEC-FR"].flatMap((semantics) => readGroups(parsed, semantics).flatMap(([, ...rest]) => rest)),
  );
}

function readFidGroups(parsed: ParsedMedia): FidGroup[] {
  const groups = readGroups(parsed, "FID").filter((ssrcs) =>
    ssrcs.every((ssrc) => integer(ssrc, 0, MAX_SSRC) === ssrc)
  );
  return groups.flatMap(([ssrc, ...rest]) => rest.map((rtxSsrc) => ({ ssrc, rtxSsrc }))).slice(0, MAX_SSRCS);
}

/** Of the first such group; one SSRC alone is no simulcast. */
function readSimulcastSsrcs(parsed: ParsedMedia): number[] {
  const [ssrcs = []] = readGroups(parsed, "SIM");
  if (ssrcs.length < 2 || !ssrcs.every((ssrc) => integer(ssrc, 0, MAX_SSRC) === ssrc)) return [];
  return [...new Set(ssrcs)].slice(0, MAX_ENCODINGS);
}

function readGroups(parsed: ParsedMedia, semantics: string): number[][] {
  const groups = parsed.ssrcGroups?.filter((group) => String(group.semantics) === semantics) ?? [];
  return groups.map(({ ssrcs }) => String(ssrcs).split(" ").map(Number));
}

function readMsid(value: string | undefined): OfferMedia["msid"] {
  if (value === undefined) return undefined;
  const [stream, track = ""] = value.split(" ");
  return { stream: stream === "-" ? undefined : stream, track };
}

function integer(value: Value | undefined, min: number, max: number): number | undefined {
  return typeof value === "number" && Number.isInteger(value) && value >= min && value <= max ? value : undefined;
}
