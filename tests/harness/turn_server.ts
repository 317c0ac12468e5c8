import { Buffer } from "node:buffer";
import { createHash, createHmac, randomBytes } from "node:crypto";
import { classes, Message, methods, parseMessage } from "werift";

const LOOPBACK = "127.0.0.1";
const REALM = "turn.test";
const LIFETIME_SECONDS = 600;
const CHANNEL_HEADER = 4;

export interface TurnServerOptions {
  /** Shared with who makes credentials, as coturn's static-auth-secret. */
  readonly secret: string;
  /** Whether it permits peers at all. Default: it does. */
  readonly permits?: boolean;
  /** How often it says that a nonce has got old, at first. Default: never. */
  readonly staleNonces?: number;
}

interface Client {
  readonly address: Deno.NetAddr;
  readonly relay: Deno.DatagramConn;
  /** Both ways between channel numbers and peers, as `address port`. */
  readonly peers: Map<number, Deno.NetAddr>;
  readonly channels: Map<string, number>;
}

/** A small TURN server by UDP on loopback (RFC 8656), whose codec is werift's: allocations, permissions, channels. */
export class TurnServer implements AsyncDisposable {
  readonly #socket = Deno.listenDatagram({ transport: "udp", hostname: LOOPBACK, port: 0 });
  readonly #options: TurnServerOptions;
  readonly #clients = new Map<number, Client>();
  readonly #reading: Promise<void>[] = [];
  #nonce = randomBytes(8);
  #stale: number;
  /** Datagrams that went by a relay, in either direction. */
  relayed = 0;

  constructor(options: TurnServerOptions) {
    this.#options = options;
    this.#stale = options.staleNonces ?? 0;
    this.#reading.push(this.#readClients());
  }

  get url(): string {
    return `turn:${LOOPBACK}:${(this.#socket.addr as Deno.NetAddr).port}?transport=udp`;
  }

  /** Addresses that it has given and not had back. */
  get allocations(): number {
    return this.#clients.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    for (const { relay } of this.#clients.values()) relay.close();
    await Promise.all(this.#reading);
  }

  async #readClients(): Promise<void> {
    for await (const [bytes, from] of this.#socket) {
      // A browser tries it from each of the machine's addresses.
      const address = from as Deno.NetAddr;
      if (address.hostname === LOOPBACK) await this.#handle(Buffer.from(bytes), address);
    }
  }

  async #handle(bytes: Buffer, from: Deno.NetAddr): Promise<void> {
    const client = this.#clients.get(from.port);
    if (bytes[0] >= 0x40) {
      const peer = client?.peers.get(bytes.readUInt16BE(0));
      if (peer) {
        await this.#toPeer(client, peer, bytes.subarray(CHANNEL_HEADER, CHANNEL_HEADER + bytes.readUInt16BE(2)));
      }
      return;
    }
    const message = parseMessage(bytes);
    if (message === undefined) return;
    if (message.messageMethod === methods.SEND) {
      return await this.#toPeer(client, addressIn(message), message.getAttributeValue("DATA"));
    }
    const key = this.#keyOf(message.getAttributeValue("USERNAME"));
    const isAuthentic = key !== undefined && parseMessage(bytes, key) !== undefined;
    const answer = isAuthentic ? this.#answer(message, from) : this.#refusal(message, 401, "Unauthorized");
    if (key !== undefined && isAuthentic) answer.addMessageIntegrity(key);
    await this.#socket.send(answer.bytes, from);
  }

  #keyOf(username: string | undefined): Buffer | undefined {
    if (username === undefined) return undefined;
    const password = createHmac("sha1", this.#options.secret).update(username).digest("base64");
    return createHash("md5").update(`${username}:${REALM}:${password}`).digest();
  }

  #answer(message: Message, from: Deno.NetAddr): Message {
    if (this.#stale > 0) {
      this.#stale--;
      this.#nonce = randomBytes(8);
      return this.#refusal(message, 438, "Stale Nonce");
    }
    const success = new Message(message.messageMethod, classes.RESPONSE, message.transactionId);
    const client = this.#clients.get(from.port);
    switch (message.messageMethod) {
      case methods.ALLOCATE:
        return success.setAttribute("XOR-RELAYED-ADDRESS", this.#allocate(from))
          .setAttribute("XOR-MAPPED-ADDRESS", [from.hostname, from.port]).setAttribute("LIFETIME", LIFETIME_SECONDS);
      case methods.REFRESH:
        if (message.getAttributeValue("LIFETIME") === 0) this.#release(from.port);
        return success.setAttribute("LIFETIME", LIFETIME_SECONDS);
      case methods.CHANNEL_BIND: {
        const peer = addressIn(message);
        client?.peers.set(message.getAttributeValue("CHANNEL-NUMBER"), peer);
        client?.channels.set(`${peer.hostname} ${peer.port}`, message.getAttributeValue("CHANNEL-NUMBER"));
        return success;
      }
      default:
        return this.#options.permits === false ? this.#refusal(message, 403, "Forbidden") : success;
    }
  }

  #refusal({ messageMethod, transactionId }: Message, code: number, reason: string): Message {
    return new Message(messageMethod, classes.ERROR, transactionId).setAttribute("ERROR-CODE", [code, reason])
      .setAttribute("REALM", REALM).setAttribute("NONCE", this.#nonce);
  }

  #allocate(address: Deno.NetAddr): [string, number] {
    const relay = Deno.listenDatagram({ transport: "udp", hostname: LOOPBACK, port: 0 });
    const client = { address, relay, peers: new Map(), channels: new Map() };
    this.#clients.set(address.port, client);
    this.#reading.push(this.#readRelay(client));
    return [LOOPBACK, (relay.addr as Deno.NetAddr).port];
  }

  #release(port: number): void {
    this.#clients.get(port)?.relay.close();
    this.#clients.delete(port);
  }

  async #toPeer(client: Client | undefined, peer: Deno.NetAddr, data: Uint8Array): Promise<void> {
    this.relayed++;
    await client?.relay.send(data, peer);
  }

  async #readRelay({ relay, address, channels }: Client): Promise<void> {
    for await (const [bytes, from] of relay) {
      this.relayed++;
      const { hostname, port } = from as Deno.NetAddr;
      const channel = channels.get(`${hostname} ${port}`);
      await this.#socket.send(
        channel === undefined ? indication(bytes, hostname, port) : framed(channel, bytes),
        address,
      );
    }
  }
}

function addressIn(message: Message): Deno.NetAddr {
  const [hostname, port] = message.getAttributeValue("XOR-PEER-ADDRESS");
  return { transport: "udp", hostname, port };
}

function indication(bytes: Uint8Array, hostname: string, port: number): Uint8Array {
  return new Message(methods.DATA, classes.INDICATION).setAttribute("XOR-PEER-ADDRESS", [hostname, port])
    .setAttribute("DATA", Buffer.from(bytes)).bytes;
}

function framed(channel: number, bytes: Uint8Array): Uint8Array {
  const header = Buffer.alloc(CHANNEL_HEADER);
  header.writeUInt16BE(channel, 0);
  header.writeUInt16BE(bytes.length, 2);
  return Buffer.concat([header, bytes]);
}
