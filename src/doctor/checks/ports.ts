import type { Facts, MachineFacts, PortState } from "../facts.ts";
import { type Finding, type FindingId, ok, problem, warning } from "../finding.ts";

/** Whether the server can have its ports, or has them. */
export function checkPorts({ config, machine, server }: Facts): Finding[] {
  if (machine === undefined) return [];
  const isRunning = server.health.ok;
  return [
    checkBinding(machine),
    ...checkHttpPort(config, machine, isRunning),
    ...checkUdpPorts(config, machine, isRunning),
    ...checkTcpPort(config, machine, isRunning),
  ];
}

function checkBinding({ mediaAddressProblem, ownAddresses }: MachineFacts): Finding {
  if (mediaAddressProblem === undefined) return ok("media-address", `UDP can be bound: ${ownAddresses.join(", ")}`);
  return problem("media-address", mediaAddressProblem, "name by --media-host an address that this machine has");
}

function checkHttpPort({ host, port }: Facts["config"], { ports }: MachineFacts, isRunning: boolean): Finding[] {
  if (port === 0) return [];
  const how = { id: "http-port", name: `port ${port} of ${host}`, flag: "--port", isRunning } as const;
  return [portFinding(ports.http, how)];
}

function checkTcpPort({ tcpPort }: Facts["config"], { ports }: MachineFacts, isRunning: boolean): Finding[] {
  if (tcpPort === undefined || tcpPort === 0 || ports.tcp === undefined) return [];
  const how = { id: "tcp-port", name: `TCP port ${tcpPort}`, flag: "--tcp-port", isRunning } as const;
  return [portFinding(ports.tcp, how)];
}

interface PortWords {
  readonly id: FindingId;
  readonly name: string;
  readonly flag: string;
  readonly isRunning: boolean;
}

function portFinding(state: PortState, { id, name, flag, isRunning }: PortWords): Finding {
  switch (state) {
    case "free":
      return ok(id, `${name} is free`);
    case "taken":
      if (isRunning) return ok(id, `${name} is taken, by the server that runs`);
      return problem(
        id,
        `${name} is taken by another program`,
        `end that (ss -lntup shows it), or choose another ${flag}`,
      );
    case "forbidden":
      return problem(
        id,
        `${name} may not be had by this user`,
        `choose a ${flag} above 1023, or give the process CAP_NET_BIND_SERVICE, as deploy/switchboard.service does`,
      );
    case "nowhere":
      return problem(id, `${name} is at an address that this machine does not have`, "name one that it has by --host");
  }
}

function checkUdpPorts(
  { udpPort, udpPorts }: Facts["config"],
  { ports }: MachineFacts,
  isRunning: boolean,
): Finding[] {
  const taken = ports.udp.filter(({ state }) => state !== "free");
  if (udpPort !== undefined) return checkSharedPorts(taken.map(({ port }) => port), ports, isRunning);
  if (udpPorts === undefined) return [ok("udp-ports", "any free one for each peer: a firewall must let all pass")];
  const { min, max } = udpPorts;
  const size = max - min + 1;
  const detail =
    `${size} ports, ${min} to ${max}, one for each peer; of ${ports.udp.length} looked at ${taken.length} taken`;
  const fix = "choose by --udp-ports a range of its own, below net.ipv4.ip_local_port_range, or one port by --udp-port";
  if (taken.length === ports.udp.length && !isRunning) return [problem("udp-ports", detail, fix)];
  if (taken.length > ports.udp.length / 2) return [warning("udp-ports", detail, fix)];
  return [ok("udp-ports", detail)];
}

function checkSharedPorts(taken: readonly number[], { udp }: MachineFacts["ports"], isRunning: boolean): Finding[] {
  if (udp.length === 0) return [ok("udp-ports", "any free one, for all peers")];
  const all = udp.map(({ port }) => port).join(", ");
  if (taken.length === 0) return [ok("udp-ports", `${all} free, for all peers`)];
  if (isRunning) return [ok("udp-ports", `${all}, had by the server that runs`)];
  return [problem(
    "udp-ports",
    `${taken.join(", ")} taken by another program, or not for this user`,
    "end that (ss -lnup shows it), or choose another --udp-port",
  )];
}
