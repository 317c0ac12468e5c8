import type { Backend } from "../backend.ts";
import { createCertificate } from "./certificate.ts";
import { portableCiphers } from "./cipher.ts";
import { createPortableDtls } from "./dtls.ts";
import { UdpSocket } from "./udp.ts";

/** Deno's datagram sockets, werift's DTLS and node:crypto: works wherever Deno does, needs no FFI. */
export function createPortableBackend(): Backend {
  const dirty: UdpSocket[] = [];
  return {
    name: "portable",
    dtls: createPortableDtls(createCertificate(Date.now())),
    ciphers: portableCiphers,
    openSocket: (hostname, handler) => new UdpSocket(hostname, handler, (socket) => dirty.push(socket)),
    flush() {
      for (const socket of dirty) socket.flush();
      dirty.length = 0;
    },
    close: () => Promise.resolve(),
  };
}
