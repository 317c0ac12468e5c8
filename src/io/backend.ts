import type { DtlsFactory } from "../webrtc/dtls.ts";
import type { MediaHost } from "./media_host.ts";

/** What carries media here: DTLS in this isolate, and packets in this one or in workers. */
export interface Backend {
  readonly name: "portable" | "native";
  /** Media workers; 0 where this isolate does all. */
  readonly workers: number;
  readonly dtls: DtlsFactory;
  readonly media: MediaHost;
  /** Gives back all that is open. The peers are closed before. */
  close(): Promise<void>;
}
