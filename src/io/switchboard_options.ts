import type { NodeId } from "../media/media_bus.ts";
import type { RandomSource } from "../sfu/random.ts";
import type { AdminNews } from "../signaling/admin_news.ts";
import type { DuplicateIdentity } from "../signaling/duplicate_identity.ts";
import type { Limits } from "../signaling/limits.ts";
import type { UnknownToken } from "../signaling/resumption.ts";
import type { RoomBus } from "../signaling/room_bus.ts";
import type { SignalingSessionOptions } from "../signaling/session.ts";
import type { Backend } from "./backend.ts";
import type { Clock } from "./clock.ts";
import type { OtherServers } from "./expulsions.ts";
import type { NodeHost } from "./media_host.ts";
import type { MediaPlace } from "./open_media.ts";

/** What a Switchboard is made of. */
export interface SwitchboardOptions extends MediaPlace {
  readonly backend: Backend;
  readonly clock: Clock;
  readonly random: RandomSource;
  /** Lower-case MIME types that rooms allow. */
  readonly codecs: readonly string[];
  /** STUN and TURN servers that a peer is told of over its WebSocket. */
  readonly iceServers: SignalingSessionOptions["iceServers"];
  readonly limits: Limits;
  /** What becomes of peers of one identity in one room. Default: they are all there. */
  readonly duplicateIdentity?: DuplicateIdentity | undefined;
  /** Unix time in whole seconds, as tokens have it. */
  readonly unixSeconds: () => number;
  /** Other nodes have the same rooms: how they are reached, and the media here. Left out: rooms are this one's alone. */
  readonly sharing?: {
    readonly rooms: RoomBus;
    readonly media: NodeHost;
    /** The name of another node, where it has one that others know. */
    readonly nodeName?: ((node: NodeId) => string | undefined) | undefined;
    /** What concerns no room alone; left out where those nodes need not be told. */
    readonly others?:
      | OtherServers & {
        readonly tellSuperseded: UnknownToken;
        readonly tellNews: (news: AdminNews) => boolean;
      }
      | undefined;
  } | undefined;
}
