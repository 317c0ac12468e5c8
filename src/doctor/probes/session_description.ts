import { type IceCandidate, parseCandidate } from "../../webrtc/candidate.ts";
import type { Fingerprint } from "../../webrtc/fingerprint.ts";

/** What an offer says of us. */
export interface OwnSide {
  readonly ufrag: string;
  readonly password: string;
  /** SHA-256 of our certificate, as in `AB:CD:...`. */
  readonly fingerprint: string;
}

/** What an answer says of the server. */
export interface AnswerSide {
  readonly ufrag: string;
  readonly password: string;
  readonly fingerprints: readonly Fingerprint[];
  readonly candidates: readonly IceCandidate[];
}

/** An offer with a line that could receive sound (RFC 9429), which makes a transport and publishes nothing. */
export function writeOffer({ ufrag, password, fingerprint }: OwnSide): string {
  return [
    "v=0",
    "o=- 1 1 IN IP4 127.0.0.1",
    "s=-",
    "t=0 0",
    "a=group:BUNDLE 0",
    "m=audio 9 UDP/TLS/RTP/SAVPF 111",
    "c=IN IP4 0.0.0.0",
    "a=mid:0",
    "a=recvonly",
    `a=ice-ufrag:${ufrag}`,
    `a=ice-pwd:${password}`,
    `a=fingerprint:sha-256 ${fingerprint}`,
    "a=setup:actpass",
    "a=rtcp-mux",
    "a=rtpmap:111 opus/48000/2",
    "",
  ].join("\r\n");
}

/** Undefined where the answer has no credentials. A candidate that cannot be read is left out. */
export function readAnswer(sdp: string): AnswerSide | undefined {
  const [ufrag] = values(sdp, "ice-ufrag");
  const [password] = values(sdp, "ice-pwd");
  if (ufrag === undefined || password === undefined) return undefined;
  const fingerprints = values(sdp, "fingerprint").map((line) => {
    const [algorithm, value = ""] = line.split(" ");
    return { algorithm: algorithm.toLowerCase(), value: value.toUpperCase() };
  });
  const candidates = values(sdp, "candidate").flatMap((line) => parseCandidate(line) ?? []);
  return { ufrag, password, fingerprints, candidates };
}

/** Of an attribute, each once: all m-lines of a BUNDLE group say the same. */
function values(sdp: string, attribute: string): string[] {
  const lines = sdp.split(/\r?\n/).filter((line) => line.startsWith(`a=${attribute}:`));
  return [...new Set(lines.map((line) => line.slice(attribute.length + 3).trim()))];
}
