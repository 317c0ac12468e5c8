import { MID_URI } from "../../src/sfu/header_extensions.ts";
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
  return [
    `m=${line.kind} ${line.port ?? 9} UDP/TLS/RTP/SAVPF ${codecs.map(([, payloadType]) => payloadType).join(" ")}`,
    "c=IN IP4 0.0.0.0",
    "a=rtcp:9 IN IP4 0.0.0.0",
    `a=ice-ufrag:${options.ufrag ?? "clie"}`,
    `a=ice-pwd:${options.password ?? "clientclientclientclient"}`,
    `a=fingerprint:sha-256 ${options.fingerprint ?? CLIENT_FINGERPRINT.value}`,
    "a=setup:actpass",
    `a=mid:${line.mid}`,
    `a=extmap:4 ${MID_URI}`,
    `a=${line.direction}`,
    ...(line.msid === undefined ? [] : [`a=msid:${line.msid}`]),
    "a=rtcp-mux",
    "a=rtcp-rsize",
    ...codecs.flatMap(([name, payloadType]) => [
      `a=rtpmap:${payloadType} ${name}`,
      ...(line.kind === "video" ? [`a=rtcp-fb:${payloadType} nack pli`, `a=rtcp-fb:${payloadType} ccm fir`] : []),
    ]),
    ...(line.ssrc === undefined ? [] : [`a=ssrc:${line.ssrc} cname:client`]),
  ];
}
