/** Opens a UDP socket on any port of an address, and closes it. */
export type TryBind = (hostname: string) => void;

/**
 * Why media cannot be on these addresses, with what to do about it; undefined where it can. A peer would be told
 * otherwise, and not who starts the server.
 */
export function mediaHostProblem(hosts: readonly string[], tryBind: TryBind = bindAndClose): string | undefined {
  for (const host of hosts) {
    try {
      tryBind(host);
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrNotAvailable)) throw error;
      return `This machine does not have the address ${host}: choose another one with --media-host=<address>`;
    }
  }
  return undefined;
}

function bindAndClose(hostname: string): void {
  Deno.listenDatagram({ transport: "udp", hostname, port: 0 }).close();
}
