import { getLogger } from "@logtape/logtape";
import { type DirectAnnouncement, encodeAnnouncement, parseAnnouncement } from "../bus/direct_announcement.ts";
import { DIRECT_TICK_MS, DirectBus } from "../bus/direct_bus.ts";
import { NodeKeyPair } from "../bus/direct_keys.ts";
import type { NodeSocket } from "../bus/node_socket.ts";
import { MAX_NODES, type NodeId } from "../media/media_bus.ts";
import type { RandomSource } from "../sfu/random.ts";
import type { SrtpCipherFactory } from "../webrtc/srtp/cipher.ts";
import type { Clock } from "./clock.ts";
import type { Sockets } from "./sockets.ts";

/** An announcement that was not repeated for so long is forgotten, unless the node has an alias. */
const KEPT_MS = 60_000;

const log = getLogger(["switchboard", "bus"]);

/** Which node has which alias at present: NodeNames is one. */
export interface NodeAliases {
  /** Of this node. */
  readonly own: string;
  nameOf(alias: NodeId): string | undefined;
  /** Takes note that the node was heard. */
  aliasOf(name: string, nowMs: number): NodeId | undefined;
  /** Calls `handle` before the alias is given to another node. */
  onRelease(handle: (alias: NodeId, name: string) => void): void;
}

export interface DirectPathOptions {
  readonly names: NodeAliases;
  readonly sockets: Pick<Sockets, "openNodeSocket" | "flush">;
  readonly ciphers: SrtpCipherFactory;
  readonly clock: Clock;
  readonly random: Pick<RandomSource, "uint32">;
  /** The address to bind to, and the port, 0 for any. */
  readonly hostname: string;
  readonly port: number;
  /** Where other nodes reach this one, the most likely first: IP addresses. */
  readonly addresses: () => readonly string[];
  /** As DirectBusOptions. */
  readonly now: () => number;
  readonly received?: () => void;
  readonly payload?: number | undefined;
  /** Whether this node is cut off from what brings it announcements, which the others are to know. Left out: it is not. */
  readonly isCutOff?: () => boolean;
}

interface Announced {
  readonly announcement: DirectAnnouncement;
  readonly text: string;
  heardMs: number;
  /** Its key or its addresses are of no use here. */
  isUseless: boolean;
}

/**
 * The direct path of this node: a UDP socket, a key pair for as long as it stays, and a bus. What `announcement` says is to
 * reach all other nodes, and theirs this one, by something that they trust: who can change it on its way has the media.
 */
export class DirectPath {
  readonly bus: DirectBus;
  readonly #options: DirectPathOptions;
  readonly #keyPair = new NodeKeyPair();
  readonly #socket: NodeSocket;
  /** By name: all nodes that were heard of, whether they have an alias or not. */
  readonly #announced = new Map<string, Announced>();
  #timer: number;

  /** Throws what the system says where the port cannot be had. */
  constructor(options: DirectPathOptions) {
    const { names, sockets, ciphers, clock, random, hostname, port, now, received, payload } = options;
    this.#options = options;
    this.#socket = sockets.openNodeSocket(hostname, port, {
      handleDatagram: (bytes, length) => this.bus.handleDatagram(bytes, length),
      endBatch: () => this.bus.endBatch(),
    });
    this.bus = new DirectBus({
      node: 0,
      socket: this.#socket,
      ciphers,
      random,
      now,
      payload,
      ...(received && { received }),
      changed: (_alias, name, isUp) => this.#tell(name, isUp),
      whenClosed: () => clock.clearTimeout(this.#timer),
    });
    names.onRelease((alias) => this.bus.closePeer(alias));
    this.#timer = clock.setTimeout(() => this.#handleTick(), DIRECT_TICK_MS);
  }

  /** The UDP port that was bound. */
  get port(): number {
    return this.#socket.port;
  }

  /** Datagrams that could not be sent. */
  get dropped(): number {
    return this.#socket.dropped;
  }

  /** What all other nodes are to be told, again and again: they may have missed it, and addresses may change. */
  get announcement(): string {
    const { addresses } = this.#options;
    return encodeAnnouncement({ publicKey: this.#keyPair.publicKey, port: this.port, addresses: addresses() });
  }

  /** Takes what another node has announced. What is none, or names another key than before, changes nothing. */
  handleAnnouncement(name: string, text: string): void {
    const nowMs = this.#options.clock.now();
    const known = this.#announced.get(name);
    if (known?.text === text) {
      known.heardMs = nowMs;
      return;
    }
    const announcement = parseAnnouncement(text);
    if (name === this.#options.names.own || announcement === undefined) return;
    if (known !== undefined && known.announcement.publicKey !== announcement.publicKey) return;
    this.#announced.set(name, { announcement, text, heardMs: nowMs, isUseless: false });
    this.#openPeers();
    const alias = this.#peerNamed(name);
    const addresses = this.#resolve(announcement);
    if (alias !== undefined && addresses.length > 0) this.bus.peer(alias)?.moveTo(addresses);
    this.#options.sockets.flush();
  }

  /** Whether datagrams go to the node and come from it. */
  isUp(name: string): boolean {
    const alias = this.#peerNamed(name);
    return alias !== undefined && this.bus.isUp(alias);
  }

  /** As to close the bus. */
  close(): void {
    this.bus.close();
  }

  #handleTick(): void {
    const { clock, names, sockets, isCutOff } = this.#options;
    const nowMs = clock.now();
    this.bus.isCutOff = isCutOff?.() ?? false;
    this.#timer = clock.setTimeout(() => this.#handleTick(), DIRECT_TICK_MS);
    this.#openPeers();
    this.bus.handleTimeout(nowMs);
    for (let alias = 1; alias < MAX_NODES; alias++) {
      const peer = this.bus.peer(alias);
      // Whose datagrams come is there. Where news come it is they that tell whether there are rooms to share yet.
      const isCutOff = this.bus.isCutOff || peer?.isCutOff;
      if (isCutOff && peer?.isHeard(nowMs)) names.aliasOf(peer.name, nowMs);
    }
    for (const [name, { heardMs }] of this.#announced) {
      if (nowMs >= heardMs + KEPT_MS && this.#peerNamed(name) === undefined) this.#announced.delete(name);
    }
    sockets.flush();
  }

  /** Begins to talk with each node that has announced itself and has got an alias: there are rooms to share with it. */
  #openPeers(): void {
    const { names } = this.#options;
    for (let alias = 1; alias < MAX_NODES; alias++) {
      const name = names.nameOf(alias);
      const announced = name === undefined ? undefined : this.#announced.get(name);
      if (name === undefined || announced === undefined || announced.isUseless) continue;
      if (this.bus.peer(alias)?.name !== name) this.#open(alias, name, announced);
    }
  }

  #open(alias: NodeId, name: string, announced: Announced): void {
    const { names } = this.#options;
    const { announcement } = announced;
    const addresses = this.#resolve(announcement);
    const keys = this.#keyPair.agree(names.own, { name, publicKey: announcement.publicKey });
    if (keys !== undefined && addresses.length > 0) return this.bus.openPeer(alias, { name, keys, addresses });
    // It would be tried again at each tick, and told in the log, as long as the node says the same.
    announced.isUseless = true;
    log.warn("node {name} cannot be reached directly: its key or its addresses are of no use here", { name });
  }

  #resolve({ addresses, port }: DirectAnnouncement) {
    return addresses.flatMap((hostname) => this.#socket.resolve({ hostname, port }) ?? []);
  }

  #peerNamed(name: string): NodeId | undefined {
    for (let alias = 1; alias < MAX_NODES; alias++) if (this.bus.peer(alias)?.name === name) return alias;
    return undefined;
  }

  #tell(name: string, isUp: boolean): void {
    if (isUp) log.info("node {name} is reached directly", { name });
    else log.warn("node {name} is not reached directly any more", { name });
  }
}
