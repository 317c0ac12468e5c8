import type { DtlsFactory } from "../webrtc/dtls.ts";
import type { MediaHost, NodeHost } from "./media_host.ts";
import type { MediaPool } from "./media_pool.ts";

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
  /** The media of this isolate as a node of a bus; undefined where it is in workers. */
  readonly node?: NodeHost | undefined;
  /** The media workers, where there are any. */
  readonly pool?: Pick<MediaPool, "drain" | "undrain"> | undefined;
  /** The TCP port of clients that cannot use UDP (RFC 6544); undefined where there is none. */
  readonly tcpPort?: number | undefined;
  /** Resolves once the media workers have started, or have failed to; left out where peers can be taken at once. */
  readonly started?: Promise<unknown> | undefined;
  /** Gives back all that is open. The peers are closed before. */
  close(): Promise<void>;
}
