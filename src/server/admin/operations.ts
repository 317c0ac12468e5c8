import type { z } from "zod";
import type { AdminProblemCode } from "./problems.ts";
import { eventsQuery, peersQuery, roomsQuery, SCHEMAS } from "./schemas.ts";

/**
 * Whose grants do: `room`, those for the room in the path; `server`, those for every room; `any`, those for some, of which
 * alone the operation then tells.
 */
export type Scope = "room" | "server" | "any";

/** An answer: JSON of a schema, another content, or nothing. */
export type Answer = z.ZodType | { readonly contentType: string; readonly means: string } | null;

/** One operation of the admin API: its routes, its checks and its part of the OpenAPI document are made from this. */
export interface Operation {
  readonly method: "get" | "put" | "post" | "delete";
  /** With path parameters in braces, as OpenAPI has them. */
  readonly path: `/api/${string}`;
  readonly scope: Scope;
  readonly summary: string;
  readonly description?: string;
  readonly query?: z.ZodObject;
  /** JSON that must come with the request. */
  readonly body?: z.ZodType;
  /** By status. */
  readonly answers: Readonly<Record<number, Answer>>;
  /** Beside those that all have. */
  readonly problems: readonly AdminProblemCode[];
}

/** All of them, by their names: those of their handlers too. */
export const OPERATIONS = {
  getStatus: {
    method: "get",
    path: "/api/status",
    scope: "server",
    summary: "How the server is, and what it has counted since its start",
    description:
      "To ask asks the media workers as well. What /metrics tells of the time since the last scrape is then " +
      "of the time since this.",
    answers: { 200: SCHEMAS.Status },
    problems: [],
  },
  listRooms: {
    method: "get",
    path: "/api/rooms",
    scope: "any",
    summary: "The rooms that have peers of this server, by their names",
    query: roomsQuery,
    answers: { 200: SCHEMAS.RoomPage },
    problems: [],
  },
  getRoom: {
    method: "get",
    path: "/api/rooms/{room}",
    scope: "room",
    summary: "A room: its peers, by their ids, with their tracks",
    query: peersQuery,
    answers: { 200: SCHEMAS.Room },
    problems: ["unknown-room"],
  },
  getPeer: {
    method: "get",
    path: "/api/rooms/{room}/peers/{peer}",
    scope: "room",
    summary: "A peer: what it publishes and receives, in which layers, and why",
    answers: { 200: SCHEMAS.Peer },
    problems: ["unknown-peer", "elsewhere"],
  },
  endRoom: {
    method: "delete",
    path: "/api/rooms/{room}",
    scope: "room",
    summary: "Has all peers leave a room, at all servers; they may come back",
    answers: { 200: SCHEMAS.Reach, 202: SCHEMAS.Reach },
    problems: ["unknown-room"],
  },
  sendRoomMessage: {
    method: "post",
    path: "/api/rooms/{room}/messages",
    scope: "room",
    summary: "Says something to the clients of a room, at all servers",
    description: "Clients of WebSockets get it as `message`; those of WHIP and WHEP get nothing.",
    body: SCHEMAS.Message,
    answers: { 200: SCHEMAS.Reach },
    problems: [],
  },
  sendMessage: {
    method: "post",
    path: "/api/messages",
    scope: "server",
    summary: "Says something to all clients, at all servers",
    body: SCHEMAS.Message,
    answers: { 200: SCHEMAS.Reach },
    problems: [],
  },
  movePeer: {
    method: "post",
    path: "/api/rooms/{room}/peers/{peer}/move",
    scope: "room",
    summary: "Has a peer leave for another room, to which its client goes by itself",
    description: "It takes a grant for both rooms, and the peer's own token must be for the other room too.",
    body: SCHEMAS.Move,
    answers: { 202: SCHEMAS.Move },
    problems: ["unknown-peer", "elsewhere", "same-room", "not-granted", "not-heard"],
  },
  setTrackMuted: {
    method: "put",
    path: "/api/rooms/{room}/peers/{peer}/tracks/{track}/muted",
    scope: "room",
    summary: "Has nothing of a track forwarded to anybody, or again what there is",
    body: SCHEMAS.Muted,
    answers: { 200: SCHEMAS.Muted },
    problems: ["unknown-peer", "unknown-track", "elsewhere"],
  },
  kickPeer: {
    method: "delete",
    path: "/api/rooms/{room}/peers/{peer}",
    scope: "room",
    summary: "Has a peer leave, at whichever server it is, and revokes the tokens of its identity for the room",
    answers: { 200: SCHEMAS.Kicked, 202: SCHEMAS.Kicked },
    problems: ["unknown-peer"],
  },
  capturePeer: {
    method: "post",
    path: "/api/rooms/{room}/peers/{peer}/capture",
    scope: "room",
    summary: "Captures the packets of a peer, both ways and decrypted, as they come and go",
    description:
      "The answer lasts as long as the capture, which ends with it. RTP is without its payload unless that is " +
      "asked for: then whoever has the file hears and sees what was said and shown.",
    body: SCHEMAS.Capture,
    answers: { 200: { contentType: "application/x-pcapng", means: "The packets, as a pcapng file" } },
    problems: ["unknown-peer", "elsewhere", "capturing", "too-many-captures"],
  },
  revokeTokens: {
    method: "post",
    path: "/api/revocations",
    scope: "any",
    summary: "Takes back the tokens of an identity that were made until now, in one room or in all, at all servers",
    description: "For a room it takes a grant for that room, for all rooms one for the whole server.",
    body: SCHEMAS.Revocation,
    answers: { 204: null },
    problems: [],
  },
  drain: {
    method: "post",
    path: "/api/drain",
    scope: "server",
    summary: "Refuses new peers from now on, and asks those that are here to go elsewhere",
    description: "What ends the process ends it: a drain does not.",
    body: SCHEMAS.Drain,
    answers: { 202: SCHEMAS.DrainBegun },
    problems: [],
  },
  getLogFilter: {
    method: "get",
    path: "/api/log",
    scope: "server",
    summary: "What is logged at present",
    answers: { 200: SCHEMAS.LogFilter },
    problems: ["logs-not-here"],
  },
  setLogFilter: {
    method: "put",
    path: "/api/log",
    scope: "server",
    summary: "Logs by another filter from now on, until the server is started again",
    body: SCHEMAS.LogFilter,
    answers: { 200: SCHEMAS.LogFilter },
    problems: ["logs-not-here"],
  },
  listenToEvents: {
    method: "get",
    path: "/api/events",
    scope: "any",
    summary: "Server-sent events of rooms, peers and tracks, from now on",
    description:
      "Each is named by its type, with JSON as its data. `lost` says how many did not come, as the listener was " +
      "too slow; without a number, that some may not have come since `Last-Event-ID`. Read the rooms again then.",
    query: eventsQuery,
    answers: { 200: { contentType: "text/event-stream", means: "Events, until the listener or the server ends it" } },
    problems: ["too-many-listeners", "server-closing"],
  },
} as const satisfies Readonly<Record<string, Operation>>;

export type OperationId = keyof typeof OPERATIONS;

type Operations = typeof OPERATIONS;

/** What an operation is asked with. */
export interface Call<Id extends OperationId> {
  /** Of the path, decoded and checked; those that it does not have are empty. */
  readonly room: string;
  readonly peer: string;
  readonly track: string;
  readonly query: Operations[Id] extends { readonly query: infer Q extends z.ZodType } ? z.output<Q> : undefined;
  readonly body: Operations[Id] extends { readonly body: infer B extends z.ZodType } ? z.output<B> : undefined;
  readonly administrator: Administrator;
  /** A field of the request. */
  readonly header: (name: string) => string | undefined;
}

/** Whose request it is. */
export interface Administrator {
  /** The `sub` of the token; undefined where it has none. */
  readonly identity: string | undefined;
  /** Whether the grants are for a room. */
  covers(roomId: string): boolean;
  /** Whether they are for every room. */
  readonly isOfServer: boolean;
  /** Whether they still hold, as the token has not expired: what lasts is to ask from time to time. Does not reject. */
  isAllowed(): Promise<boolean>;
}

/** What an operation answers, by its status. */
export type AnswerOf<Id extends OperationId> = {
  [Status in keyof Operations[Id]["answers"]]: Operations[Id]["answers"][Status] extends z.ZodType
    ? { readonly status: Status; readonly body: z.input<Operations[Id]["answers"][Status]> }
    : Operations[Id]["answers"][Status] extends null ? { readonly status: Status }
    : Response;
}[keyof Operations[Id]["answers"]];
