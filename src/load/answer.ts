import type { IceCredentials } from "../webrtc/ice_generations.ts";

/** Where media may go. */
export interface CandidateAddress {
  /** An IP address, or a name. */
  readonly hostname: string;
  readonly port: number;
}

/** One m-line of an answer. */
export interface AnswerSection {
  readonly kind: string;
  /** `inactive` where the m-line is refused. */
  readonly direction: "sendrecv" | "sendonly" | "recvonly" | "inactive";
  /** The first one, and that of its RTX (RFC 4588). */
  readonly payloadType: number;
  readonly rtxPayloadType: number | undefined;
  /** The first one that is announced, and the one that retransmits it; undefined where only packets will tell. */
  readonly ssrc: number | undefined;
  readonly rtxSsrc: number | undefined;
  /** Whether several encodings are taken. */
  readonly hasSimulcast: boolean;
}

export interface Answer {
  readonly remote: IceCredentials;
  /** Whether the server begins the DTLS handshake (`a=setup:active`). */
  readonly isDtlsClient: boolean;
  /** Of UDP and component 1, in the order of the answer. */
  readonly candidates: readonly CandidateAddress[];
  readonly sections: readonly AnswerSection[];
}

/** What the load needs of an answer in SDP. Throws where it has no ICE credentials. */
export function readAnswer(sdp: string): Answer {
  return {
    remote: { ufrag: attribute(sdp, "ice-ufrag"), password: attribute(sdp, "ice-pwd") },
    isDtlsClient: /^a=setup:active\r?$/m.test(sdp),
    candidates: [...sdp.matchAll(/^a=candidate:\S+ 1 udp \d+ (\S+) (\d+)/gim)]
      .map(([, hostname, port]) => ({ hostname, port: Number(port) })),
    sections: sdp.split(/^(?=m=)/m).slice(1).map(readSection),
  };
}

function readSection(section: string): AnswerSection {
  const [, kind, port, payloadType] = /^m=(\w+) (\d+) \S+ (\d+)/.exec(section) ?? [];
  if (kind === undefined) throw new Error("an m-line of the answer cannot be read");
  const direction = /^a=(sendrecv|sendonly|recvonly|inactive)\r?$/m.exec(section)?.[1] ?? "sendrecv";
  const ssrc = numberIn(section, /^a=ssrc:(\d+)/m);
  return {
    kind,
    direction: port === "0" ? "inactive" : direction as AnswerSection["direction"],
    payloadType: Number(payloadType),
    rtxPayloadType: numberIn(section, new RegExp(`^a=fmtp:(\\d+) apt=${payloadType}\\r?$`, "m")),
    ssrc,
    rtxSsrc: numberIn(section, new RegExp(`^a=ssrc-group:FID ${ssrc} (\\d+)`, "m")),
    hasSimulcast: /^a=simulcast:.*\brecv\b/m.test(section),
  };
}

function numberIn(section: string, pattern: RegExp): number | undefined {
  const digits = pattern.exec(section)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

function attribute(sdp: string, name: string): string {
  const value = new RegExp(`^a=${name}:(\\S+)`, "m").exec(sdp)?.[1];
  if (value === undefined) throw new Error(`the answer has no ${name}`);
  return value;
}
