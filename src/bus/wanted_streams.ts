import { MAX_RELAYED_ENCODINGS, wantedStream } from "../media/relay_frames.ts";
import type { NodeId } from "../media/media_bus.ts";
import type { BrokerSubscription } from "./broker.ts";

/** One track of another node, as far as it is wanted here. */
interface WantedTrack {
  set: number;
  isPinned: boolean;
  /** By stream: see `streamOf`. */
  readonly streams: Map<number, BrokerSubscription>;
}

/** Subscribes to one stream of a node. */
export type SubscribeStream = (from: NodeId, relay: number, stream: number) => BrokerSubscription;

/** The streams of other nodes that are wanted at this one, by what it tells those nodes: of each there is a subscription. */
export class WantedStreams {
  readonly #subscribe: SubscribeStream;
  /** By node, and by the relay number of the track. */
  readonly #tracks = new Map<NodeId, Map<number, WantedTrack>>();

  constructor(subscribe: SubscribeStream) {
    this.#subscribe = subscribe;
  }

  /** How many there are. */
  get size(): number {
    let size = 0;
    for (const tracks of this.#tracks.values()) for (const { streams } of tracks.values()) size += streams.size;
    return size;
  }

  /** What this node tells `from` that it wants of a track from now on: a set of encodings. */
  handleWant(from: NodeId, relay: number, set: number, isPinned: boolean): void {
    const tracks = this.#tracks.get(from) ?? new Map<number, WantedTrack>();
    const track = tracks.get(relay) ?? { set: 0, isPinned: false, streams: new Map() };
    if (track.set === set && track.isPinned === isPinned) return;
    track.set = set;
    track.isPinned = isPinned;
    this.#change(from, relay, track);
    if (track.streams.size > 0) tracks.set(relay, track);
    else tracks.delete(relay);
    if (tracks.size > 0) this.#tracks.set(from, tracks);
    else this.#tracks.delete(from);
  }

  /** Of a node that there is not any more nothing is wanted. */
  drop(from: NodeId): void {
    for (const { streams } of this.#tracks.get(from)?.values() ?? []) {
      for (const subscription of streams.values()) subscription.close();
    }
    this.#tracks.delete(from);
  }

  close(): void {
    for (const from of [...this.#tracks.keys()]) this.drop(from);
  }

  #change(from: NodeId, relay: number, { set, isPinned, streams }: WantedTrack): void {
    const wanted = new Set<number>();
    for (let encoding = 0; encoding < MAX_RELAYED_ENCODINGS; encoding++) {
      if ((set & (1 << encoding)) !== 0) wanted.add(wantedStream(encoding, isPinned));
    }
    for (const stream of wanted) {
      if (!streams.has(stream)) streams.set(stream, this.#subscribe(from, relay, stream));
    }
    for (const [stream, subscription] of streams) {
      if (wanted.has(stream)) continue;
      streams.delete(stream);
      subscription.close();
    }
  }
}
