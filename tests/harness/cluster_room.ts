import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { cross, type Crossing, newsFor } from "./crossing.ts";
import { HEALED_MS } from "./fault_rounds.ts";
import { MediaSource } from "./media_source.ts";
import { pause } from "./pause.ts";
import { WeriftClient } from "./werift_client.ts";

const ROOM = "room";
const PACKETS = 20;
const POLL_MS = 20;

/** One of several servers that share rooms. */
export interface RoomServer {
  readonly signalingUrl: string;
  /** As /healthz tells it. */
  health(): Promise<Readonly<Record<string, unknown>>>;
}

/** A server, and its client in the room. */
export interface Site<Server extends RoomServer = RoomServer> {
  readonly server: Server;
  readonly client: WeriftClient;
  readonly source: MediaSource;
  /** What the client receives, by who publishes it. */
  readonly crossings: Map<Site<Server>, Crossing>;
}

type News = ReturnType<typeof newsFor>;

/** A room over several servers, at each of which a client publishes sound and receives that of all others. */
export class ClusterRoom<Server extends RoomServer> implements AsyncDisposable {
  readonly sites: Site<Server>[] = [];
  /** Whether servers reach each other directly where nothing keeps them from it. */
  readonly #isDirect: boolean;
  readonly #clients: WeriftClient[] = [];
  #news = new Map<Site<Server>, News>();

  constructor({ isDirect }: { readonly isDirect: boolean }) {
    this.#isDirect = isDirect;
  }

  /** A further server, whose client all others come to know and to hear. */
  async add(server: Server): Promise<Site<Server>> {
    const client = await this.join({ server });
    const publication = client.publish("audio");
    await client.connect();
    const source = new MediaSource(client, publication);
    const site: Site<Server> = { server, client, source, crossings: new Map() };
    for (const other of this.sites) {
      await connect(site, other);
      await connect(other, site);
    }
    this.sites.push(site);
    return site;
  }

  /** A server is gone, with its client. */
  remove(site: Site<Server>): void {
    this.sites.splice(this.sites.indexOf(site), 1);
    for (const { crossings } of this.sites) crossings.delete(site);
  }

  async join({ server }: Pick<Site<Server>, "server">): Promise<WeriftClient> {
    const client = await WeriftClient.join(server.signalingUrl, ROOM);
    this.#clients.push(client);
    return client;
  }

  /** A fault begins: what clients are told counts from now on. */
  begin(): void {
    this.#news = new Map(this.sites.map((site) => [site, newsFor(site.client)]));
  }

  /** The client at one server is told that those of others have left. */
  async left(at: Site<Server>, who: readonly Site<Server>[]): Promise<void> {
    await Promise.all(who.map(({ client }) => this.#newsOf(at).left(client.id, HEALED_MS)));
  }

  /** A client that is none of those that the cluster began with has come, or has gone, as the client at a server sees it. */
  async hasCome({ id }: WeriftClient, at: Site<Server>): Promise<void> {
    await this.#newsOf(at).joined(id, HEALED_MS);
  }

  async hasGone({ id }: WeriftClient, at: Site<Server>): Promise<void> {
    await this.#newsOf(at).left(id, HEALED_MS);
  }

  /** Two parts of the cluster have let go of each other. */
  async parted(some: readonly Site<Server>[], others: readonly Site<Server>[]): Promise<void> {
    await Promise.all([
      ...some.map((site) => this.left(site, others)),
      ...others.map((site) => this.left(site, some)),
    ]);
  }

  /** Everybody hears everybody: nothing that is sent from now on is lost. */
  async flow(): Promise<void> {
    for (const { crossings } of this.sites) for (const crossing of crossings.values()) await crossing.flow(PACKETS);
  }

  /** Flows for so long. */
  async flowFor(ms: number): Promise<void> {
    for (const endMs = performance.now() + ms; performance.now() < endMs;) await this.flow();
  }

  /**
   * The fault has ended at `sinceMs`: who left is there again, and heard, and so is who was not heard for a while though they
   * stayed, where that had to be. Resolves to how long all that took.
   */
  async heal(sinceMs: number, { wasInterrupted = false } = {}): Promise<number> {
    const untilMs = sinceMs + HEALED_MS;
    const leftMs = () => Math.max(0, untilMs - performance.now());
    for (const site of this.sites) {
      const news = this.#newsOf(site);
      for (const [{ client: { id } }, crossing] of site.crossings) {
        if (!news.hasLeft(id)) {
          if (wasInterrupted) await crossing.goOn();
          continue;
        }
        await news.joined(id, leftMs());
        await news.published(id, leftMs());
        await crossing.again();
      }
    }
    await this.flow();
    await this.#agree(untilMs);
    return performance.now() - sinceMs;
  }

  /**
   * All servers tell the same of the room, to those who come now as well, and each has as much alive as before. Since `begin`
   * nobody was taken for gone but those who had to be: at the first of a pair the second one.
   */
  async check(hadToLeave: readonly (readonly [at: Site<Server>, who: Site<Server>])[] = []): Promise<void> {
    for (const at of this.sites) await this.#checkView(at);
    for (const at of this.sites) {
      for (const who of at.crossings.keys()) {
        const hadTo = hadToLeave.some(([first, second]) => first === at && second === who);
        assert.equal(this.#newsOf(at).hasLeft(who.client.id), hadTo, "who had to leave has left, and nobody else");
      }
    }
    await this.settle();
  }

  /** A client that comes late sees all others once, with their tracks, and all others see it come and go. */
  async #checkView(at: Site<Server>): Promise<void> {
    const news = this.sites.map(({ client }) => newsFor(client));
    const late = await this.join(at);
    const seen = late.welcome.peers.map(({ id, tracks }) => [id, tracks.length]).sort();
    assert.deepEqual(seen, this.sites.map(({ client }) => [client.id, 1]).sort(), "everybody, and no ghosts");
    await Promise.all(news.map((each) => each.joined(late.id)));
    await late.leave();
    await Promise.all(news.map((each) => each.left(late.id)));
  }

  /** Until all servers have told that they are one, with nothing alive that should not be. */
  async settle(): Promise<void> {
    await this.#agree(performance.now() + HEALED_MS);
  }

  async #agree(untilMs: number): Promise<void> {
    const others = this.sites.length - 1;
    const alive = { rooms: 1, peers: 1, sessions: 1, sockets: 1, producers: 1, consumers: others };
    const expected = { ...alive, broker: "connected", others, reached: this.#isDirect ? others : 0 };
    for (const { server } of this.sites) {
      for (let isAgreed = false; !isAgreed;) {
        const isLast = performance.now() >= untilMs;
        const told = await aliveAt(server);
        isAgreed = isDeepStrictEqual(told, expected);
        if (isLast) assert.deepEqual(told, expected);
        if (!isAgreed) await pause(POLL_MS);
      }
    }
  }

  #newsOf(site: Site<Server>): News {
    const news = this.#news.get(site);
    if (news === undefined) throw new TypeError("no fault has begun since the server was added");
    return news;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) await client[Symbol.asyncDispose]();
  }
}

async function connect(publisher: Site, subscriber: Site): Promise<void> {
  const { client, source } = publisher;
  subscriber.crossings.set(publisher, await cross(client, source.publication, subscriber.client, source));
}

/** What there is in a server, and what it knows of the others. */
async function aliveAt(server: RoomServer) {
  const { rooms, peers, sessions, sockets, producers, consumers, bus } = await server.health();
  const { broker, others, reached } = Object(bus);
  return { rooms, peers, sessions, sockets, producers, consumers, broker, others, reached };
}
