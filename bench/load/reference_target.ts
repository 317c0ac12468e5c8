import type { SrtpKeys } from "../../src/webrtc/dtls.ts";
import type { SrtpCipherFactory } from "../../src/webrtc/srtp/cipher.ts";
import { deriveSessionKeys } from "../../src/webrtc/srtp/key_derivation.ts";
import type { SrtpProfile } from "../../src/webrtc/srtp/profile.ts";
import { SrtpReceiver, SrtpSender } from "../../src/webrtc/srtp/srtp_session.ts";
import { ONLY_ENCODING } from "../../src/load/encoding.ts";
import type { MediaKeys } from "../../src/load/endpoint.ts";
import { LOOPBACK } from "../../src/load/loop.ts";
import type { TrackOptions } from "../../src/load/outgoing_track.ts";
import type { Publisher } from "../../src/load/publisher.ts";
import type { Room } from "../../src/load/room.ts";
import { AUDIO_CLOCK_RATE, AUDIO_PAYLOAD_TYPE, VIDEO_CLOCK_RATE, VIDEO_PAYLOAD_TYPE } from "../../src/load/formats.ts";
import type { Joining, Media, ServerTarget } from "../../src/load/target.ts";

const SRTP_PROFILE: SrtpProfile = "SRTP_AEAD_AES_128_GCM";
const KEY_LENGTH = 16;
const SALT_LENGTH = 12;
const FIRST_PUBLISHED_SSRC = 0x1000_0000;
const FIRST_FORWARDED_SSRC = 0x2000_0000;

/** What the reference must know of one track: a line for its publisher, and one for each subscriber. */
interface TrackLines {
  readonly publish: string;
  readonly subscribe: string[];
}

/** The reference in C: without ICE, DTLS and RTCP. Keys are made here, and told it by lines on its stdin. */
export class ReferenceTarget implements ServerTarget {
  readonly #address: { readonly hostname: string; readonly port: number };
  readonly #ciphers: SrtpCipherFactory;
  /** By the number of the track. */
  readonly #tracks: TrackLines[] = [];
  #forwarded = 0;
  #told = false;

  constructor(port: number, ciphers: SrtpCipherFactory) {
    this.#address = { hostname: LOOPBACK, port };
    this.#ciphers = ciphers;
  }

  publish(publisher: Publisher, _room: Room, { audio, video }: Media): Promise<void> {
    this.#checkOpen();
    const keys = randomKeys();
    const sources = [...(audio ? [null] : []), ...(video === null ? [] : [video])];
    const tracks = sources.map((source): TrackOptions => {
      const number = this.#tracks.length;
      const ssrc = FIRST_PUBLISHED_SSRC + number;
      this.#tracks.push({ publish: `publish ${ssrc} ${sessionKeyText(keys)}`, subscribe: [] });
      return {
        number,
        encoding: ONLY_ENCODING,
        ssrc,
        rtx: undefined,
        video: source,
        payloadType: source === null ? AUDIO_PAYLOAD_TYPE : VIDEO_PAYLOAD_TYPE,
        clockRate: source === null ? AUDIO_CLOCK_RATE : VIDEO_CLOCK_RATE,
      };
    });
    publisher.remote = this.#address;
    publisher.start(this.#mediaKeys(keys), tracks, false);
    return Promise.resolve();
  }

  subscribe({ subscriber, track, begun }: Joining, room: Room): Promise<void> {
    this.#checkOpen();
    const keys = randomKeys();
    const tracks = room.tracks.map(({ options: { number, video, payloadType, clockRate } }) => {
      const ssrc = FIRST_FORWARDED_SSRC + this.#forwarded++;
      const line = `subscribe ${LOOPBACK} ${subscriber.port} ${ssrc} ${sessionKeyText(keys)}`;
      this.#tracks[number].subscribe.push(line);
      return track({ ssrc, rtxSsrc: -1, payloadType, rtxPayloadType: -1, isVideo: video !== null, clockRate });
    });
    subscriber.remote = this.#address;
    subscriber.start(this.#mediaKeys(keys), tracks, false, () => {});
    // The reference sends once it has been told, which the answer to this join does.
    begun();
    return Promise.resolve();
  }

  meet(): Promise<void> {
    throw new Error("the reference has no signaling");
  }

  leave(): Promise<void> {
    return Promise.reject(new Error("the reference has no signaling"));
  }

  /** What it must be told since the last call. A subscriber belongs to the publisher that was named last. */
  takeLines(): string[] {
    if (this.#told) return [];
    this.#told = true;
    return this.#tracks.flatMap(({ publish, subscribe }) => [publish, ...subscribe]);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #checkOpen(): void {
    if (this.#told) throw new Error("the reference takes all publishers and subscribers in one join");
  }

  #mediaKeys(keys: SrtpKeys): MediaKeys {
    return {
      sender: new SrtpSender(SRTP_PROFILE, keys, this.#ciphers),
      receiver: new SrtpReceiver(SRTP_PROFILE, keys, this.#ciphers),
    };
  }
}

function randomKeys(): SrtpKeys {
  return {
    key: crypto.getRandomValues(new Uint8Array(KEY_LENGTH)),
    salt: crypto.getRandomValues(new Uint8Array(SALT_LENGTH)),
  };
}

/** The reference derives no keys: it gets those of the session (RFC 3711 section 4.3). */
function sessionKeyText(master: SrtpKeys): string {
  const { key, salt } = deriveSessionKeys(SRTP_PROFILE, master).rtp;
  return `${key.toHex()} ${salt.toHex()}`;
}
