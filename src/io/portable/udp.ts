import { getLogger } from "@logtape/logtape";
import { type RemoteAddress, SLOT_SIZE } from "../../webrtc/datagram.ts";
import type { DatagramHandler, DatagramSocket } from "../backend.ts";

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

/** One Deno.listenDatagram socket with a bounded send queue. */
export class UdpSocket implements DatagramSocket {
  readonly port: number;
  dropped = 0;
  readonly #socket: Deno.DatagramConn;
  readonly #markDirty: (socket: UdpSocket) => void;
  readonly #slots: Slot[] = [];
  #head = 0;
  #queued = 0;
  #dirty = false;
  #sending = false;
  /** Sends of a socket that has not sent yet all wait for it to become ready, and then leave in reverse order. */
  #ready = false;
  #closed = false;
  #to: Deno.NetAddr = { transport: "udp", hostname: "", port: 0 };

  constructor(hostname: string, handler: DatagramHandler, markDirty: (socket: UdpSocket) => void) {
    this.#socket = Deno.listenDatagram({ transport: "udp", hostname, port: 0 });
    this.port = (this.#socket.addr as Deno.NetAddr).port;
    this.#markDirty = markDirty;
    this.#receive(handler);
  }

  slot(): Uint8Array | undefined {
    if (this.#closed || this.#queued === QUEUE_LENGTH) {
      this.dropped++;
      return undefined;
    }
    return this.#nextSlot().bytes;
  }

  commit(length: number, to: RemoteAddress): void {
    const slot = this.#nextSlot();
    slot.length = length;
    slot.to = this.#address(to);
    this.#queued++;
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
    if (!this.#sending) this.#socket.close();
  }

  /** Slots are made as the queue first needs them, and kept. */
  #nextSlot(): Slot {
    const index = (this.#head + this.#queued) % QUEUE_LENGTH;
    this.#slots[index] ??= { bytes: new Uint8Array(SLOT_SIZE), length: 0, to: this.#to };
    return this.#slots[index];
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
    while (this.#queued > 0) {
      const batch = Math.min(this.#queued, this.#ready ? SENDS_AT_ONCE : 1);
      const sends: Promise<unknown>[] = [];
      for (let i = 0; i < batch; i++) sends.push(this.#sendSlot(this.#slots[(this.#head + i) % QUEUE_LENGTH]));
      await Promise.all(sends);
      this.#ready = true;
      this.#head = (this.#head + batch) % QUEUE_LENGTH;
      this.#queued -= batch;
    }
    // From the start again, so that a queue which is never deep keeps few slots.
    this.#head = 0;
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
    const buffer = new Uint8Array(SLOT_SIZE);
    let errors = 0;
    while (!this.#closed && errors < MAX_RECEIVE_ERRORS) {
      const datagram = await this.#receiveOne(buffer);
      errors = datagram === undefined ? errors + 1 : 0;
      if (datagram !== undefined && !this.#closed) handler(buffer, datagram.length, datagram.from);
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
