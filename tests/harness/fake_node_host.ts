import type { HostedMedia, HostFigures, NodeHost } from "../../src/io/media_host.ts";
import { MediaPool } from "../../src/io/media_pool.ts";
import { noFigures } from "../../src/media/media_figures.ts";
import type { PeerCommand, PeerEvent, PeerEventHandler, PeerOpening, RelayCommand } from "../../src/media/messages.ts";
import { openingOf } from "./media_setup.ts";

const LOOPBACK = "127.0.0.1";

/** The time of pools of such hosts. */
export const POOL_NOW_MS = 1000;

/** A host that has its peers on paper. */
export class FakeNodeHost implements NodeHost {
  socketCount = 0;
  ssrcCount = 0;
  connectionCount = 0;
  needsTicks = false;
  failure: Error | undefined;
  readonly commands: PeerCommand[] = [];
  readonly handlers: PeerEventHandler[] = [];
  readonly told: unknown[] = [];
  /** What it was told of rooms that it shares, between the commands of its peers: `open`, `publish`, … by their types. */
  readonly journal: string[] = [];
  readonly relayed: RelayCommand[] = [];
  readonly #port: number;
  readonly #closed = Promise.withResolvers<void>();
  #whenFailed = () => {};

  constructor(port: number) {
    this.#port = port;
  }

  openPeer(hostname: string, opening: PeerOpening, handleEvent: PeerEventHandler): HostedMedia {
    if (this.failure !== undefined) throw this.failure;
    this.told.push([hostname, opening.peerId]);
    this.journal.push("open");
    this.handlers.push(handleEvent);
    this.socketCount++;
    return {
      port: this.#port,
      send: (command) => {
        this.commands.push(command);
        this.journal.push(command.type);
        if (command.type === "close") this.socketCount--;
      },
    };
  }

  relay(command: RelayCommand): void {
    this.relayed.push(command);
    const what = command.type === "dropNode" ? command.node : command.trackId;
    this.journal.push(`${command.type} ${what}`);
  }

  onFailure(handler: () => void): void {
    this.#whenFailed = handler;
  }

  /** Fails as a worker does; its peers are told. */
  fail(nowMs: number): void {
    this.#whenFailed();
    this.socketCount = 0;
    for (const handle of this.handlers.splice(0)) handle({ type: "ended", reason: "media-lost", detail: "" }, nowMs);
  }

  obstacle(): string | undefined {
    return this.failure?.message;
  }

  gather(): Promise<readonly HostFigures[]> {
    const figures = noFigures();
    figures.tracks.video.packetsSent = this.#port;
    return Promise.resolve([{ isUp: true, figures, failures: 0, peers: this.socketCount }]);
  }

  handleTimeout(nowMs: number): void {
    this.told.push(nowMs);
  }

  flush(): void {
    this.told.push("flush");
  }

  close(): Promise<void> {
    this.told.push("close");
    return this.#closed.promise;
  }

  /** Its close is done. */
  end(): void {
    this.#closed.resolve();
  }
}

export interface PooledClient extends HostedMedia {
  readonly events: PeerEvent[];
}

/** A pool of hosts that have their peers on paper. */
export function fakePool(count: number, roomPeersPerWorker = Infinity) {
  const hosts = Array.from({ length: count }, (_, i) => new FakeNodeHost(5000 + i));
  const pool = new MediaPool(hosts, { clock: { now: () => POOL_NOW_MS }, roomPeersPerWorker });
  let lastPeer = 0;
  const open = (roomId: string, peer = ++lastPeer): PooledClient => {
    const events: PeerEvent[] = [];
    return { ...pool.openPeer(LOOPBACK, openingOf(peer, roomId), (event) => void events.push(event)), events };
  };
  /** Peers of each host. */
  const loads = () => hosts.map(({ socketCount }) => socketCount);
  return { hosts, pool, open, loads };
}

export function leaveAndClose({ send }: HostedMedia): void {
  send({ type: "leave" });
  send({ type: "close" });
}
