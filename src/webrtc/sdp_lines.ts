/** The SDP text before it is parsed: bounds for what a hostile client may send, and the attributes that are read here. */

import { type FormatAttribute, isFormatAttribute, noFormats, readFormat, type SdpFormats } from "./sdp_formats.ts";

/** Characters; the limit of a signaling message as well. */
const MAX_SDP_LENGTH = 1 << 20;
/** 512 m-lines of a browser that offers everything it has come to 50,000 lines. */
const MAX_LINES = 65_536;
/** Characters of a line that is read: a BUNDLE group of 512 mids of 32 characters fits. */
const MAX_LINE_LENGTH = 20_000;
const MAX_FINGERPRINTS = 8;
const MAX_RIDS = 16;

/** What the answerer reads. sdp-transform tries some 40 expressions on a line, so it gets no others to try them on. */
const ATTRIBUTES: ReadonlySet<string> = new Set([
  "bundle-only",
  "extmap",
  "extmap-allow-mixed",
  "group",
  "ice-pwd",
  "ice-ufrag",
  "inactive",
  "mid",
  "recvonly",
  "rtcp-mux",
  "rtcp-rsize",
  "sendonly",
  "sendrecv",
  "setup",
  "ssrc",
  "ssrc-group",
]);

/**
 * What sdp-transform would take long for, or would lose: it keeps the last fingerprint only, and cuts a msid at the first character that is no
 * letter, digit, `_` or `-`, where RFC 8830 section 2 allows any token (`{` in Firefox, `@` in GStreamer).
 */
export interface SdpSection {
  /** Values of the `a=fingerprint` lines. */
  readonly fingerprints: readonly string[];
  /** Value of the first `a=msid` line. */
  readonly msid: string | undefined;
  /** Values of the `a=rid` lines, whose names sdp-transform reads as words of letters and digits only. */
  readonly rids: readonly string[];
  /** Value of the first `a=simulcast` line. */
  readonly simulcast: string | undefined;
  readonly formats: SdpFormats;
}

interface OpenSection extends SdpSection {
  readonly fingerprints: string[];
  readonly rids: string[];
  msid: string | undefined;
  simulcast: string | undefined;
}

export interface SdpLines {
  /** The lines for sdp-transform. */
  readonly text: string;
  /** 0 is the session's section, n that of the nth m-line. */
  readonly sections: readonly SdpSection[];
}

/** Sorts out the lines that are read. A string tells why the text is refused. */
export function selectLines(sdp: string): SdpLines | string {
  if (sdp.length > MAX_SDP_LENGTH) return "the SDP is longer than 1 MiB";
  if (!/^v=0\r?\n/.test(sdp)) return "the SDP does not begin with v=0";
  const kept: string[] = [];
  let section = newSection();
  const sections = [section];
  let count = 0;
  for (const line of sdp.split(/\r\n|\r|\n/)) {
    const name = lineName(line);
    if (name === undefined) continue;
    if (line.length > MAX_LINE_LENGTH) return `a line is longer than ${MAX_LINE_LENGTH} characters`;
    if (++count > MAX_LINES) return "the SDP has too many lines";
    if (isReadHere(name)) {
      readHere(section, name, line.slice(`a=${name}:`.length));
    } else {
      if (name === "m") sections.push(section = newSection());
      kept.push(line);
    }
  }
  return { text: kept.join("\r\n"), sections };
}

function newSection(): OpenSection {
  return { fingerprints: [], rids: [], msid: undefined, simulcast: undefined, formats: noFormats() };
}

type ReadHere = "fingerprint" | "msid" | "rid" | "simulcast" | FormatAttribute;

function isReadHere(name: string): name is ReadHere {
  return name === "fingerprint" || name === "msid" || name === "rid" || name === "simulcast" || isFormatAttribute(name);
}

function readHere(section: OpenSection, name: ReadHere, value: string): void {
  switch (name) {
    case "msid":
      section.msid ??= value;
      return;
    case "simulcast":
      section.simulcast ??= value;
      return;
    case "rid":
      if (section.rids.length < MAX_RIDS) section.rids.push(value);
      return;
    case "fingerprint":
      if (section.fingerprints.length < MAX_FINGERPRINTS) section.fingerprints.push(value);
      return;
    default:
      readFormat(section.formats, name, value);
  }
}

/** The attribute's name, `m` for an m-line, undefined for a line that is not read. */
function lineName(line: string): string | undefined {
  if (line.startsWith("m=")) return "m";
  if (!line.startsWith("a=")) return undefined;
  const colon = line.indexOf(":");
  const name = line.slice(2, colon < 0 ? undefined : colon);
  return isReadHere(name) || ATTRIBUTES.has(name) ? name : undefined;
}
