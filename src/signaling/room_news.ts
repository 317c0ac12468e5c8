import { z } from "zod";
import { MAX_NODES } from "../media/media_bus.ts";

/**
 * What nodes that share rooms tell each other of one room: isolates of a process, or machines. Each tells of its own peers
 * alone, and numbers what it tells, so that who missed something knows, and asks.
 */

const node = z.int().min(0).max(MAX_NODES - 1);
const identifier = z.string().min(1).max(64);
const uint32 = z.int().min(0).max(0xffffffff);
const payloadType = z.int().min(0).max(127);

const codec = z.object({
  mimeType: z.string().max(64),
  clockRate: z.int().min(1),
  channels: z.int().optional(),
  payloadType,
  rtxPayloadType: payloadType.optional(),
  redPayloadType: payloadType.optional(),
  prefersRed: z.boolean().optional(),
  nack: z.boolean().optional(),
  keyFrameRequest: z.enum(["pli", "fir"]).optional(),
  /** A line of SDP is no longer. */
  fmtp: z.string().max(20_000),
});
const streams = z.object({
  ssrcs: z.array(uint32).max(64),
  fidGroups: z.array(z.object({ ssrc: uint32, rtxSsrc: uint32 })).max(64).optional(),
});
const kind = z.enum(["audio", "video"]);
const source = z.enum(["camera", "microphone", "screen", "screenAudio"]);
const headerExtension = z.object({
  uri: z.string().max(256),
  id: z.int().min(1).max(255),
  direction: z.literal("recvonly").optional(),
});
const parameters = streams.extend({
  mid: z.string().min(1).max(32),
  kind,
  source,
  codec,
  headerExtensions: z.array(headerExtension).max(32),
  encodings: z.array(streams.extend({ rid: z.string().max(255).optional() })).max(16).optional(),
});

const sharedPeer = z.object({
  id: identifier,
  name: z.string().max(64).optional(),
  identity: z.string().max(1024).optional(),
});
/** `relay` names it on the bus that carries its packets. */
const sharedTrack = z.object({
  id: identifier,
  peerId: identifier,
  relay: uint32,
  parameters,
  /** Nothing of it is forwarded. */
  muted: z.literal(true).optional(),
});
const peers = z.array(sharedPeer);
const tracks = z.array(sharedTrack);
/** Of one stay of the node in the room: a node that failed and came back begins another. */
const epoch = identifier;
const version = z.int().min(0);

export const roomNewsSchema = z.discriminatedUnion("type", [
  /** All peers of the node, as of this version. */
  z.object({ type: z.literal("state"), from: node, epoch, version, peers, tracks }),
  /** What has changed since the version before. What is gone goes first. */
  z.object({
    type: z.literal("change"),
    from: node,
    epoch,
    version,
    peers,
    tracks,
    peersGone: z.array(identifier),
    tracksGone: z.array(identifier),
    /** Of tracks that were told before. */
    tracksMuted: z.array(z.object({ id: identifier, muted: z.boolean() })).default([]),
  }),
  /** The node is there, and this is what it told last. */
  z.object({ type: z.literal("beat"), from: node, epoch, version }),
  /** Asks for the state of `to`; without it, of all. */
  z.object({ type: z.literal("ask"), from: node, to: node.optional() }),
  /** A peer of `to` gives way to another one of its identity. */
  z.object({ type: z.literal("replace"), from: node, to: node, peerId: identifier }),
  /** The node has no peers in the room any more. */
  z.object({ type: z.literal("leave"), from: node, epoch }),
]);

export type RoomNews = Readonly<z.infer<typeof roomNewsSchema>>;
export type SharedPeer = Readonly<z.infer<typeof sharedPeer>>;
export type SharedTrack = Readonly<z.infer<typeof sharedTrack>>;

/** Undefined where it is none: what comes may be anything. */
export function readRoomNews(value: unknown): RoomNews | undefined {
  return roomNewsSchema.safeParse(value).data;
}
