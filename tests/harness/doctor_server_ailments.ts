import { type AilingCase, type Ailment, checked, settings, unhealthy } from "./doctor_facts.ts";

const PRIVATE = [checked("192.168.1.5", { roundTripMs: 1 })];
const BRIDGED = [checked("172.17.0.2", { roundTripMs: 1 })];
const HOME = ["192.168.1.5"];
const refused = (code: string): Ailment => ({ server: { signaling: { ok: false, code, message: "no" } } });
const turn = (code: number): Ailment => ({
  signaling: { turn: [{ url: "turn:t", allocation: { ok: false, code, reason: "no" } }] },
});
const warn = "warning" as const;
const fail = "problem" as const;

const ADDRESSES: readonly AilingCase[] = [
  {
    what: "a name that nobody knows",
    id: "announce",
    severity: fail,
    fix: /DNS/,
    ailment: { machine: { announced: { ok: false, reason: "sfu.example.org cannot be looked up" } } },
  },
  {
    what: "a public page whose media is at a private address",
    id: "candidate-addresses",
    severity: fail,
    fix: /--announce=.*203\.0\.113\.7/,
    ailment: { signaling: { checks: PRIVATE } },
  },
  {
    what: "a container's own address",
    id: "candidate-addresses",
    severity: warn,
    fix: /--network=host/,
    ailment: { signaling: { checks: BRIDGED }, server: { hostAddresses: HOME } },
  },
  {
    what: "private addresses alone",
    id: "candidate-addresses",
    severity: warn,
    fix: /behind a NAT the public one/,
    ailment: { signaling: { checks: PRIVATE }, server: { hostAddresses: HOME } },
  },
  {
    what: "another public address than the one that clients are told",
    id: "public-address",
    severity: fail,
    fix: /--announce=198\.51\.100\.9/,
    ailment: { machine: { seenFrom: [{ url: "stun:s", address: "198.51.100.9" }] } },
  },
  {
    what: "a STUN server that does not answer",
    id: "public-address",
    severity: warn,
    fix: /--stun/,
    ailment: { machine: { seenFrom: [{ url: "stun:s" }] } },
  },
];

const SERVER: readonly AilingCase[] = [
  {
    what: "no server where there ought to be one",
    id: "server",
    severity: fail,
    fix: /--url/,
    ailment: unhealthy("unreachable"),
  },
  {
    what: "no server that runs",
    id: "server",
    severity: warn,
    fix: /deno task start/,
    ailment: unhealthy("unreachable", false),
  },
  { what: "another program", id: "server", severity: fail, fix: /\/healthz/, ailment: unhealthy("stranger") },
  {
    what: "a certificate of nobody",
    id: "server",
    severity: fail,
    fix: /tls-certificate/,
    ailment: unhealthy("untrusted"),
  },
  {
    what: "a server that takes nobody",
    id: "ready",
    severity: fail,
    fix: /log/,
    ailment: { server: { ready: { isReady: false, reason: "no descriptor is left" } } },
  },
  {
    what: "a server that was started by the other task",
    id: "running-backend",
    severity: warn,
    fix: /deno task start/,
    ailment: { server: { health: { ok: true, backend: "portable", backendReason: "asked for" } } },
  },
  {
    what: "a proxy that hides the Host field",
    id: "origin",
    severity: fail,
    fix: /proxy_set_header Host.*--origins=https:\/\/sfu\.example\.org/,
    ailment: { signaling: { originAllowed: false } },
  },
  { what: "no token", id: "join", severity: fail, fix: /deno task token/, ailment: refused("unauthorized") },
  { what: "a proxy without WebSockets", id: "join", severity: fail, fix: /Upgrade/, ailment: refused("unreachable") },
  { what: "a code that is new", id: "join", severity: fail, fix: /docs\/protocol\.md/, ailment: refused("new") },
];

const MEDIA: readonly AilingCase[] = [
  {
    what: "no way past a network that blocks UDP",
    id: "udp-blocked",
    severity: warn,
    fix: /--tcp-port=3478.*--turn/,
    ailment: { signaling: { checks: [checked("203.0.113.7", { roundTripMs: 1 })], turn: [] } },
  },
  {
    what: "no way past such a network in the settings",
    id: "udp-blocked",
    severity: warn,
    fix: /--tcp-port=3478.*--turn/,
    config: settings([], ["tcp-port", "turn"]),
    ailment: unhealthy("unreachable"),
  },
  {
    what: "UDP that is blocked",
    id: "ice-udp",
    severity: fail,
    fix: /open UDP port 3478 in each firewall/,
    ailment: { signaling: { checks: [checked("203.0.113.7")] } },
  },
  {
    what: "UDP that is blocked, with a range",
    id: "ice-udp",
    severity: fail,
    fix: /open UDP ports 40000 to 40099/,
    config: settings(["--udp-ports=40000-40099"], ["udp-port"]),
    ailment: { signaling: { checks: [checked("203.0.113.7")] } },
  },
  {
    what: "one of two addresses that does not answer",
    id: "ice-udp",
    severity: warn,
    fix: /--remote/,
    ailment: { signaling: { checks: [checked("203.0.113.7"), checked("203.0.113.8", { roundTripMs: 1 })] } },
  },
  {
    what: "TCP that is blocked",
    id: "ice-tcp",
    severity: fail,
    fix: /open TCP port 3478/,
    ailment: {
      signaling: { checks: [checked("203.0.113.7", { roundTripMs: 1 }), checked("203.0.113.7", { tcp: true })] },
    },
  },
  {
    what: "a handshake that does not end",
    id: "dtls",
    severity: fail,
    fix: /MTU/,
    ailment: { signaling: { dtls: { ok: false, reason: "no answer within 5 s" } } },
  },
  { what: "credentials that are refused", id: "turn", severity: fail, fix: /static-auth-secret/, ailment: turn(401) },
  { what: "a quota that is used up", id: "turn", severity: fail, fix: /quota/, ailment: turn(486) },
  {
    what: "a TURN server with a complaint",
    id: "turn",
    severity: fail,
    fix: /log of the TURN server/,
    ailment: turn(508),
  },
  {
    what: "a TURN server that is silent",
    id: "turn",
    severity: fail,
    fix: /name, port and transport/,
    ailment: turn(0),
  },
  {
    what: "a relay that does not reach the server",
    id: "turn-relay",
    severity: fail,
    fix: /denied-peer-ip/,
    ailment: {
      signaling: {
        turn: [{ url: "turn:t", allocation: { ok: true, relayed: "198.51.100.1:5" }, relay: { reason: "403" } }],
      },
    },
  },
];

/** What may be wrong with addresses, and with a server that runs. */
export const SERVER_AILMENTS = [...ADDRESSES, ...SERVER, ...MEDIA];
