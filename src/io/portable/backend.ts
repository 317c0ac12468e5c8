import type { RandomSource } from "../../sfu/random.ts";
import type { DtlsFactory } from "../../webrtc/dtls.ts";
import { messageOf } from "../../webrtc/error_message.ts";
import type { Backend } from "../backend.ts";
import type { Clock } from "../clock.ts";
import { LocalMedia } from "../local_media.ts";
import { portableCiphers } from "./cipher.ts";
import { PortableSockets } from "./sockets.ts";
import { TcpListener } from "./tcp_listener.ts";

export interface PortableOptions {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly dtls: DtlsFactory;
  /** Address of the TCP port. */
  readonly hostname: string;
  /** For clients that cannot use UDP; 0 for any, undefined for none. */
  readonly tcpPort: number | undefined;
}

export type PortableBackendResult =
  | { readonly ok: true; readonly backend: Backend }
  | { readonly ok: false; readonly reason: string };

/** Deno's sockets, werift's DTLS and node:crypto: works wherever Deno does, needs no FFI. Throws nothing. */
export function createPortableBackend(
  { clock, random, dtls, hostname, tcpPort }: PortableOptions,
): PortableBackendResult {
  let tcp: TcpListener | undefined;
  try {
    tcp = tcpPort === undefined ? undefined : new TcpListener({ hostname, port: tcpPort, clock });
  } catch (error) {
    return { ok: false, reason: `TCP port ${tcpPort} of ${hostname} cannot be had: ${messageOf(error)}` };
  }
  const media = new LocalMedia({ sockets: new PortableSockets(tcp), ciphers: portableCiphers, clock, random });
  return {
    ok: true,
    backend: { name: "portable", workers: 0, dtls, media, tcpPort: tcp?.port, close: () => media.close() },
  };
}
