import { getLogger } from "@logtape/logtape";
import { type RemoteAddress, SLOT_SIZE } from "../../webrtc/datagram.ts";
import type { DatagramHandler, DatagramSocket } from "../sockets.ts";
import type { TcpPeer } from "../tcp/tcp_peer.ts";
import type { TcpListener } from "./tcp_listener.ts";

/** Slots of the send queue: 0.2 s of a 25 Mbit/s stream. What is older than that is better dropped than sent. */
const QUEUE_LENGTH = 512;
/** Sends under way at once: fewer promises to wait for, yet the receiving side is not starved. */
const SENDS_AT_ONCE = 16;
/** Receive errors in a row after which a socket is given up. */
const MAX_RECEIVE_ERRORS = 100;

const log = getLogger(["switchboard", "media"]);

interface Slot {
  readonly bytes: Uint8Array;
  length: number;
  to: Deno.NetAddr;
}

/** One Deno.listenDatagram socket with a bounded send queue, and the TCP connections of its peer. */
export class UdpSocket implements DatagramSocket {
  readonly port: number;
  dropped = 0;
  readonly #socket: Deno.DatagramConn;
  readonly #markDirty: (socket: UdpSocket) => void;
  /** The queue, oldest datagram first. */
  readonly #queue: Slot[] = [];
  /** Slots that are not in use, the one that `slot()` gives last. */
  readonly #free: Slot[] = [];
  #dirty = false;
  #sending = false;
  /** Sends of a socket that has not sent yet all wait for it to become ready, and then leave in reverse order. */
  #ready = false;
  #closed = false;
  #tcp: TcpPeer | undefined;
  #to: Deno.NetAddr = { transport: "udp", hostname: "", port: 0 };

  /** Port 0 is any. */
  constructor(hostname: string, markDirty: (socket: UdpSocket) => void, port = 0) {
    this.#socket = Deno.listenDatagram({ transport: "udp", hostname, port });
    this.port = (this.#socket.addr as Deno.NetAddr).port;
    this.#markDirty = markDirty;
  }

  /** Begins to receive; by TCP where there is a port for that. To be called once. */
  attach(handler: DatagramHandler, tcp?: TcpListener): void {
    this.#tcp = tcp?.openPeer(handler, (count) => this.dropped += count);
    this.#receive(handler);
  }

  slot(): Uint8Array | undefined {
    if (this.#closed) {
      this.dropped++;
      return undefined;
    }
    return this.#freeSlot().bytes;
  }

  commit(length: number, to: RemoteAddress): void {
    if (to.transport === "tcp") return this.#commitToTcp(length, to);
    if (this.#queue.length === QUEUE_LENGTH) this.#dropOldest();
    const slot = this.#freeSlot();
    this.#free.pop();
    slot.length = length;
    slot.to = this.#address(to);
    this.#queue.push(slot);
    if (this.#dirty) return;
    this.#dirty = true;
    this.#markDirty(this);
  }

  /** Starts to send what is queued. A send loop that is under way takes it along. */
  flush(): void {
    this.#dirty = false;
    if (!this.#sending && !this.#closed) this.#send();
  }

  /** What was flushed still goes out, then the port is free. Nothing is received any more. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#tcp?.close();
    if (!this.#sending) this.#socket.close();
  }

  /** The UDP port is this peer's alone, the TCP port is not. */
  claimUfrag(ufrag: string): void {
    this.#tcp?.claimUfrag(ufrag);
  }

  /** Slots are made as they are first needed, and kept. */
  #freeSlot(): Slot {
    if (this.#free.length === 0) this.#free.push({ bytes: new Uint8Array(SLOT_SIZE), length: 0, to: this.#to });
    return this.#free[this.#free.length - 1];
  }

  #commitToTcp(length: number, to: RemoteAddress): void {
    const datagram = this.#freeSlot().bytes.subarray(0, length);
    if (!this.#tcp?.send(datagram, to)) this.dropped++;
  }

  /** Old media is of less use than new. Its slot goes below the one that was given out. */
  #dropOldest(): void {
    this.dropped++;
    const oldest = this.#queue.shift();
    if (oldest !== undefined) this.#free.unshift(oldest);
  }

  /** Almost always the same address as for the packet before. */
  #address(to: RemoteAddress): Deno.NetAddr {
    if (this.#to.port !== to.port || this.#to.hostname !== to.hostname) {
      this.#to = { transport: "udp", hostname: to.hostname, port: to.port };
    }
    return this.#to;
  }

  async #send(): Promise<void> {
    this.#sending = true;
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, this.#ready ? SENDS_AT_ONCE : 1);
      await Promise.all(batch.map((slot) => this.#sendSlot(slot)));
      this.#ready = true;
      this.#free.unshift(...batch);
    }
    this.#sending = false;
    if (this.#closed) this.#socket.close();
  }

  async #sendSlot(slot: Slot): Promise<void> {
    try {
      await this.#socket.send(slot.bytes.subarray(0, slot.length), slot.to);
    } catch (error) {
      // An unreachable address or a full buffer: UDP loses packets, and the socket goes on.
      this.dropped++;
      if (!this.#closed) log.debug("a datagram could not be sent: {error}", { error });
    }
  }

  async #receive(handler: DatagramHandler): Promise<void> {
    // A datagram that fills it was cut short.
    const buffer = new Uint8Array(SLOT_SIZE + 1);
    let errors = 0;
    while (!this.#closed && errors < MAX_RECEIVE_ERRORS) {
      const datagram = await this.#receiveOne(buffer);
      errors = datagram === undefined ? errors + 1 : 0;
      if (datagram === undefined || datagram.length > SLOT_SIZE || this.#closed) continue;
      handler.handleDatagram(buffer, datagram.length, datagram.from);
      handler.endBatch();
    }
  }

  /** Undefined where the system reports an error, which may well be about an earlier send; or the socket is closed. */
  async #receiveOne(buffer: Uint8Array): Promise<{ readonly length: number; readonly from: Deno.NetAddr } | undefined> {
    try {
      const [bytes, from] = await this.#socket.receive(buffer);
      return { length: bytes.length, from: from as Deno.NetAddr };
    } catch (error) {
      if (!this.#closed) log.debug("a datagram could not be received: {error}", { error });
      return undefined;
    }
  }
}
