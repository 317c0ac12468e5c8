import type { DatagramHandler, DatagramSocket } from "../../src/io/sockets.ts";
import type { RemoteAddress } from "../../src/webrtc/datagram.ts";
import { writeBindingRequest } from "../../src/webrtc/stun_request.ts";

/** The server's ufrag that a client greets with, if no other is named. */
export const UFRAG = "serverOK";

export interface ReceivedDatagram {
  readonly bytes: Uint8Array;
  readonly from: RemoteAddress;
}

/** Keeps what a socket under test receives, as it stands when its batch ends. */
export class RecordingHandler implements DatagramHandler {
  readonly received: ReceivedDatagram[] = [];
  /** Datagrams of each batch. */
  readonly batches: number[] = [];
  readonly #batch: { readonly bytes: Uint8Array; readonly length: number; readonly from: RemoteAddress }[] = [];
  #wake: () => void = () => {};

  handleDatagram(bytes: Uint8Array, length: number, from: RemoteAddress): void {
    this.#batch.push({ bytes, length, from });
  }

  endBatch(): void {
    this.batches.push(this.#batch.length);
    for (const { bytes, length, from } of this.#batch.splice(0)) {
      this.received.push({ bytes: bytes.slice(0, length), from });
    }
    this.#wake();
  }

  /** Takes the oldest `count` datagrams, as soon as there are so many. */
  async take(count: number): Promise<ReceivedDatagram[]> {
    while (this.received.length < count) await new Promise<void>((resolve) => this.#wake = resolve);
    return this.received.splice(0, count);
  }
}

/** A client with a plain socket. */
export class DatagramClient {
  readonly address: Deno.NetAddr;
  readonly #socket: Deno.DatagramConn;

  constructor(hostname = "127.0.0.1") {
    this.#socket = Deno.listenDatagram({ transport: "udp", hostname, port: 0 });
    this.address = this.#socket.addr as Deno.NetAddr;
  }

  async send(bytes: Uint8Array, port: number, hostname = this.address.hostname): Promise<void> {
    await this.#socket.send(bytes, { transport: "udp", hostname, port });
  }

  async receive(): Promise<ReceivedDatagram> {
    const [bytes, from] = await this.#socket.receive(new Uint8Array(65_536));
    return { bytes: bytes.slice(), from: from as Deno.NetAddr };
  }

  async receiveAll(count: number): Promise<ReceivedDatagram[]> {
    const received: ReceivedDatagram[] = [];
    while (received.length < count) received.push(await this.receive());
    return received;
  }

  /** Makes itself known to the socket's peer by a STUN request, and gets one datagram back. */
  async greet(socket: DatagramSocket, handler: RecordingHandler, ufrag = UFRAG): Promise<RemoteAddress> {
    socket.claimUfrag(ufrag);
    await this.send(stunRequest(ufrag), socket.port);
    const [{ from }] = await handler.take(1);
    return from;
  }

  close(): void {
    this.#socket.close();
  }
}

/** A binding request as a client sends it to the server with this ufrag. */
export function stunRequest(ufrag: string): Uint8Array {
  const buffer = new Uint8Array(200);
  const username = `${ufrag}:client`;
  return buffer.slice(0, writeBindingRequest(buffer, { transactionId: new Uint8Array(12), username, password: "p" }));
}

/** Queues a datagram of `length` bytes of `value`; false where the socket takes none. */
export function queue(socket: DatagramSocket, to: RemoteAddress, value: number, length = 100): boolean {
  const slot = socket.slot();
  if (slot === undefined) return false;
  slot.fill(value, 0, length);
  socket.commit(length, to);
  return true;
}
