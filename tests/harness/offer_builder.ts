import { MID_URI, REPAIRED_RID_URI, RID_URI, TRANSPORT_WIDE_URI } from "../../src/sfu/header_extensions.ts";
import { CLIENT_FINGERPRINT } from "./keyed_dtls.ts";

/** One m-line of an offer such as a browser writes. */
export interface OfferLine {
  readonly mid: string;
  readonly kind: "audio" | "video";
  readonly direction: "sendonly" | "recvonly" | "sendrecv" | "inactive";
  readonly ssrc?: number;
  /** Stream and track, as in `a=msid`. */
  readonly msid?: string;
  /** Codec and payload type, as in `["VP8/90000", 96]`. */
  readonly codecs?: readonly (readonly [string, number])[];
  /** RTX (RFC 4588) with NACK for codecs: the payload type of each and that of its RTX, as in `[[96, 97]]`. */
  readonly rtx?: readonly (readonly [number, number])[];
  /** What retransmits `ssrc`. */
  readonly rtxSsrc?: number;
  /** The id of transport-wide sequence numbers, with feedback on them. */
  readonly transportWide?: number;
  /** Encodings of the track by RID (id 10; of repairs id 11). */
  readonly rids?: readonly string[];
  /** Encodings of the track by SSRC, each with the one that retransmits it. */
  readonly simulcastSsrcs?: readonly (readonly [number, number])[];
  readonly port?: number;
}

export interface OfferOptions {
  readonly ufrag?: string;
  readonly password?: string;
  readonly fingerprint?: string;
}

const DEFAULT_CODECS = { audio: [["opus/48000/2", 111]], video: [["VP8/90000", 96]] } as const;

/** An offer with BUNDLE, rtcp-mux and MID (id 4), by RFC 9429 as far as an SFU cares. */
export function buildOffer(lines: readonly OfferLine[], options: OfferOptions = {}): string {
  const session = [
    "v=0",
    "o=- 1 2 IN IP4 127.0.0.1",
    "s=-",
    "t=0 0",
    `a=group:BUNDLE ${lines.map((line) => line.mid).join(" ")}`,
    "a=extmap-allow-mixed",
  ];
  return [...session, ...lines.flatMap((line) => mediaLines(line, options)), ""].join("\r\n");
}

function mediaLines(line: OfferLine, options: OfferOptions): string[] {
  const codecs = line.codecs ?? DEFAULT_CODECS[line.kind];
  const rtx = new Map(line.rtx);
  const payloadTypes = codecs.flatMap(([, payloadType]) => [payloadType, ...pairOf(rtx, payloadType)]);
  return [
    `m=${line.kind} ${line.port ?? 9} UDP/TLS/RTP/SAVPF ${payloadTypes.join(" ")}`,
    "c=IN IP4 0.0.0.0",
    "a=rtcp:9 IN IP4 0.0.0.0",
    `a=ice-ufrag:${options.ufrag ?? "clie"}`,
    `a=ice-pwd:${options.password ?? "clientclientclientclient"}`,
    `a=fingerprint:sha-256 ${options.fingerprint ?? CLIENT_FINGERPRINT.value}`,
    "a=setup:actpass",
    `a=mid:${line.mid}`,
    `a=extmap:4 ${MID_URI}`,
    ...(line.transportWide === undefined ? [] : [`a=extmap:${line.transportWide} ${TRANSPORT_WIDE_URI}`]),
    ...(line.rids === undefined ? [] : [`a=extmap:10 ${RID_URI}`, `a=extmap:11 ${REPAIRED_RID_URI}`]),
    `a=${line.direction}`,
    ...(line.msid === undefined ? [] : [`a=msid:${line.msid}`]),
    "a=rtcp-mux",
    "a=rtcp-rsize",
    ...codecs.flatMap(([name, payloadType]) => codecLines(line, name, payloadType, rtx.get(payloadType))),
    ...ssrcLines(line),
    ...(line.rids === undefined ? [] : ridLines(line.rids)),
    ...(line.simulcastSsrcs === undefined ? [] : simulcastLines(line.simulcastSsrcs)),
  ];
}

function ridLines(rids: readonly string[]): string[] {
  return [...rids.map((rid) => `a=rid:${rid} send`), `a=simulcast:send ${rids.join(";")}`];
}

function simulcastLines(pairs: readonly (readonly [number, number])[]): string[] {
  return [
    `a=ssrc-group:SIM ${pairs.map(([ssrc]) => ssrc).join(" ")}`,
    ...pairs.map(([ssrc, rtxSsrc]) => `a=ssrc-group:FID ${ssrc} ${rtxSsrc}`),
    ...pairs.flat().map((ssrc) => `a=ssrc:${ssrc} cname:client`),
  ];
}

function codecLines(
  { kind, transportWide }: OfferLine,
  name: string,
  payloadType: number,
  rtx: number | undefined,
): string[] {
  const keyFrames = [`a=rtcp-fb:${payloadType} nack pli`, `a=rtcp-fb:${payloadType} ccm fir`];
  const repair = [
    `a=rtcp-fb:${payloadType} nack`,
    `a=rtpmap:${rtx} rtx/${clockRate(name)}`,
    `a=fmtp:${rtx} apt=${payloadType}`,
  ];
  return [
    `a=rtpmap:${payloadType} ${name}`,
    ...(kind === "video" ? keyFrames : []),
    ...(transportWide === undefined ? [] : [`a=rtcp-fb:${payloadType} transport-cc`]),
    ...(rtx === undefined ? [] : repair),
  ];
}

function ssrcLines({ ssrc, rtxSsrc }: OfferLine): string[] {
  if (ssrc === undefined) return [];
  if (rtxSsrc === undefined) return [`a=ssrc:${ssrc} cname:client`];
  return [`a=ssrc-group:FID ${ssrc} ${rtxSsrc}`, `a=ssrc:${ssrc} cname:client`, `a=ssrc:${rtxSsrc} cname:client`];
}

/** Of `VP8/90000`, or of `opus/48000/2`. */
function clockRate(name: string): string {
  return name.split("/")[1];
}

function pairOf(rtx: ReadonlyMap<number, number>, payloadType: number): number[] {
  const repeated = rtx.get(payloadType);
  return repeated === undefined ? [] : [repeated];
}
