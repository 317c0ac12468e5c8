import { getLogger } from "@logtape/logtape";
import type { Broker, BrokerCounters } from "../bus/broker.ts";
import { BrokerBus } from "../bus/broker_bus.ts";
import { BrokerRooms } from "../bus/broker_rooms.ts";
import { NodeNames } from "../bus/node_names.ts";
import { PreferredBus } from "../bus/preferred_bus.ts";
import { nodesSubject } from "../bus/subjects.ts";
import type { NodeId } from "../media/media_bus.ts";
import { newIdentifier } from "../sfu/identifier.ts";
import type { RandomSource } from "../sfu/random.ts";
import { type Announcement, type Condition, type Member, Membership } from "../signaling/membership.ts";
import { type AdminNews, readAdminNews } from "../signaling/admin_news.ts";
import type { RoomBus } from "../signaling/room_bus.ts";
import { type ExpulsionNews, MAX_TOLD_REVOCATIONS, readExpulsionNews } from "../signaling/expulsion_news.ts";
import type { Revocation } from "../signaling/revocations.ts";
import { readSuperseded, type Superseded } from "../signaling/superseded.ts";
import { messageOf } from "../webrtc/error_message.ts";
import { TokenBucket } from "../webrtc/token_bucket.ts";
import type { Administration } from "./administration.ts";
import type { Clock } from "./clock.ts";
import { DirectPath, type DirectPathOptions } from "./direct_path.ts";
import type { Expulsions } from "./expulsions.ts";
import type { LocalBus, LocalBusHooks, OpenedBus } from "./local_media.ts";

const log = getLogger(["switchboard", "bus"]);

/** How often deadlines are looked at. */
const TICK_MS = 500;
/** Tokens that are told to the others, at once and in the long run: each may be a guess. */
const SUPERSEDED_BURST = 200;
const SUPERSEDED_PER_SECOND = 20;
/** All revocations are told so often at most, although other nodes know of others. */
const RETELL_MS = 3000;
/** A broker that brings nothing for so long is away: others are told before the rooms of this node count as silent there. */
const SILENT_MS = 1500;

export interface ClusterNodeOptions {
  readonly broker: Broker;
  /** Begins the subjects: nodes with the same share rooms. */
  readonly prefix: string;
  readonly region?: string | undefined;
  /** How other nodes send media here without the broker; left out: they do not. */
  readonly direct?: DirectPlace | undefined;
  readonly clock: Clock;
  readonly random: RandomSource;
}

/** Where a node takes media of others. */
export type DirectPlace = Pick<DirectPathOptions, "hostname" | "port" | "addresses"> & {
  /** Whether to do without where datagrams leave one by one, each at the cost of several packets by the broker. */
  readonly onlyBatched?: boolean;
};

/** What a node knows of its broker and of the others. */
export interface ClusterFigures {
  /** The name of this one. */
  readonly name: string;
  readonly region: string | undefined;
  /** Whether the broker is there. */
  readonly isConnected: boolean;
  readonly broker: Readonly<BrokerCounters>;
  /** How many other nodes there are, how many of them this one reaches directly, and how many take no new peers. */
  readonly others: number;
  readonly reached: number;
  readonly draining: number;
}

/** The server that the node is of. */
export interface ClusterServer {
  condition(): Omit<Condition, "revoked">;
  readonly expulsions: Pick<Expulsions, "digest" | "list" | "handleNews">;
  readonly administration: Pick<Administration, "handleNews">;
  /** A client that had a peer at some server goes on at another one. */
  superseded(peer: Superseded): void;
}

/** This process among others that have the same rooms, by a broker that all of them reach. */
export class ClusterNode {
  readonly rooms: RoomBus;
  readonly media: LocalBus;
  readonly #options: ClusterNodeOptions;
  readonly #names: NodeNames;
  readonly #membership: Membership;
  #bus: BrokerBus | undefined;
  #path: DirectPath | undefined;
  #problem: string | undefined;
  /** When the broker brought something of any node last; it brings what this one says each second as well. */
  #heardMs = -Infinity;
  #server: ClusterServer = {
    condition: () => ({ peers: 0, load: 0, isDraining: false }),
    expulsions: { digest: 0, list: [], handleNews() {} },
    administration: { handleNews() {} },
    superseded() {},
  };
  /** When all revocations were told last, as another node knew of others. */
  #retoldMs = -Infinity;
  #timer: number | undefined;
  readonly #superseded: TokenBucket;

  constructor(options: ClusterNodeOptions) {
    const { broker, prefix, region, clock, random } = options;
    this.#options = options;
    const name = newIdentifier(random);
    const names = this.#names = new NodeNames(name, clock.now());
    this.rooms = new BrokerRooms({
      broker,
      names,
      prefix,
      now: () => clock.now(),
      heardMs: (node) => this.#heardDirectlyMs(node),
    });
    this.media = { open: (hooks) => this.#openMedia(hooks) };
    this.#superseded = new TokenBucket(SUPERSEDED_BURST, SUPERSEDED_PER_SECOND, clock.now());
    this.#membership = new Membership({
      name,
      region,
      path: () => this.#path?.announcement,
      heard: (member, isNew) => this.#handleMember(member, isNew),
      send: (announcement) => this.#publish(announcement),
      nowMs: clock.now(),
    });
  }

  get figures(): ClusterFigures {
    const { broker, region } = this.#options;
    const { members } = this.#membership;
    return {
      name: this.#names.own,
      region,
      isConnected: broker.isConnected,
      broker: broker.counters,
      others: members.length,
      reached: members.filter(({ name }) => this.#path?.isUp(name)).length,
      draining: members.filter(({ isDraining }) => isDraining).length,
    };
  }

  /**
   * Tells the others that this node is there, and what the server says of itself, until it is closed; and hears them. Not
   * before, though the broker may be there long since: what is told of revoked tokens is not told again for a while.
   */
  start(server: ClusterServer): void {
    const { broker, prefix } = this.#options;
    this.#server = server;
    broker.subscribe(nodesSubject(prefix), (message) => this.#handleNews(parseJson(message)));
    broker.onChange((isConnected) => this.#handleChange(isConnected));
    if (broker.isConnected) this.#handleChange(true);
    this.#tick();
  }

  /** Tells the others of a token that somebody brought here in vain: too many are left out, and guesses of no token's form. */
  tellSuperseded(roomId: string, token: string, identity: string | undefined): void {
    const superseded = readSuperseded({ type: "superseded", roomId, token, identity });
    if (superseded !== undefined && this.#superseded.take(this.#options.clock.now(), 1)) this.#publish(superseded);
  }

  /** Tells the others that one of them may have a peer that is to leave. False where they cannot be told. */
  tellKick(roomId: string, peerId: string): boolean {
    return this.#publish({ type: "kick", roomId, peerId });
  }

  /** Tells the others what each is to do; who misses it does not. False where they cannot be told. */
  tellNews(news: AdminNews): boolean {
    return this.#publish({ ...news, from: this.#names.own });
  }

  /** Tells the others of tokens that are of no worth. Those who miss it say so by what they say of themselves. */
  tellRevoked(revocations: readonly Revocation[]): void {
    for (let from = 0; from < revocations.length; from += MAX_TOLD_REVOCATIONS) {
      this.#publish({ type: "revoked", revocations: revocations.slice(from, from + MAX_TOLD_REVOCATIONS) });
    }
  }

  /** The name of a node that shares rooms with this one; undefined where it is not known any more. */
  nameOf(node: NodeId): string | undefined {
    return this.#names.nameOf(node);
  }

  /** Tells the others at once what has changed. */
  announce(): void {
    this.#membership.announce(this.#condition, this.#options.clock.now());
  }

  /** Tells the others that it ends. Its rooms are closed before. */
  close(): Promise<void> {
    const { broker, clock } = this.#options;
    if (this.#timer !== undefined) clock.clearTimeout(this.#timer);
    this.#membership.close();
    return broker.close();
  }

  /** Why there is no direct path, although there should be one. */
  get problem(): string | undefined {
    return this.#problem;
  }

  get #condition(): Condition {
    const { expulsions } = this.#server;
    return { ...this.#server.condition(), revoked: expulsions.digest };
  }

  /** Also where the broker is connected: its process may stand still. */
  get #isCutOff(): boolean {
    const { broker, clock } = this.#options;
    return !broker.isConnected || clock.now() >= this.#heardMs + SILENT_MS;
  }

  /** When a node was up last that can tell nothing of its rooms by the broker, or of which nothing can be heard there. */
  #heardDirectlyMs(node: NodeId): number {
    const peer = this.#path?.bus.peer(node);
    return peer !== undefined && (peer.isCutOff || this.#isCutOff) ? peer.upMs : -Infinity;
  }

  #openMedia(hooks: LocalBusHooks): OpenedBus {
    const { broker, prefix, random, clock, direct } = this.#options;
    const names = this.#names;
    const bus = this.#bus = new BrokerBus({ broker, names, prefix, random, ...hooks });
    const byBroker: OpenedBus = { driver: "broker", bus };
    if (direct === undefined || (direct.onlyBatched && !hooks.sockets.isBatched)) return byBroker;
    try {
      const isCutOff = () => this.#isCutOff;
      this.#path = new DirectPath({ names, clock, random, isCutOff, ...direct, ...hooks });
      return { driver: "direct", bus: new PreferredBus(this.#path.bus, bus) };
    } catch (error) {
      this.#problem = `UDP port ${direct.port} of ${direct.hostname} cannot be had: ${messageOf(error)}`;
      return byBroker;
    }
  }

  #publish(news: Announcement | Superseded | ExpulsionNews | AdminNews & { readonly from: string }): boolean {
    const { broker, prefix } = this.#options;
    return broker.publish(nodesSubject(prefix), new TextEncoder().encode(JSON.stringify(news)));
  }

  /** What this node has told comes as well. */
  #handleNews(news: unknown): void {
    this.#heardMs = this.#options.clock.now();
    const superseded = readSuperseded(news);
    if (superseded !== undefined) return this.#server.superseded(superseded);
    const expulsion = readExpulsionNews(news);
    if (expulsion !== undefined) return this.#server.expulsions.handleNews(expulsion);
    const wanted = readAdminNews(news);
    if (wanted === undefined) return this.#membership.handleAnnouncement(news, this.#heardMs);
    // What this node has told it has done.
    if ((news as { readonly from?: unknown }).from !== this.#names.own) this.#server.administration.handleNews(wanted);
  }

  #handleMember({ name, path, revoked }: Member, isNew: boolean): void {
    if (isNew) this.announce();
    if (path !== undefined) this.#path?.handleAnnouncement(name, path);
    if (revoked !== undefined) this.#compareRevoked(revoked);
  }

  /** Who knows of other tokens than this node missed some, or knows more: it then tells them in its turn. */
  #compareRevoked(digest: number): void {
    const nowMs = this.#options.clock.now();
    const { expulsions } = this.#server;
    if (digest === expulsions.digest || nowMs < this.#retoldMs + RETELL_MS) return;
    this.#retoldMs = nowMs;
    this.tellRevoked(expulsions.list);
  }

  #tick(): void {
    const { clock } = this.#options;
    const nowMs = clock.now();
    this.#names.handleTimeout(nowMs);
    this.#bus?.handleTimeout(nowMs);
    this.#membership.handleTimeout(() => this.#condition, nowMs);
    this.#timer = clock.setTimeout(() => this.#tick(), TICK_MS);
  }

  #handleChange(isConnected: boolean): void {
    if (isConnected) {
      log.info("the broker is there: rooms are shared with other nodes");
      this.announce();
    } else log.warn("the broker is away: rooms are this node's own until it is back");
  }
}

/** Undefined where it is none. */
function parseJson(message: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(message));
  } catch {
    return undefined;
  }
}
