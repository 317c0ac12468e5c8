import type { RtpPacket } from "../../src/rtp/packet.ts";
import { AUDIO_LEVEL_URI } from "../../src/sfu/header_extensions.ts";
import type { Codec, ProducerParameters } from "../../src/sfu/types.ts";
import { audioProducer, consumerParameters, OPUS } from "./engine.ts";
import type { MediaSetupPeer } from "./media_setup.ts";
import { buildRtp, parseRtp } from "./rtp_builder.ts";
import { PACKET_MS, silence, type Sound } from "./voices.ts";

const LEVEL_ID = 1;

/** A microphone that tells its levels. */
export function microphone(codec: Codec = OPUS): ProducerParameters {
  return audioProducer({ codec, headerExtensions: [{ uri: AUDIO_LEVEL_URI, id: LEVEL_ID }] });
}

/** The browser of a peer that speaks. */
export class SoundPublisher {
  sound: Sound = silence;
  /** The payload of the packet of a time, and its type: here five digits of the time. */
  payloadOf: (nowMs: number) => { readonly payloadType: number; readonly payload: Uint8Array } = (nowMs) => ({
    payloadType: OPUS.payloadType,
    payload: timePayload(nowMs),
  });
  readonly #peer: MediaSetupPeer;
  #sequenceNumber: number;

  constructor(peer: MediaSetupPeer, firstSequenceNumber = 65_500) {
    this.#peer = peer;
    this.#sequenceNumber = firstSequenceNumber;
  }

  /** What it does at this millisecond. */
  step(nowMs: number): void {
    if (nowMs % PACKET_MS !== 0) return;
    const level = this.sound(nowMs);
    if (level === undefined) return;
    const extensions = new Map([[LEVEL_ID, Uint8Array.of(level)]]);
    const sequenceNumber = this.#sequenceNumber++ & 0xffff;
    this.#peer.client.sendRtp(
      buildRtp({ ...this.payloadOf(nowMs), ssrc: 2000, sequenceNumber, timestamp: nowMs * 48, extensions }),
    );
  }
}

export function timePayload(nowMs: number): Uint8Array {
  return new TextEncoder().encode(`${nowMs}`.padStart(5, "0"));
}

export interface ReceivedSound {
  readonly packet: RtpPacket;
  /** When it was sent; NaN where the payload is no time. */
  readonly atMs: number;
}

/** The browser of a peer that listens to some tracks, each on an m-line of its own. */
export class SoundListener {
  readonly peer: MediaSetupPeer;
  readonly #tracks = new Map<number, string>();
  readonly #received = new Map<string, ReceivedSound[]>();

  constructor(peer: MediaSetupPeer) {
    this.peer = peer;
  }

  subscribe(trackId: string, codec: Codec = OPUS): void {
    const ssrc = 9000 + 100 * this.peer.number + this.#tracks.size;
    this.#tracks.set(ssrc, trackId);
    const parameters = consumerParameters({ mid: `a${this.#tracks.size}`, codec });
    this.peer.say({ type: "subscribe", trackId, parameters, ssrcs: { ssrc, rtxSsrc: undefined } });
  }

  /** What has come of a track since the last call. */
  take(trackId: string): ReceivedSound[] {
    for (const bytes of this.peer.received()) {
      const packet = parseRtp(bytes.slice());
      const track = this.#tracks.get(packet.ssrc) ?? "";
      const payload = packet.bytes.subarray(packet.headerLength);
      const kept = this.#received.get(track) ?? [];
      this.#received.set(track, [...kept, { packet, atMs: Number(new TextDecoder().decode(payload)) }]);
    }
    const taken = this.#received.get(trackId) ?? [];
    this.#received.delete(trackId);
    return taken;
  }
}
