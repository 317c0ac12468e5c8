import { parse } from "sdp-transform";
import type { Fingerprint } from "./fingerprint.ts";
import { isIcePassword, isUfrag } from "./ice_credentials.ts";
import { type SdpLines, type SdpSection, selectLines } from "./sdp_lines.ts";
import { type OfferMedia, type ParsedMedia, type ParsedSection, readMedia } from "./sdp_media.ts";
import type { RemoteParameters } from "./transport_parameters.ts";

export interface Offer {
  /** Undefined where every m-line is stopped: then there is no transport to speak of. */
  readonly remote: RemoteParameters | undefined;
  /** The mids of the BUNDLE group, first the one whose m-line describes the transport; empty where there is no group. */
  readonly bundle: readonly string[];
  readonly extmapAllowMixed: boolean;
  readonly media: readonly OfferMedia[];
}

export type OfferResult = { readonly ok: true; readonly offer: Offer } | {
  readonly ok: false;
  readonly message: string;
};

interface ParsedSession extends ParsedSection {
  readonly groups?: readonly { type: string | number; mids: string | number }[];
  readonly media: readonly ParsedMedia[];
}

const MAX_MEDIA = 512;

const FINGERPRINT = /^(\S+) +([0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2})*)\s*$/;

/**
 * Reads an offer (RFC 8866, RFC 9429 section 5.8) and checks that it is one that the server can answer: every m-line has a
 * mid of its own, all media is in one BUNDLE group with rtcp-mux, and the client can be the DTLS client. Whatever the
 * text is, nothing throws; `message` says what is wrong with it.
 */
export function parseOffer(sdp: string): OfferResult {
  const lines = selectLines(sdp);
  if (typeof lines === "string") return refused(lines);
  const count = lines.sections.length - 1;
  if (count === 0) return refused("the offer has no m-line");
  if (count > MAX_MEDIA) return refused(`the offer has more than ${MAX_MEDIA} m-lines`);
  const session: ParsedSession = parse(lines.text);
  const media: OfferMedia[] = [];
  for (const [index, parsed] of session.media.entries()) {
    const section = lines.sections[index + 1];
    const line = readMedia({ ...parsed, ...section.formats }, section, session.direction);
    if (line === undefined) return refused(`m-line ${index} or its mid cannot be read`);
    media.push(line);
  }
  return checkedOffer(session, lines, media);
}

function checkedOffer(session: ParsedSession, lines: SdpLines, media: readonly OfferMedia[]): OfferResult {
  const bundle = bundledMids(session);
  const problem = mediaProblem(media, new Set(bundle));
  if (problem !== undefined) return refused(problem);
  const remote = readRemote(session, lines, media, bundle);
  if (typeof remote === "string") return refused(remote);
  const extmapAllowMixed = session.extmapAllowMixed !== undefined;
  return { ok: true, offer: { remote, bundle, extmapAllowMixed, media } };
}

/** The first BUNDLE group's; all media has to be in it. */
function bundledMids(session: ParsedSession): string[] {
  const group = session.groups?.find((group) => group.type === "BUNDLE");
  return group === undefined ? [] : [...new Set(String(group.mids).split(" ").filter((mid) => mid !== ""))];
}

function mediaProblem(media: readonly OfferMedia[], bundle: ReadonlySet<string>): string | undefined {
  const mids = new Set(media.map((line) => line.mid));
  if (mids.size !== media.length) return "two m-lines have the same mid";
  const active = media.filter((line) => !line.stopped && line.kind !== "other");
  const unmuxed = active.find((line) => !line.rtcpMux);
  if (unmuxed !== undefined) return `m-line ${unmuxed.mid} has no rtcp-mux`;
  if (bundle.size === 0 && active.length <= 1) return undefined;
  const alone = active.find((line) => !bundle.has(line.mid));
  return alone === undefined ? undefined : `m-line ${alone.mid} is not in the BUNDLE group`;
}

/** A string tells what is wrong. */
function readRemote(
  session: ParsedSession,
  lines: SdpLines,
  media: readonly OfferMedia[],
  bundle: readonly string[],
): RemoteParameters | undefined | string {
  if (media.every((line) => line.stopped)) return undefined;
  const index = transportIndex(session, media, bundle);
  const section: ParsedSection = session.media[index];
  const ufrag = String(section.iceUfrag ?? session.iceUfrag ?? "");
  const password = String(section.icePwd ?? session.icePwd ?? "");
  if (!isUfrag(ufrag)) return "the offer has no valid ice-ufrag";
  if (!isIcePassword(password)) return "the offer has no valid ice-pwd";
  const setup = section.setup ?? session.setup;
  if (setup !== "actpass" && setup !== "active") return "the offer's setup is neither actpass nor active";
  const own = readFingerprints(lines.sections[index + 1]);
  const fingerprints = own.length > 0 ? own : readFingerprints(lines.sections[0]);
  if (fingerprints.length === 0) return "the offer has no fingerprint";
  return { ufrag, password, fingerprints };
}

/**
 * The m-line that describes the transport: the first of the BUNDLE group (RFC 8843 section 7.2), which in a later offer
 * may be the only one to do so. The next one in the group stands in where that one says nothing.
 */
function transportIndex(session: ParsedSession, media: readonly OfferMedia[], bundle: readonly string[]): number {
  const indexes = new Map(media.map((line, index) => [line.mid, index]));
  const tagged = bundle.map((mid) => indexes.get(mid)).filter((index) => index !== undefined);
  const candidates = [...tagged, ...media.keys()].filter((index) => !media[index].stopped);
  return candidates.find((index) => session.media[index].iceUfrag !== undefined) ?? candidates[0];
}

function readFingerprints(section: SdpSection): Fingerprint[] {
  const fingerprints: Fingerprint[] = [];
  for (const text of section.fingerprints) {
    const match = FINGERPRINT.exec(text);
    if (match !== null) fingerprints.push({ algorithm: match[1].toLowerCase(), value: match[2].toUpperCase() });
  }
  return fingerprints;
}

function refused(message: string): OfferResult {
  return { ok: false, message };
}
