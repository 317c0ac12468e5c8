import type { PeerObserver, RoomMember } from "./room.ts";
import type { SharedPeer } from "./room_news.ts";

const NOTHING: ReadonlyMap<string, unknown> = new Map();

/** A peer of the room whose signaling is at another node: the peers here see it as one of them, and it hears of them there. */
export class RemotePeer implements RoomMember {
  readonly id;
  readonly name: string | undefined;
  readonly identity: string | undefined;
  readonly observer: PeerObserver;
  readonly producers = NOTHING;
  readonly consumers = NOTHING;

  /** `replaced` is called where another peer of its identity takes its place. */
  constructor({ id, name, identity }: SharedPeer, replaced: () => void) {
    this.id = id;
    this.name = name;
    this.identity = identity;
    const nobody = () => {};
    this.observer = {
      peerJoined: nobody,
      peerLeft: nobody,
      trackPublished: nobody,
      trackUnpublished: nobody,
      trackEnded: nobody,
      speakersChanged: nobody,
      replaced,
    };
  }

  forgetTrack(): void {}
}
