// @ts-check
/** @import { PeerSummary, Room } from "./types.js" */
import { find } from "../ui/dom.js";
import { choosableRow, restWords, Rows, write } from "./rows.js";
import { nameOf, tracksWords } from "./words.js";

/** The peers of one room. */
export class RoomPanel {
  #panel = find("room-panel", HTMLElement);
  #title = find("room-title", HTMLElement);
  #rest = find("peers-rest", HTMLElement);
  #filter = find("peers-filter", HTMLInputElement);
  /** @type {Rows<PeerSummary>} */
  #rows;
  /** @type {Room | undefined} */
  #room;
  /** @type {string | undefined} */
  #chosen;

  /** @param {(peer: string) => void} choose */
  constructor(choose) {
    this.#rows = new Rows(find("peers", HTMLElement), (key) => {
      const { element, fill } = choosableRow(() => choose(key), 4, (cell) => cell === 3);
      return { element, fill: (peer) => fill(nameOf(peer), cellsOf(peer), peer.id === this.#chosen) };
    });
    this.#filter.oninput = () => this.#draw();
  }

  /** @param {Room | undefined} room undefined for none */
  show(room) {
    if (room?.id !== this.#room?.id) this.#filter.value = "";
    this.#room = room;
    this.#panel.hidden = room === undefined;
    this.#draw();
  }

  /**
   * How a peer of the room is called.
   * @param {string} id
   */
  nameOf(id) {
    const peer = this.#room?.members.find((member) => member.id === id);
    return peer === undefined ? id : nameOf(peer);
  }

  /** @param {string | undefined} peer */
  mark(peer) {
    this.#chosen = peer;
    this.#draw();
  }

  #draw() {
    if (this.#room === undefined) return;
    const { id, members, next } = this.#room;
    write(this.#title, id);
    const wanted = this.#filter.value.toLowerCase();
    const peers = members.filter((peer) =>
      [peer.name, peer.identity, peer.id].some((text) => text?.toLowerCase().includes(wanted))
    );
    const rest = restWords(this.#rows.show(peers, ({ id }) => id));
    write(this.#rest, next === undefined ? rest : "The room has more peers than are listed here.");
  }
}

/** @param {PeerSummary} peer */
function cellsOf(peer) {
  const { remote, node, protocol = "", state = "", subscriptions } = peer;
  const where = remote ? `at ${node ?? "another server"}` : state;
  return [protocol, where, tracksWords(peer), subscriptions ?? ""];
}
