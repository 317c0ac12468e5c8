import { getLogger } from "@logtape/logtape";
import type { AdminVerbs } from "../io/admin_verbs.ts";
import { bindAddress, localAddresses } from "../io/addresses.ts";
import type { Backend } from "../io/backend.ts";
import type { BackendOptions, ChosenBackend } from "../io/backend_options.ts";
import { systemClock } from "../io/clock.ts";
import type { ClusterFigures } from "../io/cluster_node.ts";
import { CpuLoad } from "../io/cpu_load.ts";
import { createCertificate, type DtlsCertificate } from "../io/dtls/certificate.ts";
import { type CertificatePem, readCertificate } from "../io/dtls/certificate_pem.ts";
import { ROOM_PEERS_PER_WORKER } from "../io/media_pool.ts";
import { cryptoRandom } from "../io/random.ts";
import type { KickResult } from "../io/expulsions.ts";
import { OpenConnections } from "../io/open_connections.ts";
import { openSharing, type Sharing } from "../io/sharing.ts";
import type { Stats } from "../io/stats.ts";
import { Switchboard } from "../io/switchboard.ts";
import { readHandshake } from "./bearer.ts";
import { clientAddressFinder } from "./client_address.ts";
import { CODEC_NAMES, MIME_TYPES } from "./codecs.ts";
import { AdminApi } from "./admin/admin_api.ts";
import { Metrics } from "./metrics.ts";
import type { CreateOptions } from "./create_options.ts";
import { createApp } from "./http.ts";
import { iceLinks } from "./ice_links.ts";
import { JoinSpans } from "./join_spans.ts";
import { type ChangeableOptions, LiveOptions } from "./live_options.ts";
import { checkAnnounced, checkRevocation, isLimit } from "./option_checks.ts";
import { originWords } from "./origins.ts";
import { behindToken, type ConnectGranted } from "./token_gate.ts";
import { denoTracer } from "./tracer.ts";
import { checkWebhooks } from "./webhooks/options.ts";
import { Webhooks } from "./webhooks/webhooks.ts";
import { refuseHandshake, refuseOrigin, upgradeSignaling } from "./websocket.ts";
import { createWhip } from "./whip.ts";
import { newIdentifier } from "../sfu/identifier.ts";
import type { ConnectSignaling } from "../signaling/connection.ts";
import type { RoomEventListener } from "../signaling/room_events.ts";

const httpLog = getLogger(["switchboard", "http"]);
const dtlsLog = getLogger(["switchboard", "dtls"]);

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
  /**
   * Resolves once peers can be taken, or cannot: at once but with media workers of the portable backend, which take some
   * 200 ms to start. Until then joins are refused with `no-capacity`, as /readyz says.
   */
  readonly started: Promise<void>;
  /** What is alive at present. */
  stats(): Stats;
  /**
   * What was counted, for Prometheus: its text format, of the type METRICS_CONTENT_TYPE. docs/metrics.md has the list. Nothing
   * names a room, peer or address. From the first call on a timer of 20 ms measures the isolate's lag, until `close`.
   */
  metrics(): Promise<string>;
  /**
   * New peers, also those of rooms that are there, go to other workers than the one with this index from now on; those that
   * it has stay. Where all are drained nobody can join. Throws a RangeError where there is no such worker.
   */
  drainWorker(index: number): void;
  /** The worker takes new peers again. Throws a RangeError where there is no such worker. */
  undrainWorker(index: number): void;
  /**
   * Has a peer leave its room (`kicked`), at whichever server it is, and revokes the tokens of its identity for that room, where
   * it has one: what it has brings it back nowhere. `ended`: it was here; `told`: the servers that share rooms were told, one
   * of which may have it; `unknown`: neither.
   */
  kick(roomId: string, peerId: string): KickResult;
  /**
   * From now on tokens of an identity (`sub`) that were made until now are of no worth, in one room or in all, at all servers
   * that share rooms: they are refused (`unauthorized`), and peers that came by them leave (`kicked`). It is kept for 24 h.
   * Throws a TypeError where no token can have the identity, or no room the name.
   */
  revokeTokens(identity: string, roomId?: string): void;
  /** What docs/admin.md has of rooms and peers, without HTTP and tokens. */
  readonly admin: AdminVerbs;
  /**
   * Takes other limits, origins, ICE servers and keys of tokens, for whoever comes from now on; what is left out has its
   * default. Throws a TypeError, with nothing changed, where createSwitchboard would, and where it has `auth` and the server
   * was made without, or the other way round.
   */
  reconfigure(options: ChangeableOptions): void;
  /**
   * Tells the listener of rooms, peers and tracks from now on, each server of its own peers, until the function that it
   * returns is called. It is told while the event happens, and must be quick; what it throws is logged.
   */
  subscribe(listener: RoomEventListener): () => void;
  /**
   * Prepares the end: from now on new peers are refused (`server-draining`), /readyz says so, and clients of WebSockets are
   * asked to go elsewhere. Resolves when no peer is left, or after so many seconds, where it is called again by whichever ends
   * first: then `close`.
   */
  drain(seconds: number): Promise<void>;
  /** Tells every client, ends every peer, and gives back all sockets and timers. Webhooks have 2 s for the last events. */
  close(): Promise<void>;
}

/** What was asked for cannot run here; the message says why. */
export class BackendUnavailableError extends Error {
  override readonly name = "BackendUnavailableError";

  constructor(reason: string) {
    super(reason);
  }
}

/** A server whose options are checked, and that has no backend yet. */
export interface PreparedServer {
  /** What its backend is chosen by. */
  readonly wanted: BackendOptions;
  /** Called once. Throws a BackendUnavailableError. */
  start(chosen: ChosenBackend): SwitchboardServer;
}

/** What createSwitchboard does, and throws, before it takes a backend. */
export function prepareServer(options: CreateOptions = {}): PreparedServer {
  // Before anything is opened that nobody could close.
  const live = new LiveOptions(options);
  const { roomPeersPerWorker = ROOM_PEERS_PER_WORKER } = options;
  if (options.webhooks !== undefined) checkWebhooks(options.webhooks);
  if (!isLimit(roomPeersPerWorker)) {
    throw new TypeError(`roomPeersPerWorker is ${roomPeersPerWorker}, and no whole number above 0, nor Infinity`);
  }
  const clientAddress = clientAddressFinder(options.trustProxy ?? 0);
  const { hostname: host = "0.0.0.0", announce = [] } = options;
  const hosts = typeof host === "string" ? [host] : host;
  if (hosts.length === 0) throw new TypeError("hostname: media needs an address");
  if (typeof announce !== "function") checkAnnounced(hosts, announce);
  const announced = typeof announce === "function" ? announce : () => announce;
  const hostname = bindAddress(hosts);
  const ownAddresses = () => [...new Set([...localAddresses(hosts, []), ...announced()])];
  const shared = openSharing({ ...options, place: { hostname, addresses: ownAddresses } });
  const wanted: BackendOptions = {
    choice: options.backend ?? "auto",
    clock: systemClock,
    random: cryptoRandom,
    hostname,
    workers: shared === undefined ? options.workers : 0,
    processors: navigator.hardwareConcurrency,
    roomPeersPerWorker,
    bus: shared?.media,
    yieldsToMedia: options.yieldsToMedia ?? false,
    udpPort: options.udpPort,
    udpPorts: options.udpPorts,
    certificate: dtlsCertificate(options.dtlsCertificate),
    tcpPort: options.tcpPort,
  };
  const checked: CheckedOptions = { options, live, clientAddress, hosts, hostname, announced, shared };
  return { wanted, start: (chosen) => startServer(checked, chosen) };
}

/** The options of a server, and what came of them. */
interface CheckedOptions {
  readonly options: CreateOptions;
  readonly live: LiveOptions;
  readonly clientAddress: ReturnType<typeof clientAddressFinder>;
  /** Addresses that media is on, and the one to bind to. */
  readonly hosts: readonly string[];
  readonly hostname: string;
  /** Addresses to put into candidates in their place. */
  readonly announced: () => readonly string[];
  readonly shared: Sharing | undefined;
}

function startServer(
  { options, live, clientAddress, hosts, hostname, announced, shared }: CheckedOptions,
  chosen: ChosenBackend,
): SwitchboardServer {
  const { limits, tokens, allowsOrigin, iceServers } = live;
  if (!chosen.ok) {
    shared?.cluster?.close();
    throw new BackendUnavailableError(chosen.reason);
  }
  if (shared?.cluster?.problem !== undefined) {
    chosen.backend.close();
    shared.cluster.close();
    throw new BackendUnavailableError(shared.cluster.problem);
  }
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
    unixSeconds: () => Math.floor(Date.now() / 1000),
    sharing: shared && backend.node && {
      rooms: shared.rooms,
      media: backend.node,
      nodeName: (node) => shared.cluster?.nameOf(node),
      others: shared.cluster,
    },
  });
  const cluster = shared?.cluster;
  const drain = (seconds: number) => {
    const over = switchboard.drain(seconds);
    cluster?.announce();
    return over;
  };
  const cpu = new CpuLoad(systemClock.now());
  cluster?.start({
    condition: () => ({
      peers: switchboard.stats.peers,
      load: cpu.take(systemClock.now()),
      isDraining: switchboard.isDraining,
    }),
    expulsions: switchboard.expulsions,
    administration: switchboard.administration,
    superseded: ({ roomId, token, identity }) => switchboard.endSuperseded(roomId, token, identity),
  });
  const webhooks = options.webhooks && new Webhooks(options.webhooks, {
    server: cluster?.figures.name ?? newIdentifier(cryptoRandom),
    clock: systemClock,
    random: cryptoRandom,
    unixMs: () => Date.now(),
  });
  if (webhooks !== undefined) switchboard.events.subscribe((event) => webhooks.handle(event));
  const health = () => ({
    status: "ok",
    backend: backend.name,
    workers: backend.workers,
    backendReason: reason,
    tcpPort: backend.tcpPort,
    ...switchboard.stats,
    ...(cluster && { bus: busHealth(cluster.figures) }),
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
    refuseRoom: (grants, roomId) => switchboard.refuseRoom(grants, roomId),
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
    cluster: () => cluster?.figures,
    webhooks: () => webhooks?.figures,
    gather: () => switchboard.gather(),
  });
  const obstacle = () => switchboard.obstacle;
  const told = { name: backend.name, reason, workers: backend.workers, tcpPort: backend.tcpPort };
  const admin = new AdminApi({
    switchboard,
    tokens,
    logs: options.logs,
    backend: told,
    cluster: () => cluster?.figures,
    drain,
    allowsOrigin,
    refused,
    tooMany: (address) => connections.refuseRequest(address),
  });
  api.route("/", admin.routes);
  const app = createApp({ staticRoot: new URL("../../static/", import.meta.url), health, obstacle, api });
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
    backend: told,
    started: Promise.resolve(backend.started).then(() => {}),
    stats: () => switchboard.stats,
    metrics: () => metrics.text(),
    drainWorker: (index) => poolOf(backend).drain(index),
    undrainWorker: (index) => poolOf(backend).undrain(index),
    kick: (roomId, peerId) => switchboard.expulsions.kick(roomId, peerId),
    revokeTokens(identity, roomId) {
      checkRevocation(identity, roomId);
      switchboard.expulsions.revoke(identity, roomId);
    },
    admin: switchboard.administration,
    reconfigure: (options) => live.change(options),
    subscribe: (listener) => switchboard.events.subscribe(listener),
    drain,
    async close() {
      const closed = switchboard.close();
      // Behind those that have a session, which are told by it.
      connections.close();
      await closed;
      // Who listens has heard of the end of each peer.
      admin.close();
      // Last: the others are told before that its peers have left.
      await Promise.all([cluster?.close(), webhooks?.close()]);
    },
  };
}

function poolOf({ pool }: Backend): NonNullable<Backend["pool"]> {
  if (pool === undefined) throw new RangeError("there are no media workers");
  return pool;
}

/** What /healthz tells of the broker and the other servers. */
function busHealth({ name, region, isConnected, others, reached, draining }: ClusterFigures) {
  return { node: name, region, broker: isConnected ? "connected" : "away", others, reached, draining };
}

function dtlsCertificate(given: CertificatePem | undefined): DtlsCertificate {
  if (given === undefined) return createCertificate(Date.now());
  const { certificate, warnings } = readCertificate(given, Date.now());
  for (const warning of warnings) dtlsLog.warn("the DTLS certificate: {warning}", { warning });
  return certificate;
}
