import { RtcpReader } from "../../src/rtp/rtcp/rtcp_reader.ts";
import { pliMediaSsrc } from "../../src/rtp/rtcp/pli.ts";
import { MID_URI } from "../../src/sfu/header_extensions.ts";
import { OutgoingStream } from "../../src/sfu/outgoing_stream.ts";
import { Peer } from "../../src/sfu/peer.ts";
import type { RandomSource } from "../../src/sfu/random.ts";
import type { PeerObserver, Room } from "../../src/sfu/room.ts";
import type { Codec, ConsumerParameters, Kind, ProducerParameters } from "../../src/sfu/types.ts";
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

/** A peer of the engine with its ears open: what it is told, and what it would send, are recorded. */
export interface TestPeer {
  readonly peer: Peer;
  readonly sender: RecordingSender;
  readonly told: string[];
}

export function addPeer(room: Room, random: RandomSource, name?: string): TestPeer {
  const told: string[] = [];
  const observer: PeerObserver = {
    peerJoined: (id, joined) => told.push(`peerJoined ${id} ${joined}`),
    peerLeft: (id) => told.push(`peerLeft ${id}`),
    trackPublished: (id, track) => told.push(`trackPublished ${id} ${track.id} ${track.kind} ${track.source}`),
    trackUnpublished: (id, track) => told.push(`trackUnpublished ${id} ${track}`),
    trackEnded: (id) => told.push(`trackEnded ${id}`),
  };
  const sender = new RecordingSender();
  const peer = new Peer(room, { name, sender, observer, random });
  room.addPeer(peer);
  return { peer, sender, told };
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
