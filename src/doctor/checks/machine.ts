import type { BrokerFacts, Facts, MachineFacts } from "../facts.ts";
import { type Finding, ok, problem, warning } from "../finding.ts";

/** What a process needs beside its peers. */
const OWN_DESCRIPTORS = 100;
/** A meeting of so many ought to find room. */
const FEW_PEERS = 500;
const RAISE_DESCRIPTORS =
  "raise it: LimitNOFILE=65536 in the systemd unit, --ulimit nofile=65536:65536 of docker run, or ulimit -n 65536";

/** What this machine lets a server have. */
export function checkMachine({ config, machine }: Facts): Finding[] {
  if (machine === undefined) return [];
  return [
    checkBackend(config, machine),
    checkDescriptors(config, machine),
    ...checkBuffers(config, machine),
    ...(machine.broker === undefined ? [] : [checkBroker(machine.broker)]),
  ];
}

function checkBackend({ backend: wanted, udpPort, udpPorts }: Facts["config"], { backend, isLinux }: MachineFacts) {
  const install = 'start it by "deno task start", and install the libraries that it opens (libgnutls30, libssl3)';
  if (!backend.ok) return problem("backend", `--backend=${wanted} does not run here: ${backend.reason}`, install);
  const { name, reason } = backend;
  if (name === "native") return ok("backend", `native: ${reason}`);
  const setting = udpPort !== undefined ? "--udp-port" : udpPorts !== undefined ? "--udp-ports" : undefined;
  if (setting !== undefined) {
    return problem("backend", `${setting} needs the native backend: ${reason}`, `${install}, or leave ${setting} out`);
  }
  if (wanted === "portable" || !isLinux) return ok("backend", `portable: ${reason}`);
  return warning("backend", `portable, which costs a multiple for each packet: ${reason}`, install);
}

function checkDescriptors({ udpPort }: Facts["config"], { descriptors }: MachineFacts): Finding {
  if (descriptors === undefined) return ok("file-limit", "not known: the system cannot be asked without FFI");
  const each = udpPort === undefined ? 2 : 1;
  const peers = Math.max(0, Math.floor((descriptors - OWN_DESCRIPTORS) / each));
  const detail = `${descriptors}, enough for some ${peers} peers`;
  if (descriptors < 2 * OWN_DESCRIPTORS) return problem("file-limit", detail, RAISE_DESCRIPTORS);
  return peers < FEW_PEERS ? warning("file-limit", detail, RAISE_DESCRIPTORS) : ok("file-limit", detail);
}

/** Peers with a port each need less than Linux grants anyway. */
function checkBuffers({ udpPort }: Facts["config"], { buffers }: MachineFacts): Finding[] {
  if (udpPort === undefined) return [];
  if (buffers === undefined) return [ok("socket-buffers", "not known: the system cannot be asked without FFI")];
  const ways = [["receive", "net.core.rmem_max"], ["send", "net.core.wmem_max"]] as const;
  const short = ways.filter(([way]) => buffers[way].granted < buffers[way].asked / 2);
  const words = ways.map(([way]) => `${kilobytes(buffers[way].granted)} of ${kilobytes(buffers[way].asked)} to ${way}`);
  if (short.length === 0) return [ok("socket-buffers", words.join(", "))];
  return [warning(
    "socket-buffers",
    `the shared UDP port is granted ${words.join(", ")}: in a pause of the server packets of all peers are lost`,
    `raise what the kernel grants: ${
      short.map(([way, name]) => `sysctl -w ${name}=${buffers[way].asked}`).join(" and ")
    }; in /etc/sysctl.d it outlasts a restart`,
  )];
}

function kilobytes(bytes: number): string {
  return `${Math.round(bytes / 1024)} kB`;
}

function checkBroker(broker: BrokerFacts): Finding {
  const { name } = broker;
  if (broker.ok) return ok("broker", `${name}: ${broker.software}, ${Math.round(broker.roundTripMs)} ms away`);
  if (broker.isRefusal) {
    return problem(
      "broker",
      `${name} refuses us: ${broker.reason}`,
      "put right the name and password, or token, in BUS",
    );
  }
  return problem(
    "broker",
    `${name} cannot be reached: ${broker.reason}`,
    "look whether the broker runs, whether the host and port of --bus are its own, and whether a firewall is between; " +
      "with tls: and rediss: its certificate must be for that host, of an authority that is known or in --bus-ca",
  );
}
