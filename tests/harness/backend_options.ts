import type { BackendOptions } from "../../src/io/backend_options.ts";

/** A machine of four processors, media on loopback, and nothing asked for. */
export const BACKEND_OPTIONS: Omit<BackendOptions, "choice" | "clock" | "random" | "certificate"> = {
  hostname: "127.0.0.1",
  workers: undefined,
  processors: 4,
  roomPeersPerWorker: 100,
  yieldsToMedia: false,
  udpPort: undefined,
  udpPorts: undefined,
  tcpPort: undefined,
};
