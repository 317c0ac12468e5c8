import { parseCandidate } from "./candidate.ts";
import { isIcePassword, isUfrag } from "./ice_credentials.ts";
import type { LocalParameters } from "./transport_parameters.ts";

/** What a trickle-ice-sdpfrag of a client tells (RFC 8840 section 9). */
export interface SdpFragment {
  /** Both or none: the ICE generation that the fragment is of. What candidates say an ICE-lite agent does not need. */
  readonly credentials: { readonly ufrag: string; readonly password: string } | undefined;
}

export type SdpFragmentResult = { readonly ok: true; readonly fragment: SdpFragment } | {
  readonly ok: false;
  readonly message: string;
};

/** More candidates than any client has. */
const MAX_LINES = 1024;
const LINE = /^[a-z]=\S/;

/** Reads a fragment and checks its form; nothing throws, `message` says what is wrong. */
export function parseSdpFragment(text: string): SdpFragmentResult {
  const lines = text.split(/\r?\n/).filter((line) => line !== "");
  if (lines.length === 0) return refused("the fragment is empty");
  if (lines.length > MAX_LINES) return refused(`the fragment has more than ${MAX_LINES} lines`);
  const strange = lines.findIndex((line) => !LINE.test(line));
  if (strange >= 0) return refused(`line ${strange + 1} of the fragment is no line of SDP`);
  const candidates = valuesOf(lines, "candidate");
  const broken = candidates.find((value) => parseCandidate(value) === undefined);
  if (broken !== undefined) return refused("the fragment has a candidate that is none (RFC 8839 section 5.1)");
  const ufrag = valuesOf(lines, "ice-ufrag").at(0);
  const password = valuesOf(lines, "ice-pwd").at(0);
  if (ufrag === undefined && password === undefined) {
    return { ok: true, fragment: { credentials: undefined } };
  }
  if (ufrag === undefined || !isUfrag(ufrag)) return refused("the fragment has no valid ice-ufrag");
  if (password === undefined || !isIcePassword(password)) return refused("the fragment has no valid ice-pwd");
  return { ok: true, fragment: { credentials: { ufrag, password } } };
}

/** The answer to a restart of ICE: the server's new credentials, and its candidates under the m-line `mid`. */
export function writeSdpFragment(local: LocalParameters, mid: string): string {
  const lines = ["a=ice-lite", `a=ice-ufrag:${local.ufrag}`, `a=ice-pwd:${local.password}`];
  // RFC 8840 section 4.4: a pseudo m-line, of which only the mid counts.
  lines.push("m=audio 9 UDP/TLS/RTP/SAVPF 0", `a=mid:${mid}`);
  for (const candidate of local.candidates) lines.push(`a=${candidate}`);
  lines.push("a=end-of-candidates");
  return lines.join("\r\n") + "\r\n";
}

function valuesOf(lines: readonly string[], name: string): string[] {
  const prefix = `a=${name}:`;
  return lines.filter((line) => line.startsWith(prefix)).map((line) => line.slice(prefix.length));
}

function refused(message: string): SdpFragmentResult {
  return { ok: false, message };
}
