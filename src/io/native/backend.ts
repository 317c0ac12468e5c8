import type { DtlsFactory } from "../../webrtc/dtls.ts";
import { LocalMedia } from "../local_media.ts";
import { workerRefusal } from "../worker_permission.ts";
import { chooseCiphers } from "./choose_ciphers.ts";
import { chooseDtls } from "./choose_dtls.ts";
import { openLibc } from "./libc.ts";
import { bindPlan, type NativeMedia, type NativeMediaOptions, openWorkers } from "./open_workers.ts";
import { openNativeSockets } from "./sockets.ts";
import { assembleBackend, describeWorkers, type NativeBackendResult } from "./worker_backend.ts";
import { WORKER_URL } from "./worker_media.ts";

export interface NativeOptions extends NativeMediaOptions {
  /** Where libssl cannot be had. */
  readonly dtls: DtlsFactory;
}

/** Linux's sockets and the system's cryptographic libraries by FFI. Throws nothing: `reason` says what is missing. */
export function createNativeBackend(options: NativeOptions): NativeBackendResult {
  // What is missing first is told first: without FFI a worker would be of no use.
  const here = openLibc();
  if (!here.ok) return here;
  const refusal = workerRefusal(WORKER_URL);
  const workers = options.workers ?? (refusal === undefined ? 1 : 0);
  const media = openMedia(options, workers, refusal);
  if (!media.ok) {
    here.libc.close();
    return media;
  }
  const noWorker = `no media worker${refusal === undefined ? "" : `: ${refusal}`}`;
  const isolates = workers === 0 ? noWorker : describeWorkers(workers);
  const dtls = chooseDtls(options.dtls, options.certificate);
  return assembleBackend({ libc: here.libc, clock: options.clock, media, workers, isolates, dtls });
}

/** `refusal` says why no worker can be started. */
function openMedia(options: NativeOptions, workers: number, refusal: string | undefined): NativeMedia {
  if (workers === 0) return openHere(options);
  return refusal === undefined ? openWorkers(options, workers) : { ok: false, reason: refusal };
}

function openHere(options: NativeMediaOptions): NativeMedia {
  const { clock, random, ciphers, bus } = options;
  const opened = openNativeSockets({ ...bindPlan(options, 0), now: () => clock.now() });
  if (!opened.ok) return opened;
  const choice = chooseCiphers(ciphers);
  const { sockets } = opened;
  const whenClosed = () => choice.close();
  const node = new LocalMedia({ sockets, ciphers: choice.ciphers, clock, random, whenClosed, bus });
  const { description, warning, tcpPort } = sockets;
  const { reasons } = choice;
  const warnings = warning === undefined ? [] : [warning];
  return { ok: true, media: node, node, description, warnings, cipherReasons: reasons, tcpPort, wakeFds: [] };
}
