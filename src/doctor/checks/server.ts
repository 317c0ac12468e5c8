import type { Facts, ServerFacts } from "../facts.ts";
import { type Finding, ok, problem, warning } from "../finding.ts";

/** What is to be done where a join is refused, by the protocol's code. */
const JOIN_FIXES: Readonly<Record<string, string>> = {
  "unauthorized": 'give a token: --token="$(deno task token --room=doctor)", with the AUTH_SECRET of the server',
  "forbidden": "give a token for the room that --room names, which may subscribe",
  "auth-unavailable": "look whether the key set of --auth-jwks can be fetched from the server's machine",
  "no-capacity": "raise the limit of file descriptors, or --workers: the server's log says what it lacks",
  "server-draining": "wait until the server has ended, and another one takes its place",
  "too-many-joins": "wait a minute, or raise --joins-per-minute; behind a proxy set --trust-proxy, or all count as one",
  "too-many-connections":
    "raise --max-connections-per-address; behind a proxy set --trust-proxy, or all clients count as one",
  "unreachable":
    "have the proxy in front pass WebSockets on: proxy_http_version 1.1, and the fields Upgrade and Connection (docs/deploy.md)",
  "untrusted": "put its certificate right (see tls-certificate), or ask on the server's machine, at a loopback address",
  "no-answer": "look into the server's log (LOG=debug): it took the WebSocket, and said nothing",
};

/** Whether a server answers, and lets clients in. */
export function checkServer(facts: Facts): Finding[] {
  const { server } = facts;
  if (!server.health.ok) return [checkReach(server)];
  return [
    checkReach(server),
    ...(server.ready === undefined ? [] : [checkReady(server.ready)]),
    ...checkRunningBackend(facts),
    ...checkJoin(server),
  ];
}

function checkReach({ url, wasNamed, health }: ServerFacts): Finding {
  if (health.ok) return ok("server", `${url} answers`);
  const { reason, message } = health;
  if (reason === "stranger") {
    return problem(
      "server",
      `${url} is not Switchboard: ${message}`,
      "name by --url where it is; a proxy has to pass /healthz, /readyz, /ws, /whip and /whep on, to the right port",
    );
  }
  if (reason === "untrusted") {
    return problem("server", `${url} cannot be trusted: ${message}`, "put its certificate right: see tls-certificate");
  }
  const fix = "start it (deno task start, systemctl start switchboard), and name by --url where it is";
  if (wasNamed) {
    return problem(
      "server",
      `${url} cannot be reached: ${message}`,
      `${fix}; a firewall has to let its TCP port pass`,
    );
  }
  return warning("server", `${url} does not answer: what a server that runs would show was not looked at`, fix);
}

function checkReady({ isReady, reason }: NonNullable<ServerFacts["ready"]>): Finding {
  if (isReady) return ok("ready", "peers can be taken");
  return problem(
    "ready",
    `no peer can be taken: ${reason}`,
    "look into the server's log; a server that drains ends soon",
  );
}

/** Who starts a server by another task than was meant has the slow backend, and hears of it in the log alone. */
function checkRunningBackend({ machine, server: { health } }: Facts): Finding[] {
  if (!health.ok) return [];
  const could = machine?.backend.ok === true ? machine.backend.name : undefined;
  if (health.backend !== "portable" || could !== "native") {
    const asHere = could === health.backend;
    const detail = asHere ? `${health.backend}, as here` : `${health.backend}: ${health.backendReason}`;
    return [ok("running-backend", detail)];
  }
  return [warning(
    "running-backend",
    `portable, though native would run here: ${health.backendReason}`,
    'start the server by "deno task start" instead of "deno task dev", without --backend=portable',
  )];
}

function checkJoin({ signaling, url }: ServerFacts): Finding[] {
  if (signaling === undefined) return [];
  if (!signaling.ok) {
    const { code, message } = signaling;
    const fix = JOIN_FIXES[code] ?? "do what the message says; docs/protocol.md has the code";
    return [problem("join", `refused with ${code}: ${message}`, fix)];
  }
  const origin = new URL(url).origin;
  return [
    signaling.originAllowed ? ok("origin", `pages of ${origin} may join`) : problem(
      "origin",
      `pages of ${origin} are taken for strangers, though other clients are let in`,
      `have the proxy pass the Host field on (proxy_set_header Host $http_host), or allow it by --origins=${origin}`,
    ),
    ok("join", "by WebSocket, welcome and answer came"),
  ];
}
