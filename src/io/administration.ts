import type { NodeId } from "../media/media_bus.ts";
import type { PeerId, RoomId, TrackId } from "../sfu/types.ts";
import { type AdminNews, jsonBytes, MAX_MESSAGE_BYTES } from "../signaling/admin_news.ts";
import type { Grants } from "../signaling/grants.ts";
import {
  describeParticipant,
  type PeerOverview,
  type PeerSources,
  summarizePeers,
  summarizeRoom,
} from "../signaling/overview.ts";
import type { Participant } from "../signaling/participant.ts";
import { RemotePeer } from "../signaling/remote_peer.ts";
import type { Rooms } from "../signaling/room.ts";
import type {
  AdminVerbs,
  CaptureOptions,
  CaptureResult,
  MoveResult,
  MuteResult,
  NotHere,
  Page,
  Reach,
  RoomOverview,
  RoomPage,
} from "./admin_verbs.ts";
import type { Captures } from "./captures.ts";

export interface AdministrationOptions {
  readonly rooms: Rooms;
  /** The peers that are here. */
  readonly participants: () => Iterable<Participant>;
  /** Whether whose grants these are may join a room. */
  readonly leadsTo: (grants: Grants | undefined, roomId: RoomId) => boolean;
  /** The name of another server that shares rooms; undefined where it is not known. */
  readonly nodeName: (node: NodeId) => string | undefined;
  /** Does something to a peer: a fault costs that peer alone. */
  readonly act: (participant: Participant, action: () => void) => void;
  /** Tells the servers that share rooms; false where none can be told. */
  readonly tellOthers: (news: AdminNews) => boolean;
  readonly captures: Captures;
}

/** The rooms of this server for whoever runs it. */
export class Administration implements AdminVerbs {
  readonly #options: AdministrationOptions;

  constructor(options: AdministrationOptions) {
    this.#options = options;
  }

  rooms(page: Page = {}, covers: (roomId: RoomId) => boolean = () => true): RoomPage {
    const all = new Map([...this.#options.rooms].filter(({ id }) => covers(id)).map((room) => [room.id, room]));
    const { found, next } = takePage(all, page);
    return { rooms: found.map(summarizeRoom), ...next };
  }

  room(roomId: RoomId, page: Page = {}): RoomOverview | undefined {
    const room = this.#options.rooms.find(roomId);
    if (room === undefined) return undefined;
    const { found, next } = takePage(room.peers, page);
    return { ...summarizeRoom(room), members: summarizePeers(room, found, this.#sources), ...next };
  }

  peer(roomId: RoomId, peerId: PeerId): PeerOverview | NotHere {
    const participant = this.#find(roomId, peerId);
    return "problem" in participant ? participant : describeParticipant(participant, this.#sources);
  }

  endRoom(roomId: RoomId): Reach {
    return { reached: this.#endRoom(roomId), told: this.#options.tellOthers({ type: "endRoom", roomId }) };
  }

  sendMessage(message: unknown, roomId?: RoomId): Reach {
    if (jsonBytes(message) > MAX_MESSAGE_BYTES) {
      throw new RangeError(`a message is JSON of ${MAX_MESSAGE_BYTES} bytes at most`);
    }
    const news = { type: "sendMessage", message, ...(roomId !== undefined && { roomId }) } as AdminNews;
    return { reached: this.#sendMessage(message, roomId), told: this.#options.tellOthers(news) };
  }

  capture(roomId: RoomId, peerId: PeerId, options: CaptureOptions): CaptureResult {
    const participant = this.#find(roomId, peerId);
    return "problem" in participant ? participant : this.#options.captures.start(roomId, peerId, options);
  }

  muteTrack(roomId: RoomId, peerId: PeerId, trackId: TrackId, isMuted: boolean): MuteResult {
    const participant = this.#find(roomId, peerId);
    if ("problem" in participant) return participant;
    let isKnown = false;
    this.#options.act(participant, () => isKnown = participant.peer.muteTrack(trackId, isMuted));
    return isKnown ? "done" : "unknown-track";
  }

  movePeer(roomId: RoomId, peerId: PeerId, toRoomId: RoomId): MoveResult {
    const participant = this.#find(roomId, peerId);
    if ("problem" in participant) return participant;
    if (!this.#options.leadsTo(participant.grants, toRoomId)) return "not-granted";
    let isMoved = false;
    this.#options.act(participant, () => isMoved = participant.moveTo(toRoomId));
    return isMoved ? "moved" : "not-heard";
  }

  /** What another server says. */
  handleNews(news: AdminNews): void {
    if (news.type === "endRoom") this.#endRoom(news.roomId);
    else this.#sendMessage(news.message, news.roomId);
  }

  /** How many have left. */
  #endRoom(roomId: RoomId): number {
    const { rooms, participants, act } = this.#options;
    const ended = [...participants()].filter(({ room }) => room.id === roomId);
    rooms.find(roomId)?.empty(() => {
      for (const participant of ended) act(participant, () => participant.leave("room-ended"));
    });
    return ended.length;
  }

  /** How many clients have heard it. */
  #sendMessage(message: unknown, roomId: RoomId | undefined): number {
    let reached = 0;
    for (const participant of [...this.#options.participants()]) {
      if (roomId !== undefined && participant.room.id !== roomId) continue;
      this.#options.act(participant, () => void (reached += Number(participant.sendMessage(message))));
    }
    return reached;
  }

  #find(roomId: RoomId, peerId: PeerId): Participant | NotHere {
    for (const participant of this.#options.participants()) {
      if (participant.peer.id === peerId && participant.room.id === roomId) return participant;
    }
    const member = this.#options.rooms.find(roomId)?.peers.get(peerId);
    if (!(member instanceof RemotePeer)) return { problem: "unknown" };
    const node = this.#options.nodeName(member.node);
    return { problem: "elsewhere", ...(node !== undefined && { node }) };
  }

  /** Of one request: a room may have as many peers as the server. */
  get #sources(): PeerSources {
    const participants = new Map(Array.from(this.#options.participants(), (each) => [each.peer.id, each]));
    return { participant: (id) => participants.get(id), nodeName: this.#options.nodeName };
  }
}

function takePage<T>(all: ReadonlyMap<string, T>, { after, limit = Infinity }: Page) {
  const rest = [...all.keys()].filter((id) => after === undefined || id > after).sort();
  const ids = rest.slice(0, limit);
  const found = ids.flatMap((id) => all.get(id) ?? []);
  return { found, next: rest.length > limit ? { next: ids[ids.length - 1] } : {} };
}
