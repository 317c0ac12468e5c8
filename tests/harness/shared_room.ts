import { MemoryNetwork } from "../../src/bus/memory_bus.ts";
import type { NodeId } from "../../src/media/media_bus.ts";
import type { PeerOpening, RelayCommand } from "../../src/media/messages.ts";
import { FRAME, RelayFrameReader } from "../../src/media/relay_frames.ts";
import type { ProducerParameters } from "../../src/sfu/types.ts";
import { LossyBus } from "./lossy_bus.ts";
import { MediaSetup, type MediaSetupPeer } from "./media_setup.ts";
import { MemoryDatagrams } from "./memory_datagrams.ts";

const TICK_MS = 25;
export const ROOM = "room";

/** A frame that came to a node, or was lost on its way there. */
export interface CrossedFrame {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly type: keyof typeof FRAME;
  readonly encoding: number;
  readonly bytes: Uint8Array;
  readonly atMs: number;
}

/** Whether a frame is lost. */
export type LosesFrame = (frame: CrossedFrame) => boolean;

/** One room in several media engines, which a bus in memory joins, under a virtual clock. */
export class SharedRoom {
  nowMs = 0;
  readonly nodes: readonly MediaSetup[];
  /** Each frame for each node that it was for, oldest first. */
  readonly crossed: CrossedFrame[] = [];
  loses: LosesFrame = () => false;
  readonly #buses: readonly LossyBus[];
  #relays = 0;
  readonly #tracks: Extract<RelayCommand, { type: "import" }>[] = [];

  constructor(count: number) {
    const network = new MemoryNetwork(() => this.nowMs);
    this.#buses = Array.from({ length: count }, (_, node) => this.#watch(node, network));
    this.nodes = this.#buses.map((bus) => new MediaSetup(bus));
  }

  /** A peer of a node, connected; with the first one of a node come the tracks of the others. */
  join(node: number, limits: Partial<PeerOpening> = {}): MediaSetupPeer {
    const { engine } = this.nodes[node];
    const isFirst = engine.size === 0;
    const peer = this.nodes[node].open(ROOM, new MemoryDatagrams(), limits);
    peer.connect();
    if (isFirst) { for (const track of this.#tracks) if (track.from !== node) engine.handleRelayCommand(track); }
    return peer;
  }

  /** A track is published at a node, and imported into all others that have peers: what a pool of workers has them do. */
  publish(node: number, peer: MediaSetupPeer, trackId: string, parameters: ProducerParameters): void {
    peer.say({ type: "publish", trackId, parameters });
    const { peerId } = peer.opening;
    const relay = ++this.#relays;
    const track = { type: "import", roomId: ROOM, trackId, peerId, from: node, relay, parameters } as const;
    this.#tracks.push(track);
    for (const { engine } of this.#othersThan(node)) engine.handleRelayCommand(track);
  }

  /** The track on that m-line ends. */
  unpublish(node: number, peer: MediaSetupPeer, trackId: string, mid: string): void {
    peer.say({ type: "unpublish", mid });
    this.#tracks.splice(this.#tracks.findIndex((track) => track.trackId === trackId), 1);
    for (const { engine } of this.#othersThan(node)) {
      engine.handleRelayCommand({ type: "endImport", roomId: ROOM, trackId });
    }
  }

  /** Lets time go by; `each` is called every millisecond, before what is due then. */
  play(durationMs: number, each: (nowMs: number) => void = () => {}): void {
    for (const endMs = this.nowMs + durationMs; this.nowMs < endMs;) {
      this.nowMs++;
      for (const setup of this.nodes) setup.nowMs = this.nowMs;
      each(this.nowMs);
      // What came by the bus may have been answered.
      this.flush();
      if (this.nowMs % TICK_MS === 0) { for (const { engine } of this.nodes) engine.handleTimeout(this.nowMs); }
      for (const { engine } of this.nodes) if (engine.nextProbeMs() <= this.nowMs) engine.handleProbes(this.nowMs);
      this.flush();
    }
  }

  flush(): void {
    for (let turn = 0; turn < 3; turn++) for (const bus of this.#buses) bus.flush();
  }

  /** The frames of a kind that crossed since the last call of this or `forget`, without those that were lost. */
  take(type: keyof typeof FRAME): CrossedFrame[] {
    const taken = this.crossed.filter((frame) => frame.type === type);
    this.forget();
    return taken;
  }

  forget(): void {
    this.crossed.length = 0;
  }

  /** The node falls silent, as one that has failed: it neither takes nor sends. */
  silence(node: number): void {
    this.#buses[node].close();
  }

  #othersThan(node: number): MediaSetup[] {
    return this.nodes.filter((setup, other) => other !== node && setup.engine.size > 0);
  }

  #watch(to: NodeId, network: MemoryNetwork): LossyBus {
    const reader = new RelayFrameReader();
    return new LossyBus(network.open(to), (from, bytes, length) => {
      if (!reader.read(bytes, length)) return false;
      const type = TYPES.find((name) => FRAME[name] === reader.type) ?? "rtp";
      const copy = bytes.slice(0, length);
      const frame = { from, to, type, encoding: reader.encoding, bytes: copy, atMs: this.nowMs };
      if (this.loses(frame)) return true;
      this.crossed.push(frame);
      return false;
    });
  }
}

const TYPES = Object.keys(FRAME) as (keyof typeof FRAME)[];
