import { getLogger } from "@logtape/logtape";
import type { RoomEvent, RoomEventListener } from "../signaling/room_events.ts";

const log = getLogger(["switchboard", "room"]);

/** Tells whoever wants to know what happens in rooms. A listener that throws harms nobody. */
export class EventFeed {
  readonly #listeners = new Set<RoomEventListener>();

  /** From now on, until the function that it returns is called. It is told while the event happens: it must be quick. */
  subscribe(listener: RoomEventListener): () => void {
    // Twice the same function is two subscriptions.
    const own: RoomEventListener = (event) => listener(event);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  tell(event: RoomEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        log.error("a listener failed on the event {type}: {error}", { type: event.type, error });
      }
    }
  }
}
