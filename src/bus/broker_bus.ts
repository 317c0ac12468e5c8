import { BusCounters, type BusReceiver, MAX_FRAME_LENGTH, MAX_NODES, type NodeId } from "../media/media_bus.ts";
import { FRAME, RelayFrameReader, relayOf, streamOf } from "../media/relay_frames.ts";
import type { RandomSource } from "../sfu/random.ts";
import type { RoomId } from "../sfu/types.ts";
import type { Broker, BrokerSubscription } from "./broker.ts";
import { FrameBatch } from "./frame_batch.ts";
import { NodeMessageReader, NodeMessageWriter, ReceivedMessages } from "./node_message.ts";
import { type NodeNames, OWN_ALIAS } from "./node_names.ts";
import { lowestNode, otherNodes } from "./node_set.ts";
import type { FallbackBus } from "./preferred_bus.ts";
import { mediaSubject, nodeSubject } from "./subjects.ts";
import { WantedStreams } from "./wanted_streams.ts";

/** A subject on which nothing went out for so long is forgotten. */
const IDLE_MS = 10_000;
/** A node that is told another way what is wanted of it may send it here for so long: it knows that way a moment later. */
const LINGER_MS = 1000;

export interface BrokerBusOptions {
  readonly broker: Broker;
  readonly names: NodeNames;
  /** Begins the subjects. Those who share rooms have the same. */
  readonly prefix: string;
  readonly random: RandomSource;
  /** Milliseconds, as the receiver is told; asked for each message that came. */
  readonly now: () => number;
  /** Called behind each message, when what came in it was handed over. */
  readonly received?: () => void;
}

/** What waits to be published on one subject. */
interface Outgoing {
  readonly subject: string;
  readonly frames: NodeMessageWriter;
  isUsed: boolean;
}

/**
 * Nodes by a broker. The packets of a stream go on a subject of their own, once for however many nodes: those who want it
 * are subscribed, as long as they say so to its node. All other frames are for single nodes, each of which has a subject.
 */
export class BrokerBus implements FallbackBus {
  readonly node: NodeId = OWN_ALIAS;
  readonly counters = new BusCounters();
  readonly #options: BrokerBusOptions;
  readonly #received: () => void;
  /** By relay number, then by stream. */
  readonly #streams = new Map<number, (Outgoing | undefined)[]>();
  /** By node. */
  readonly #nodes: (Outgoing | undefined)[] = new Array(MAX_NODES).fill(undefined);
  /** Those with frames: streams first, as what is told of a stream comes behind its packets. */
  readonly #waitingStreams: Outgoing[] = [];
  readonly #waitingNodes: Outgoing[] = [];
  readonly #wanted: WantedStreams;
  readonly #own: BrokerSubscription;
  /** What came from single nodes to this one, by node. */
  readonly #sessions: (ReceivedMessages | undefined)[] = new Array(MAX_NODES).fill(undefined);
  readonly #batch = new FrameBatch(this.counters);
  readonly #message = new NodeMessageReader();
  readonly #want = new RelayFrameReader();
  /** By node: since when it is told another way what is wanted. */
  readonly #otherWayMs: (number | undefined)[] = new Array(MAX_NODES).fill(undefined);
  /** As of the last look at the time. */
  #nowMs = 0;
  #sweptMs = -Infinity;
  #isClosed = false;

  constructor(options: BrokerBusOptions) {
    const { broker, names, prefix, received = () => {} } = options;
    this.#options = options;
    this.#received = received;
    this.#wanted = new WantedStreams((from, relay, stream) => this.#subscribe(from, relay, stream));
    this.#own = broker.subscribe(nodeSubject(prefix, names.own), (message) => this.#handleOwn(message));
    names.onRelease((alias) => this.#forget(alias));
  }

  /** Subjects that this node sends on or listens to, but its own. */
  get size(): number {
    let size = this.#wanted.size;
    for (const streams of this.#streams.values()) size += streams.filter((each) => each !== undefined).length;
    return size + this.#nodes.filter((each) => each !== undefined).length;
  }

  deliverTo(receiver: BusReceiver): void {
    this.#batch.receiver = receiver;
  }

  /** What is for this node comes whatever room it is of. */
  join(_roomId: RoomId): void {}

  leave(_roomId: RoomId): void {}

  send(
    _roomId: RoomId,
    to: number,
    head: Uint8Array,
    headLength: number,
    body: Uint8Array,
    bodyOffset: number,
    bodyLength: number,
  ): boolean {
    const others = to & OTHERS;
    if (others === 0) return true;
    if (head[0] === FRAME.want) this.#handleWant(others, head, headLength, true);
    const length = headLength + bodyLength;
    if (length > MAX_FRAME_LENGTH || this.#isClosed || !this.#options.broker.isConnected) {
      this.counters.dropped++;
      return false;
    }
    this.counters.framesSent++;
    this.counters.bytesSent += length;
    const stream = streamOf(head, headLength);
    if (stream >= 0) {
      const outgoing = this.#streamOf(relayOf(head), stream);
      this.#add(outgoing, this.#waitingStreams, head, headLength, body, bodyOffset, bodyLength);
      return true;
    }
    for (let rest = others; rest !== 0; rest &= rest - 1) {
      const outgoing = this.#nodeOf(lowestNode(rest));
      if (outgoing === undefined) continue;
      this.#add(outgoing, this.#waitingNodes, head, headLength, body, bodyOffset, bodyLength);
    }
    return true;
  }

  /** What is wanted by a word that goes another way comes that way, soon. */
  passOver(to: number, head: Uint8Array, headLength: number): void {
    if (head[0] === FRAME.want) this.#handleWant(to & OTHERS, head, headLength, false);
  }

  flush(): void {
    for (const outgoing of this.#waitingStreams) this.#publish(outgoing);
    this.#waitingStreams.length = 0;
    for (const outgoing of this.#waitingNodes) this.#publish(outgoing);
    this.#waitingNodes.length = 0;
  }

  /** Lets go of subjects that are used no more. To be called once a second or more often. */
  handleTimeout(nowMs: number): void {
    this.#nowMs = nowMs;
    if (nowMs < this.#sweptMs + IDLE_MS) return;
    this.#sweptMs = nowMs;
    for (const [relay, streams] of this.#streams) {
      for (const [stream, outgoing] of streams.entries()) {
        if (outgoing !== undefined && isIdle(outgoing)) streams[stream] = undefined;
      }
      if (streams.every((outgoing) => outgoing === undefined)) this.#streams.delete(relay);
    }
    for (const [node, outgoing] of this.#nodes.entries()) {
      if (outgoing !== undefined && isIdle(outgoing)) this.#nodes[node] = undefined;
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#own.close();
    this.#wanted.close();
    this.#streams.clear();
    this.#nodes.fill(undefined);
    this.#waitingStreams.length = 0;
    this.#waitingNodes.length = 0;
    this.#batch.receiver = undefined;
  }

  #add(
    outgoing: Outgoing,
    waiting: Outgoing[],
    head: Uint8Array,
    headLength: number,
    body: Uint8Array,
    bodyOffset: number,
    bodyLength: number,
  ): void {
    const { frames } = outgoing;
    if (!frames.hasRoom(headLength + bodyLength)) this.#publish(outgoing);
    else if (frames.count === 0) waiting.push(outgoing);
    frames.add(head, headLength, body, bodyOffset, bodyLength);
    outgoing.isUsed = true;
  }

  #publish({ subject, frames }: Outgoing): void {
    const isSent = this.#options.broker.publish(subject, frames.message());
    if (isSent) this.counters.messagesSent++;
    else this.counters.dropped += frames.count;
    frames.next(isSent);
  }

  #streamOf(relay: number, stream: number): Outgoing {
    let streams = this.#streams.get(relay);
    if (streams === undefined) {
      streams = [];
      this.#streams.set(relay, streams);
    }
    const { prefix, names } = this.#options;
    return streams[stream] ??= this.#outgoing(mediaSubject(prefix, names.own, relay, `${stream}`));
  }

  /** Undefined where there is no such node. */
  #nodeOf(node: NodeId): Outgoing | undefined {
    const known = this.#nodes[node];
    if (known !== undefined) return known;
    const name = this.#options.names.nameOf(node);
    if (name === undefined) return undefined;
    return this.#nodes[node] = this.#outgoing(nodeSubject(this.#options.prefix, name));
  }

  #outgoing(subject: string): Outgoing {
    const { random, names } = this.#options;
    return { subject, frames: new NodeMessageWriter(random.uint32(), names.own), isUsed: true };
  }

  /** What this node tells others that it wants it has to subscribe to, before they know; not so where it comes another way. */
  #handleWant(nodes: number, head: Uint8Array, headLength: number, goesHere: boolean): void {
    const want = this.#want;
    if (this.#isClosed || !want.read(head, headLength)) return;
    for (let rest = nodes; rest !== 0; rest &= rest - 1) {
      const node = lowestNode(rest);
      if (this.#options.names.nameOf(node) === undefined) continue;
      const sinceMs = this.#otherWayMs[node] = goesHere ? undefined : this.#otherWayMs[node] ?? this.#nowMs;
      const comesHere = sinceMs === undefined || this.#nowMs < sinceMs + LINGER_MS;
      this.#wanted.handleWant(node, want.relay, comesHere ? want.wantedSet : 0, want.isPinned);
    }
  }

  #subscribe(from: NodeId, relay: number, stream: number): BrokerSubscription {
    const { broker, prefix, names } = this.#options;
    const received = new ReceivedMessages();
    const subject = mediaSubject(prefix, names.nameOf(from) ?? "", relay, `${stream}`);
    return broker.subscribe(subject, (message) => {
      if (this.#message.parse(message)) this.#handleFrames(from, received);
    });
  }

  /** What comes for this node alone, of whoever says so: its name is in it. */
  #handleOwn(message: Uint8Array): void {
    const { names, now } = this.#options;
    if (!this.#message.parse(message)) return;
    const from = names.aliasOf(this.#message.name, now());
    if (from === undefined || from === OWN_ALIAS) return;
    this.#handleFrames(from, this.#sessions[from] ??= new ReceivedMessages());
  }

  #handleFrames(from: NodeId, received: ReceivedMessages): void {
    const lost = received.handle(this.#message);
    if (lost < 0) return;
    const nowMs = this.#options.now();
    this.counters.messagesReceived++;
    if (lost > 0) this.#batch.lose(from, lost, nowMs);
    this.#message.forEachFrame((bytes, offset, length) => {
      this.#batch.room().set(bytes.subarray(offset, offset + length));
      this.#batch.take(from, length, nowMs);
    });
    this.#batch.end(nowMs);
    this.#received();
  }

  /** Its number may be another node's. */
  #forget(node: NodeId): void {
    this.#wanted.drop(node);
    this.#sessions[node] = undefined;
    this.#otherWayMs[node] = undefined;
    const outgoing = this.#nodes[node];
    this.#nodes[node] = undefined;
    const at = outgoing === undefined ? -1 : this.#waitingNodes.indexOf(outgoing);
    if (at >= 0) this.#waitingNodes.splice(at, 1);
  }
}

/** A set. */
const OTHERS = otherNodes(MAX_NODES, OWN_ALIAS);

/** Whether it was not used since this was asked. */
function isIdle(outgoing: Outgoing): boolean {
  const { isUsed } = outgoing;
  outgoing.isUsed = false;
  return !isUsed && outgoing.frames.count === 0;
}
