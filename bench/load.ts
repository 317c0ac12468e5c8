import { systemClock } from "../src/io/clock.ts";
import { VP8_DELTA_FRAME, VP8_KEY_FRAME } from "../tests/harness/rtp_builder.ts";
import { rtpBytes } from "../tests/harness/rtp_packets.ts";
import { TestClient } from "../tests/harness/test_client.ts";
import type { BenchPeer } from "./forward_server.ts";

/** Bytes of RTP payload, as a browser's packetiser makes them. */
const PAYLOAD_LENGTH = 1150;
/** One packet in so many is decrypted and compared. */
const SAMPLE = 97;
/** Publisher packets on their way at once: enough to keep the server busy, too few to overflow a socket. */
const WINDOW = 4;
/** Packets from one key frame to the next: subscribers that connect late begin there. */
const KEY_FRAME_INTERVAL = 16;
/** Without progress for so long the window is taken for lost. */
const STALL_MS = 200;

class LoadSocket {
  readonly client: TestClient;
  readonly socket: Deno.DatagramConn;
  received = 0;
  checked = 0;
  bad = 0;
  readonly #peer: BenchPeer;
  readonly #to: Deno.NetAddr;
  #closed = false;

  constructor(peer: BenchPeer) {
    this.#peer = peer;
    this.#to = { transport: "udp", hostname: "127.0.0.1", port: peer.port };
    this.socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
    this.client = new TestClient((bytes) => void this.socket.send(bytes, this.#to));
  }

  /** The first send goes alone: those of a socket that has not sent yet leave in any order. */
  async connect(): Promise<void> {
    await this.socket.send(new Uint8Array(1), this.#to);
    this.client.connect(this.#peer);
  }

  async receive(): Promise<void> {
    const buffer = new Uint8Array(2048);
    while (!this.#closed) {
      const bytes = await this.#receiveOne(buffer);
      if (bytes === undefined || bytes.length < PAYLOAD_LENGTH) continue;
      this.received++;
      if (this.received % SAMPLE === 0) this.#check(bytes);
    }
  }

  close(): void {
    this.#closed = true;
    this.socket.close();
  }

  /** Undefined where the socket was closed meanwhile. */
  async #receiveOne(buffer: Uint8Array): Promise<Uint8Array | undefined> {
    try {
      return (await this.socket.receive(buffer))[0];
    } catch (error) {
      if (this.#closed) return undefined;
      throw error;
    }
  }

  #check(bytes: Uint8Array): void {
    this.checked++;
    const opened = this.client.open(bytes);
    if (opened?.kind !== "rtp" || opened.plain[opened.plain.length - 1] !== 0x5a) this.bad++;
  }
}

/** Publishes as fast as all subscribers receive: a closed loop, so that what is measured is what the server can do. */
export class Load {
  readonly #publisher: LoadSocket;
  readonly #subscribers: LoadSocket[];
  #sequenceNumber = 0;

  constructor(peers: readonly BenchPeer[]) {
    this.#publisher = new LoadSocket(peers[0]);
    this.#subscribers = peers.slice(1).map((peer) => new LoadSocket(peer));
  }

  async connect(): Promise<void> {
    for (const subscriber of this.#subscribers) subscriber.receive();
    await Promise.all([this.#publisher, ...this.#subscribers].map((socket) => socket.connect()));
  }

  get received(): number {
    return this.#subscribers.reduce((sum, subscriber) => sum + subscriber.received, 0);
  }

  get checked(): { readonly sampled: number; readonly bad: number } {
    const sampled = this.#subscribers.reduce((sum, subscriber) => sum + subscriber.checked, 0);
    return { sampled, bad: this.#subscribers.reduce((sum, subscriber) => sum + subscriber.bad, 0) };
  }

  async run(milliseconds: number): Promise<void> {
    const end = systemClock.now() + milliseconds;
    while (systemClock.now() < end) await this.#sendWindow();
  }

  close(): void {
    for (const socket of [this.#publisher, ...this.#subscribers]) socket.close();
  }

  async #sendWindow(): Promise<void> {
    const wanted = this.received + WINDOW * this.#subscribers.length;
    for (let i = 0; i < WINDOW; i++) this.#publish();
    const giveUp = systemClock.now() + STALL_MS;
    while (this.received < wanted && systemClock.now() < giveUp) {
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  }

  #publish(): void {
    const sequenceNumber = this.#sequenceNumber++ & 0xffff;
    const payload = new Uint8Array(PAYLOAD_LENGTH).fill(0x5a);
    payload.set(sequenceNumber % KEY_FRAME_INTERVAL === 0 ? VP8_KEY_FRAME : VP8_DELTA_FRAME);
    const timestamp = this.#sequenceNumber * 3000;
    this.#publisher.client.sendRtp(
      rtpBytes({ ssrc: 1000, payloadType: 96, sequenceNumber, timestamp, payload: [...payload] }),
    );
  }
}
