import { RtcpReader } from "../../src/rtp/rtcp/rtcp_reader.ts";
import { pliMediaSsrc } from "../../src/rtp/rtcp/pli.ts";
import { MID_URI } from "../../src/sfu/header_extensions.ts";
import { newIdentifier } from "../../src/sfu/identifier.ts";
import { OutgoingStream } from "../../src/sfu/outgoing_stream.ts";
import { Peer, type PeerOptions } from "../../src/sfu/peer.ts";
import type { RandomSource } from "../../src/sfu/random.ts";
import type { Consumer } from "../../src/sfu/consumer.ts";
import type { Producer } from "../../src/sfu/producer.ts";
import type { Router } from "../../src/sfu/router.ts";
import { newMediaCounters } from "../../src/sfu/track_counters.ts";
import type { Codec, ConsumerParameters, Kind, ProducerParameters, StreamSsrcs } from "../../src/sfu/types.ts";
import { RecordingSender } from "./recording_sender.ts";
import { seededRandom } from "./seeded_random.ts";

export const VP8: Codec = {
  mimeType: "video/vp8",
  clockRate: 90000,
  payloadType: 96,
  keyFrameRequest: "pli",
  fmtp: "",
};
export const OPUS: Codec = { mimeType: "audio/opus", clockRate: 48000, channels: 2, payloadType: 111, fmtp: "" };

/** The media of a peer, whose ids and SSRCs are random. What it would send is recorded. */
export interface TestPeer {
  readonly peer: Peer;
  readonly sender: RecordingSender;
  publish(parameters: ProducerParameters): Producer;
  /** Undefined where there is no such track. */
  subscribe(trackId: string, parameters: ConsumerParameters): Consumer | undefined;
  openSlot(mid: string, kind: Kind, clockRate: number, rtx: boolean): StreamSsrcs;
}

export function addPeer(
  router: Router,
  random: RandomSource,
  equalizesLengths = false,
  options: Partial<PeerOptions> = {},
): TestPeer {
  const sender = new RecordingSender();
  const peer = new Peer(router, {
    id: newIdentifier(random),
    ssrc: random.uint32(),
    sender,
    random,
    equalizesLengths,
    counters: newMediaCounters(),
    ...options,
  });
  const newSsrcs = (rtx: boolean) => ({ ssrc: random.uint32(), rtxSsrc: rtx ? random.uint32() : undefined });
  return {
    peer,
    sender,
    publish: (parameters) => peer.publish(newIdentifier(random), parameters),
    subscribe(trackId, parameters) {
      const consumer = peer.subscribe(trackId, parameters, newSsrcs(parameters.codec.rtxPayloadType !== undefined));
      // It begins by the tick.
      if (peer.nextTimeout() <= 0) peer.handleTimeout(0);
      return consumer;
    },
    openSlot(mid, kind, clockRate, rtx) {
      const ssrcs = newSsrcs(rtx);
      peer.openSlot(mid, kind, clockRate, ssrcs);
      return ssrcs;
    },
  };
}

export function videoProducer(overrides: Partial<ProducerParameters> = {}): ProducerParameters {
  return {
    mid: "0",
    kind: "video",
    source: "camera",
    codec: VP8,
    headerExtensions: [{ uri: MID_URI, id: 4 }],
    ssrcs: [1000],
    ...overrides,
  };
}

export function audioProducer(overrides: Partial<ProducerParameters> = {}): ProducerParameters {
  return {
    ...videoProducer(),
    mid: "1",
    kind: "audio",
    source: "microphone",
    codec: OPUS,
    ssrcs: [2000],
    ...overrides,
  };
}

/** What a subscriber is sent, beginning at random numbers by the seed. */
export function outgoingStream(
  ssrc: number,
  rtxSsrc: number | undefined,
  seed: number,
  kind: Kind = "video",
  clockRate = 90_000,
): OutgoingStream {
  return new OutgoingStream({ ssrc, rtxSsrc, kind, clockRate, random: seededRandom(seed) });
}

export function consumerParameters(overrides: Partial<ConsumerParameters> = {}): ConsumerParameters {
  return { mid: "5", codec: { ...VP8, payloadType: 120 }, headerExtensions: [{ uri: MID_URI, id: 3 }], ...overrides };
}

/** The media SSRCs that the compound packets ask key frames of. */
export function pictureLossIndications(compounds: readonly Uint8Array[]): number[] {
  const reader = new RtcpReader();
  const ssrcs: number[] = [];
  for (const compound of compounds) {
    reader.reset(compound, compound.length);
    while (reader.next()) if (pliMediaSsrc(reader) >= 0) ssrcs.push(pliMediaSsrc(reader));
  }
  return ssrcs;
}
