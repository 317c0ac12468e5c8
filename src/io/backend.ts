import type { DtlsFactory } from "../webrtc/dtls.ts";
import type { MediaHost } from "./media_host.ts";

/** For /healthz. */
export function describeTcpPort(port: number): string {
  return `TCP port ${port} for clients that cannot use UDP`;
}

/** What carries media here: DTLS in this isolate, and packets in this one or in workers. */
export interface Backend {
  readonly name: "portable" | "native";
  /** Media workers; 0 where this isolate does all. */
  readonly workers: number;
  readonly dtls: DtlsFactory;
  readonly media: MediaHost;
  /** The TCP port of clients that cannot use UDP (RFC 6544); undefined where there is none. */
  readonly tcpPort?: number | undefined;
  /** Gives back all that is open. The peers are closed before. */
  close(): Promise<void>;
}
