import assert from "node:assert/strict";
import type { RtpPacket } from "werift";
import type { Kind } from "../../src/sfu/types.ts";
import type { Journal } from "./journal.ts";
import { pause } from "./pause.ts";
import { VP8_DELTA_FRAME, VP8_KEY_FRAME } from "./rtp_builder.ts";
import type { Publication, WeriftClient } from "./werift_client.ts";

/** RTP clock ticks of one packet: 20 ms of Opus, or a picture at 30 Hz. */
const STEP: Readonly<Record<Kind, number>> = { audio: 960, video: 3000 };
/** Packets under way: few enough for a socket's buffer, so that loopback loses none. */
const WINDOW = 10;
/** For ten seconds. */
const MAX_TRIES = 500;
const BETWEEN_TRIES_MS = 20;

/** What an encoder would do for one track: numbers packets, and remembers what they carried. */
export class MediaSource {
  readonly sent: Uint8Array[] = [];
  readonly publication: Publication;
  readonly #client: WeriftClient;
  /** Both wrap soon. */
  #sequenceNumber = 0xffd0;
  #timestamp = 0xffff_0000;

  constructor(client: WeriftClient, publication: Publication) {
    this.#client = client;
    this.publication = publication;
  }

  /** A video source starts with a key frame. */
  async send(count = 1): Promise<void> {
    for (let i = 0; i < count; i++) await this.#send(this.sent.length === 0);
  }

  async sendKeyFrame(): Promise<void> {
    await this.#send(true);
  }

  /**
   * Sends key frames, or sound, until `stream` has one: that somebody in another isolate receives the track is known here
   * a moment later.
   */
  async begin(stream: Journal<RtpPacket>): Promise<void> {
    await this.#beginBehind(0, stream);
  }

  /** As `begin`, where the stream had packets before. */
  async beginAgain(stream: Journal<RtpPacket>): Promise<void> {
    await this.#beginBehind(stream.entries.length, stream);
  }

  async #beginBehind(before: number, stream: Journal<RtpPacket>): Promise<void> {
    for (let tries = 0; stream.entries.length === before; tries++) {
      assert.ok(tries < MAX_TRIES, `no ${this.publication.kind} packet`);
      await this.sendKeyFrame();
      await pause(BETWEEN_TRIES_MS);
    }
    // Those behind the first one may be under way.
    const first = new Uint8Array(stream.entries[before].payload);
    const missing = this.sent.findIndex((payload) => isEqual(payload, first));
    assert.ok(missing >= 0, "nobody has sent what came");
    await stream.reach(before + this.sent.length - missing, `${this.publication.kind} packet`);
  }

  /** Sends, and sees to it that what `stream` gets is all of it. Nothing may be under way: it counts as lost. */
  async flow(stream: Journal<RtpPacket>, count: number): Promise<void> {
    const missing = this.sent.length - stream.entries.length;
    for (let left = count; left > 0; left -= WINDOW) {
      await this.send(Math.min(left, WINDOW));
      await stream.reach(this.sent.length - missing, `${this.publication.kind} packet`);
    }
  }

  async #send(keyFrame: boolean): Promise<void> {
    const payload = payloadOf(this.publication.kind, this.sent.length, keyFrame);
    this.sent.push(payload);
    await this.#client.send(this.publication, this.#sequenceNumber, this.#timestamp, payload);
    this.#sequenceNumber = (this.#sequenceNumber + 1) & 0xffff;
    this.#timestamp = (this.#timestamp + STEP[this.publication.kind]) >>> 0;
  }
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** Whether a VP8 packet of a MediaSource begins a key frame. */
export function isKeyFrame(packet: RtpPacket): boolean {
  return (packet.payload[1] & 1) === 0;
}

/**
 * Every packet of `sent` has come, once and in order, with contiguous sequence numbers and the timestamps of the source,
 * all with the SSRC and the payload type given.
 */
export function assertForwarded(
  packets: readonly RtpPacket[],
  sent: readonly Uint8Array[],
  expected: { readonly ssrc: number; readonly payloadType: number; readonly kind: Kind },
): void {
  assert.equal(packets.length, sent.length);
  const first = packets[0].header;
  for (const [index, { header, payload }] of packets.entries()) {
    assert.deepEqual(new Uint8Array(payload), sent[index], `payload of packet ${index}`);
    assert.equal(header.sequenceNumber, (first.sequenceNumber + index) & 0xffff, `sequence number of packet ${index}`);
    assert.equal(header.timestamp, (first.timestamp + index * STEP[expected.kind]) >>> 0, `timestamp of ${index}`);
    assert.equal(header.ssrc, expected.ssrc);
    assert.equal(header.payloadType, expected.payloadType);
  }
}

/** No two are alike; sizes go up to a full datagram. */
function payloadOf(kind: Kind, index: number, keyFrame: boolean): Uint8Array {
  const start = kind === "audio" ? Uint8Array.of(0xfc) : keyFrame ? VP8_KEY_FRAME : VP8_DELTA_FRAME;
  const payload = new Uint8Array(start.length + 4 + (index * 97) % 1100);
  for (let i = 0; i < payload.length; i++) payload[i] = (i * 7 + index) & 0xff;
  payload.set(start);
  new DataView(payload.buffer).setUint32(start.length, index);
  return payload;
}
