import { portableCiphers } from "../../src/io/portable/cipher.ts";
import { MediaEngine } from "../../src/media/media_engine.ts";
import type { MediaPeer } from "../../src/media/media_peer.ts";
import type { OpenPeerMedia, PeerEventHandler } from "../../src/media/messages.ts";
import { NoCapacityError } from "../../src/media/no_capacity_error.ts";
import type { RandomSource } from "../../src/sfu/random.ts";
import { type ServerMessage, serverMessageSchema } from "../../src/signaling/messages.ts";
import type { DuplicateIdentity } from "../../src/signaling/duplicate_identity.ts";
import type { Grants } from "../../src/signaling/grants.ts";
import { type HttpOpenResult, type HttpRole, HttpSession } from "../../src/signaling/http_session.ts";
import type { JoinTrace } from "../../src/signaling/join_trace.ts";
import type { Participant } from "../../src/signaling/participant.ts";
import { Admission } from "../../src/signaling/admission.ts";
import { DEFAULT_LIMITS, type Limits } from "../../src/signaling/limits.ts";
import { Resumption } from "../../src/signaling/resumption.ts";
import { Rooms } from "../../src/signaling/room.ts";
import { SignalingSession, type SignalingSessionOptions } from "../../src/signaling/session.ts";
import type { DtlsFactory } from "../../src/webrtc/dtls.ts";
import { HandshakeLimit } from "../../src/webrtc/handshake_limit.ts";
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
  /** What it sends and receives; undefined before it has joined and after it has left. */
  readonly media: MediaPeer | undefined;
  /** Sends a message; returns what the client was told since the last call. */
  say(message: unknown): ServerMessage[];
  sayText(text: string | undefined): ServerMessage[];
  take(): ServerMessage[];
  /** What carries its media fails. */
  loseMedia(): void;
}

/** One WHIP or WHEP client without HTTP. */
export interface HttpClient {
  readonly client: TestClient;
  readonly datagrams: MemoryDatagrams;
  readonly media: MediaPeer | undefined;
  readonly result: HttpOpenResult;
  /** What the session told of itself. */
  readonly told: string[];
  /** What carries its media fails. */
  loseMedia(): void;
}

/** A client's end of a network, and what opens the server's end of it: a client of its own each time. */
interface Network {
  readonly client: TestClient;
  readonly datagrams: MemoryDatagrams;
  readonly openMedia: OpenPeerMedia;
  media(): MediaPeer | undefined;
  loseMedia(): void;
}

/** Rooms, signaling sessions and their media under one virtual clock; sockets and WebSockets are arrays. */
export class SignalingRoom {
  nowMs = 0;
  readonly rooms = new Rooms();
  readonly #limits: Limits;
  readonly #admission: Admission;
  readonly #handshakes = new HandshakeLimit();
  readonly resumption: Resumption;
  readonly codecs: readonly string[];
  readonly #random: RandomSource;
  readonly #dtls: DtlsFactory;
  readonly #engine: MediaEngine;
  /** By the number of the peer. */
  readonly #handlers = new Map<number, PeerEventHandler>();
  readonly #datagrams = new Map<number, MemoryDatagrams>();
  /** Those with deadlines. */
  readonly #timed = new Set<Participant>();
  #lastPeer = 0;
  /** What a peer is told of. */
  iceServers: SignalingSessionOptions["iceServers"] = () => [];
  duplicateIdentity: DuplicateIdentity = "allow";
  /** Peers that there is media for at once. */
  capacity = Infinity;

  constructor(
    seed: number,
    codecs: readonly string[] = ["audio/opus", "video/vp8"],
    dtls: DtlsFactory = keyedDtls(),
    limits: Partial<Limits> = {},
  ) {
    this.#limits = { ...DEFAULT_LIMITS, ...limits };
    this.#admission = new Admission(this.rooms, this.#limits);
    this.#dtls = dtls;
    this.#random = seededRandom(seed);
    this.resumption = new Resumption(this.#random);
    this.codecs = codecs;
    this.#engine = new MediaEngine({
      ciphers: portableCiphers,
      random: this.#random,
      equalizesLengths: true,
      attachSocket: ({ id }) => this.#datagrams.get(id) ?? new MemoryDatagrams(),
      emit: (peer, event) => this.#handlers.get(peer)?.(event, this.nowMs),
    });
  }

  /** Media that was opened and not closed. */
  get openMedia(): number {
    return this.#engine.size;
  }

  /** Has all media, and who has asked for it, do what is due. */
  handleTimeout(): void {
    this.#engine.handleTimeout(this.nowMs);
    for (const participant of this.#timed) {
      if (participant.nextTimeout() <= this.nowMs) participant.handleTimeout(this.nowMs);
    }
  }

  /** Media tells who speaks: peers by their ids, the dominant one first. */
  speak(...peerIds: string[]): void {
    const [room] = this.rooms;
    const active = peerIds.map((peerId) => ({ peerId, level: 0.5 }));
    room.handleSpeakers(peerIds.length === 0 ? { active } : { dominant: peerIds[0], active });
  }

  /** `grants` is what its token allows; left out where it needs none. */
  connect(grants?: Grants, address = CLIENT_ADDRESS, trace?: JoinTrace): SignalingClient {
    const network = this.#openNetwork();
    const { datagrams, openMedia, media, loseMedia } = network;
    const received: ServerMessage[] = [];
    const closed: number[] = [];
    let participant: Participant | undefined;
    const session = new SignalingSession({
      // Every message that the server sends must be one of the protocol.
      connection: {
        send: (text) => received.push(serverMessageSchema.parse(JSON.parse(text))),
        close: (code) => closed.push(code),
      },
      address,
      admission: this.#admission,
      limits: this.#limits,
      rooms: this.rooms,
      resumption: this.resumption,
      random: this.#random,
      codecs: this.codecs,
      iceServers: (peerId) => this.iceServers(peerId),
      grants,
      duplicateIdentity: this.duplicateIdentity,
      trace,
      nowMs: this.nowMs,
      observer: {
        joined: (joined) => participant = joined,
        resumed: (resumed) => participant = resumed,
        left: () => participant = undefined,
        connected: () => {},
        timeWanted: (participant) => this.#timed.add(participant),
        failed: () => {},
        mediaLost: () => {},
        refused: () => {},
        joinRefused: () => {},
      },
      openMedia,
      dtls: this.#dtls,
      handshakes: this.#handshakes,
    });
    const take = () => received.splice(0);
    const sayText = (text: string | undefined) => {
      session.handleMessage(text, this.nowMs);
      return take();
    };
    return {
      session,
      get client() {
        return network.client;
      },
      datagrams,
      received,
      closed,
      get participant() {
        return participant;
      },
      get media() {
        return media();
      },
      say: (message) => sayText(JSON.stringify(message)),
      sayText,
      take,
      loseMedia,
    };
  }

  /** A client that has posted an offer to `/whip/room` or `/whep/room`. */
  post(
    role: HttpRole,
    sdp: string,
    query: { readonly name?: string; readonly publisher?: string; readonly grants?: Grants } = {},
  ): HttpClient {
    const network = this.#openNetwork();
    const { datagrams, openMedia, media, loseMedia } = network;
    const told: string[] = [];
    const result = HttpSession.open({
      role,
      address: CLIENT_ADDRESS,
      admission: this.#admission,
      limits: this.#limits,
      nowMs: this.nowMs,
      rooms: this.rooms,
      roomId: "room",
      name: query.name,
      publisher: query.publisher,
      grants: query.grants,
      duplicateIdentity: this.duplicateIdentity,
      random: this.#random,
      codecs: this.codecs,
      observer: {
        joined: () => told.push("joined"),
        left: (_, reason) => told.push(`left: ${reason}`),
        connected: () => told.push("connected"),
        failed: () => told.push("failed"),
        refused: (_, code) => told.push(code),
      },
      openMedia,
      dtls: this.#dtls,
      handshakes: this.#handshakes,
    }, sdp);
    return {
      client: network.client,
      datagrams,
      result,
      told,
      loseMedia,
      get media() {
        return media();
      },
    };
  }

  #openNetwork(): Network {
    const datagrams = new MemoryDatagrams();
    const number = ++this.#lastPeer;
    this.#datagrams.set(number, datagrams);
    const media = () => this.#engine.find(number);
    const newClient = () =>
      new TestClient((bytes, from) => {
        media()?.handleDatagram(bytes, bytes.length, from, this.nowMs);
        media()?.endBatch(this.nowMs);
      });
    let client: TestClient | undefined;
    let opened = 0;
    const openMedia: OpenPeerMedia = (opening, handleEvent) => {
      if (this.openMedia >= this.capacity) throw new NoCapacityError();
      client = newClient();
      const own = ++opened;
      this.#handlers.set(number, handleEvent);
      this.#engine.handleCommand(number, { type: "open", ...opening, socket: { ...SOCKET, id: number } }, this.nowMs);
      return {
        candidates: CANDIDATES,
        // What was lost is told nothing, as a worker that has failed.
        send: (command) => {
          if (own === opened) this.#engine.handleCommand(number, command, this.nowMs);
        },
      };
    };
    const loseMedia = () => {
      opened++;
      this.#engine.handleCommand(number, { type: "close" }, this.nowMs);
      const detail = "the media worker has failed";
      this.#handlers.get(number)?.({ type: "ended", reason: "media-lost", detail }, this.nowMs);
    };
    return {
      get client() {
        return client ?? newClient();
      },
      datagrams,
      openMedia,
      media,
      loseMedia,
    };
  }

  /** A client that has joined `room`. */
  join(name?: string, grants?: Grants): SignalingClient {
    const client = this.connect(grants);
    client.say({ type: "join", roomId: "room", ...(name !== undefined && { name }) });
    return client;
  }
}

/** Of the documentation's network: nothing is ever sent there. */
const CLIENT_ADDRESS = "192.0.2.1";

const SOCKET = { port: 5000, family: "ipv4", isWildcard: false, isShared: false } as const;

export const CANDIDATES = ["candidate:1 1 udp 2130706431 192.0.2.9 5000 typ host"];

/** The credentials that an answer tells. */
export function credentialsOf(sdp: string): { readonly ufrag: string; readonly password: string } {
  const read = (name: string) => new RegExp(`^a=${name}:(.*)\\r?$`, "m").exec(sdp)?.[1].trim() ?? "";
  return { ufrag: read("ice-ufrag"), password: read("ice-pwd") };
}
