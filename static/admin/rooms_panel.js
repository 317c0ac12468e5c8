// @ts-check
/** @import { RoomSummary } from "./types.js" */
import { find } from "../ui/dom.js";
import { choosableRow, restWords, Rows, write } from "./rows.js";

/** The list of rooms. */
export class RoomsPanel {
  #rest = find("rooms-rest", HTMLElement);
  #filter = find("rooms-filter", HTMLInputElement);
  /** @type {Rows<RoomSummary>} */
  #rows;
  /** @type {RoomSummary[]} */
  #rooms = [];
  #hasMore = false;
  /** @type {string | undefined} */
  #chosen;

  /** @param {(room: string) => void} choose */
  constructor(choose) {
    this.#rows = new Rows(find("rooms", HTMLElement), (key) => {
      const { element, fill } = choosableRow(() => choose(key), 3, () => true);
      return {
        element,
        fill: ({ id, peers, remotePeers, tracks }) => fill(id, [peers, remotePeers, tracks], id === this.#chosen),
      };
    });
    this.#filter.oninput = () => this.#draw();
  }

  focusFilter() {
    this.#filter.focus();
  }

  /** @param {{ rooms: RoomSummary[], next?: string }} page */
  show({ rooms, next }) {
    this.#rooms = rooms;
    this.#hasMore = next !== undefined;
    this.#draw();
  }

  /** @param {string | undefined} room */
  mark(room) {
    this.#chosen = room;
    this.#draw();
  }

  #draw() {
    const wanted = this.#filter.value.toLowerCase();
    const rooms = this.#rooms.filter(({ id }) => id.toLowerCase().includes(wanted));
    const rest = restWords(this.#rows.show(rooms, ({ id }) => id));
    const empty = this.#rooms.length === 0 ? "No room has peers here." : "";
    write(this.#rest, empty || (this.#hasMore ? "The server has more rooms than are listed here." : rest));
  }
}
