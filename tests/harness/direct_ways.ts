import type { Broker } from "../../src/bus/broker.ts";
import { encodeAnnouncement, parseAnnouncement } from "../../src/bus/direct_announcement.ts";
import type { RandomSource } from "../../src/sfu/random.ts";
import type { Link, LinkConditions } from "./simulated_network.ts";
import { UdpProxy } from "./udp_proxy.ts";

const LOOPBACK = "127.0.0.1";

/** What a node says of itself, as far as it is of interest here. */
interface Here {
  readonly type: "here";
  readonly name: string;
  readonly path: string;
}

/**
 * The UDP ways between whole servers: each server that has its broker from here takes others to be where a proxy is, one for
 * each server and each of the others, which does to datagrams what a link does.
 */
export class DirectWays implements AsyncDisposable {
  readonly #random: RandomSource;
  /** By who sends, then by the name of who receives. */
  readonly #proxies = new Map<NodeBroker, Map<string, UdpProxy>>();

  constructor(random: RandomSource) {
    this.#random = random;
  }

  /** What one server is to have of a broker. */
  through(broker: Broker): NodeBroker {
    const node: NodeBroker = new NodeBroker(broker, (here) => this.#redirect(node, here));
    this.#proxies.set(node, new Map());
    return node;
  }

  /** Changes the way from one server to another one: `{ loss: 1 }` cuts it. */
  change(from: NodeBroker, to: NodeBroker, conditions: LinkConditions): void {
    this.#proxyOf(from, to).change({ up: conditions });
  }

  /** The way from one server to another one, which has sent something there. */
  link(from: NodeBroker, to: NodeBroker): Link {
    const [flow] = this.#proxyOf(from, to).flows;
    return flow.uplink;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const proxies of this.#proxies.values()) {
      for (const proxy of proxies.values()) await proxy[Symbol.asyncDispose]();
    }
  }

  #proxyOf(from: NodeBroker, to: NodeBroker): UdpProxy {
    const proxy = this.#proxies.get(from)?.get(to.name ?? "");
    if (proxy === undefined) throw new TypeError("one of the two has not heard of the other yet");
    return proxy;
  }

  /** As `node` is to hear what another one says of itself. */
  #redirect(node: NodeBroker, here: Here): Here {
    const announced = parseAnnouncement(here.path);
    const proxies = this.#proxies.get(node);
    if (announced === undefined || proxies === undefined || here.name === node.name) return here;
    const proxy = proxies.get(here.name) ?? new UdpProxy(announced.port, { random: this.#random });
    proxies.set(here.name, proxy);
    return { ...here, path: encodeAnnouncement({ ...announced, port: proxy.port, addresses: [LOOPBACK] }) };
  }
}

/** The broker of one server, that has others say other ways to them. */
export class NodeBroker implements Broker {
  /** Of the server, once it has said it. */
  name: string | undefined;
  /** Messages with packets that it was given. */
  mediaMessages = 0;
  readonly #broker: Broker;
  readonly #redirect: (here: Here) => Here;

  constructor(broker: Broker, redirect: (here: Here) => Here) {
    this.#broker = broker;
    this.#redirect = redirect;
  }

  get isConnected(): boolean {
    return this.#broker.isConnected;
  }

  get counters(): Broker["counters"] {
    return this.#broker.counters;
  }

  onChange(handle: (isConnected: boolean) => void): void {
    this.#broker.onChange(handle);
  }

  publish(subject: string, message: Uint8Array): boolean {
    this.name ??= readHere(subject, message)?.name;
    return this.#broker.publish(subject, message);
  }

  subscribe(subject: string, receive: (message: Uint8Array) => void): ReturnType<Broker["subscribe"]> {
    const isMedia = subject.includes(".media.");
    return this.#broker.subscribe(subject, (message) => {
      if (isMedia) this.mediaMessages++;
      const here = readHere(subject, message);
      receive(here === undefined ? message : new TextEncoder().encode(JSON.stringify(this.#redirect(here))));
    });
  }

  close(): Promise<void> {
    return this.#broker.close();
  }
}

/** Undefined where it is nothing that a node says of itself. */
function readHere(subject: string, message: Uint8Array): Here | undefined {
  if (!subject.endsWith(".nodes")) return undefined;
  const news: Partial<Here> = JSON.parse(new TextDecoder().decode(message));
  const { type, name, path } = news;
  return type === "here" && name !== undefined && path !== undefined ? { ...news, type, name, path } : undefined;
}
