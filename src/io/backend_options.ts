import type { RandomSource } from "../sfu/random.ts";
import { autoWorkers, MAX_WORKERS } from "./auto_workers.ts";
import type { Backend } from "./backend.ts";
import type { Clock } from "./clock.ts";
import type { DtlsCertificate } from "./dtls/certificate.ts";
import type { LocalBus } from "./local_media.ts";

const MAX_PORT = 65535;

export type BackendChoice = "auto" | "native" | "portable";

export interface BackendOptions {
  readonly choice: BackendChoice;
  readonly clock: Clock;
  readonly random: RandomSource;
  /** Media workers; auto: as many as suit the processors; undefined: one in the native backend, none in the portable one. */
  readonly workers: number | "auto" | undefined;
  /** Of the machine. */
  readonly processors: number;
  /** Peers of one room that a media worker gets before the room grows into another one. */
  readonly roomPeersPerWorker: number;
  /** Native: whether the thread of this isolate gives way to media workers. */
  readonly yieldsToMedia: boolean;
  /** Address of the UDP ports and of the TCP port. */
  readonly hostname: string;
  /** Native: one UDP port for all peers of a worker, and the next ones for the other workers. */
  readonly udpPort: number | undefined;
  /** Native: the UDP ports that peers may have, one for each. */
  readonly udpPorts: { readonly min: number; readonly max: number } | undefined;
  /** That DTLS shows. */
  readonly certificate: DtlsCertificate;
  /** One TCP port for clients that cannot use UDP; 0 for any. */
  readonly tcpPort: number | undefined;
  /** How other isolates that have the same rooms are reached, without media workers; left out where there are none. */
  readonly bus?: LocalBus | undefined;
}

export type ChosenBackend =
  | {
    readonly ok: true;
    readonly backend: Backend;
    /** Why this one, in words, for the log and /healthz. */
    readonly reason: string;
  }
  | { readonly ok: false; readonly reason: string };

/** How many media workers are wanted; undefined where each backend has its own number. */
export function workersWanted({ workers, processors }: BackendOptions): number | undefined {
  return workers === "auto" ? autoWorkers(processors) : workers;
}

/** What no backend could do, in words; `workers` is the number wanted. */
export function optionsProblem(options: BackendOptions, workers: number | undefined): string | undefined {
  if (options.udpPort !== undefined && options.udpPorts !== undefined) {
    return "peers share one UDP port, or have one each of a range: not both";
  }
  return workersProblem(workers) ?? portProblem({ ...options, workers });
}

function workersProblem(workers = 1): string | undefined {
  if (Number.isInteger(workers) && 0 <= workers && workers <= MAX_WORKERS) return undefined;
  return `${workers} is no number of media workers: from 0 to ${MAX_WORKERS}`;
}

/** Why no socket could have these ports: the kernel knows 16 bits of a port, and takes 65536 for any. */
function portProblem(
  { workers = 1, udpPort, udpPorts, tcpPort = 0 }: BackendOptions & { readonly workers: number | undefined },
): string | undefined {
  if (!isPort(tcpPort)) return `${tcpPort} is no TCP port`;
  if (udpPorts !== undefined) {
    const { min, max } = udpPorts;
    return isPort(min) && isPort(max) && 0 < min && min <= max ? undefined : `${min}-${max} is no range of UDP ports`;
  }
  if (udpPort === undefined || udpPort === 0) return undefined;
  if (!isPort(udpPort)) return `${udpPort} is no UDP port`;
  const last = udpPort + workers - 1;
  if (last <= MAX_PORT) return undefined;
  return `${workers} media workers want UDP ports ${udpPort} to ${last}: the last that there is is ${MAX_PORT}`;
}

function isPort(value: number): boolean {
  return Number.isInteger(value) && 0 <= value && value <= MAX_PORT;
}

/** A setting that the portable backend cannot follow. */
export function nativeSetting({ udpPort, udpPorts }: BackendOptions): string | undefined {
  if (udpPort !== undefined) return "one UDP port for all peers";
  return udpPorts === undefined ? undefined : "a range of UDP ports";
}
