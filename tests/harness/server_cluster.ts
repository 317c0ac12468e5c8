import assert from "node:assert/strict";
import type { BusMedia } from "../../src/io/sharing.ts";
import { type BrokerKind, BrokerServer } from "./broker_server.ts";
import { ClusterRoom, type Site } from "./cluster_room.ts";
import { samplesOf } from "./metrics_text.ts";
import { metricsUrl, ServerProcess } from "./server.ts";
import { TcpProxy } from "./tcp_proxy.ts";

/** What a server may grow by over all rounds: its heap is collected when it likes. */
const GROWTH_BYTES = 64 * 1024 * 1024;

/** Server processes that share a room by a real broker. */
export class ServerCluster implements AsyncDisposable {
  readonly broker: BrokerServer;
  /** By which the first server reaches the broker. */
  readonly way: TcpProxy;
  readonly media: BusMedia;
  readonly room: ClusterRoom<ServerProcess>;
  readonly #servers: ServerProcess[] = [];
  /** Of memory, when it was looked at first. */
  readonly #firstBytes = new Map<ServerProcess, number>();

  private constructor(broker: BrokerServer, media: BusMedia) {
    this.broker = broker;
    this.way = new TcpProxy(broker.port);
    this.media = media;
    this.room = new ClusterRoom({ isDirect: media === "direct" });
  }

  static async start(kind: BrokerKind, media: BusMedia, count: number): Promise<ServerCluster> {
    const cluster = new ServerCluster(await BrokerServer.start(kind), media);
    try {
      for (let i = 0; i < count; i++) await cluster.add();
      return cluster;
    } catch (cause) {
      await cluster[Symbol.asyncDispose]();
      throw new Error(cluster.log, { cause });
    }
  }

  /** What the servers have written. */
  get log(): string {
    return this.#servers.map(({ log }) => `a server wrote:\n${log}`).join("\n");
  }

  /** Starts a server, with a client in the room. Resolves when all servers say that they are one. */
  async add(): Promise<void> {
    const url = this.broker.url();
    if (this.#servers.length === 0) url.port = String(this.way.port);
    const flags = ["--host=127.0.0.1", `--bus=${url}`, `--bus-media=${this.media}`, "--metrics-port=0"];
    const server = await ServerProcess.start({ flags, log: "switchboard=info" });
    this.#servers.push(server);
    await this.room.add(server);
    await this.room.settle();
  }

  /** Kills a server: its client is gone with it. */
  async kill(site: Site<ServerProcess>): Promise<void> {
    await site.server.crash();
    this.room.remove(site);
  }

  /** As ClusterRoom; and no server has grown much. */
  async check(...hadToLeave: Parameters<ClusterRoom<ServerProcess>["check"]>): Promise<void> {
    await this.room.check(...hadToLeave);
    for (const { server } of this.room.sites) await this.#checkMemory(server);
  }

  async #checkMemory(server: ServerProcess): Promise<void> {
    const response = await fetch(metricsUrl(server));
    const bytes = samplesOf(await response.text()).get("process_resident_memory_bytes") ?? Infinity;
    const first = this.#firstBytes.get(server) ?? bytes;
    this.#firstBytes.set(server, first);
    assert.ok(bytes < first + GROWTH_BYTES, `${first} bytes have become ${bytes}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.room[Symbol.asyncDispose]();
    for (const server of this.#servers) {
      if (!server.running) continue;
      server.goOn();
      await server.stop();
    }
    await this.way[Symbol.asyncDispose]();
    await this.broker[Symbol.asyncDispose]();
  }
}
