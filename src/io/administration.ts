import type { NodeId } from "../media/media_bus.ts";
import type { PeerId, RoomId } from "../sfu/types.ts";
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
import type { AdminVerbs, NotHere, Page, RoomOverview, RoomPage } from "./admin_verbs.ts";

export interface AdministrationOptions {
  readonly rooms: Rooms;
  /** The peers that are here. */
  readonly participants: () => Iterable<Participant>;
  /** The name of another server that shares rooms; undefined where it is not known. */
  readonly nodeName: (node: NodeId) => string | undefined;
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
