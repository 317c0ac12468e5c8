import type { Config } from "./config_schema.ts";

/** Opens a UDP socket on any port of an address, and closes it. */
export type TryBind = (hostname: string) => void;

/** Addresses of this machine that media is on. */
export function mediaHosts({ host, mediaHost }: Pick<Config, "host" | "mediaHost">): readonly string[] {
  return mediaHost.length > 0 ? mediaHost : [host];
}

/**
 * Why media cannot be on these addresses, with what to do about it; undefined where it can. A peer would be told
 * otherwise, and not who starts the server.
 */
export function mediaHostProblem(hosts: readonly string[], tryBind: TryBind = bindAndClose): string | undefined {
  for (const host of hosts) {
    try {
      tryBind(host);
    } catch (error) {
      const reason = reasonOf(error, host);
      if (reason === undefined) throw error;
      return `${reason}: choose another one with --media-host=<address>`;
    }
  }
  return undefined;
}

function bindAndClose(hostname: string): void {
  Deno.listenDatagram({ transport: "udp", hostname, port: 0 }).close();
}

/** Undefined for what the system did not say. */
function reasonOf(error: unknown, host: string): string | undefined {
  if (error instanceof Deno.errors.AddrNotAvailable) return `This machine does not have the address ${host}`;
  // A link-local address without its interface; IPv6 where the kernel has none.
  const isOfSystem = error instanceof Error && /\(os error \d+\)/.test(error.message);
  return isOfSystem ? `Media cannot be on the address ${host}, ${error.message}` : undefined;
}
