import { z } from "zod";
import { MAX_CAPTURE_BYTES, MAX_CAPTURE_SECONDS } from "../../io/capture.ts";
import { jsonSchema, MAX_MESSAGE_BYTES } from "../../signaling/admin_news.ts";
import { roomIdSchema } from "../../signaling/messages.ts";

/** The shapes of the admin API: they check what comes, and make the OpenAPI document. Its descriptions are in Markdown. */

const identifier = z.string().min(1).max(64);
const count = z.int().min(0);
const kind = z.enum(["audio", "video"]);
const source = z.enum(["camera", "microphone", "screen", "screenAudio"]);
const codec = z.string().describe("MIME type in lower case");
const bitsPerSecond = z.number().min(0).describe("Bits per second");

/** The parts of a path that stand in braces. */
export const PATH_PARAMETERS = {
  room: roomIdSchema.describe("Its name, percent-encoded"),
  peer: identifier.describe("The id of a peer of the room"),
  track: identifier.describe("The id of a track that the peer publishes"),
} as const;

export type PathParameter = keyof typeof PATH_PARAMETERS;

/** Of a query, which has text. */
const limit = (most: number, usual: number) =>
  z.coerce.number().int().min(1).max(most).default(usual).describe("How many at most");
const after = z.string().min(1).max(128).optional().describe("Begins behind this id: `next` of the page before");

export const roomsQuery = z.object({ after, limit: limit(1000, 100) });
export const peersQuery = z.object({ after, limit: limit(5000, 1000) });
export const eventsQuery = z.object({ room: roomIdSchema.optional().describe("Events of this room alone") });

const trackCounters = z.object({
  packetsReceived: count,
  bytesReceived: count,
  packetsSent: count,
  bytesSent: count,
  packetsDropped: count,
  lostUpstream: count,
  lostDownstream: count,
  recoveredUpstream: count,
  resentDownstream: count,
  nacksUpstream: count,
  nacksDownstream: count,
  plisUpstream: count,
  plisDownstream: count,
  firsUpstream: count,
  firsDownstream: count,
}).describe(
  "Sums since the start. Upstream is from publishers, downstream to subscribers; bytes are those of payloads",
);

const status = z.object({
  time: z.iso.datetime().describe("When this was told, UTC"),
  uptimeSeconds: z.number(),
  backend: z.object({ name: z.string(), reason: z.string(), workers: count, tcpPort: z.int().optional() }),
  ready: z.boolean().describe("Whether another peer can be taken"),
  obstacle: z.string().optional().describe("Why not"),
  draining: z.object({ seconds: count.describe("Until it is over") }).optional(),
  alive: z.object({
    rooms: count,
    peers: count,
    producers: count.describe("Tracks that are published"),
    consumers: count.describe("Tracks that are forwarded, each for each subscriber"),
    sessions: count.describe("WebSockets, and sessions of WHIP and WHEP"),
    sockets: count,
    connections: count.describe("TCP connections of media"),
  }),
  joins: z.object({ connected: count, left: count, failed: count, refused: count }).describe("Since the start"),
  media: z.object({ audio: trackCounters, video: trackCounters }),
  process: z.object({
    cpuSeconds: z.number().describe("CPU time since the start, of all threads"),
    residentBytes: count,
  }),
  cluster: z.object({
    node: z.string(),
    region: z.string().optional(),
    broker: z.enum(["connected", "away"]),
    others: count.describe("Other servers that are heard"),
    reached: count.describe("Those that media reaches directly"),
    draining: count,
  }).optional(),
});

const track = z.object({
  id: identifier,
  kind,
  source,
  codec,
  muted: z.literal(true).optional().describe("Nothing of it is forwarded"),
});

const roomSummary = z.object({
  id: roomIdSchema,
  peers: count.describe("Of this server"),
  remotePeers: count.describe("Of other servers that share the room"),
  tracks: count.describe("Of all of them"),
});
const next = identifier.or(roomIdSchema).optional().describe(
  "The rest is behind this id; left out where there is none",
);

const peerSummary = z.object({
  id: identifier,
  name: z.string().optional(),
  identity: z.string().optional().describe("The `sub` of its token"),
  remote: z.literal(true).optional().describe("It is at another server, which alone knows more"),
  node: z.string().optional().describe("That server's name, where it is known"),
  protocol: z.enum(["websocket", "whip", "whep"]).optional(),
  state: z.enum(["connecting", "connected", "lost"]).optional()
    .describe("Whether media can flow; `lost`: by a fault, until its client comes back"),
  tracks: z.array(track).readonly().describe("What it publishes"),
  subscriptions: count.optional().describe("How many tracks it receives"),
});

const trackQuality = z.object({
  state: z.enum(["sent", "paused", "off", "waiting"]),
  width: z.number().optional(),
  height: z.number().optional(),
  fps: z.number().optional(),
  rid: z.string().optional().describe("Of the simulcast encoding that is sent"),
  spatial: count.optional(),
  temporal: count.optional(),
  bitrate: bitsPerSecond.optional(),
  wanted: z.object({ width: z.number(), height: z.number(), fps: z.number() }).partial().optional(),
  reason: z.string().describe("The allocator's rule that decided, in words and numbers"),
});

const estimate = z.object({
  bitrate: bitsPerSecond,
  loss: z.number().min(0).max(1).optional(),
  roundTrip: z.number().optional().describe("Milliseconds"),
  limitedBy: z.string().describe("What decided it, in a word of docs/quality.md"),
}).describe("What its way is believed to carry, as it was told last");

const peer = peerSummary.extend({
  address: z.object({ hostname: z.string(), port: z.int(), transport: z.enum(["udp", "tcp"]) }).optional()
    .describe("Where its media goes"),
  publishes: z.array(track.extend({
    mid: z.string(),
    rids: z.array(z.string()).readonly().optional().describe("Its simulcast encodings"),
    activeRids: z.array(z.string()).readonly().optional().describe("Those of them that anybody receives"),
  })).readonly(),
  receives: z.array(z.object({
    mid: z.string(),
    trackId: identifier,
    peerId: identifier.describe("Its publisher"),
    kind,
    source,
    quality: trackQuality.optional().describe("What it gets of it and why, as it was told last; seldom of sound"),
  })).readonly(),
  estimate: estimate.optional(),
});

/** What the document names, by the names that it has there. */
export const SCHEMAS = {
  Status: status,
  RoomPage: z.object({ rooms: z.array(roomSummary).readonly(), next }),
  Room: roomSummary.extend({ members: z.array(peerSummary).readonly(), next }),
  Peer: peer,
  Kicked: z.object({
    result: z.enum(["ended", "told"]).describe("It has left; or the other servers were told, one of which may have it"),
  }),
  Capture: z.object({
    seconds: z.int().min(1).max(MAX_CAPTURE_SECONDS).default(10).describe("How long it lasts"),
    bytes: z.int().min(1).max(MAX_CAPTURE_BYTES).default(10_000_000).describe("How large the file may be"),
    payload: z.boolean().default(false).describe("Whether RTP packets are there with what they carry"),
  }),
  Revocation: z.object({
    identity: z.string().min(1).max(128).describe("The `sub` of the tokens"),
    roomId: roomIdSchema.optional().describe("Left out: for all rooms"),
  }),
  Reach: z.object({
    reached: count.describe("Peers of this server"),
    told: z.boolean().describe("Whether the other servers that share rooms were told"),
  }),
  Message: z.object({ message: jsonSchema.describe(`Any JSON of ${MAX_MESSAGE_BYTES} bytes at most`) }),
  Move: z.object({ roomId: roomIdSchema.describe("The other room") }),
  Muted: z.object({ muted: z.boolean() }),
  Drain: z.object({ seconds: z.int().min(1).max(86_400).describe("Until it is over") }),
  DrainBegun: z.object({
    seconds: count.describe("Until it is over, which another one may decide that has begun and ends sooner"),
  }),
  LogFilter: z.object({
    filter: z.string().min(1).max(1000).describe("As `--log` has it: `info,switchboard.ice=debug`"),
  }),
  Problem: z.object({
    type: z.literal("about:blank"),
    title: z.string(),
    status: z.int(),
    code: z.string().describe("Names the cause for programs"),
    detail: z.string().describe("Says it in words"),
  }).describe("Why a request was refused (RFC 9457)"),
} as const;
