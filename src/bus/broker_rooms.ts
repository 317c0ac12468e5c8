import { getLogger } from "@logtape/logtape";
import { MAX_NODES, type NodeId } from "../media/media_bus.ts";
import type { RoomId } from "../sfu/types.ts";
import type { RoomBus, RoomChannel } from "../signaling/room_bus.ts";
import type { RoomNews } from "../signaling/room_news.ts";
import type { Broker } from "./broker.ts";
import { type NodeNames, OWN_ALIAS } from "./node_names.ts";
import { decodeNews, encodeNews } from "./room_message.ts";
import { roomSubject } from "./subjects.ts";

const log = getLogger(["switchboard", "room"]);

export interface BrokerRoomsOptions {
  readonly broker: Broker;
  readonly names: NodeNames;
  /** Begins the subjects. Those who share rooms have the same. */
  readonly prefix: string;
  /** Milliseconds that never go back. */
  readonly now: () => number;
  /** As `RoomBus.heardMs`. */
  readonly heardMs?: (node: NodeId) => number;
}

/** Nodes tell each other of their rooms by a broker, on a subject for each room. */
export class BrokerRooms implements RoomBus {
  readonly node: NodeId = OWN_ALIAS;
  readonly #options: BrokerRoomsOptions;
  #isFullTold = false;

  constructor(options: BrokerRoomsOptions) {
    this.#options = options;
  }

  open(roomId: RoomId, receive: (news: unknown) => void): RoomChannel {
    const { broker, prefix } = this.#options;
    const subject = roomSubject(prefix, roomId);
    const subscription = broker.subscribe(subject, (message) => {
      const news = this.#read(message);
      if (news !== undefined) receive(news);
    });
    let isOpen = true;
    let isTold = false;
    return {
      send: (news) => {
        const named = isOpen ? this.#named(news) : undefined;
        if (named === undefined) return;
        const message = encodeNews(named);
        if (message !== undefined) broker.publish(subject, message);
        else if (!isTold) {
          isTold = true;
          log.error("room {room} is too large to be told to other nodes", { room: roomId });
        }
      },
      close() {
        isOpen = false;
        subscription.close();
      },
    };
  }

  heardMs(node: NodeId): number {
    return this.#options.heardMs?.(node) ?? -Infinity;
  }

  /** The broker is closed by who has opened it. */
  close(): void {}

  /** Undefined where it is for a node that is not there any more. */
  #named(news: RoomNews) {
    const { names } = this.#options;
    const from = names.own;
    if (!("to" in news) || news.to === undefined) return { ...news, from, to: undefined };
    const to = names.nameOf(news.to);
    return to === undefined ? undefined : { ...news, from, to };
  }

  /** Once: there may be many messages of them. */
  #tellFull(): void {
    if (this.#isFullTold) return;
    this.#isFullTold = true;
    log.error("rooms are shared with {count} other servers, which is the most: what others say of them is not heard", {
      count: this.#options.names.size,
    });
  }

  /** News with the numbers of nodes; undefined where it is for another node, by this one itself, or by nobody. */
  #read(message: Uint8Array): object | undefined {
    const { names, now } = this.#options;
    const news = decodeNews(message);
    if (news === undefined || news.from === names.own) return undefined;
    const from = names.aliasOf(news.from, now());
    if (from === undefined && names.size === MAX_NODES - 1) this.#tellFull();
    if (from === undefined || (news.to !== undefined && news.to !== names.own)) return undefined;
    return { ...news, from, ...(news.to !== undefined && { to: OWN_ALIAS }) };
  }
}
