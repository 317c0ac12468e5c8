import type { Facts, MachineFacts, ServerFacts } from "../../src/doctor/facts.ts";
import type { FindingId, Severity } from "../../src/doctor/finding.ts";
import { hostCandidate, parseCandidate, tcpHostCandidate } from "../../src/webrtc/candidate.ts";
import { SECRET } from "./tokens.ts";
import { accepted } from "./parsed_config.ts";

const DAY_MS = 86_400_000;
export const NOW_MS = Date.UTC(2027, 0, 1);
const PUBLIC = "203.0.113.7";
const MEGABYTE = 1024 * 1024;

type SignalingOk = Extract<ServerFacts["signaling"], { ok: true }>;

/** A candidate of a server, and what became of its check; without a time nothing came back. */
export function checked(address: string, { tcp = false, roundTripMs }: { tcp?: boolean; roundTripMs?: number } = {}) {
  const write = tcp ? tcpHostCandidate : hostCandidate;
  const candidate = parseCandidate(write({ foundation: "1", address, port: 3478, order: 0 }));
  if (candidate === undefined) throw new TypeError(`${address} makes no candidate`);
  return { candidate, ...(roundTripMs !== undefined && { roundTripMs }) };
}

const SIGNALING: SignalingOk = {
  ok: true,
  originAllowed: true,
  asksForTokens: true,
  checks: [checked(PUBLIC, { roundTripMs: 1 }), checked(PUBLIC, { tcp: true, roundTripMs: 2 })],
  dtls: { ok: true, durationMs: 20 },
  turn: [{
    url: "turn:turn.example.org",
    allocation: { ok: true, relayed: "198.51.100.1:50000" },
    relay: { roundTripMs: 3 },
  }],
};

const MACHINE: MachineFacts = {
  backend: { ok: true, name: "native", reason: "libc.so.6, UDP GSO" },
  isLinux: true,
  descriptors: 65536,
  buffers: {
    receive: { asked: 16 * MEGABYTE, granted: 16 * MEGABYTE },
    send: { asked: MEGABYTE, granted: MEGABYTE },
  },
  ports: { http: "free", tcp: "free", udp: [{ port: 3478, state: "free" }] },
  ownAddresses: [PUBLIC, "127.0.0.1"],
  announced: { ok: true, addresses: [PUBLIC] },
  seenFrom: [{ url: "stun:stun.example.org", address: PUBLIC }],
  tlsFiles: validity(-1, 60),
  dtlsFiles: validity(-1, 300),
  broker: { name: "nats://nats.example.org:4222", ok: true, software: "NATS 2.10.0", roundTripMs: 1 },
};

const SERVER: ServerFacts = {
  url: "https://sfu.example.org",
  wasNamed: true,
  health: { ok: true, backend: "native", backendReason: "libc.so.6, UDP GSO", dateMs: NOW_MS },
  hostAddresses: [PUBLIC],
  certificate: validity(-1, 60),
  ready: { isReady: true, reason: "" },
  signaling: SIGNALING,
};

/** Days from now. */
export function validity(from: number, to: number) {
  return { ok: true, validFromMs: NOW_MS + from * DAY_MS, validToMs: NOW_MS + to * DAY_MS } as const;
}

/** What is other than well. */
export interface Ailment {
  readonly machine?: Partial<MachineFacts>;
  readonly server?: Partial<ServerFacts>;
  readonly signaling?: Partial<SignalingOk>;
}

/** What is wrong, the finding that tells of it, and words that its fix must have. */
export interface AilingCase {
  readonly what: string;
  readonly id: FindingId;
  readonly severity: Exclude<Severity, "ok">;
  readonly fix: RegExp;
  readonly ailment?: Ailment;
  readonly config?: Facts["config"];
}

const ARGS = [
  ...["--port=443", "--udp-port=3478", "--tcp-port=3478", "--announce=sfu.example.org", "--stun=stun:stun.example.org"],
  ...["--turn=turn:turn.example.org", "--turn-secret=shared", "--tls-cert=chain.pem", "--tls-key=key.pem"],
  ...[
    "--dtls-cert=dtls.pem",
    "--dtls-key=dtls_key.pem",
    "--bus=nats://nats.example.org:4222",
    `--auth-secret=${SECRET}`,
  ],
];

/** Settings of a server on the internet: those that begin with one of `without` are left out, `args` come besides. */
export function settings(args: readonly string[] = [], without: readonly string[] = []) {
  return accepted([...ARGS.filter((arg) => !without.some((flag) => arg.startsWith(`--${flag}`))), ...args]);
}

/** All is well, but for what is given. */
export function facts({ machine, server, signaling }: Ailment = {}, config = settings()): Facts {
  return {
    config,
    nowMs: NOW_MS,
    machine: { ...MACHINE, ...machine },
    server: { ...SERVER, ...(signaling !== undefined && { signaling: { ...SIGNALING, ...signaling } }), ...server },
  };
}

/** No server that answers. */
export function unhealthy(reason: "unreachable" | "stranger" | "untrusted", wasNamed = true): Ailment {
  return {
    server: { wasNamed, health: { ok: false, reason, message: "no route" }, signaling: undefined },
  };
}
