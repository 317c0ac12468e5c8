import { newIdentifier } from "../../sfu/identifier.ts";
import type { RandomSource } from "../../sfu/random.ts";
import type { DtlsFactory } from "../../webrtc/dtls.ts";
import { messageOf } from "../../webrtc/error_message.ts";
import type { Backend } from "../backend.ts";
import type { Clock } from "../clock.ts";
import { type LocalBus, LocalMedia } from "../local_media.ts";
import { MediaPool } from "../media_pool.ts";
import { workerRefusal } from "../worker_permission.ts";
import { portableCiphers } from "./cipher.ts";
import { PortableSockets } from "./sockets.ts";
import { TcpListener } from "./tcp_listener.ts";
import { PortableWorkerMedia, WORKER_URL } from "./worker_media.ts";

export interface PortableOptions {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly dtls: DtlsFactory;
  /** Address of the TCP port. */
  readonly hostname: string;
  /** For clients that cannot use UDP; 0 for any, undefined for none. */
  readonly tcpPort: number | undefined;
  /** Media workers; 0, as where it is left out, for none. */
  readonly workers?: number | undefined;
  /** Peers of one room that a worker gets before the room grows into another one. */
  readonly roomPeersPerWorker: number;
  /** How other isolates that have the same rooms are reached, without media workers; left out where there are none. */
  readonly bus?: LocalBus | undefined;
}

export type PortableBackendResult =
  | { readonly ok: true; readonly backend: Backend }
  | { readonly ok: false; readonly reason: string };

/** Deno's sockets, werift's DTLS and node:crypto: works wherever Deno does, needs no FFI. Throws nothing. */
export function createPortableBackend(options: PortableOptions): PortableBackendResult {
  return (options.workers ?? 0) > 0 ? openWorkers(options) : openHere(options);
}

function openHere({ clock, random, dtls, hostname, tcpPort, bus }: PortableOptions): PortableBackendResult {
  let tcp: TcpListener | undefined;
  try {
    tcp = tcpPort === undefined ? undefined : new TcpListener({ hostname, port: tcpPort, clock });
  } catch (error) {
    return { ok: false, reason: `TCP port ${tcpPort} of ${hostname} cannot be had: ${messageOf(error)}` };
  }
  const sockets = new PortableSockets(tcp);
  const media = new LocalMedia({ sockets, ciphers: portableCiphers, clock, random, bus });
  return {
    ok: true,
    backend: { name: "portable", workers: 0, dtls, media, node: media, tcpPort: tcp?.port, close: () => media.close() },
  };
}

/** Isolates that run their event loops, and share rooms by BroadcastChannel. */
function openWorkers(options: PortableOptions): PortableBackendResult {
  const { clock, random, dtls, hostname, workers = 0, roomPeersPerWorker } = options;
  const refusal = portableWorkersRefusal(options);
  if (refusal !== undefined) return { ok: false, reason: refusal };
  // What is posted there is believed: nobody else knows the name.
  const busPrefix = `switchboard-media-${newIdentifier(random)}/`;
  const hosts = Array.from(
    { length: workers },
    (_, node) => new PortableWorkerMedia({ clock, hostname, node, busPrefix }),
  );
  const pool = new MediaPool(hosts, { clock, roomPeersPerWorker });
  return {
    ok: true,
    backend: {
      name: "portable",
      workers,
      dtls,
      media: pool,
      pool,
      started: Promise.all(hosts.map(({ started }) => started)),
      close: () => pool.close(),
    },
  };
}

/** Why no media worker can be started; undefined where one can. A connection stays in the isolate that accepted it. */
export function portableWorkersRefusal({ tcpPort }: Pick<PortableOptions, "tcpPort">): string | undefined {
  if (tcpPort !== undefined) return "a TCP port and media workers together need the native backend";
  return workerRefusal(WORKER_URL);
}
