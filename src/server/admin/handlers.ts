import type { AdminVerbs, CaptureResult, NotHere } from "../../io/admin_verbs.ts";
import type { Expulsions } from "../../io/expulsions.ts";
import { jsonBytes, MAX_MESSAGE_BYTES } from "../../signaling/admin_news.ts";
import { AREAS } from "../log_filter.ts";
import type { LogControl } from "../log_control.ts";
import { type EventStreams, MAX_LISTENERS } from "./event_streams.ts";
import { ADMIN_PROBLEMS, type Refusal, refusal } from "./problems.ts";
import type { Handlers } from "./routes.ts";
import type { Status } from "./status.ts";

/** The server, as far as its admin API goes. */
export interface AdministeredServer {
  readonly administration: AdminVerbs;
  readonly expulsions: Pick<Expulsions, "kick" | "revoke">;
  status(): Promise<Status>;
  /** Begins a drain, or shortens the one that has begun; returns the whole seconds until it is over. */
  drain(seconds: number): number;
  readonly events: EventStreams;
  /** Undefined where the logs are not this server's. */
  readonly logs: LogControl | undefined;
}

/** What each operation of the table does. */
export function createHandlers(server: AdministeredServer): Handlers {
  const { administration, expulsions, events, logs } = server;
  return {
    getStatus: async () => ({ status: 200, body: await server.status() }),
    listRooms: ({ query, administrator }) => ({
      status: 200,
      body: administration.rooms(query, (roomId) => administrator.covers(roomId)),
    }),
    getRoom: ({ room, query }) => {
      const body = administration.room(room, query);
      return body === undefined ? unknownRoom() : { status: 200, body };
    },
    getPeer: ({ room, peer }) => {
      const body = administration.peer(room, peer);
      return "problem" in body ? refusePeer(body) : { status: 200, body };
    },
    endRoom: ({ room }) => {
      const body = administration.endRoom(room);
      if (body.reached > 0) return { status: 200, body };
      return body.told ? { status: 202, body } : unknownRoom();
    },
    sendRoomMessage: ({ room, body: { message } }) => sendMessage(administration, message, room),
    sendMessage: ({ body: { message } }) => sendMessage(administration, message),
    movePeer: ({ room, peer, body, administrator }) => {
      if (!administrator.covers(body.roomId)) return refusal("forbidden", "the token is not for the other room");
      if (body.roomId === room) return refusal("same-room", "the peer is in that room already");
      const result = administration.movePeer(room, peer, body.roomId);
      if (result === "moved") return { status: 202, body };
      return typeof result === "string" ? refusal(result, ADMIN_PROBLEMS[result].means) : refusePeer(result);
    },
    setTrackMuted: ({ room, peer, track, body }) => {
      const result = administration.muteTrack(room, peer, track, body.muted);
      if (result === "done") return { status: 200, body };
      return typeof result === "string" ? refusal(result, ADMIN_PROBLEMS[result].means) : refusePeer(result);
    },
    kickPeer: ({ room, peer }) => {
      const result = expulsions.kick(room, peer);
      if (result === "unknown") return refusePeer({ problem: "unknown" });
      return result === "ended" ? { status: 200, body: { result } } : { status: 202, body: { result } };
    },
    capturePeer: ({ room, peer, body }) => {
      const result = administration.capture(room, peer, body);
      if ("problem" in result) return refuseCapture(result);
      const headers = {
        "Content-Type": "application/x-pcapng",
        "Cache-Control": "no-store",
        "X-Accel-Buffering": "no",
      };
      return new Response(result.stream, { headers });
    },
    revokeTokens: ({ body: { identity, roomId }, administrator }) => {
      const isAllowed = roomId === undefined ? administrator.isOfServer : administrator.covers(roomId);
      if (!isAllowed) {
        return refusal("forbidden", `the token is not for ${roomId === undefined ? "all rooms" : "this room"}`);
      }
      expulsions.revoke(identity, roomId);
      return { status: 204 };
    },
    drain: ({ body }) => ({ status: 202, body: { seconds: server.drain(body.seconds) } }),
    getLogFilter: () => logs === undefined ? noLogs() : { status: 200, body: { filter: logs.filter } },
    setLogFilter: ({ body }) => {
      if (logs === undefined) return noLogs();
      if (logs.setFilter(body.filter)) return { status: 200, body: { filter: logs.filter } };
      return refusal(
        "bad-request",
        `filter: must be levels and areas, as info,switchboard.ice=debug; areas: ${AREAS.join(", ")}`,
      );
    },
    listenToEvents: ({ query, administrator, header }) => {
      if (events.isClosed) return refusal("server-closing", "the server ends");
      const hears = (roomId: string) => administrator.covers(roomId) && (query.room ?? roomId) === roomId;
      const isAllowed = () => administrator.isAllowed();
      const body = events.open({ hears, isAllowed, lastId: header("Last-Event-ID") });
      if (body === undefined) return refusal("too-many-listeners", `there are ${MAX_LISTENERS} already`);
      // A proxy that gathers answers would keep events back.
      const headers = { "Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no" };
      return new Response(body, { headers });
    },
  };
}

function sendMessage(administration: AdminVerbs, message: unknown, roomId?: string) {
  if (jsonBytes(message) > MAX_MESSAGE_BYTES) {
    return refusal("too-large", `the message has more than ${MAX_MESSAGE_BYTES} bytes of JSON`);
  }
  return { status: 200, body: administration.sendMessage(message, roomId) } as const;
}

function unknownRoom(): Refusal {
  return refusal("unknown-room", "the room has no peers at this server");
}

function refusePeer(notHere: NotHere): Refusal {
  if (notHere.problem === "unknown") return refusal("unknown-peer", "there is no such peer in the room");
  const { node = "another server" } = notHere;
  return refusal("elsewhere", `the peer is at ${node}, which alone can tell and do this`);
}

function refuseCapture(result: Exclude<CaptureResult, { readonly stream: unknown }>): Refusal {
  if (result.problem === "unknown" || result.problem === "elsewhere") return refusePeer(result);
  return refusal(result.problem, ADMIN_PROBLEMS[result.problem].means);
}

function noLogs(): Refusal {
  return refusal("logs-not-here", "whoever embeds this server configures its logs");
}
