import type { Config } from "../../server/config_schema.ts";
import { bindAddress } from "../../io/addresses.ts";
import { mediaHosts } from "../../server/media_hosts.ts";
import type { PortFacts, PortState } from "../facts.ts";

/** Of a range so many ports are looked at, evenly spread. */
const SAMPLE = 100;

/** Takes each port that the settings name, for a moment. */
export function probePorts(config: Config): PortFacts {
  const { host, port, tcpPort, udpPort, udpPorts, workers } = config;
  const hostname = bindAddress(mediaHosts(config));
  const count = typeof workers === "number" ? Math.max(1, workers) : 1;
  const shared = udpPort === undefined || udpPort === 0 ? [] : Array.from({ length: count }, (_, i) => udpPort + i);
  const udp = udpPorts === undefined ? shared : sampleOf(udpPorts.min, udpPorts.max);
  return {
    http: listenState(host, port),
    ...(tcpPort !== undefined && { tcp: listenState(hostname, tcpPort) }),
    udp: udp.map((port) => ({ port, state: stateOf(() => bindAndClose(hostname, port)) })),
  };
}

function sampleOf(min: number, max: number): number[] {
  const size = max - min + 1;
  const count = Math.min(size, SAMPLE);
  return Array.from({ length: count }, (_, i) => min + Math.floor(i * size / count));
}

function listenState(hostname: string, port: number): PortState {
  return stateOf(() => Deno.listen({ hostname, port }).close());
}

function bindAndClose(hostname: string, port: number): void {
  Deno.listenDatagram({ transport: "udp", hostname, port }).close();
}

function stateOf(take: () => void): PortState {
  try {
    take();
    return "free";
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return "taken";
    if (error instanceof Deno.errors.PermissionDenied) return "forbidden";
    if (error instanceof Deno.errors.AddrNotAvailable) return "nowhere";
    throw error;
  }
}
