import { NetworkNamespace } from "./network_namespace.ts";

/** In both networks nothing else is there. */
const SERVER_ADDRESS = "10.0.0.1";
const CLIENT_ADDRESSES = ["10.0.0.2", "10.0.0.3"];
const PREFIX_LENGTH = 24;

/** A server and a browser, each in a network namespace of its own, with a wire between them and nothing besides. */
export class TwoNetworks implements AsyncDisposable {
  readonly server: NetworkNamespace;
  readonly client: NetworkNamespace;
  readonly serverAddress = SERVER_ADDRESS;
  #moves = 0;

  private constructor(server: NetworkNamespace, client: NetworkNamespace) {
    this.server = server;
    this.client = client;
  }

  static async create(): Promise<TwoNetworks> {
    await using made = new AsyncDisposableStack();
    const server = made.use(await NetworkNamespace.create());
    const client = made.use(await NetworkNamespace.create());
    const networks = new TwoNetworks(server, client);
    await server.join(client);
    await server.ip("address", "add", `${SERVER_ADDRESS}/${PREFIX_LENGTH}`, "dev", "eth0");
    await networks.#addClientAddress();
    made.move();
    return networks;
  }

  get clientAddress(): string {
    return CLIENT_ADDRESSES[this.#moves % CLIENT_ADDRESSES.length];
  }

  /** From now on UDP to the server is lost without a word, as behind a firewall that lets TCP alone pass. */
  async blockUdp(): Promise<void> {
    // Rules are asked in the order of their priorities, and the one for the own addresses has 0 (ip-rule(8)).
    await this.server.ip("rule", "add", "priority", "100", "lookup", "local");
    await this.server.ip("rule", "add", "priority", "10", "ipproto", "udp", "blackhole");
    await this.server.ip("rule", "delete", "priority", "0");
  }

  /** Gives the browser's machine another address in place of its own, as when it goes into another network. */
  async moveClient(): Promise<void> {
    await this.client.ip("address", "delete", `${this.clientAddress}/${PREFIX_LENGTH}`, "dev", "eth0");
    this.#moves++;
    await this.#addClientAddress();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
  }

  async #addClientAddress(): Promise<void> {
    await this.client.ip("address", "add", `${this.clientAddress}/${PREFIX_LENGTH}`, "dev", "eth0");
    // A browser asks for the way to the internet to know its own address.
    await this.client.ip("route", "replace", "default", "via", SERVER_ADDRESS, "src", this.clientAddress);
  }
}
