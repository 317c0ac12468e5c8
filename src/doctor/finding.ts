/** `warning`: some clients, or some day, will suffer. `problem`: something does not work. */
export type Severity = "ok" | "warning" | "problem";

/** What there may be found, and what it is about, in the order of the report. docs/doctor.md says more of each. */
export const FINDINGS = {
  "auth": "Tokens",
  "https": "HTTPS",
  "trust-proxy": "Proxy in front",
  "tls-certificate": "Certificate of HTTPS",
  "dtls-certificate": "Certificate of DTLS",
  "clock": "Clock",
  "backend": "Backend",
  "file-limit": "File descriptors",
  "socket-buffers": "Socket buffers",
  "media-address": "Addresses to bind to",
  "http-port": "Port of HTTP",
  "udp-ports": "UDP ports",
  "tcp-port": "TCP port of media",
  "udp-blocked": "Clients without UDP",
  "announce": "Announced names",
  "candidate-addresses": "Addresses that clients are told",
  "public-address": "Public address",
  "broker": "Broker",
  "server": "Server",
  "ready": "Readiness",
  "running-backend": "Running backend",
  "origin": "Origin of the page",
  "join": "Joining",
  "ice-udp": "Media by UDP",
  "ice-tcp": "Media by TCP",
  "dtls": "DTLS handshake",
  "turn": "TURN credentials",
  "turn-relay": "Media by TURN",
} as const;

export type FindingId = keyof typeof FINDINGS;

/** One thing that was looked at. */
export interface Finding {
  readonly id: FindingId;
  readonly severity: Severity;
  readonly title: string;
  /** What is so, in words. */
  readonly detail: string;
  /** What to do about it, in words; undefined where nothing is to be done. */
  readonly fix?: string;
}

export function ok(id: FindingId, detail: string): Finding {
  return { id, severity: "ok", title: FINDINGS[id], detail };
}

export function warning(id: FindingId, detail: string, fix: string): Finding {
  return { id, severity: "warning", title: FINDINGS[id], detail, fix };
}

export function problem(id: FindingId, detail: string, fix: string): Finding {
  return { id, severity: "problem", title: FINDINGS[id], detail, fix };
}

/** In the order of FINDINGS. */
export function inOrder(findings: readonly Finding[]): Finding[] {
  const ids = Object.keys(FINDINGS);
  return findings.toSorted((a, b) => ids.indexOf(a.id) - ids.indexOf(b.id));
}
