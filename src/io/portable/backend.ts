import type { RandomSource } from "../../sfu/random.ts";
import type { Backend } from "../backend.ts";
import type { Clock } from "../clock.ts";
import type { DtlsCertificate } from "../dtls/certificate.ts";
import { LocalMedia } from "../local_media.ts";
import { portableCiphers } from "./cipher.ts";
import { createPortableDtls } from "./dtls.ts";
import { PortableSockets } from "./sockets.ts";

/** Deno's datagram sockets, werift's DTLS and node:crypto: works wherever Deno does, needs no FFI. */
export function createPortableBackend(clock: Clock, random: RandomSource, certificate: DtlsCertificate): Backend {
  const media = new LocalMedia({ sockets: new PortableSockets(), ciphers: portableCiphers, clock, random });
  return {
    name: "portable",
    workers: 0,
    dtls: createPortableDtls(certificate),
    media,
    close: () => media.close(),
  };
}
