import { createRings } from "../../bus/ring_bus.ts";
import type { RandomSource } from "../../sfu/random.ts";
import { messageOf } from "../../webrtc/error_message.ts";
import type { SrtpCipherFactory } from "../../webrtc/srtp/cipher.ts";
import type { Clock } from "../clock.ts";
import type { DtlsCertificate } from "../dtls/certificate.ts";
import type { LocalBus } from "../local_media.ts";
import type { MediaHost, NodeHost } from "../media_host.ts";
import { MediaPool } from "../media_pool.ts";
import type { BufferSizes } from "./bind_udp.ts";
import { chooseCiphers } from "./choose_ciphers.ts";
import { openEventfd } from "./eventfd.ts";
import { routeByUfrag } from "./hand_over.ts";
import { type Libc, openLibc } from "./libc.ts";
import type { PortLimits } from "./port_range.ts";
import { yieldToOthers } from "./priority.ts";
import { type BindPlan, SocketBinder } from "./socket_binder.ts";
import { WorkerMedia } from "./worker_media.ts";

export interface NativeMediaOptions {
  readonly clock: Clock;
  readonly random: RandomSource;
  /** Of the server, whichever DTLS shows it. */
  readonly certificate: DtlsCertificate;
  /** For profiles of which no library has a cipher. */
  readonly ciphers: SrtpCipherFactory;
  /** Media workers; 0 for none; undefined for one where a worker can be started. */
  readonly workers: number | undefined;
  /** Peers of one room that a worker gets before the room grows into another one. */
  readonly roomPeersPerWorker: number;
  /** Whether this isolate's thread gives way to the media workers; see `yieldToOthers`. */
  readonly yieldsToMedia: boolean;
  /** Address of the shared ports and of the TCP port. */
  readonly hostname: string;
  /** One port for all peers of each worker: this one, and the ones behind it. */
  readonly udpPort: number | undefined;
  /** The ports that peers may have; each gets one. */
  readonly udpPorts: PortLimits | undefined;
  /** One TCP port for clients that cannot use UDP; undefined for none. */
  readonly tcpPort: number | undefined;
  /** Bytes of the kernel's buffers for each socket; left out, what suits the ports. */
  readonly buffers?: BufferSizes | undefined;
  /** How other isolates that have the same rooms are reached, without media workers; left out where there are none. */
  readonly bus?: LocalBus | undefined;
}

/** What carries media, without DTLS. */
export type NativeMedia =
  | {
    readonly ok: true;
    readonly media: MediaHost;
    /** Without media workers. */
    readonly node?: NodeHost;
    readonly description: string;
    /** What the machine's settings cost the peers. */
    readonly warnings: readonly string[];
    readonly cipherReasons: readonly string[];
    /** The one that was bound. */
    readonly tcpPort: number | undefined;
    /** Of media workers. */
    readonly pool?: MediaPool;
    /** To be closed behind the workers, which may write to them. */
    readonly wakeFds: readonly number[];
  }
  | { readonly ok: false; readonly reason: string };

/** All ports are bound before a worker starts: one that cannot be had is told now, and leaves nothing open. */
export function openWorkers(options: NativeMediaOptions, count: number): NativeMedia {
  const bound: BoundWorker[] = [];
  for (let index = 0; index < count; index++) {
    const opened = bind(options, index);
    if (!opened.ok) {
      for (const { libc, binder, wakeFd } of bound) {
        binder.close();
        libc.call.close(wakeFd);
        libc.close();
      }
      return opened;
    }
    bound.push(opened);
  }
  const [{ libc, binder: { listener } }] = bound;
  const { clock, roomPeersPerWorker } = options;
  const hosts: WorkerMedia[] = [];
  const wakeFds = bound.map(({ wakeFd }) => wakeFd);
  const rings = count > 1 ? createRings(count) : undefined;
  const route = routeByUfrag(hosts, (fd) => libc.call.close(fd));
  for (const [index, { binder, libc, wakeFd }] of bound.entries()) {
    const tcp = listener && { listener: index === 0 ? listener.fd : undefined, handsOver: index === 0 && count > 1 };
    const bus = rings && { node: index, rings, wakeFds };
    hosts.push(new WorkerMedia({ binder, libc, wakeFd, clock, tcp, bus, route }));
  }
  // Behind the workers, which would inherit it: a handshake may wait for media, not media for a handshake.
  if (options.yieldsToMedia) yieldToOthers(libc);
  // The workers choose by the same measure.
  const choice = chooseCiphers(options.ciphers);
  choice.close();
  const pool = new MediaPool(hosts, { clock, roomPeersPerWorker });
  return {
    ok: true,
    media: pool,
    pool,
    description: [libc.path, ...new Set(bound.map(({ binder }) => binder.description))].join(", "),
    warnings: present(bound.map(({ binder }) => binder.warning)),
    cipherReasons: choice.reasons,
    tcpPort: listener?.port,
    wakeFds,
  };
}

/** Each of the warnings once. */
export function present(warnings: readonly (string | undefined)[]): string[] {
  return [...new Set(warnings)].filter((warning) => warning !== undefined);
}

interface BoundWorker {
  readonly libc: Libc;
  readonly binder: SocketBinder;
  /** Wakes the worker. */
  readonly wakeFd: number;
}

type BindResult =
  | { readonly ok: true } & BoundWorker
  | { readonly ok: false; readonly reason: string };

/** What one worker's sockets need in this isolate. */
function bind(options: NativeMediaOptions, index: number): BindResult {
  const opened = openLibc();
  if (!opened.ok) return opened;
  const { libc } = opened;
  let binder: SocketBinder | undefined;
  try {
    binder = new SocketBinder(libc, bindPlan(options, index));
    return { ok: true, libc, binder, wakeFd: openEventfd(libc) };
  } catch (error) {
    binder?.close();
    libc.close();
    return { ok: false, reason: messageOf(error) };
  }
}

/** The ports of the isolate with this index. Port 0 is any port, for each another one. The first has the TCP port. */
export function bindPlan(
  { random, hostname, udpPort, udpPorts, tcpPort, buffers }: NativeMediaOptions,
  index: number,
): BindPlan {
  const shared = udpPort === undefined ? undefined : { hostname, port: udpPort === 0 ? 0 : udpPort + index };
  const tcp = tcpPort === undefined || index > 0 ? undefined : { hostname, port: tcpPort };
  return { random, shared, ports: udpPorts, tcp, buffers };
}
