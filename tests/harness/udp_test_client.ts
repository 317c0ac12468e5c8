import { classify, type DatagramKind } from "../../src/webrtc/classify.ts";
import { Journal } from "./journal.ts";
import { TestClient } from "./test_client.ts";

const LOOPBACK = "127.0.0.1";

/** One datagram of the server: RTP and RTCP decrypted. */
export interface ServerDatagram {
  readonly kind: DatagramKind;
  readonly plain: Uint8Array;
}

/** A TestClient with a plain socket, which talks to one port of this machine. */
export class UdpTestClient {
  readonly client: TestClient;
  readonly received = new Journal<ServerDatagram>();
  readonly #socket = Deno.listenDatagram({ transport: "udp", hostname: LOOPBACK, port: 0 });
  readonly #reading: Promise<void>;
  /** One after the other: a new socket turns around what it is given at once. */
  #sending: Promise<unknown> = Promise.resolve();

  constructor(port: number) {
    const server = { transport: "udp", hostname: LOOPBACK, port } as const;
    this.client = new TestClient((bytes) => {
      this.#sending = this.#sending.then(() => this.#socket.send(bytes, server));
    });
    this.client.address = this.#socket.addr as Deno.NetAddr;
    this.#reading = this.#read();
  }

  /** Resolves when all until here is sent. */
  get sent(): Promise<unknown> {
    return this.#sending;
  }

  async close(): Promise<void> {
    await this.#sending;
    this.#socket.close();
    await this.#reading;
  }

  async #read(): Promise<void> {
    for await (const [bytes] of this.#socket) {
      const kind = classify(bytes, bytes.length);
      const plain = kind === "rtp" || kind === "rtcp" ? this.client.open(bytes)?.plain : bytes;
      if (plain !== undefined) this.received.add({ kind, plain });
    }
  }
}
