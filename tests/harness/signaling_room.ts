import { portableCiphers } from "../../src/io/portable/cipher.ts";
import type { RandomSource } from "../../src/sfu/random.ts";
import { Rooms } from "../../src/sfu/room.ts";
import { type ServerMessage, serverMessageSchema } from "../../src/signaling/messages.ts";
import { type HttpOpenResult, type HttpRole, HttpSession } from "../../src/signaling/http_session.ts";
import type { OpenTransport, Participant } from "../../src/signaling/participant.ts";
import { SignalingSession } from "../../src/signaling/session.ts";
import { PeerTransport } from "../../src/webrtc/peer_transport.ts";
import { keyedDtls } from "./keyed_dtls.ts";
import { MemoryDatagrams } from "./memory_datagrams.ts";
import { seededRandom } from "./seeded_random.ts";
import { TestClient } from "./test_client.ts";

/** One WebSocket client without a WebSocket: its session, its transport's other end, and what it was told. */
export interface SignalingClient {
  readonly session: SignalingSession;
  readonly client: TestClient;
  readonly datagrams: MemoryDatagrams;
  readonly received: ServerMessage[];
  /** Close codes that the server has sent. */
  readonly closed: number[];
  readonly participant: Participant | undefined;
  /** Sends a message; returns what the client was told since the last call. */
  say(message: unknown): ServerMessage[];
  sayText(text: string | undefined): ServerMessage[];
  take(): ServerMessage[];
}

/** One WHIP or WHEP client without HTTP. */
export interface HttpClient {
  readonly client: TestClient;
  readonly datagrams: MemoryDatagrams;
  readonly result: HttpOpenResult;
  /** What the session told of itself. */
  readonly told: string[];
}

/** Rooms and signaling sessions under one virtual clock; sockets and WebSockets are arrays. */
export class SignalingRoom {
  nowMs = 0;
  readonly rooms = new Rooms();
  readonly codecs: readonly string[];
  /** Transports that were opened and not released. */
  openTransports = 0;
  readonly #random: RandomSource;

  constructor(seed: number, codecs: readonly string[] = ["audio/opus", "video/vp8"]) {
    this.#random = seededRandom(seed);
    this.codecs = codecs;
  }

  connect(): SignalingClient {
    const { client, datagrams, openTransport } = this.#openNetwork();
    const received: ServerMessage[] = [];
    const closed: number[] = [];
    let participant: Participant | undefined;
    const session = new SignalingSession({
      // Every message that the server sends must be one of the protocol.
      connection: {
        send: (text) => received.push(serverMessageSchema.parse(JSON.parse(text))),
        close: (code) => closed.push(code),
      },
      rooms: this.rooms,
      random: this.#random,
      codecs: this.codecs,
      nowMs: this.nowMs,
      observer: {
        joined: (joined) => participant = joined,
        left: () => participant = undefined,
        connected: () => {},
        refused: () => {},
      },
      openTransport,
    });
    const take = () => received.splice(0);
    const sayText = (text: string | undefined) => {
      session.handleMessage(text, this.nowMs);
      return take();
    };
    return {
      session,
      client,
      datagrams,
      received,
      closed,
      get participant() {
        return participant;
      },
      say: (message) => sayText(JSON.stringify(message)),
      sayText,
      take,
    };
  }

  /** A client that has posted an offer to `/whip/room` or `/whep/room`. */
  post(role: HttpRole, sdp: string, query: { readonly name?: string; readonly publisher?: string } = {}): HttpClient {
    const { client, datagrams, openTransport } = this.#openNetwork();
    const told: string[] = [];
    const result = HttpSession.open({
      role,
      rooms: this.rooms,
      roomId: "room",
      name: query.name,
      publisher: query.publisher,
      random: this.#random,
      codecs: this.codecs,
      nowMs: this.nowMs,
      observer: {
        joined: () => told.push("joined"),
        left: (_, reason) => told.push(`left: ${reason}`),
        connected: () => told.push("connected"),
      },
      openTransport,
    }, sdp);
    return { client, datagrams, result, told };
  }

  /** A client's end of a network, and the server's end of it. */
  #openNetwork(): Pick<SignalingClient, "client" | "datagrams"> & { readonly openTransport: OpenTransport } {
    const datagrams = new MemoryDatagrams();
    let transport: PeerTransport | undefined;
    const client = new TestClient((bytes, from) => {
      transport?.handleDatagram(bytes, bytes.length, from, this.nowMs);
      transport?.endBatch(this.nowMs);
    });
    const openTransport: OpenTransport = (observer, nowMs) => {
      this.openTransports++;
      const options = { datagrams, dtls: keyedDtls(), ciphers: portableCiphers, random: this.#random };
      transport = new PeerTransport({ ...options, candidates: CANDIDATES, observer, nowMs });
      return { transport, release: () => this.openTransports-- };
    };
    return { client, datagrams, openTransport };
  }

  /** A client that has joined `room`. */
  join(name?: string): SignalingClient {
    const client = this.connect();
    client.say({ type: "join", roomId: "room", ...(name !== undefined && { name }) });
    return client;
  }
}

export const CANDIDATES = ["candidate:1 1 udp 2130706431 192.0.2.9 5000 typ host"];

/** The credentials that an answer tells. */
export function credentialsOf(sdp: string): { readonly ufrag: string; readonly password: string } {
  const read = (name: string) => new RegExp(`^a=${name}:(.*)\\r?$`, "m").exec(sdp)?.[1].trim() ?? "";
  return { ufrag: read("ice-ufrag"), password: read("ice-pwd") };
}
