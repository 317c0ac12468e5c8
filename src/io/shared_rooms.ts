import { getLogger } from "@logtape/logtape";
import type { RelayCommand } from "../media/messages.ts";
import { newIdentifier } from "../sfu/identifier.ts";
import type { RandomSource } from "../sfu/random.ts";
import type { Room, RoomLink } from "../signaling/room.ts";
import type { RoomBus } from "../signaling/room_bus.ts";
import { SharedRoom } from "../signaling/shared_room.ts";
import type { Clock } from "./clock.ts";

const log = getLogger(["switchboard", "room"]);

export interface SharedRoomsOptions {
  readonly bus: RoomBus;
  readonly clock: Clock;
  readonly random: RandomSource;
  /** Tells the media of this node. */
  readonly relay: (command: RelayCommand) => void;
  /** Something has changed in a room because another node said so. */
  readonly changed: () => void;
}

/** The rooms of this node that it shares with others, each on a channel of its own. */
export class SharedRooms {
  readonly #options: SharedRoomsOptions;
  readonly #rooms = new Set<SharedRoom>();
  /** Not from 0 on: those of another stay of this node may be known to others still. */
  #relays: number;
  #hasTwin = false;

  constructor(options: SharedRoomsOptions) {
    this.#options = options;
    this.#relays = options.random.uint32();
  }

  get needsTicks(): boolean {
    return this.#rooms.size > 0;
  }

  /** Begins to share a room. */
  link(room: Room): RoomLink {
    const { bus, clock, random, relay } = this.#options;
    const channel = bus.open(room.id, (news) => this.#receive(shared, news));
    const shared: SharedRoom = new SharedRoom({
      room,
      node: bus.node,
      epoch: newIdentifier(random),
      nextRelay: () => this.#relays = (this.#relays + 1) >>> 0,
      send: (news) => channel.send(news),
      relay,
      twinHeard: () => this.#reportTwin(),
      heardMs: (node) => bus.heardMs?.(node) ?? -Infinity,
      nowMs: clock.now(),
    });
    this.#rooms.add(shared);
    return {
      peerAdded: (peer) => shared.peerAdded(peer),
      peerRemoved: (id) => shared.peerRemoved(id),
      trackAdded: (track, parameters) => shared.trackAdded(track, parameters),
      trackRemoved: (id) => shared.trackRemoved(id),
      trackMuted: (id, isMuted) => shared.trackMuted(id, isMuted),
      close: () => {
        this.#rooms.delete(shared);
        shared.close();
        channel.close();
      },
    };
  }

  handleTimeout(nowMs: number): void {
    for (const shared of this.#rooms) if (shared.nextTimeout() <= nowMs) shared.handleTimeout(nowMs);
  }

  /** Its rooms are over. */
  close(): void {
    this.#options.bus.close();
  }

  /** Tells the others what has changed here. */
  flush(): void {
    for (const shared of this.#rooms) shared.flush();
  }

  /** Once: it is heard every second. */
  #reportTwin(): void {
    if (this.#hasTwin) return;
    this.#hasTwin = true;
    const { node } = this.#options.bus;
    log.error("two isolates share rooms as node {node}: neither sees the peers of the other", { node });
  }

  /** What another node says is no reason to fail. */
  #receive(shared: SharedRoom, news: unknown): void {
    if (!this.#rooms.has(shared)) return;
    try {
      shared.handleNews(news, this.#options.clock.now());
    } catch (error) {
      log.error("what another node told of a room could not be taken: {error}", { error });
    }
    this.#options.changed();
  }
}
