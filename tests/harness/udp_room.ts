import assert from "node:assert/strict";
import type { Backend } from "../../src/io/backend.ts";
import { systemClock } from "../../src/io/clock.ts";
import { Switchboard } from "../../src/io/switchboard.ts";
import type { RandomSource } from "../../src/sfu/random.ts";
import type { SignalingEndpoint } from "../../src/signaling/connection.ts";
import { type ServerMessage, serverMessageSchema } from "../../src/signaling/messages.ts";
import { DEFAULT_LIMITS } from "../../src/signaling/limits.ts";
import type { IceCredentials } from "../../src/webrtc/ice_generations.ts";
import { buildOffer, type OfferLine } from "./offer_builder.ts";
import { candidateAddress } from "./sdp_sections.ts";
import { answerOf } from "./session_steps.ts";
import { credentialsOf } from "./signaling_room.ts";
import { type UdpPath, UdpTestClient } from "./udp_test_client.ts";

const LOOPBACK = "127.0.0.1";
/** A check is repeated: the media of a peer that was opened just now may not know of it. */
const CHECK_INTERVAL_MS = 100;

/** A Switchboard whose signaling is calls and whose media goes through real sockets; its DTLS must be `keyedDtls`. */
export class UdpRoom implements AsyncDisposable {
  readonly #switchboard: Switchboard;
  readonly #people: UdpPerson[] = [];

  constructor(backend: Backend, random: RandomSource) {
    this.#switchboard = new Switchboard({
      backend,
      clock: systemClock,
      random,
      hostname: LOOPBACK,
      addresses: () => [LOOPBACK],
      codecs: ["video/vp8"],
      iceServers: () => [],
      limits: DEFAULT_LIMITS,
      unixSeconds: () => Math.floor(Date.now() / 1000),
    });
  }

  /** Joins, offers the m-lines, and connects. */
  async join(lines: readonly OfferLine[]): Promise<UdpPerson> {
    const told: ServerMessage[] = [];
    const endpoint = this.#switchboard.connect({
      send: (text) => told.push(serverMessageSchema.parse(JSON.parse(text))),
      close: () => {},
    }, LOOPBACK);
    const person = new UdpPerson(endpoint, told, lines);
    this.#people.push(person);
    await person.connect();
    return person;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { udp } of this.#people) await udp.close();
    await this.#switchboard.close();
  }
}

/** A peer of a UdpRoom. */
export class UdpPerson {
  readonly udp: UdpTestClient;
  /** Ids of the others' tracks that were there at the start. */
  readonly tracks: string[] = [];
  readonly #endpoint: SignalingEndpoint;
  readonly #told: ServerMessage[];
  readonly #lines: readonly OfferLine[];
  #credentials: IceCredentials;
  #restarts = 0;

  constructor(endpoint: SignalingEndpoint, told: ServerMessage[], lines: readonly OfferLine[]) {
    this.#endpoint = endpoint;
    this.#told = told;
    this.#lines = lines;
    this.say({ type: "join", roomId: "room" });
    const answer = answerOf(this.say({ type: "offer", sdp: buildOffer(lines) }));
    this.#credentials = credentialsOf(answer);
    this.udp = new UdpTestClient(candidateAddress(answer).port);
  }

  /** What the server has told since `say` was called last. */
  get told(): readonly ServerMessage[] {
    return this.#told;
  }

  /** The server's, as the last answer told them. */
  get credentials(): IceCredentials {
    return this.#credentials;
  }

  async connect(): Promise<void> {
    await this.check();
    // The answer to the second hello comes behind the keys that the first one has brought.
    for (let hellos = 1; hellos <= 2; hellos++) {
      this.udp.client.hello();
      let left = hellos;
      await this.udp.received.find(({ kind }) => kind === "dtls" && --left === 0, "the server's hello");
    }
  }

  /** Offers the same with other ICE credentials. */
  restartIce(): void {
    const ufrag = `restart${++this.#restarts}`;
    const answer = answerOf(this.say({ type: "offer", sdp: buildOffer(this.#lines, { ufrag }) }));
    const credentials = credentialsOf(answer);
    assert.notEqual(credentials.ufrag, this.#credentials.ufrag);
    this.#credentials = credentials;
  }

  /** Sends connectivity checks until one is answered. */
  async check({ path, nominate = true, credentials = this.#credentials }: {
    readonly path?: UdpPath;
    readonly nominate?: boolean;
    readonly credentials?: IceCredentials;
  } = {}): Promise<void> {
    const send = () => this.udp.client.check(credentials, "controlling", nominate);
    const sent = new Set<number>();
    const attempt = () => sent.add(path === undefined ? send() : this.udp.by(path, send));
    attempt();
    const timer = setInterval(attempt, CHECK_INTERVAL_MS);
    try {
      // Each byte of a transaction id is the same (TestClient).
      await this.udp.received.find(({ kind, plain }) => kind === "stun" && sent.has(plain[8]), "an answered check");
    } finally {
      clearInterval(timer);
    }
  }

  /** Says something to the server, and returns what that has told since the last time. */
  say(message: object): ServerMessage[] {
    this.#endpoint.handleMessage(JSON.stringify(message));
    const told = this.#told.splice(0);
    for (const each of told) {
      if (each.type === "welcome") this.tracks.push(...each.peers.flatMap(({ tracks }) => tracks.map(({ id }) => id)));
    }
    return told;
  }
}
