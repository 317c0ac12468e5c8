import { BusCounters, type BusReceiver, MAX_FRAME_LENGTH, MAX_NODES, type NodeId } from "../media/media_bus.ts";
import type { RandomSource } from "../sfu/random.ts";
import type { RoomId } from "../sfu/types.ts";
import type { RemoteAddress } from "../webrtc/datagram.ts";
import type { SrtpCipherFactory } from "../webrtc/srtp/cipher.ts";
import { DEFAULT_PAYLOAD, hasForm, readKeyId } from "./direct_datagram.ts";
import type { DirectionKeys, PathKeys } from "./direct_keys.ts";
import { DirectPeer } from "./direct_peer.ts";
import { DirectCounters, DirectReceiver, OpenedDatagram } from "./direct_receiver.ts";
import { DirectSender, PiecePool } from "./direct_sender.ts";
import { FrameBatch } from "./frame_batch.ts";
import { lowestNode, otherNodes } from "./node_set.ts";
import type { NodeDatagramHandler, NodeSocket } from "./node_socket.ts";
import type { PartialBus } from "./preferred_bus.ts";
import { StagedFrame } from "./staged_frame.ts";

/** Nodes whose last number is kept when they are let go of: one may come back with the same key. */
export const MAX_REMEMBERED = 1024;
const NO_AUTH_KEY = new Uint8Array(0);

export interface DirectBusOptions {
  readonly node: NodeId;
  readonly socket: NodeSocket;
  readonly ciphers: SrtpCipherFactory;
  readonly random: Pick<RandomSource, "uint32">;
  /** Milliseconds, as the receiver is told: called once for each batch of datagrams. */
  readonly now: () => number;
  /** Called behind each batch, when what came in it was handed over. */
  readonly received?: () => void;
  /** Called where a node begins or ceases to be up, which is when both hear each other. */
  readonly changed?: (alias: NodeId, name: string, isUp: boolean) => void;
  /** Called once, when it is closed. */
  readonly whenClosed?: () => void;
  /** Sealed bytes of a datagram at most: DEFAULT_PAYLOAD where it is left out, MAX_PAYLOAD at most. */
  readonly payload?: number | undefined;
}

/** A node that shares rooms with this one. */
export interface DirectNode {
  readonly name: string;
  /** Overwritten, the salts aside, once they are in the ciphers. */
  readonly keys: PathKeys;
  /** Where it may be reached, as the socket resolves them: one at least, MAX_ADDRESSES at most. */
  readonly addresses: readonly RemoteAddress[];
}

/**
 * Nodes that reach each other by UDP. What waits for one of them is sealed at the flush, in datagrams of up to 1200 bytes
 * that carry frames one behind the other. Frames go to nodes that are up alone.
 */
export class DirectBus implements PartialBus, NodeDatagramHandler {
  readonly node: NodeId;
  readonly counters = new BusCounters();
  readonly datagrams = new DirectCounters();
  readonly #options: DirectBusOptions;
  readonly #others: number;
  readonly #batch = new FrameBatch(this.counters);
  readonly #frame = new StagedFrame();
  readonly #pool = new PiecePool();
  readonly #opened = new OpenedDatagram();
  /** By alias. */
  readonly #peers: (DirectPeer | undefined)[] = new Array(MAX_NODES).fill(undefined);
  readonly #byKeyId = new Map<number, DirectPeer>();
  /** The newest numbers of nodes that were let go of, by their names. */
  readonly #remembered = new Map<string, number>();
  /** No number below it is used again, with whichever key. */
  #firstNumber = 0;
  /** The one whose datagram came last. */
  #last: DirectPeer | undefined;
  /** Nodes that are up, nodes with frames that wait, and nodes that want an answer. */
  #up = 0;
  #waiting = 0;
  #owed = 0;
  #isCutOff = false;
  /** Of the batch that is under way. */
  #nowMs = 0;
  #isInBatch = false;
  #isClosed = false;

  constructor(options: DirectBusOptions) {
    this.node = options.node;
    this.#options = options;
    this.#others = otherNodes(MAX_NODES, options.node);
  }

  deliverTo(receiver: BusReceiver): void {
    this.#batch.receiver = receiver;
  }

  /** A node sends to those alone that it is to send to. */
  join(_roomId: RoomId): void {}

  leave(_roomId: RoomId): void {}

  /** The node with this alias, undefined where there is none. */
  peer(alias: NodeId): DirectPeer | undefined {
    return this.#peers[alias];
  }

  /** Nodes that are up. */
  get reached(): number {
    return this.#isClosed ? 0 : this.#up;
  }

  isUp(alias: NodeId): boolean {
    return (this.#up & (1 << alias)) !== 0;
  }

  /** Whether this node is cut off from what carries news, which the others are told. */
  get isCutOff(): boolean {
    return this.#isCutOff;
  }

  set isCutOff(isCutOff: boolean) {
    if (isCutOff === this.#isCutOff) return;
    this.#isCutOff = isCutOff;
    for (const peer of this.#peers) peer?.tellCutOff(isCutOff);
  }

  /** Gives a node the alias, in place of the one that had it, and greets it. */
  openPeer(alias: NodeId, { name, keys, addresses }: DirectNode): void {
    this.closePeer(alias);
    if (this.#isClosed || (this.#others & (1 << alias)) === 0) return;
    const { socket, random, payload = DEFAULT_PAYLOAD } = this.#options;
    const common = {
      counters: this.datagrams,
      opened: this.#opened,
      batch: this.#batch,
      pool: this.#pool,
      socket,
      payload,
    };
    const newest = this.#remembered.get(name) ?? -1;
    this.#remembered.delete(name);
    const peer = new DirectPeer({
      alias,
      name,
      keyId: keys.receive.id,
      sender: new DirectSender({
        ...common,
        keys: keys.send,
        cipher: this.#cipherOf(keys.send),
        firstNumber: this.#firstNumber,
        session: random.uint32() & 0xff,
      }, addresses[0]),
      receiver: new DirectReceiver({
        ...common,
        keys: keys.receive,
        cipher: this.#cipherOf(keys.receive),
        from: alias,
        newest,
      }),
      addresses,
    });
    this.#peers[alias] = peer;
    this.#byKeyId.set(peer.keyId, peer);
    peer.tellCutOff(this.#isCutOff);
    peer.sender.sendKeepAlive();
  }

  closePeer(alias: NodeId): void {
    const peer = this.#peers[alias];
    if (peer === undefined) return;
    this.#setUp(peer, false);
    this.#waiting &= ~(1 << alias);
    this.#owed &= ~(1 << alias);
    this.#peers[alias] = undefined;
    if (this.#byKeyId.get(peer.keyId) === peer) this.#byKeyId.delete(peer.keyId);
    if (this.#last === peer) this.#last = undefined;
    this.#firstNumber = Math.max(this.#firstNumber, peer.sender.nextNumber);
    this.#remember(peer);
    peer.close();
  }

  send(
    _roomId: RoomId,
    to: number,
    head: Uint8Array,
    headLength: number,
    body: Uint8Array,
    bodyOffset: number,
    bodyLength: number,
  ): boolean {
    const others = to & this.#others;
    if (others === 0) return true;
    const length = headLength + bodyLength;
    const reached = this.#isClosed || length > MAX_FRAME_LENGTH ? 0 : others & this.#up;
    if (reached !== others) this.counters.dropped++;
    if (reached === 0) return false;
    this.#frame.take(head, headLength, body, bodyOffset, bodyLength);
    for (let rest = reached; rest !== 0; rest &= rest - 1) {
      const sender = this.#peers[lowestNode(rest)]?.sender;
      if (sender !== undefined) this.counters.messagesSent += sender.add(this.#frame);
    }
    this.#waiting |= reached;
    this.counters.framesSent++;
    this.counters.bytesSent += length;
    return true;
  }

  /** Datagrams leave with those of the other sockets. */
  flush(): void {
    for (let rest = this.#waiting; rest !== 0; rest &= rest - 1) {
      const peer = this.#peers[lowestNode(rest)];
      if (peer === undefined) continue;
      peer.hasSent = true;
      this.counters.messagesSent += peer.sender.flush();
    }
    this.#waiting = 0;
  }

  /** What is no node's costs two looks at its first bytes, and touches nothing. */
  handleDatagram(bytes: Uint8Array, length: number): void {
    if (!hasForm(bytes, length)) {
      this.datagrams.strangers++;
      return;
    }
    const keyId = readKeyId(bytes);
    const peer = this.#last?.keyId === keyId ? this.#last : this.#byKeyId.get(keyId);
    if (peer === undefined) {
      this.datagrams.strangers++;
      return;
    }
    if (!this.#isInBatch) this.#nowMs = this.#options.now();
    this.#isInBatch = true;
    const framesBefore = this.counters.framesReceived;
    if (!peer.receiver.handleDatagram(bytes, length, this.#nowMs)) return;
    if (this.counters.framesReceived !== framesBefore) this.counters.messagesReceived++;
    this.#last = peer;
    peer.handleHeard(this.#nowMs);
    this.#follow(peer, this.#nowMs);
    if (peer.owesAnswer) this.#owed |= 1 << peer.alias;
  }

  endBatch(): void {
    if (!this.#isInBatch) return;
    this.#isInBatch = false;
    this.#answer();
    this.#batch.end(this.#nowMs);
    this.#options.received?.();
  }

  /** To be called every DIRECT_TICK_MS; what it queues is to be flushed. */
  handleTimeout(nowMs: number): void {
    for (const peer of this.#peers) {
      if (peer === undefined) continue;
      peer.handleTimeout(nowMs);
      this.#follow(peer, nowMs);
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#batch.receiver = undefined;
    for (const peer of this.#peers) if (peer !== undefined) this.closePeer(peer.alias);
    this.#isClosed = true;
    this.#options.socket.close();
    this.#options.whenClosed?.();
  }

  #cipherOf({ key }: DirectionKeys) {
    const cipher = this.#options.ciphers.create("SRTP_AEAD_AES_128_GCM", key, NO_AUTH_KEY);
    key.fill(0);
    return cipher;
  }

  /** Sends to the node as long as it is up. */
  #follow(peer: DirectPeer, nowMs: number): void {
    const wasUp = this.isUp(peer.alias);
    this.#setUp(peer, peer.isUp);
    if (wasUp && !peer.isUp) this.#batch.receiver?.handleWayLost?.(peer.alias, nowMs);
  }

  #setUp(peer: DirectPeer, isUp: boolean): void {
    const bit = 1 << peer.alias;
    if (((this.#up & bit) !== 0) === isUp) return;
    this.#up ^= bit;
    this.#options.changed?.(peer.alias, peer.name, isUp);
  }

  #answer(): void {
    for (let rest = this.#owed; rest !== 0; rest &= rest - 1) this.#peers[lowestNode(rest)]?.sender.sendKeepAlive();
    this.#owed = 0;
  }

  /** What was recorded of it must not come again where it returns with the same key. */
  #remember({ name, receiver }: DirectPeer): void {
    this.#remembered.set(name, receiver.newest);
    if (this.#remembered.size <= MAX_REMEMBERED) return;
    for (const oldest of this.#remembered.keys()) {
      this.#remembered.delete(oldest);
      return;
    }
  }
}

/** How often a direct bus is told the time: each node hears each other one at least as often. */
export const DIRECT_TICK_MS = 500;
