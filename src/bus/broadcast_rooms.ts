import type { NodeId } from "../media/media_bus.ts";
import type { RoomId } from "../sfu/types.ts";
import type { RoomBus, RoomChannel } from "../signaling/room_bus.ts";
import { ChannelFolder } from "./channel_folder.ts";

/**
 * Isolates of one process tell each other of their rooms by BroadcastChannel. Media has a channel of its own: who hears of
 * a room need not be woken for each of its packets.
 */
export class BroadcastRooms implements RoomBus {
  readonly node: NodeId;
  readonly #channels: ChannelFolder;

  /** Isolates with the same `name` share rooms, each under a `node` of its own. */
  constructor(name: string, node: NodeId) {
    this.#channels = new ChannelFolder(`${name}/rooms/`);
    this.node = node;
  }

  open(roomId: RoomId, receive: (news: unknown) => void): RoomChannel {
    const channel = this.#channels.open(roomId);
    let isOpen = true;
    channel.onmessage = ({ data }) => receive(data);
    return {
      send: (news) => {
        if (isOpen) channel.postMessage(news);
      },
      close() {
        isOpen = false;
        channel.close();
      },
    };
  }

  close(): void {
    this.#channels.close();
  }
}
