import type { PublishedTrack } from "../sfu/types.ts";
import type { Grants } from "./grants.ts";
import type { GrantsMessage, TrackMessage } from "./messages.ts";
import type { Room, RoomMember } from "./room.ts";

export function describePeers(room: Room, except: string, withTracks: boolean) {
  const tracks = new Map<string, TrackMessage[]>();
  for (const track of withTracks ? room.tracks.values() : []) {
    const list = tracks.get(track.peerId) ?? [];
    list.push(describeTrack(track, room.isMuted(track.id)));
    tracks.set(track.peerId, list);
  }
  return [...room.peers.values()].filter((peer) => peer.id !== except).map((peer) => ({
    ...describePeer(peer),
    tracks: tracks.get(peer.id) ?? [],
  }));
}

export function describePeer({ id, name, identity }: Pick<RoomMember, "id" | "name" | "identity">) {
  return { id, ...(name !== undefined && { name }), ...(identity !== undefined && { identity }) };
}

export function describeGrants({ publish, subscribe, admin, maxBitrate }: Grants): GrantsMessage {
  return { publish, subscribe, admin, ...(maxBitrate !== undefined && { maxBitrate }) };
}

export function describeTrack({ id, kind, source, codec }: PublishedTrack, isMuted: boolean): TrackMessage {
  return { id, kind, source, codec: codec.mimeType, ...(isMuted && { muted: true }) };
}
