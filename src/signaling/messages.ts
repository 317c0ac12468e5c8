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
    tracks: z.array(trackRequest).max(1024).optional(),
  }),
  z.object({ type: z.literal("iceCandidate"), candidate: candidateInit }),
  z.object({ type: z.literal("leave") }),
]);

/** What the URL of a WHIP or WHEP endpoint says: the room in its path, the rest in its query. */
export const openQuery = z.object({ roomId: roomIdSchema, name: name.optional(), publisher: name.optional() });

/** `codec` is a MIME type in lower case: a client narrows the m-line that receives the track to it. */
const trackInfo = z.object({ id: identifier, kind, source, codec: z.string() });
/** `identity` is who the peer is for whoever made its token. */
const peerInfo = z.object({ id: identifier, name: z.string().optional(), identity: z.string().optional() });

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
  "too-many-tracks",
  "transport-failed",
  "server-closing",
  "no-capacity",
  "too-many-joins",
  "too-many-rooms",
  "too-many-connections",
  "join-timeout",
  "room-full",
  "bitrate-exceeded",
  "track-paused",
  "internal",
  "unauthorized",
  "auth-unavailable",
  "forbidden",
  "duplicate-identity",
  "replaced",
]);

/** As RTCIceServer has it. */
const iceServer = z.object({
  urls: z.array(z.string()).readonly(),
  username: z.string().optional(),
  credential: z.string().optional(),
});

const replyId = z.union([z.string(), z.number()]);

export const serverMessageSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("welcome"),
    peerId: identifier,
    peers: z.array(peerInfo.extend({ tracks: z.array(trackInfo) })),
    iceServers: z.array(iceServer).readonly().optional(),
    resume: z.string().optional(),
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
export type GrantsMessage = z.infer<typeof grantsInfo>;
export type TrackMessage = z.infer<typeof trackInfo>;
export type IceServerInfo = Readonly<z.infer<typeof iceServer>>;
export type CandidateInit = z.infer<typeof candidateInit>;
