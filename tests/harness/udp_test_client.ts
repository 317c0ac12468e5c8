import { systemClock } from "../../src/io/clock.ts";
import { classify, type DatagramKind } from "../../src/webrtc/classify.ts";
import { Journal } from "./journal.ts";
import { TestClient } from "./test_client.ts";

const LOOPBACK = "127.0.0.1";

/** One of a client's sockets. */
export type UdpPath = Deno.DatagramConn;

/** One datagram of the server: RTP and RTCP decrypted. */
export interface ServerDatagram {
  readonly kind: DatagramKind;
  readonly plain: Uint8Array;
  /** Where it came, and when. */
  readonly path: UdpPath;
  readonly atMs: number;
}

/** A TestClient with plain sockets, which talks to one port of this machine. */
export class UdpTestClient {
  readonly client: TestClient;
  readonly received = new Journal<ServerDatagram>();
  readonly #paths: UdpPath[] = [];
  readonly #reading: Promise<void>[] = [];
  #path: UdpPath;
  /** One after the other: a new socket turns around what it is given at once. */
  #sending: Promise<unknown> = Promise.resolve();

  constructor(port: number) {
    const server = { transport: "udp", hostname: LOOPBACK, port } as const;
    this.client = new TestClient((bytes) => {
      const path = this.#path;
      this.#sending = this.#sending.then(() => path.send(bytes, server));
    });
    this.#path = this.openPath();
    this.use(this.#path);
  }

  /** Resolves when all until here is sent. */
  get sent(): Promise<unknown> {
    return this.#sending;
  }

  /** Opens a socket beside those that there are; what comes to any of them is received. */
  openPath(hostname = LOOPBACK): UdpPath {
    const path = Deno.listenDatagram({ transport: "udp", hostname, port: 0 });
    this.#paths.push(path);
    this.#reading.push(this.#read(path));
    return path;
  }

  /** What is sent from now on goes by this socket. */
  use(path: UdpPath): void {
    this.#path = path;
    this.client.address = path.addr as Deno.NetAddr;
  }

  /** What `action` sends goes by this socket. */
  by<T>(path: UdpPath, action: () => T): T {
    const before = this.#path;
    this.use(path);
    try {
      return action();
    } finally {
      this.use(before);
    }
  }

  async close(): Promise<void> {
    await this.#sending;
    for (const path of this.#paths) path.close();
    await Promise.all(this.#reading);
  }

  async #read(path: UdpPath): Promise<void> {
    for await (const [bytes] of path) {
      const atMs = systemClock.now();
      const kind = classify(bytes, bytes.length);
      const plain = kind === "rtp" || kind === "rtcp" ? this.client.open(bytes)?.plain : bytes;
      if (plain !== undefined) this.received.add({ kind, plain, path, atMs });
    }
  }
}
