import { addressKind, isLoopback } from "../address_kind.ts";
import type { CandidateCheck, DtlsFacts, Facts, TurnFacts } from "../facts.ts";
import { type Finding, ok, problem, warning } from "../finding.ts";

/** Codes of STUN errors (RFC 8489 section 14.8, RFC 8656 section 17). */
const UNAUTHORIZED = 401;
const FORBIDDEN = 403;
const QUOTA_REACHED = 486;

/** Whether media gets through: each candidate of an answer, DTLS, and each TURN server. */
export function checkMedia(facts: Facts): Finding[] {
  const { config, server: { signaling } } = facts;
  if (!signaling?.ok) return checkWithoutUdp(facts);
  const by = (transport: string) => signaling.checks.filter(({ candidate }) => candidate.transport === transport);
  const tcp = by("tcp");
  return [
    ...checkWithoutUdp(facts),
    checkTransport("ice-udp", by("udp"), config),
    ...(tcp.length > 0 ? [checkTransport("ice-tcp", tcp, config)] : []),
    ...(signaling.dtls === undefined ? [] : [checkDtls(signaling.dtls)]),
    ...signaling.turn.flatMap(checkTurn),
  ];
}

/** A server that runs shows it; else its settings do. */
function checkWithoutUdp({ config, machine, server: { signaling } }: Facts): Finding[] {
  if (machine === undefined && !signaling?.ok) return [];
  const hasTcp = signaling?.ok ? signaling.checks.some(({ candidate }) => candidate.transport === "tcp") : undefined;
  const hasTurn = signaling?.ok ? signaling.turn.length > 0 : config.turn.length > 0;
  if (hasTcp ?? config.tcpPort !== undefined) return [ok("udp-blocked", "they come by the TCP port of media")];
  if (hasTurn) return [ok("udp-blocked", "they come by TURN")];
  if (machine !== undefined && isLoopback(config.host)) {
    return [ok("udp-blocked", "none: the server is for this machine alone")];
  }
  return [warning(
    "udp-blocked",
    "clients whose network blocks UDP have neither sound nor picture",
    "give media a TCP port by --tcp-port=3478, which a firewall lets pass, or name a TURN server by --turn",
  )];
}

function checkTransport(
  id: "ice-udp" | "ice-tcp",
  checks: readonly CandidateCheck[],
  { udpPort, udpPorts, tcpPort }: Facts["config"],
): Finding {
  const silent = checks.filter(({ roundTripMs }) => roundTripMs === undefined);
  const answered = checks.filter(({ roundTripMs }) => roundTripMs !== undefined);
  const shared = udpPort === undefined ? "all UDP ports (or fewer, by --udp-port)" : `UDP port ${udpPort}`;
  const udp = udpPorts === undefined ? shared : `UDP ports ${udpPorts.min} to ${udpPorts.max}`;
  const ports = id === "ice-udp" ? udp : `TCP port ${tcpPort ?? "of --tcp-port"}`;
  const open = `open ${ports} in each firewall, that of the machine's provider as well, publish it where there is a ` +
    "container, at the same number, and announce an address that leads here (--announce)";
  if (answered.length === 0) {
    return problem(id, `no candidate answers a connectivity check: ${words(silent) || "there is none"}`, open);
  }
  // A loopback address is for clients on the server's machine, and a NAT may not lead back to who is behind it.
  const missed = silent.filter(({ candidate }) => addressKind(candidate.address) !== "loopback");
  if (missed.length === 0) return ok(id, `answered: ${words(answered)}`);
  return warning(
    id,
    `${words(missed)} did not answer from here; ${words(answered)} did`,
    `${open}; where a NAT does not lead back to who is behind it ask from another machine (--url, --remote)`,
  );
}

function words(checks: readonly CandidateCheck[]): string {
  return checks.map(({ candidate: { address, port }, roundTripMs }) => {
    const where = address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
    return roundTripMs === undefined ? where : `${where} in ${roundTripMs.toFixed(1)} ms`;
  }).join(", ");
}

function checkDtls(dtls: DtlsFacts): Finding {
  if (dtls.ok) return ok("dtls", `complete after ${Math.round(dtls.durationMs)} ms, by the certificate of the answer`);
  return problem(
    "dtls",
    `not complete, though connectivity checks are answered: ${dtls.reason}`,
    "look into the server's log (LOG=switchboard.dtls=debug); datagrams of 1200 bytes have to pass: look at the MTU of " +
      "tunnels on the way",
  );
}

function checkTurn({ url, allocation, relay }: TurnFacts): Finding[] {
  if (!allocation.ok) return [checkAllocation(url, allocation)];
  const allocated = ok("turn", `${url} takes them: ${allocation.relayed}`);
  if (relay === undefined) return [allocated];
  if (relay.roundTripMs !== undefined) {
    return [allocated, ok("turn-relay", `${url} relays to the server in ${relay.roundTripMs.toFixed(1)} ms`)];
  }
  return [
    allocated,
    problem(
      "turn-relay",
      `${url} gives an address, but what goes by it does not come back: ${relay.reason ?? "no answer"}`,
      "let the TURN server reach the media address: its denied-peer-ip must not have it, its firewall must let UDP of its " +
        "relay ports pass (coturn: min-port, max-port), and where it is behind a NAT it needs external-ip",
    ),
  ];
}

function checkAllocation(url: string, { code, reason }: { readonly code: number; readonly reason: string }): Finding {
  if (code === UNAUTHORIZED || code === FORBIDDEN) {
    return problem(
      "turn",
      `${url} refuses the credentials that clients get: ${reason}`,
      "TURN_SECRET has to be the static-auth-secret of that server, with use-auth-secret, and both clocks right",
    );
  }
  if (code === QUOTA_REACHED) {
    return problem("turn", `${url} has no more for us: ${reason}`, "raise its user-quota and total-quota");
  }
  if (code > 0) return problem("turn", `${url} says ${code}: ${reason}`, "look into the log of the TURN server");
  return problem(
    "turn",
    `${url} does not answer: ${reason}`,
    "look whether it runs, whether name, port and transport of --turn are its own, and whether a firewall lets them pass",
  );
}
