import {
  BusCounters,
  type BusReceiver,
  MAX_FRAME_LENGTH,
  MAX_NODES,
  type MediaBus,
  type NodeId,
} from "../media/media_bus.ts";
import type { RandomSource } from "../sfu/random.ts";
import type { RoomId } from "../sfu/types.ts";
import { IncomingMessage, OutgoingMessage } from "./broadcast_message.ts";
import { ChannelFolder } from "./channel_folder.ts";
import { FrameBatch } from "./frame_batch.ts";
import { otherNodes } from "./node_set.ts";

export interface BroadcastBusOptions {
  readonly node: NodeId;
  /** Begins the names of the channels. Those who share rooms have the same; nobody else should have it. */
  readonly prefix: string;
  /** Milliseconds, as the receiver is told. */
  readonly now: () => number;
  readonly random: RandomSource;
  /** Called behind each message, when what came in it was handed over. */
  readonly received?: () => void;
}

/** What a node has of a room: a channel, what waits to be posted, and how far the others have got. */
interface RoomChannel {
  readonly channel: BroadcastChannel;
  readonly outgoing: OutgoingMessage;
  /** Tells this node's numbers from those that it, or another one in its place, began before. */
  readonly session: number;
  /** By node, how many frames it was sent. */
  readonly sent: Int32Array;
  /** By node, its session as far as it is known, and how many frames it has sent here. */
  readonly sessions: (number | undefined)[];
  readonly received: Int32Array;
}

/**
 * Nodes in isolates that run their event loops, of one process: a BroadcastChannel for each room, many frames a message.
 * A channel drops silently what comes faster than a receiver takes it, so that frames are numbered for each of their
 * targets: what is lost behind the first one that a node gets of another one in a room is told exactly.
 */
export class BroadcastBus implements MediaBus {
  readonly node: NodeId;
  readonly counters = new BusCounters();
  readonly #channels: ChannelFolder;
  readonly #now: () => number;
  readonly #random: RandomSource;
  readonly #received: () => void;
  readonly #others: number;
  readonly #rooms = new Map<RoomId, RoomChannel>();
  /** Rooms with frames that wait. */
  readonly #waiting: RoomChannel[] = [];
  readonly #batch = new FrameBatch(this.counters);
  readonly #message = new IncomingMessage();
  #isClosed = false;

  constructor({ node, prefix, now, random, received = () => {} }: BroadcastBusOptions) {
    this.node = node;
    this.#received = received;
    this.#channels = new ChannelFolder(prefix);
    this.#now = now;
    this.#random = random;
    this.#others = otherNodes(MAX_NODES, node);
  }

  deliverTo(receiver: BusReceiver): void {
    this.#batch.receiver = receiver;
  }

  join(roomId: RoomId): void {
    if (this.#isClosed || this.#rooms.has(roomId)) return;
    const channel = this.#channels.open(roomId);
    const room: RoomChannel = {
      channel,
      outgoing: new OutgoingMessage(),
      session: this.#random.uint32(),
      sent: new Int32Array(MAX_NODES),
      sessions: new Array(MAX_NODES).fill(undefined),
      received: new Int32Array(MAX_NODES),
    };
    channel.onmessage = ({ data }) => this.#handleMessage(room, data);
    this.#rooms.set(roomId, room);
  }

  /** What waits is posted before. */
  leave(roomId: RoomId): void {
    const room = this.#rooms.get(roomId);
    if (room === undefined) return;
    this.#rooms.delete(roomId);
    if (room.outgoing.count > 0) {
      this.#waiting.splice(this.#waiting.indexOf(room), 1);
      this.#post(room);
    }
    room.channel.close();
  }

  send(
    roomId: RoomId,
    to: number,
    head: Uint8Array,
    headLength: number,
    body: Uint8Array,
    bodyOffset: number,
    bodyLength: number,
  ): boolean {
    const others = to & this.#others;
    if (others === 0) return true;
    const room = this.#rooms.get(roomId);
    const length = headLength + bodyLength;
    if (room === undefined || length > MAX_FRAME_LENGTH) {
      this.counters.dropped++;
      return false;
    }
    if (!room.outgoing.hasRoom(length)) this.#post(room);
    else if (room.outgoing.count === 0) this.#waiting.push(room);
    room.outgoing.add(others, head, headLength, body, bodyOffset, bodyLength);
    this.counters.framesSent++;
    this.counters.bytesSent += length;
    return true;
  }

  flush(): void {
    for (const room of this.#waiting) this.#post(room);
    this.#waiting.length = 0;
  }

  close(): void {
    this.#isClosed = true;
    for (const { channel } of this.#rooms.values()) channel.close();
    this.#rooms.clear();
    this.#waiting.length = 0;
    this.#batch.receiver = undefined;
    this.#channels.close();
  }

  #post({ channel, outgoing, session, sent }: RoomChannel): void {
    channel.postMessage(outgoing.take(this.node, session, sent));
    this.counters.messagesSent++;
  }

  #handleMessage(room: RoomChannel, data: unknown): void {
    const message = this.#message;
    if (!message.parse(data) || message.from === this.node || !message.isFor(this.node)) return;
    const { from, session } = message;
    const before = message.countBefore(this.node);
    const isKnown = room.sessions[from] === session;
    const lost = isKnown ? (before - room.received[from]) | 0 : 0;
    // It was here already.
    if (lost < 0) return;
    room.sessions[from] = session;
    const nowMs = this.#now();
    this.counters.messagesReceived++;
    if (lost > 0) this.#batch.lose(from, lost, nowMs);
    const count = message.forEachFrame(this.node, (bytes, offset, length) => {
      this.#batch.room().set(bytes.subarray(offset, offset + length));
      this.#batch.take(from, length, nowMs);
    });
    room.received[from] = before + count;
    this.#batch.end(nowMs);
    this.#received();
  }
}
