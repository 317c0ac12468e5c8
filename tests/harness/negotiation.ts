import assert from "node:assert/strict";
import { parse } from "sdp-transform";
import type { ConsumerParameters, Kind, ProducerParameters, PublishedTrack, Source } from "../../src/sfu/types.ts";
import {
  type LocalParameters,
  type LocalTransport,
  Negotiation,
  type OfferResult,
  type RemoteParameters,
  type TrackRequest,
} from "../../src/webrtc/negotiation.ts";
import type { NegotiatedPeer } from "../../src/webrtc/negotiated_peer.ts";

const FINGERPRINT = Array.from({ length: 32 }, () => "AB").join(":");

/** A peer that writes down what it is told, in a room whose other tracks the test gives. */
export class FakePeer implements NegotiatedPeer {
  readonly id = "alice";
  /** The tracks of the others. */
  readonly others: PublishedTrack[] = [];
  /** By mid. */
  readonly producers = new Map<string, ProducerParameters & { readonly id: string }>();
  readonly consumers = new Map<string, ConsumerParameters & { readonly trackId: string }>();
  /** What it was told since the last `takeCalls`. */
  readonly #calls: string[] = [];
  #made = 0;

  publish(parameters: ProducerParameters): { readonly id: string } {
    const producer = { ...parameters, id: `alice-${++this.#made}` };
    this.producers.set(parameters.mid, producer);
    this.#calls.push(`publish ${parameters.mid} ${producer.id}`);
    return producer;
  }

  unpublish(mid: string): void {
    this.producers.delete(mid);
    this.#calls.push(`unpublish ${mid}`);
  }

  tracks(): Iterable<PublishedTrack> {
    return this.others;
  }

  subscribe(trackId: string, parameters: ConsumerParameters): { readonly ssrc: number } | undefined {
    if (!this.others.some((track) => track.id === trackId)) return undefined;
    this.consumers.set(parameters.mid, { ...parameters, trackId });
    this.#calls.push(`subscribe ${parameters.mid} ${trackId}`);
    return { ssrc: 5000 + ++this.#made };
  }

  openSlot(
    mid: string,
    kind: Kind,
    _clockRate: number,
    rtx: boolean,
  ): { readonly ssrc: number; readonly rtxSsrc: number | undefined } {
    this.#calls.push(`openSlot ${mid} ${kind}`);
    const ssrc = 6000 + ++this.#made;
    return { ssrc, rtxSsrc: rtx ? ssrc + 1000 : undefined };
  }

  closeSlot(mid: string): void {
    this.#calls.push(`closeSlot ${mid}`);
  }

  unsubscribe(mid: string): void {
    this.consumers.delete(mid);
    this.#calls.push(`unsubscribe ${mid}`);
  }

  /** Someone else publishes. */
  addTrack(id: string, kind: Kind, peerId = "bob", source?: Source): void {
    const codec = kind === "video"
      ? { mimeType: "video/vp8", clockRate: 90_000, payloadType: 120, fmtp: "" }
      : { mimeType: "audio/opus", clockRate: 48_000, channels: 2, payloadType: 109, fmtp: "" };
    this.others.push({ id, kind, peerId, source: source ?? (kind === "video" ? "camera" : "microphone"), codec });
  }

  removeTrack(id: string): void {
    this.others.splice(this.others.findIndex((track) => track.id === id), 1);
  }

  takeCalls(): string[] {
    return this.#calls.splice(0);
  }
}

/** A transport of one certificate that restarts ICE where the client's ufrag changes. */
export class FakeTransport implements LocalTransport {
  readonly accepted: RemoteParameters[] = [];
  #generation = 0;

  accept(remote: RemoteParameters): LocalParameters | undefined {
    const before = this.accepted.at(-1);
    if (before !== undefined && before.fingerprints[0].value !== remote.fingerprints[0].value) return undefined;
    const restarted = before?.ufrag !== remote.ufrag;
    if (restarted) this.#generation++;
    this.accepted.push(remote);
    return {
      ufrag: `server${this.#generation}`,
      password: `serverpasswordserver${this.#generation}`.padEnd(22, "x"),
      fingerprint: FINGERPRINT,
      candidates: [
        "candidate:1 1 udp 2130706431 192.0.2.1 40000 typ host",
        "candidate:2 1 udp 2130706175 2001:db8::1 40000 typ host",
      ],
      restarted,
    };
  }
}

/** An m-line of an answer, as sdp-transform reads it. */
export interface AnsweredLine {
  readonly mid: string;
  readonly type: string;
  readonly port: number;
  readonly direction: string;
  readonly payloads: string;
  readonly setup?: string;
  readonly iceUfrag?: string;
  readonly rtcpMux?: string;
  readonly rtcpRsize?: string;
  readonly endOfCandidates?: string;
  readonly candidates?: readonly { readonly ip: string }[];
  readonly rtp: readonly { readonly payload: number; readonly codec: string; readonly rate: number }[];
  readonly fmtp: readonly { readonly payload: number; readonly config: string }[];
  readonly rtcpFb?: readonly { readonly payload: number; readonly type: string; readonly subtype: string }[];
  readonly ext?: readonly { readonly value: number; readonly direction?: string; readonly uri: string }[];
  readonly rids?: readonly { readonly id: string; readonly direction: string }[];
  readonly simulcast?: { readonly dir1: string; readonly list1: string };
  readonly ssrcs?: readonly { readonly id: number; readonly attribute: string; readonly value: string }[];
  readonly msid?: readonly { readonly id: string; readonly appdata: string }[];
}

export interface Answered {
  readonly icelite?: string;
  readonly origin: { readonly sessionVersion: number };
  readonly groups?: readonly { readonly type: string; readonly mids: string | number }[];
  readonly media: readonly AnsweredLine[];
}

/** A negotiation with all that is around it. */
export class NegotiationFixture {
  readonly peer = new FakePeer();
  readonly transport = new FakeTransport();
  readonly negotiation: Negotiation;

  constructor(
    codecs: readonly string[] = ["audio/opus", "video/vp8"],
    fill?: (track: PublishedTrack) => boolean,
    maxBitrateIn = Infinity,
  ) {
    this.negotiation = new Negotiation({ peer: this.peer, transport: this.transport, codecs, fill, maxBitrateIn });
  }

  /** Offers what must be answered. */
  offer(
    sdp: string,
    requests: readonly TrackRequest[] = [],
  ): Answered & { result: Extract<OfferResult, { ok: true }> } {
    const result = this.negotiation.handleOffer(sdp, requests);
    assert.ok(result.ok, result.ok ? "" : result.message);
    const answered: Answered = parse(result.answer);
    return { ...answered, result };
  }

  /** Offers what must be refused, and returns why. */
  refusal(sdp: string): string {
    const result = this.negotiation.handleOffer(sdp, []);
    assert.equal(result.ok, false);
    assert.equal(result.code, "bad-sdp");
    return result.message;
  }
}

/** As in `0:sendonly 1:rejected`. */
export function directions(answered: Answered): string {
  return answered.media.map((line) => `${line.mid}:${line.port === 0 ? "rejected" : line.direction}`).join(" ");
}
