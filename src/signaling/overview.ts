import type { NodeId } from "../media/media_bus.ts";
import type { TrackQuality } from "../sfu/quality.ts";
import type { Kind, PeerId, PublishedTrack, RoomId, Source, TrackId } from "../sfu/types.ts";
import type { EstimateReport } from "./media_knowledge.ts";
import type { Participant, ParticipantState, Protocol } from "./participant.ts";
import { RemotePeer } from "./remote_peer.ts";
import type { Room, RoomMember } from "./room.ts";

/** What whoever runs the server sees of its rooms. Shapes of docs/admin.md; all of it is plain, to be sent as JSON. */

/** One line of the list of rooms. */
export interface RoomSummary {
  readonly id: RoomId;
  /** Of this server. */
  readonly peers: number;
  /** Of other servers that share the room. */
  readonly remotePeers: number;
  /** Of all of them. */
  readonly tracks: number;
}

export interface TrackSummary {
  readonly id: TrackId;
  readonly kind: Kind;
  readonly source: Source;
  /** MIME type in lower case. */
  readonly codec: string;
  /** Nothing of it is forwarded, as whoever runs the server wants. */
  readonly muted?: true;
}

/** One line of the list of a room's peers. */
export interface PeerSummary {
  readonly id: PeerId;
  readonly name?: string;
  readonly identity?: string;
  /** Its signaling is at another server, which alone knows more; `node` is that one's name, where it is known. */
  readonly remote?: true;
  readonly node?: string;
  readonly protocol?: Protocol;
  readonly state?: ParticipantState;
  readonly tracks: readonly TrackSummary[];
  /** How many tracks it receives. */
  readonly subscriptions?: number;
}

/** A track that a peer publishes. */
export interface PublishedOverview extends TrackSummary {
  /** Of the m-line. */
  readonly mid: string;
  /** Its simulcast encodings, and those of them that anybody receives, as far as that was told. */
  readonly rids?: readonly string[];
  readonly activeRids?: readonly string[];
}

/** A track that a peer receives. */
export interface ReceivedOverview {
  readonly mid: string;
  readonly trackId: TrackId;
  readonly peerId: PeerId;
  readonly kind: Kind;
  readonly source: Source;
  /** What it gets of it, and why; of sound nothing is told unless it was off. */
  readonly quality?: Omit<TrackQuality, "trackId">;
}

/** One peer of this server. */
export interface PeerOverview extends PeerSummary {
  /** Where its media goes. */
  readonly address?: { readonly hostname: string; readonly port: number; readonly transport: "udp" | "tcp" };
  readonly publishes: readonly PublishedOverview[];
  readonly receives: readonly ReceivedOverview[];
  readonly estimate?: EstimateReport;
}

/** What is known of peers beyond their room. */
export interface PeerSources {
  /** The peer of this server with this id. */
  participant(id: PeerId): Participant | undefined;
  /** The name of another server. */
  nodeName(node: NodeId): string | undefined;
}

export function summarizeRoom({ id, peers, ownCount, tracks }: Room): RoomSummary {
  return { id, peers: ownCount, remotePeers: peers.size - ownCount, tracks: tracks.size };
}

export function summarizePeers(room: Room, members: Iterable<RoomMember>, sources: PeerSources): PeerSummary[] {
  const tracks = Map.groupBy(room.tracks.values(), ({ peerId }) => peerId);
  return Array.from(members, (member) => summarizePeer(room, member, tracks.get(member.id) ?? [], sources));
}

export function describeParticipant(participant: Participant, sources: PeerSources): PeerOverview {
  const { peer, room, remoteAddress, knowledge } = participant;
  return {
    ...summarizePeer(room, peer, [...peer.producers.values()], sources),
    ...(remoteAddress !== undefined && {
      address: {
        hostname: remoteAddress.hostname,
        port: remoteAddress.port,
        transport: remoteAddress.transport ?? "udp",
      },
    }),
    publishes: Array.from(peer.producers, ([mid, track]) => describePublished(participant, mid, track)),
    receives: [...peer.consumers].flatMap(([mid, { trackId }]) => {
      const track = room.tracks.get(trackId);
      return track === undefined ? [] : [describeReceived(participant, mid, track)];
    }),
    ...(knowledge.estimate !== undefined && { estimate: knowledge.estimate }),
  };
}

function summarizePeer(
  room: Room,
  member: RoomMember,
  tracks: readonly PublishedTrack[],
  sources: PeerSources,
): PeerSummary {
  const { id, name, identity } = member;
  return {
    id,
    ...(name !== undefined && { name }),
    ...(identity !== undefined && { identity }),
    ...whereabouts(member, sources),
    tracks: tracks.map((track) => summarizeTrack(room, track)),
  };
}

function whereabouts(member: RoomMember, { participant, nodeName }: PeerSources): Partial<PeerSummary> {
  if (member instanceof RemotePeer) {
    const node = nodeName(member.node);
    return { remote: true, ...(node !== undefined && { node }) };
  }
  const own = participant(member.id);
  if (own === undefined) return {};
  return { protocol: own.protocol, state: own.state, subscriptions: member.consumers.size };
}

function summarizeTrack(room: Room, { id, kind, source, codec }: PublishedTrack): TrackSummary {
  return { id, kind, source, codec: codec.mimeType, ...(room.isMuted(id) && { muted: true }) };
}

function describePublished({ knowledge, room }: Participant, mid: string, track: PublishedTrack): PublishedOverview {
  const active = knowledge.activeLayersOf(track.id);
  return {
    ...summarizeTrack(room, track),
    mid,
    ...(track.rids !== undefined && { rids: track.rids }),
    ...(active !== undefined && { activeRids: active }),
  };
}

function describeReceived({ knowledge }: Participant, mid: string, track: PublishedTrack): ReceivedOverview {
  const { id: trackId, peerId, kind, source } = track;
  const known = knowledge.qualityOf(trackId);
  if (known === undefined) return { mid, trackId, peerId, kind, source };
  const { trackId: _, ...quality } = known;
  return { mid, trackId, peerId, kind, source, quality };
}
