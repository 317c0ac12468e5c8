import type { NodeId } from "../media/media_bus.ts";
import type { PeerObserver, RoomMember } from "./room.ts";
import type { SharedPeer } from "./room_news.ts";

const NOTHING: ReadonlyMap<string, unknown> = new Map();

/** A peer of the room whose signaling is at another node: the peers here see it as one of them, and it hears of them there. */
export class RemotePeer implements RoomMember {
  readonly id;
  readonly name: string | undefined;
  readonly identity: string | undefined;
  readonly node: NodeId;
  readonly observer: PeerObserver;
  readonly producers = NOTHING;
  readonly consumers = NOTHING;

  /** `replaced` is called where another peer of its identity takes its place. */
  constructor({ id, name, identity }: SharedPeer, node: NodeId, replaced: () => void) {
    this.id = id;
    this.name = name;
    this.identity = identity;
    this.node = node;
    const nobody = () => {};
    this.observer = {
      peerJoined: nobody,
      peerLeft: nobody,
      trackPublished: nobody,
      trackUnpublished: nobody,
      trackMuted: nobody,
      trackEnded: nobody,
      speakersChanged: nobody,
      replaced,
    };
  }

  forgetTrack(): void {}
}

/** Those of other nodes are told by the room, which may be over once those of this one have left. */
export function remoteFirst(members: readonly RoomMember[]): readonly RoomMember[] {
  return members.toSorted((a, b) => Number(b instanceof RemotePeer) - Number(a instanceof RemotePeer));
}
