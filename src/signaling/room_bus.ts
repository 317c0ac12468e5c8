import type { NodeId } from "../media/media_bus.ts";
import type { RoomId } from "../sfu/types.ts";
import type { RoomNews } from "./room_news.ts";

/** What one node tells the others of one room, who may miss it. */
export interface RoomChannel {
  /** Does nothing once it is closed. */
  send(news: RoomNews): void;
  close(): void;
}

/** Carries what nodes that share rooms tell each other of them. Nothing throws. */
export interface RoomBus {
  readonly node: NodeId;
  /** `receive` takes what comes of the room, which may be anything, until the channel is closed. */
  open(roomId: RoomId, receive: (news: unknown) => void): RoomChannel;
  /**
   * When a node of which no news can come, for what carries them is away, was heard some other way; -Infinity where it was
   * not, or where it would tell news. Left out: there is no other way.
   */
  heardMs?(node: NodeId): number;
  /** The channels are closed before. */
  close(): void;
}
