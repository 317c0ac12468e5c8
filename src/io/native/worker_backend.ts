import { getLogger } from "@logtape/logtape";
import { type Backend, describeTcpPort } from "../backend.ts";
import type { Clock } from "../clock.ts";
import { workerRefusal } from "../worker_permission.ts";
import { type DtlsChoice, openLibsslDtls } from "./choose_dtls.ts";
import { trimAfterBursts } from "./heap_trim.ts";
import { type Libc, openLibc } from "./libc.ts";
import { type NativeMedia, type NativeMediaOptions, openWorkers } from "./open_workers.ts";
import { WORKER_URL } from "./worker_media.ts";

const log = getLogger(["switchboard", "media"]);

export type NativeBackendResult =
  | { readonly ok: true; readonly backend: Backend; readonly description: string }
  | { readonly ok: false; readonly reason: string };

/**
 * The native backend with media workers and OpenSSL's DTLS, as it nearly always is: of the parts of the other ones it loads
 * none. Throws nothing: `reason` says what it would take more.
 */
export function createWorkerBackend(options: NativeMediaOptions): NativeBackendResult {
  const { workers = 1, clock, certificate } = options;
  if (workers === 0) return { ok: false, reason: "no media workers are wanted" };
  const reason = workerRefusal(WORKER_URL);
  if (reason !== undefined) return { ok: false, reason };
  const here = openLibc();
  if (!here.ok) return here;
  const { libc } = here;
  const dtls = openLibsslDtls(certificate);
  if (!dtls.ok) {
    libc.close();
    return dtls;
  }
  const media = openWorkers(options, workers);
  if (!media.ok) {
    dtls.choice.close();
    libc.close();
    return media;
  }
  return assembleBackend({ libc, clock, media, workers, isolates: describeWorkers(workers), dtls: dtls.choice });
}

export function describeWorkers(workers: number): string {
  return workers === 1 ? "1 media worker" : `${workers} media workers, which share rooms`;
}

export interface NativeParts {
  readonly libc: Libc;
  readonly clock: Clock;
  readonly media: Extract<NativeMedia, { readonly ok: true }>;
  readonly workers: number;
  /** Of the workers, in words. */
  readonly isolates: string;
  readonly dtls: DtlsChoice;
}

/** What has been opened is the backend's from now on. */
export function assembleBackend({ libc, clock, media: opened, workers, isolates, dtls: choice }: NativeParts) {
  for (const warning of opened.warnings) log.warn(warning);
  const { media, node, pool, tcpPort, wakeFds } = opened;
  const ports = tcpPort === undefined ? [] : [describeTcpPort(tcpPort)];
  const { dtls, close } = trimAfterBursts(choice.dtls, clock, libc.call.malloc_trim);
  const reasons = [...opened.cipherReasons, ...choice.reasons];
  const backend: Backend = {
    name: "native",
    workers,
    dtls,
    media,
    node,
    pool,
    tcpPort,
    async close() {
      close();
      await media.close();
      for (const fd of wakeFds) libc.call.close(fd);
      choice.close();
      libc.close();
    },
  };
  return {
    ok: true,
    backend,
    description: [opened.description, ...ports, ...opened.warnings, isolates, ...reasons].join("; "),
  } as const;
}
