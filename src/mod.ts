/**
 * Switchboard as a library: `createSwitchboard()` gives a handler for Deno.serve that serves the signaling WebSocket,
 * WHIP, WHEP, the page with its browser SDK, /healthz and /readyz.
 *
 * ```ts
 * import { createSwitchboard } from "./src/mod.ts";
 *
 * const switchboard = createSwitchboard();
 * Deno.serve({ port: 3000 }, switchboard.fetch);
 * ```
 */
import { getLogger } from "@logtape/logtape";
import { bindAddress, isUnspecified, localAddresses, unservedAddresses } from "./io/addresses.ts";
import { AnnouncedAddresses, AnnounceError, type AnnounceOptions } from "./io/announced_addresses.ts";
import { type BackendChoice, chooseBackend } from "./io/choose_backend.ts";
import { systemClock } from "./io/clock.ts";
import { createCertificate, type DtlsCertificate } from "./io/dtls/certificate.ts";
import { CertificateError, type CertificatePem, readCertificate } from "./io/dtls/certificate_pem.ts";
import { cryptoRandom } from "./io/random.ts";
import { OpenConnections } from "./io/open_connections.ts";
import type { Stats } from "./io/stats.ts";
import { Switchboard } from "./io/switchboard.ts";
import type { AuthOptions } from "./server/auth_options.ts";
import { readHandshake } from "./server/bearer.ts";
import { clientAddressFinder, type TrustedProxies } from "./server/client_address.ts";
import { CODEC_NAMES, type CodecName, MIME_TYPES } from "./server/codecs.ts";
import { Metrics, METRICS_CONTENT_TYPE } from "./server/metrics.ts";
import { createApp } from "./server/http.ts";
import { iceLinks, type IceServer } from "./server/ice_links.ts";
import { JoinSpans } from "./server/join_spans.ts";
import { originRule, originWords } from "./server/origins.ts";
import { behindToken, type ConnectGranted } from "./server/token_gate.ts";
import { createTokenVerifier } from "./server/token_verifier.ts";
import { DEFAULT_LIMITS, type Limits } from "./signaling/limits.ts";
import type { RefusalCode, RefusalCounts } from "./signaling/refusals.ts";
import { denoTracer } from "./server/tracer.ts";
import { type TurnOptions, turnServer } from "./server/turn.ts";
import { refuseHandshake, refuseOrigin, upgradeSignaling } from "./server/websocket.ts";
import { type Authorize, createWhip, type HttpAccess, type Verdict } from "./server/whip.ts";
import type { ConnectSignaling } from "./signaling/connection.ts";
import type { DuplicateIdentity } from "./signaling/duplicate_identity.ts";
import type { Grants, Publishable } from "./signaling/grants.ts";
import { parseIpAddress } from "./webrtc/ip_address.ts";

export { AnnouncedAddresses, AnnounceError, CertificateError, METRICS_CONTENT_TYPE };
export type {
  AnnounceOptions,
  AuthOptions,
  Authorize,
  BackendChoice,
  CertificatePem,
  CodecName,
  DuplicateIdentity,
  Grants,
  HttpAccess,
  IceServer,
  Limits,
  Publishable,
  RefusalCode,
  RefusalCounts,
  Stats,
  TrustedProxies,
  TurnOptions,
  Verdict,
};

const httpLog = getLogger(["switchboard", "http"]);
const dtlsLog = getLogger(["switchboard", "dtls"]);

/** What an embedder may set. Everything has a default. */
export interface CreateOptions {
  /**
   * Address that media is on: 0.0.0.0, which is also the default, for all of IPv4, :: for all of both families. Of several
   * all are in the candidates, and no others; UDP sockets, and the TCP port, then bind to all of the machine's.
   */
  readonly hostname?: string | readonly string[];
  /**
   * IP addresses to put into ICE candidates instead of the machine's own, for 1:1 NAT. A function is asked for each ICE
   * generation: AnnouncedAddresses gives those of a name.
   */
  readonly announce?: readonly string[] | (() => readonly string[]);
  /** What carries the media. Default: `auto`, the native one where Linux and `--allow-ffi` let it run. */
  readonly backend?: BackendChoice;
  /** Workers that carry media; the native backend alone has them. Default: one, or none where it cannot be started. */
  readonly workers?: number;
  /**
   * Native backend: whether the thread that calls this gives way to the media workers (nice 10, which it keeps), so that
   * handshakes do not delay media where both want the same core. For a thread that does nothing else. Default: false.
   */
  readonly yieldsToMedia?: boolean;
  /** Native backend: one UDP port for all peers of a worker, 0 for any; further workers take the ports behind it. */
  readonly udpPort?: number;
  /** Native backend: the UDP ports that peers may have, each one of its own. Default: any. */
  readonly udpPorts?: { readonly min: number; readonly max: number };
  /** The certificate that DTLS shows, in PEM; its fingerprint is in each answer. Default: a new one. */
  readonly dtlsCertificate?: CertificatePem;
  /** One TCP port for clients that cannot use UDP (ICE-TCP, RFC 6544), 0 for any. Default: none. */
  readonly tcpPort?: number;
  /** Codecs that rooms allow; the order says nothing. Default: all of them. */
  readonly codecs?: readonly CodecName[];
  /** Whose tokens (JWT) are asked for, by WebSocket, WHIP and WHEP. Default: none, and whoever comes may enter any room. */
  readonly auth?: AuthOptions;
  /**
   * What becomes of a peer that comes to a room where one of its identity is, which its token tells: it is let in besides,
   * refused, or takes the other one's place. Default: `allow`.
   */
  readonly duplicateIdentity?: DuplicateIdentity;
  /** Decides who may publish by WHIP and play by WHEP; with `auth`, among those with a valid token. Default: everyone. */
  readonly authorize?: Authorize;
  /** STUN and TURN servers that clients are told of, all in printable ASCII. Default: none. */
  readonly iceServers?: readonly IceServer[];
  /** A TURN server for which each client gets credentials of its own, for a while. Default: none. */
  readonly turn?: TurnOptions;
  /** How much clients may have; what is left out has its default, and Infinity is no limit. */
  readonly limits?: Partial<Limits>;
  /**
   * Origins whose pages may open the WebSocket and use WHIP and WHEP, as in `https://example.org`; `*` for all. Default:
   * the one that the page itself is served under. What is no page has no origin, and may.
   */
  readonly origins?: readonly string[];
  /** Proxies whose X-Forwarded-For says who a client is. A number: nobody else can reach the server. Default: none. */
  readonly trustProxy?: TrustedProxies;
}

/** A running server, without its HTTP listener. */
export interface SwitchboardServer {
  /** The handler for Deno.serve. */
  fetch(request: Request, info: Deno.ServeHandlerInfo<Deno.NetAddr>): Response | Promise<Response>;
  /** Which backend runs, why, and where. */
  readonly backend: {
    readonly name: string;
    readonly reason: string;
    /** Workers that carry media; 0 where the isolate that made the server does. */
    readonly workers: number;
    /** The TCP port of clients that cannot use UDP; undefined where there is none. */
    readonly tcpPort: number | undefined;
  };
  /** What is alive at present. */
  stats(): Stats;
  /**
   * What was counted, for Prometheus: its text format, of the type METRICS_CONTENT_TYPE. docs/metrics.md has the list. Nothing
   * names a room, peer or address. From the first call on a timer of 20 ms measures the isolate's lag, until `close`.
   */
  metrics(): Promise<string>;
  /** Tells every client, ends every peer, and gives back all sockets and timers. */
  close(): Promise<void>;
}

/** What was asked for cannot run here; the message says why. */
export class BackendUnavailableError extends Error {
  override readonly name = "BackendUnavailableError";

  constructor(reason: string) {
    super(reason);
  }
}

/**
 * Makes a server. A peer that cannot get a socket is told, and the others stay. Throws a BackendUnavailableError; a
 * CertificateError where `dtlsCertificate` is of no use; a TypeError where `auth` is of no use, where `iceServers` or
 * `turn` have what an HTTP header cannot carry, where `limits`, `origins` or `trustProxy` have what is none, where
 * `hostname` is an empty list, or where `announce` has what no client can send to or is of a family that `hostname` cannot
 * serve; and nothing else.
 */
export function createSwitchboard(options: CreateOptions = {}): SwitchboardServer {
  // Before anything is opened that nobody could close.
  const iceServers = (peerId: string) => [
    ...(options.iceServers ?? []),
    ...(options.turn === undefined ? [] : [turnServer(options.turn, peerId, Date.now())]),
  ];
  iceLinks(iceServers(""));
  const tokens = options.auth && createTokenVerifier(options.auth);
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  checkLimits(limits);
  const clientAddress = clientAddressFinder(options.trustProxy ?? 0);
  const allowsOrigin = originRule(options.origins ?? []);
  const { hostname: host = "0.0.0.0", announce = [] } = options;
  const hosts = typeof host === "string" ? [host] : host;
  if (hosts.length === 0) throw new TypeError("hostname: media needs an address");
  if (typeof announce !== "function") checkAnnounced(hosts, announce);
  const announced = typeof announce === "function" ? announce : () => announce;
  const hostname = bindAddress(hosts);
  const chosen = chooseBackend({
    choice: options.backend ?? "auto",
    clock: systemClock,
    random: cryptoRandom,
    hostname,
    workers: options.workers,
    yieldsToMedia: options.yieldsToMedia ?? false,
    udpPort: options.udpPort,
    udpPorts: options.udpPorts,
    certificate: dtlsCertificate(options.dtlsCertificate),
    tcpPort: options.tcpPort,
  });
  if (!chosen.ok) throw new BackendUnavailableError(chosen.reason);
  const { backend, reason } = chosen;
  const switchboard = new Switchboard({
    backend,
    clock: systemClock,
    random: cryptoRandom,
    hostname,
    addresses: () => localAddresses(hosts, announced()),
    codecs: (options.codecs ?? CODEC_NAMES).map((name) => MIME_TYPES[name]),
    iceServers,
    limits,
    duplicateIdentity: options.duplicateIdentity,
  });
  const health = () => ({
    status: "ok",
    backend: backend.name,
    workers: backend.workers,
    backendReason: reason,
    tcpPort: backend.tcpPort,
    ...switchboard.stats,
  });
  const refused = (code: string) => switchboard.countRefusal(code);
  const connections = new OpenConnections({ limits, clock: systemClock, refused });
  const tracer = denoTracer();
  const api = createWhip({
    open: (request) => switchboard.openHttpSession(request),
    find: (id) => switchboard.httpSession(id),
    act: (session, action) => switchboard.actOnHttpSession(session, action),
    iceLinks: (peerId) => iceLinks(iceServers(peerId)),
    authorize: options.authorize ?? (() => "allowed"),
    tokens,
    allowsOrigin,
    refused,
    tooMany: (address) => connections.refuseRequest(address),
    traceJoin: tracer && ((role) => new JoinSpans(tracer, role)),
  });
  const connectorOf = ({ headers }: Request, address: string): ConnectSignaling => {
    const trace = tracer && new JoinSpans(tracer, "websocket");
    if (tokens === undefined) return (connection) => switchboard.connect(connection, address, undefined, trace);
    const connect: ConnectGranted = (connection, grants) => switchboard.connect(connection, address, grants, trace);
    return behindToken({
      address,
      verify: tokens.verify,
      token: readHandshake(headers).token,
      connect,
      refused: (code) => {
        trace?.ended("refused", code);
        refused(code);
      },
    });
  };
  const metrics = new Metrics({
    backend: backend.name,
    workers: backend.workers,
    stats: () => switchboard.stats,
    obstacle: () => switchboard.obstacle,
    gather: () => switchboard.gather(),
  });
  const obstacle = () => switchboard.obstacle;
  const app = createApp({ staticRoot: new URL("../static/", import.meta.url), health, obstacle, api });
  return {
    fetch(request, info) {
      // Deno puts the Host header into the URL, which then may be none.
      const url = URL.parse(request.url);
      if (url === null) return new Response("The Host header is not valid\n", { status: 400 });
      // Where an embedder listens on a Unix socket there is none: who is connected is on this machine.
      const { hostname: connected = "127.0.0.1" }: Partial<Deno.NetAddr> = info.remoteAddr;
      const address = clientAddress(request.headers.get("X-Forwarded-For") ?? undefined, connected);
      if (url.pathname !== "/ws") return app.fetch(request, { address });
      const origin = request.headers.get("Origin");
      if (origin !== null && !allowsOrigin(origin, url)) {
        refused("origin-not-allowed");
        httpLog.debug("a WebSocket is refused: {reason}", { address, reason: originWords(origin) });
        return refuseOrigin(origin);
      }
      const refusal = connections.refuseHandshake(address);
      if (refusal !== undefined) {
        refused(refusal.code);
        httpLog.debug("a WebSocket is refused: {reason}", { address, reason: refusal.message });
        return refuseHandshake(refusal);
      }
      return upgradeSignaling(request, address, connections.counted(address, connectorOf(request, address)));
    },
    backend: { name: backend.name, reason, workers: backend.workers, tcpPort: backend.tcpPort },
    stats: () => switchboard.stats,
    metrics: () => metrics.text(),
    close() {
      const closed = switchboard.close();
      // Behind those that have a session, which are told by it.
      connections.close();
      return closed;
    },
  };
}

function dtlsCertificate(given: CertificatePem | undefined): DtlsCertificate {
  if (given === undefined) return createCertificate(Date.now());
  const { certificate, warnings } = readCertificate(given, Date.now());
  for (const warning of warnings) dtlsLog.warn("the DTLS certificate: {warning}", { warning });
  return certificate;
}

/** A limit that is no number would hold nobody back. */
function checkLimits(limits: Limits): void {
  for (const [name, value] of Object.entries(limits)) {
    if (value === Infinity || Number.isSafeInteger(value) && value >= (name === "maxTracks" ? 0 : 1)) continue;
    throw new TypeError(`limits: ${name} is ${value}, and no whole number above 0; Infinity is no limit`);
  }
}

function checkAnnounced(hosts: readonly string[], announce: readonly string[]): void {
  for (const address of announce) {
    if (parseIpAddress(address) === undefined) {
      throw new TypeError(`announce: ${address} is no IP address; AnnouncedAddresses looks names up`);
    }
  }
  if (announce.some(isUnspecified)) throw new TypeError("announce: no client can send to an unspecified address");
  const [unserved] = unservedAddresses(hosts, announce);
  if (unserved === undefined) return;
  throw new TypeError(`announce: ${unserved} is of a family that media on ${hosts.join(", ")} cannot serve`);
}
