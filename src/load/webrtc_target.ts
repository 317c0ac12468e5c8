import { openLibssl } from "../io/native/openssl_dtls_library.ts";
import type { SrtpKeying } from "../webrtc/dtls.ts";
import type { SrtpCipherFactory } from "../webrtc/srtp/cipher.ts";
import { SrtpReceiver, SrtpSender } from "../webrtc/srtp/srtp_session.ts";
import type { ClientDtls } from "./client_handshake.ts";
import { openOpenSslClients } from "./openssl_client.ts";
import type { AnswerSection } from "./answer.ts";
import { Connection } from "./connection.ts";
import type { Endpoint, MediaKeys } from "./endpoint.ts";
import {
  AUDIO_CLOCK_RATE,
  AUDIO_PAYLOAD_TYPE,
  RTX_PAYLOAD_TYPE,
  VIDEO_CLOCK_RATE,
  VIDEO_PAYLOAD_TYPE,
} from "./formats.ts";
import type { IncomingOptions } from "./incoming_track.ts";
import type { LoadLoop } from "./loop.ts";
import { buildOffer, type OfferLine } from "./offer.ts";
import type { TrackOptions } from "./outgoing_track.ts";
import type { Publisher } from "./publisher.ts";
import type { Room } from "./room.ts";
import type { Session, Signaling } from "./session.ts";
import type { Joining, LoadSurroundings, Media, ServerTarget } from "./target.ts";
import type { Turns } from "./turns.ts";

/** SSRCs of tracks begin here, two for each: media and RTX. */
const FIRST_SSRC = 0x1000_0000;
const HANDSHAKE_TIMEOUT_MS = 20_000;
/** Sessions that are ended at once. */
const ENDS_AT_ONCE = 16;
const LOCAL = { ufrag: "load", password: "loadloadloadloadloadload" };

export interface WebRtcTargetOptions {
  readonly signaling: Signaling;
  /** How participants join who publish and receive by one offer; undefined where there are none. */
  readonly meeting?: { readonly signaling: Signaling; readonly offer: string };
}

/** A server that speaks WebRTC, by whatever signaling. Every peer is a WebRTC peer of its own; the certificate is the same for all. */
export class WebRtcTarget implements ServerTarget {
  readonly #options: WebRtcTargetOptions;
  readonly #loop: LoadLoop;
  readonly #ciphers: SrtpCipherFactory;
  readonly #turns: Turns;
  readonly #dtls: ClientDtls = openClientDtls();
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
    const tracks = [...(media.audio ? [null] : []), ...(media.video === null ? [] : [media.video])]
      .map((video) => this.#track(video));
    const session = await this.#open("whip", publisher, room, tracks.map(sendingLine));
    const accepted = tracks.map((track, i) => agreed(track, session.answer.sections[i]));
    publisher.start(await this.#connect(publisher, session), accepted, true);
  }

  async subscribe(joining: Joining, room: Room): Promise<void> {
    const lines = room.tracks.map(({ options }): OfferLine => ({ kind: options.video === null ? "audio" : "video" }));
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

  async close(): Promise<void> {
    while (this.#sessions.size > 0) {
      const some = [...this.#sessions.keys()].slice(0, ENDS_AT_ONCE);
      await Promise.all(some.map((peer) => this.leave(peer)));
    }
  }

  #track(video: TrackOptions["video"]): TrackOptions {
    const number = this.#tracks++;
    const ssrc = FIRST_SSRC + 2 * number;
    return {
      number,
      ssrc,
      rtx: video === null ? undefined : { ssrc: ssrc + 1, payloadType: RTX_PAYLOAD_TYPE },
      video,
      payloadType: video === null ? AUDIO_PAYLOAD_TYPE : VIDEO_PAYLOAD_TYPE,
      clockRate: video === null ? AUDIO_CLOCK_RATE : VIDEO_CLOCK_RATE,
    };
  }

  async #open(role: "whip" | "whep", peer: Endpoint, room: Room, lines: readonly OfferLine[]): Promise<Session> {
    const offer = buildOffer(lines, { ...LOCAL, fingerprint: this.#dtls.fingerprint });
    const session = await this.#options.signaling.open(role, room.name, offer);
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

  #connect(endpoint: Endpoint, { answer: { remote, candidates } }: Session): Promise<MediaKeys> {
    if (candidates.length === 0) throw new Error("the answer has no candidate");
    endpoint.remote = candidates[0];
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

function sendingLine({ number, video, ssrc, rtx }: TrackOptions): OfferLine {
  const msid = `load${number} track${number}`;
  return { kind: video === null ? "audio" : "video", sent: { msid, ssrc, rtxSsrc: rtx?.ssrc } };
}

/** The track as the answer takes it. */
function agreed(track: TrackOptions, { rtxPayloadType }: AnswerSection): TrackOptions {
  return { ...track, rtx: rtxPayloadType === undefined ? undefined : track.rtx };
}

function incoming({ kind, ssrc, rtxSsrc }: AnswerSection): IncomingOptions {
  if (ssrc === undefined) throw new Error("the answer names no SSRC");
  const isVideo = kind === "video";
  return { ssrc, rtxSsrc: rtxSsrc ?? -1, isVideo, clockRate: isVideo ? VIDEO_CLOCK_RATE : AUDIO_CLOCK_RATE };
}
