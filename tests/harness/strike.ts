/** What ends a mortal media worker, and what has it hang, whichever of its peers gets it. As long, and no protocol's. */
export const FATAL = "fail";
export const HANGING = "hang";

/** Has the media worker fail, or hang, that has the peer with this port of its own. */
export async function strike(port: number, how: typeof FATAL | typeof HANGING = FATAL): Promise<void> {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  await socket.send(new TextEncoder().encode(how), { transport: "udp", hostname: "127.0.0.1", port });
  socket.close();
}
