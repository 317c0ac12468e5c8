import { systemClock } from "../../src/io/clock.ts";
import type { RandomSource } from "../../src/sfu/random.ts";
import { Link, type LinkConditions, type LinkOptions } from "./simulated_network.ts";

const LOOPBACK = "127.0.0.1";

/** What the proxy does to datagrams to the server, and to those back. */
export interface ProxyOptions {
  readonly up?: LinkOptions;
  readonly down?: LinkOptions;
  readonly random: RandomSource;
}

/**
 * Stands between a port of a server on this machine and its clients, on the loopback interface alone, and does to their
 * datagrams what links do, in real time. The server sees each client at a port of its own.
 */
export class UdpProxy implements AsyncDisposable {
  readonly #serverPort: number;
  readonly #front = new Socket();
  /** By the client's port. */
  readonly #flows = new Map<number, Flow>();
  readonly #passing: Promise<void>;
  #options: ProxyOptions;

  constructor(serverPort: number, options: ProxyOptions) {
    this.#serverPort = serverPort;
    this.#options = options;
    this.#passing = this.#front.receive((datagram, clientPort) => this.#flowOf(clientPort).uplink.send(datagram));
  }

  /** Where clients find the server. */
  get port(): number {
    return this.#front.port;
  }

  /** The links of each client that has sent anything. */
  get flows(): readonly { readonly uplink: Link; readonly downlink: Link }[] {
    return [...this.#flows.values()];
  }

  /** Changes what is named, for all clients, also for those to come. */
  change({ up = {}, down = {} }: { readonly up?: LinkConditions; readonly down?: LinkConditions }): void {
    const { random } = this.#options;
    this.#options = { up: { ...this.#options.up, ...up }, down: { ...this.#options.down, ...down }, random };
    for (const { uplink, downlink } of this.#flows.values()) {
      uplink.change(up);
      downlink.change(down);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#front.close();
    await this.#passing;
    for (const flow of this.#flows.values()) await flow[Symbol.asyncDispose]();
  }

  #flowOf(clientPort: number): Flow {
    const known = this.#flows.get(clientPort);
    if (known !== undefined) return known;
    const flow = new Flow(this.#serverPort, (datagram) => this.#front.send(datagram, clientPort), this.#options);
    this.#flows.set(clientPort, flow);
    return flow;
  }
}

/** One client, as the server sees it. */
class Flow implements AsyncDisposable {
  readonly uplink: Link;
  readonly downlink: Link;
  readonly #back = new Socket();
  readonly #passing: Promise<void>;

  constructor(
    serverPort: number,
    toClient: (datagram: Uint8Array) => void,
    { up = {}, down = {}, random }: ProxyOptions,
  ) {
    const surroundings = { clock: systemClock, random };
    this.uplink = new Link(up, surroundings, (datagram) => this.#back.send(datagram, serverPort));
    this.downlink = new Link(down, surroundings, toClient);
    this.#passing = this.#back.receive((datagram) => this.downlink.send(datagram));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.uplink.close();
    this.downlink.close();
    await this.#back.close();
    await this.#passing;
  }
}

/** A UDP socket on the loopback interface that sends in the order in which it is told to. */
class Socket {
  readonly #socket = Deno.listenDatagram({ transport: "udp", hostname: LOOPBACK, port: 0 });
  #sending: Promise<unknown> = Promise.resolve();
  #closed = false;

  get port(): number {
    return (this.#socket.addr as Deno.NetAddr).port;
  }

  send(datagram: Uint8Array, port: number): void {
    this.#sending = this.#sending.then(async () => {
      if (!this.#closed) await this.#socket.send(datagram, { transport: "udp", hostname: LOOPBACK, port });
    });
  }

  /** Until the socket is closed. */
  async receive(take: (datagram: Uint8Array, fromPort: number) => void): Promise<void> {
    for await (const [datagram, from] of this.#socket) {
      const { hostname, port } = from as Deno.NetAddr;
      // Who came over another interface could not be answered from this one.
      if (hostname === LOOPBACK) take(datagram, port);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#sending;
    this.#socket.close();
  }
}
