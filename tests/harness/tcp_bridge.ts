import { classify } from "../../src/webrtc/classify.ts";
import { writeBindingRequest } from "../../src/webrtc/stun_request.ts";
import { Journal } from "./journal.ts";
import { candidateAddress } from "./sdp_sections.ts";
import { credentialsOf } from "./signaling_room.ts";
import { TcpClient } from "./tcp_client.ts";

const LOOPBACK = "127.0.0.1";

export type Way = "udp" | "tcp";

/** Carries what a client that knows only UDP has to say to the server by either way, and back; one bridge a client. */
export class TcpBridge implements AsyncDisposable {
  /** Datagrams of the server that came by each way. */
  readonly received: Record<Way, number> = { udp: 0, tcp: 0 };
  #way: Way;
  #sdp = "";
  #clientPort = 0;
  readonly #front = listen();
  readonly #back = listen();
  #tcp: TcpClient | undefined;
  readonly #stun = new Journal<Uint8Array>();
  /** Datagrams that the client did not take, as it does not once it has closed. */
  readonly failures: unknown[] = [];
  readonly #passing: Promise<unknown>[] = [];
  #transaction = 0;

  constructor(way: Way) {
    this.#way = way;
  }

  /** Takes the server's answer, and gives one whose only candidate is this bridge. */
  readonly lead = async (answer: string): Promise<string> => {
    if (this.#sdp === "") {
      this.#sdp = answer;
      await this.#connect(candidateAddress(answer, "tcp").port);
      this.#passing.push(this.#passUp(), this.#passDown());
    }
    const { port } = this.#front.addr as Deno.NetAddr;
    return answer.replace(/^a=candidate:.* tcp .*\r\n/gm, "")
      .replace(/^(a=candidate:\S+ 1 udp \d+) \S+ \d+/gm, `$1 ${LOOPBACK} ${port}`);
  };

  /** Tells the server to send by this way, and does so itself; resolves when the server has answered. */
  async nominate(way: Way): Promise<void> {
    const { ufrag, password } = credentialsOf(this.#sdp);
    const request = new Uint8Array(200);
    const transaction = ++this.#transaction;
    const length = writeBindingRequest(request, {
      transactionId: new Uint8Array(12).fill(transaction),
      username: `${ufrag}:bridge`,
      password,
      priority: 1,
      role: "controlling",
      useCandidate: true,
    });
    this.#way = way;
    await this.#sendUp(request.slice(0, length));
    const isAnswer = (datagram: Uint8Array) =>
      datagram[0] === 1 && datagram.subarray(8, 20).every((byte) => byte === transaction);
    await this.#stun.find(isAnswer, `an answer by ${way}`);
  }

  /** Ends the TCP connection without a word, as a network does that breaks off. */
  async cut(): Promise<void> {
    await this.#tcp?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#front.close();
    this.#back.close();
    await this.cut();
    await Promise.all(this.#passing);
  }

  async #connect(port: number): Promise<void> {
    const tcp = await TcpClient.connect(port);
    this.#tcp = tcp;
    const { add } = tcp.received;
    tcp.received.add = (datagram) => {
      add.call(tcp.received, datagram);
      this.#handle("tcp", datagram);
    };
  }

  async #passUp(): Promise<void> {
    for await (const [datagram, from] of this.#front) {
      this.#clientPort = (from as Deno.NetAddr).port;
      await this.#sendUp(datagram.slice());
    }
  }

  async #passDown(): Promise<void> {
    for await (const [datagram] of this.#back) this.#handle("udp", datagram);
  }

  async #sendUp(datagram: Uint8Array): Promise<void> {
    if (this.#way === "tcp") await this.#tcp?.send(datagram);
    else await this.#back.send(datagram, { transport: "udp", ...candidateAddress(this.#sdp) });
  }

  #handle(way: Way, datagram: Uint8Array): void {
    this.received[way]++;
    if (classify(datagram, datagram.length) === "stun") this.#stun.add(datagram.slice());
    const client = { transport: "udp", hostname: LOOPBACK, port: this.#clientPort } as const;
    if (this.#clientPort === 0) return;
    const sending = this.#front.send(datagram.slice(), client);
    this.#passing.push(sending.catch((error) => void this.failures.push(error)));
  }
}

function listen(): Deno.DatagramConn {
  return Deno.listenDatagram({ transport: "udp", hostname: LOOPBACK, port: 0 });
}
