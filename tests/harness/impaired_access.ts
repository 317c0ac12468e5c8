import { seededRandom } from "./seeded_random.ts";
import { SignalingProxy } from "./signaling_proxy.ts";
import type { LinkConditions, LinkOptions } from "./simulated_network.ts";
import { UdpProxy } from "./udp_proxy.ts";

/** The network between a person and the server: applies to media, while the page and its signaling are left alone. */
export interface AccessConditions {
  readonly up?: LinkConditions;
  readonly down?: LinkConditions;
}

/** A way of its own to a server on this machine, for a browser: who opens `url` has its media go through links. */
export class ImpairedAccess implements AsyncDisposable {
  readonly #signaling: SignalingProxy;
  /** By the server's port. */
  readonly #proxies = new Map<number, UdpProxy>();
  readonly #options: { readonly up?: LinkOptions; readonly down?: LinkOptions };
  readonly #seed: number;
  #changes: AccessConditions = {};

  /** `target` is the server's origin. What a schedule says counts from a connection's first datagram. */
  constructor(target: string, seed: number, options: { readonly up?: LinkOptions; readonly down?: LinkOptions }) {
    this.#seed = seed;
    this.#options = options;
    this.#signaling = new SignalingProxy(target, (serverPort) => this.#proxyOf(serverPort).port);
  }

  get url(): string {
    return this.#signaling.url;
  }

  /** The links of all connections. */
  get flows(): UdpProxy["flows"] {
    return [...this.#proxies.values()].flatMap((proxy) => proxy.flows);
  }

  /** Changes what is named, from now on. */
  change(conditions: AccessConditions): void {
    this.#changes = {
      up: { ...this.#changes.up, ...conditions.up },
      down: { ...this.#changes.down, ...conditions.down },
    };
    for (const proxy of this.#proxies.values()) proxy.change(conditions);
  }

  /** The pages must be closed before. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#signaling[Symbol.asyncDispose]();
    for (const proxy of this.#proxies.values()) await proxy[Symbol.asyncDispose]();
  }

  #proxyOf(serverPort: number): UdpProxy {
    const known = this.#proxies.get(serverPort);
    if (known !== undefined) return known;
    const random = seededRandom(this.#seed + this.#proxies.size);
    const proxy = new UdpProxy(serverPort, { ...this.#options, random });
    proxy.change(this.#changes);
    this.#proxies.set(serverPort, proxy);
    return proxy;
  }
}
