import { RID_URI } from "../sfu/header_extensions.ts";
import type { Codec, EncodingParameters, FidGroup, HeaderExtension } from "../sfu/types.ts";

/** An encoding that the client would send (RFC 8851, RFC 8853). */
export interface OfferedEncoding {
  readonly rid: string;
  /** The client does not send it at present (`~`). */
  readonly paused: boolean;
  /** The payload types that it may come in; undefined for all of the m-line. */
  readonly payloadTypes: readonly number[] | undefined;
  /** What else the client promises of it, as in `max-width=320;max-fps=15`; empty where there is nothing. */
  readonly restrictions: string;
}

/** Values of `a=rid` and `a=simulcast` lines of one m-line. */
export interface SimulcastLines {
  readonly rids: readonly string[];
  readonly simulcast: string | undefined;
}

/** What is known of several encodings of one m-line. */
export interface SimulcastMedia {
  readonly encodings: readonly OfferedEncoding[];
  /** SSRCs of the encodings, lowest first, where an `a=ssrc-group:SIM` lists them. */
  readonly simulcastSsrcs: readonly number[];
  readonly fidGroups: readonly FidGroup[];
  readonly headerExtensions: readonly HeaderExtension[];
}

/** More streams of one picture than anybody sends; what is offered beyond them is not taken. */
export const MAX_ENCODINGS = 4;

/** What a packet can carry in a header extension of one byte's form (RFC 8285 section 4.2). */
const RID_LINE = /^([A-Za-z0-9_-]{1,16}) +send(?: +(\S.*?))? *$/;
const SIMULCAST_SEND = /(?:^| )send +(\S+)/;
/** RFC 8851 section 5. What is none of them cannot be agreed to: the stream is not taken. */
const RESTRICTION = /^(?:max-(?:width|height|fps|fs|br|pps|bpp)=[0-9.]+|depend=[A-Za-z0-9_,-]+)$/;

/**
 * The encodings that an offer would have the client send, in its order: of alternatives the first that is described, each
 * RID once. Empty where there is no simulcast, or none that can be understood.
 */
export function readSimulcast({ rids = [], simulcast }: Partial<SimulcastLines>): OfferedEncoding[] {
  const list = SIMULCAST_SEND.exec(simulcast ?? "")?.[1];
  if (list === undefined) return [];
  const described = readRids(rids);
  const encodings = new Map<string, OfferedEncoding>();
  for (const alternatives of list.split(";")) {
    const chosen = alternatives.split(",").find((each) => described.has(withoutPause(each)));
    const encoding = chosen === undefined ? undefined : described.get(withoutPause(chosen));
    if (chosen === undefined || encoding === undefined || encodings.has(encoding.rid)) continue;
    encodings.set(encoding.rid, { ...encoding, paused: chosen.startsWith("~") });
  }
  return [...encodings.values()].slice(0, MAX_ENCODINGS);
}

/** Those of the offered encodings that can come in `codec`, and that packets can be told to be of. */
export function encodingsIn(codec: Codec, { encodings, headerExtensions }: SimulcastMedia): readonly OfferedEncoding[] {
  if (!headerExtensions.some(({ uri }) => uri === RID_URI)) return [];
  return encodings.filter(({ payloadTypes }) => payloadTypes?.includes(codec.payloadType) ?? true);
}

/** The encodings of a track that begins, by RID or by a group of SSRCs; undefined where it has one that is not named. */
export function encodingParameters(codec: Codec, media: SimulcastMedia): EncodingParameters[] | undefined {
  const named = encodingsIn(codec, media);
  if (named.length > 0) return named.map(({ rid }) => ({ rid, ssrcs: [] }));
  if (media.simulcastSsrcs.length < 2) return undefined;
  return media.simulcastSsrcs.map((ssrc) => ({
    ssrcs: [ssrc],
    fidGroups: media.fidGroups.filter((group) => group.ssrc === ssrc),
  }));
}

/** Takes the encodings (RFC 8853 section 5.3): those that the client has paused stay so. */
export function writeSimulcast(lines: string[], codec: Codec, encodings: readonly OfferedEncoding[]): void {
  if (encodings.length === 0) return;
  for (const { rid, payloadTypes, restrictions } of encodings) {
    const formats = payloadTypes === undefined ? [] : [`pt=${codec.payloadType}`];
    const all = [...formats, ...restrictions === "" ? [] : [restrictions]].join(";");
    lines.push(all === "" ? `a=rid:${rid} recv` : `a=rid:${rid} recv ${all}`);
  }
  lines.push(`a=simulcast:recv ${encodings.map(({ rid, paused }) => paused ? `~${rid}` : rid).join(";")}`);
}

function readRids(lines: readonly string[]): Map<string, OfferedEncoding> {
  const rids = new Map<string, OfferedEncoding>();
  for (const line of lines) {
    const [, rid, parameters = ""] = RID_LINE.exec(line) ?? [];
    if (rid === undefined || rids.has(rid)) continue;
    const all = parameters.split(";").map((each) => each.trim()).filter((each) => each !== "");
    const formats = all.find((each) => each.startsWith("pt="));
    const restrictions = all.filter((each) => each !== formats);
    if (!restrictions.every((each) => RESTRICTION.test(each))) continue;
    const payloadTypes = formats?.slice("pt=".length).split(",").map(Number);
    rids.set(rid, { rid, paused: false, payloadTypes, restrictions: restrictions.join(";") });
  }
  return rids;
}

function withoutPause(rid: string): string {
  return rid.startsWith("~") ? rid.slice(1) : rid;
}
