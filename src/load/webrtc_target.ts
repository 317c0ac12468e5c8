import { openLibssl } from "../io/native/openssl_dtls_library.ts";
import type { SrtpKeying } from "../webrtc/dtls.ts";
import { messageOf } from "../webrtc/error_message.ts";
import type { SrtpCipherFactory } from "../webrtc/srtp/cipher.ts";
import { SrtpReceiver, SrtpSender } from "../webrtc/srtp/srtp_session.ts";
import type { AnswerSection } from "./answer.ts";
import { Connection } from "./connection.ts";
import type { Endpoint, MediaKeys } from "./endpoint.ts";
import { AUDIO_CLOCK_RATE, VIDEO_CLOCK_RATE } from "./formats.ts";
import type { IncomingOptions } from "./incoming_track.ts";
import { type LoadLoop, LOOPBACK } from "./loop.ts";
import { buildOffer, type OfferLine } from "./offer.ts";
import { openOpenSslClients, type OpenSslClientDtls } from "./openssl_client.ts";
import { agreed, publishedMedia, sendingLine } from "./published_media.ts";
import type { Publisher } from "./publisher.ts";
import type { Reach } from "./reach.ts";
import type { Room } from "./room.ts";
import type { Session, Signaling } from "./session.ts";
import type { Joining, LoadSurroundings, Media, ServerTarget } from "./target.ts";
import type { Turns } from "./turns.ts";

const HANDSHAKE_TIMEOUT_MS = 20_000;
/** Sessions that are ended at once. */
const ENDS_AT_ONCE = 16;
const LOCAL = { ufrag: "load", password: "loadloadloadloadloadload" };

export interface WebRtcTargetOptions {
  readonly signaling: Signaling;
  readonly reach: Reach;
  /** How participants join who publish and receive by one offer; undefined where there are none. */
  readonly meeting?: { readonly signaling: Signaling; readonly offer: string };
}

/** A server that speaks WebRTC, by whatever signaling. Every peer is a WebRTC peer of its own; the certificate is the same for all. */
export class WebRtcTarget implements ServerTarget {
  readonly #options: WebRtcTargetOptions;
  readonly #loop: LoadLoop;
  readonly #ciphers: SrtpCipherFactory;
  readonly #turns: Turns;
  readonly #dtls = openClientDtls();
  /** To be ended at the end. */
  readonly #sessions = new Map<Endpoint, Session>();
  #tracks = 0;

  constructor(options: WebRtcTargetOptions, { loop, turns, ciphers }: LoadSurroundings) {
    this.#options = options;
    this.#loop = loop;
    this.#turns = turns;
    this.#ciphers = ciphers;
  }

  async publish(publisher: Publisher, room: Room, media: Media): Promise<void> {
    const published = publishedMedia(media, this.#tracks);
    this.#tracks += published.length;
    const session = await this.#open("whip", publisher, room, published.map(sendingLine));
    const tracks = published.flatMap((each, i) => agreed(each, session.answer.sections.at(i)));
    publisher.start(await this.#connect(publisher, session), tracks, true);
  }

  async subscribe(joining: Joining, room: Room): Promise<void> {
    const lines = room.media.map(({ options }): OfferLine => ({ kind: options.video === null ? "audio" : "video" }));
    const session = await this.#open("whep", joining.subscriber, room, lines);
    await this.#receive(joining, session, session.answer.sections);
  }

  async meet(joining: Joining, room: Room): Promise<void> {
    const { meeting } = this.#options;
    if (meeting === undefined) throw new Error("participants have no offer to join by");
    const offer = meeting.offer.replace(/^a=ice-ufrag:.*$/gm, `a=ice-ufrag:${LOCAL.ufrag}`)
      .replace(/^a=ice-pwd:.*$/gm, `a=ice-pwd:${LOCAL.password}`)
      .replace(/^a=fingerprint:.*$/gm, `a=fingerprint:sha-256 ${this.#dtls.fingerprint}`);
    const session = await meeting.signaling.open("whep", room.name, offer);
    this.#sessions.set(joining.subscriber, session);
    await this.#receive(joining, session, session.answer.sections.filter(({ direction }) => direction === "sendonly"));
  }

  async leave(peer: Endpoint): Promise<void> {
    const session = this.#sessions.get(peer);
    this.#sessions.delete(peer);
    await session?.end();
  }

  /** Throws, once all were tried, where sessions could not be ended. */
  async close(): Promise<void> {
    const problems: string[] = [];
    while (this.#sessions.size > 0) {
      const some = [...this.#sessions.keys()].slice(0, ENDS_AT_ONCE);
      const ends = await Promise.allSettled(some.map((peer) => this.leave(peer)));
      problems.push(...ends.flatMap((end) => end.status === "rejected" ? [messageOf(end.reason)] : []));
    }
    if (problems.length > 0) throw new Error(`${problems.length} sessions could not be ended: ${problems[0]}`);
  }

  async #open(role: "whip" | "whep", peer: Endpoint, room: Room, lines: readonly OfferLine[]): Promise<Session> {
    const { reach, signaling } = this.#options;
    // Beyond this machine the server learns the address from our checks.
    const address = reach.isLocal ? { hostname: LOOPBACK, port: peer.port } : undefined;
    const offer = buildOffer(lines, { ...LOCAL, fingerprint: this.#dtls.fingerprint, address });
    const session = await signaling.open(role, room.name, offer);
    this.#sessions.set(peer, session);
    return session;
  }

  async #receive(
    { subscriber, track, begun }: Joining,
    session: Session,
    sections: readonly AnswerSection[],
  ): Promise<void> {
    const tracks = sections.map((section) => track(incoming(section)));
    subscriber.start(await this.#connect(subscriber, session), tracks, true, begun);
  }

  /** Throws where the answer leads nowhere that may be sent to. */
  #connect(endpoint: Endpoint, { answer: { remote, candidates, isDtlsClient } }: Session): Promise<MediaKeys> {
    const address = this.#options.reach.choose(candidates);
    endpoint.remote = address;
    return new Promise((resolve, reject) => {
      const deadline = setTimeout(() => reject(new Error("the handshake took too long")), HANDSHAKE_TIMEOUT_MS);
      const connection = new Connection({
        local: LOCAL,
        remote,
        address,
        dtls: this.#dtls,
        acceptsDtls: isDtlsClient,
        turns: this.#turns,
        send: (datagram) => endpoint.sendDatagram(datagram),
        connected: (keying) => {
          clearTimeout(deadline);
          resolve(this.#mediaKeys(keying, isDtlsClient));
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

  /** The keying is named from the side of the DTLS server. */
  #mediaKeys({ profile, local, remote }: SrtpKeying, isDtlsServer: boolean): MediaKeys {
    const [sent, received] = isDtlsServer ? [local, remote] : [remote, local];
    return {
      sender: new SrtpSender(profile, sent, this.#ciphers),
      receiver: new SrtpReceiver(profile, received, this.#ciphers),
    };
  }
}

/** Of OpenSSL: a fifth of what werift's client costs, so that the server is what limits how many join in a second. */
function openClientDtls(): OpenSslClientDtls {
  const opened = openLibssl();
  if (!opened.ok) throw new Error(`the load shakes hands by OpenSSL: ${opened.reason}`);
  return openOpenSslClients(opened.libssl);
}

/** Throws where the answer refuses the m-line. */
function incoming(section: AnswerSection): IncomingOptions {
  const { kind, direction, ssrc, rtxSsrc, payloadType, rtxPayloadType } = section;
  if (direction !== "sendonly" && direction !== "sendrecv") {
    throw new Error("the answer refuses what is to be received");
  }
  const isVideo = kind === "video";
  return {
    ssrc: ssrc ?? -1,
    rtxSsrc: rtxSsrc ?? -1,
    payloadType,
    rtxPayloadType: rtxPayloadType ?? -1,
    isVideo,
    clockRate: isVideo ? VIDEO_CLOCK_RATE : AUDIO_CLOCK_RATE,
  };
}
