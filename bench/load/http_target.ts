import { openLibssl } from "../../src/io/native/openssl_dtls_library.ts";
import type { SrtpKeying } from "../../src/webrtc/dtls.ts";
import type { SrtpCipherFactory } from "../../src/webrtc/srtp/cipher.ts";
import { SrtpReceiver, SrtpSender } from "../../src/webrtc/srtp/srtp_session.ts";
import type { ClientDtls } from "../../tests/harness/client_handshake.ts";
import type { OfferLine } from "../../tests/harness/offer_builder.ts";
import { openOpenSslClients } from "../../tests/harness/openssl_client.ts";
import type { SdpSection } from "../../tests/harness/sdp_sections.ts";
import { Connection } from "./connection.ts";
import type { Endpoint, MediaKeys } from "./endpoint.ts";
import { openHttpSession } from "./http_session.ts";
import type { IncomingOptions } from "./incoming_track.ts";
import type { LoadLoop } from "./loop.ts";
import type { TrackOptions } from "./outgoing_track.ts";
import type { Target } from "./protocol.ts";
import type { Publisher } from "./publisher.ts";
import type { Room } from "./room.ts";
import type { Session } from "./session.ts";
import { TRANSPORT_WIDE_ID } from "./transport_arrivals.ts";
import type { Turns } from "./turns.ts";
import {
  AUDIO_CLOCK_RATE,
  AUDIO_PAYLOAD_TYPE,
  type Joining,
  type Media,
  RTX_PAYLOAD_TYPE,
  type ServerTarget,
  VIDEO_CLOCK_RATE,
  VIDEO_PAYLOAD_TYPE,
} from "./target.ts";
import { openWebSocketSession } from "./websocket_session.ts";

const RTX = [[VIDEO_PAYLOAD_TYPE, RTX_PAYLOAD_TYPE]] as const;
/** SSRCs of tracks begin here, two for each: media and RTX. */
const FIRST_SSRC = 0x1000_0000;
const HANDSHAKE_TIMEOUT_MS = 20_000;
/** Sessions that are ended at once. */
const ENDS_AT_ONCE = 16;
const LOCAL = { ufrag: "load", password: "loadloadloadloadloadload" };

type HttpReach = Extract<Target, { readonly kind: "http" }>;

/** A server that speaks WHIP and WHEP, and this project's signaling. Every peer is a WebRTC peer of its own; the certificate is the same for all. */
export class HttpTarget implements ServerTarget {
  readonly #url: string;
  readonly #token: string | undefined;
  readonly #loop: LoadLoop;
  readonly #ciphers: SrtpCipherFactory;
  readonly #turns: Turns;
  readonly #dtls: ClientDtls = openClientDtls();
  /** To be ended at the end. */
  readonly #sessions = new Map<Endpoint, Session>();
  #tracks = 0;

  constructor({ url, token }: HttpReach, loop: LoadLoop, turns: Turns, ciphers: SrtpCipherFactory) {
    this.#url = url;
    this.#token = token;
    this.#loop = loop;
    this.#turns = turns;
    this.#ciphers = ciphers;
  }

  async publish(publisher: Publisher, room: Room, media: Media): Promise<void> {
    const lines: OfferLine[] = [];
    const tracks: TrackOptions[] = [];
    if (media.audio) this.#addTrack(lines, tracks, null);
    if (media.video !== null) this.#addTrack(lines, tracks, media.video);
    const session = await this.#open("whip", publisher, room, lines);
    const accepted = tracks.map((track, i) => agreed(track, session.sections[i]));
    publisher.start(await this.#connect(publisher, session), accepted, true);
  }

  async subscribe({ subscriber, track, begun }: Joining, room: Room): Promise<void> {
    const lines = room.tracks.map(({ options }, mid): OfferLine => ({
      mid: `${mid}`,
      kind: options.video === null ? "audio" : "video",
      direction: "recvonly",
      transportWide: TRANSPORT_WIDE_ID,
      ...(options.video !== null && { rtx: RTX }),
    }));
    const session = await this.#open("whep", subscriber, room, lines);
    const tracks = session.sections.map((section) => track(incoming(section)));
    subscriber.start(await this.#connect(subscriber, session), tracks, true, begun);
  }

  async meet({ subscriber, track, begun }: Joining, room: Room): Promise<void> {
    const { fingerprint } = this.#dtls;
    const token = this.#token;
    const session = await openWebSocketSession({ url: this.#url, roomId: room.name, local: LOCAL, fingerprint, token });
    this.#sessions.set(subscriber, session);
    const received = session.sections.filter(({ direction }) => direction === "sendonly");
    const tracks = received.map((section) => track(incoming(section)));
    subscriber.start(await this.#connect(subscriber, session), tracks, true, begun);
  }

  async leave(peer: Endpoint): Promise<void> {
    const session = this.#sessions.get(peer);
    this.#sessions.delete(peer);
    await session?.end();
  }

  takeLines(): string[] {
    return [];
  }

  async close(): Promise<void> {
    while (this.#sessions.size > 0) {
      const some = [...this.#sessions.keys()].slice(0, ENDS_AT_ONCE);
      await Promise.all(some.map((peer) => this.leave(peer)));
    }
  }

  #addTrack(lines: OfferLine[], tracks: TrackOptions[], video: TrackOptions["video"]): void {
    const number = this.#tracks++;
    const ssrc = FIRST_SSRC + 2 * number;
    const rtx = video === null ? undefined : { ssrc: ssrc + 1, payloadType: RTX_PAYLOAD_TYPE };
    tracks.push({
      number,
      ssrc,
      rtx,
      video,
      payloadType: video === null ? AUDIO_PAYLOAD_TYPE : VIDEO_PAYLOAD_TYPE,
      clockRate: video === null ? AUDIO_CLOCK_RATE : VIDEO_CLOCK_RATE,
    });
    lines.push({
      mid: `${lines.length}`,
      kind: video === null ? "audio" : "video",
      direction: "sendonly",
      ssrc,
      msid: `load${number} track${number}`,
      ...(rtx !== undefined && { rtx: RTX, rtxSsrc: rtx.ssrc }),
    });
  }

  async #open(role: "whip" | "whep", peer: Endpoint, room: Room, lines: readonly OfferLine[]): Promise<Session> {
    const endpoint = `${this.#url}/${role}/${room.name}`;
    const { fingerprint } = this.#dtls;
    const session = await openHttpSession({ endpoint, lines, local: LOCAL, fingerprint, token: this.#token });
    this.#sessions.set(peer, session);
    return session;
  }

  #connect(endpoint: Endpoint, { remote, address }: Session): Promise<MediaKeys> {
    endpoint.remote = address;
    return new Promise((resolve, reject) => {
      const deadline = setTimeout(() => reject(new Error("the handshake took too long")), HANDSHAKE_TIMEOUT_MS);
      const connection = new Connection({
        local: LOCAL,
        remote,
        dtls: this.#dtls,
        turns: this.#turns,
        send: (datagram) => endpoint.sendDatagram(datagram),
        connected: (keying) => {
          clearTimeout(deadline);
          resolve(this.#mediaKeys(keying));
        },
        failed: (reason) => {
          clearTimeout(deadline);
          reject(new Error(reason));
        },
      });
      endpoint.connection = connection;
      this.#loop.schedule.add(connection, this.#loop.clock.now());
    });
  }

  #mediaKeys({ profile, local, remote }: SrtpKeying): MediaKeys {
    return {
      sender: new SrtpSender(profile, remote, this.#ciphers),
      receiver: new SrtpReceiver(profile, local, this.#ciphers),
    };
  }
}

/** Of OpenSSL: a fifth of what werift's client costs, so that the server is what limits how many join in a second. */
function openClientDtls(): ClientDtls {
  const opened = openLibssl();
  if (!opened.ok) throw new Error(`the load shakes hands by OpenSSL: ${opened.reason}`);
  return openOpenSslClients(opened.libssl);
}

/** The track as the answer takes it. */
function agreed(track: TrackOptions, { rtxPayloadType }: SdpSection): TrackOptions {
  return { ...track, rtx: rtxPayloadType === undefined ? undefined : track.rtx };
}

function incoming({ kind, ssrc, rtxSsrc }: SdpSection): IncomingOptions {
  if (ssrc === undefined) throw new Error("the answer names no SSRC");
  const isVideo = kind === "video";
  return { ssrc, rtxSsrc: rtxSsrc ?? -1, isVideo, clockRate: isVideo ? VIDEO_CLOCK_RATE : AUDIO_CLOCK_RATE };
}
