import { z } from "zod";

/**
 * The signaling protocol: these schemas are it, docs/protocol.md says what it means. Unknown fields are ignored, so that
 * an older server understands a newer client.
 */

/** Characters of SDP that one message may carry; the message limit is in bytes and below it. */
const MAX_SDP = 1024 * 1024;

// deno-lint-ignore no-control-regex -- control characters are what it keeps out
const PRINTABLE = /^[^\u0000-\u001f\u007f]*$/;
/** Text that people see, and choose: what is wrong with it is told in words for them. */
export const printable = (max: number) =>
  z.string().max(max, `must have ${max} characters at most`).regex(PRINTABLE, "must have no control characters");

export const roomIdSchema = printable(128).min(1, "must not be empty");
const name = printable(64);
const identifier = z.string().min(1).max(64);
const mid = z.string().min(1).max(32);
const kind = z.enum(["audio", "video"]);
const source = z.enum(["camera", "microphone", "screen", "screenAudio"]);

/** What a client wants of one m-line: a track to receive, a slot for the server to fill, or the source that it publishes. */
const trackRequest = z.union([
  z.object({ mid, trackId: identifier }),
  z.object({ mid, slot: z.literal(true) }),
  z.object({ mid, source }),
], { error: "must be {mid, trackId}, {mid, slot: true} or {mid, source}" });

/** An m-line is the server's to fill, or the client says what it receives there. */
function isUnambiguous(requests: readonly z.infer<typeof trackRequest>[]): boolean {
  const slots = new Set(requests.filter((request) => "slot" in request).map(({ mid }) => mid));
  return !requests.some((request) => "trackId" in request && slots.has(request.mid));
}

/** Pixels, of displays that there are and more. */
const pixels = z.int().min(1).max(16384);

/** What the client wants of one track: what it leaves out is at its default, whatever it said before. */
const wantedQuality = z.object({
  width: pixels.optional(),
  height: pixels.optional(),
  fps: z.number().min(1).max(240).optional(),
  priority: z.int().min(0).max(255).optional(),
  pinned: z.boolean().optional(),
  off: z.boolean().optional(),
});

const candidateInit = z.object({
  candidate: z.string().max(1024),
  sdpMid: z.string().max(32).nullish(),
  sdpMLineIndex: z.int().min(0).max(65535).nullish(),
  usernameFragment: z.string().max(256).nullish(),
});

export const clientMessageSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("join"),
    roomId: roomIdSchema,
    name: name.optional(),
    resume: z.string().max(256).optional(),
  }),
  z.object({
    type: z.literal("offer"),
    sdp: z.string().min(1).max(MAX_SDP),
    id: z.union([z.string().max(64), z.number()]).optional(),
    tracks: z.array(trackRequest).max(1024).refine(isUnambiguous, "must not name one m-line as a slot and for a track")
      .optional(),
  }),
  z.object({ type: z.literal("iceCandidate"), candidate: candidateInit }),
  wantedQuality.extend({ type: z.literal("setQuality"), trackId: identifier }),
  z.object({ type: z.literal("leave") }),
]);

/** What the URL of a WHIP or WHEP endpoint says: the room in its path, the rest in its query. */
export const openQuery = z.object({ roomId: roomIdSchema, name: name.optional(), publisher: name.optional() });

/** `codec` is a MIME type in lower case: a client narrows the m-line that receives the track to it. */
const trackInfo = z.object({
  id: identifier,
  kind,
  source,
  codec: z.string(),
  /** Nothing of it is forwarded, as whoever runs the server wants. */
  muted: z.literal(true).optional(),
});
/** `identity` is who the peer is for whoever made its token. */
const peerInfo = z.object({ id: identifier, name: z.string().optional(), identity: z.string().optional() });

/** `level` is linear, 0 to 1. */
const speaker = z.object({ peerId: identifier, level: z.number().min(0).max(1) });

/** What a token may allow to publish; `screen` is the screen and its sound. */
export const publishable = z.enum(["audio", "video", "screen"]);

/** What the token of a peer allows it. */
const grantsInfo = z.object({
  publish: z.array(publishable).readonly(),
  subscribe: z.boolean(),
  admin: z.boolean(),
  maxBitrate: z.number().optional(),
});

/** Why a message was refused, or why the server says something unasked. */
export const errorCodeSchema = z.enum([
  "bad-json",
  "unknown-type",
  "bad-message",
  "too-large",
  "too-many",
  "wrong-state",
  "resume-failed",
  "bad-sdp",
  "codec-unsupported",
  "unknown-track",
  "too-many-tracks",
  "transport-failed",
  "server-closing",
  "server-draining",
  "no-capacity",
  "too-many-joins",
  "too-many-rooms",
  "too-many-connections",
  "join-timeout",
  "room-full",
  "bitrate-exceeded",
  "internal",
  "unauthorized",
  "auth-unavailable",
  "forbidden",
  "duplicate-identity",
  "replaced",
  "kicked",
  "room-ended",
]);

/** As RTCIceServer has it. */
const iceServer = z.object({
  urls: z.array(z.string()).readonly(),
  username: z.string().optional(),
  credential: z.string().optional(),
});

/** What a slot holds: nothing without `trackId`. */
const slotInfo = z.object({ mid, trackId: identifier.optional() });

/** What a subscriber gets of one track, and why: TrackQuality of src/sfu/quality.ts. */
const trackQuality = z.object({
  trackId: identifier,
  state: z.enum(["sent", "paused", "off", "waiting"]),
  width: z.number().optional(),
  height: z.number().optional(),
  fps: z.number().optional(),
  rid: z.string().optional(),
  spatial: z.number().optional(),
  temporal: z.number().optional(),
  bitrate: z.number().optional(),
  wanted: wantedQuality.pick({ width: true, height: true, fps: true }).optional(),
  reason: z.string(),
});

const replyId = z.union([z.string(), z.number()]);

export const serverMessageSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("welcome"),
    peerId: identifier,
    peers: z.array(peerInfo.extend({ tracks: z.array(trackInfo) })),
    iceServers: z.array(iceServer).readonly().optional(),
    resume: z.string().optional(),
    media: z.literal("new").optional(),
    shared: z.literal(true).optional(),
    identity: z.string().optional(),
    grants: grantsInfo.optional(),
  }),
  z.object({ type: z.literal("answer"), sdp: z.string(), id: replyId.optional() }),
  z.object({ type: z.literal("iceCandidate"), candidate: candidateInit }),
  z.object({ type: z.literal("peerJoined"), peer: peerInfo }),
  z.object({ type: z.literal("peerLeft"), peerId: identifier }),
  z.object({ type: z.literal("trackPublished"), peerId: identifier, track: trackInfo }),
  z.object({ type: z.literal("trackUnpublished"), peerId: identifier, trackId: identifier }),
  z.object({
    type: z.literal("trackMuted"),
    peerId: identifier,
    trackId: identifier,
    muted: z.boolean(),
    mid: mid.optional(),
  }),
  z.object({ type: z.literal("speakers"), dominant: identifier.optional(), active: z.array(speaker).readonly() }),
  z.object({
    type: z.literal("quality"),
    bitrate: z.number(),
    loss: z.number().optional(),
    roundTrip: z.number().optional(),
    limitedBy: z.string(),
    tracks: z.array(trackQuality).readonly(),
  }),
  z.object({ type: z.literal("slots"), slots: z.array(slotInfo).readonly() }),
  z.object({ type: z.literal("layers"), trackId: identifier, mid, active: z.array(z.string()).readonly() }),
  z.object({ type: z.literal("draining"), seconds: z.int().min(0) }),
  z.object({ type: z.literal("message"), message: z.unknown() }),
  z.object({ type: z.literal("moved"), roomId: roomIdSchema }),
  z.object({
    type: z.literal("error"),
    code: errorCodeSchema,
    message: z.string(),
    replyTo: replyId.optional(),
    trackId: identifier.optional(),
    mid: z.string().optional(),
  }),
]);

export type ClientMessage = z.infer<typeof clientMessageSchema>;
export type ServerMessage = z.infer<typeof serverMessageSchema>;
export type ErrorCode = z.infer<typeof errorCodeSchema>;
export type MessageId = string | number;
export type OfferMessage = Extract<ClientMessage, { type: "offer" }>;
export type SetQualityMessage = Extract<ClientMessage, { type: "setQuality" }>;
export type GrantsMessage = z.infer<typeof grantsInfo>;
export type TrackMessage = z.infer<typeof trackInfo>;
export type IceServerInfo = Readonly<z.infer<typeof iceServer>>;
export type CandidateInit = z.infer<typeof candidateInit>;
