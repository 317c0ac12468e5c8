// @ts-check
/** @import { Peer, RemoteTrack, Room } from "../switchboard.js" */
/** @import { Gallery } from "./gallery.js" */
import { clone, find, part } from "./dom.js";
import { hiddenWords, nameWords, personWords } from "./words.js";

/**
 * What the page has besides tiles once there are more people than those: who else is there, and pins, which keep a picture
 * shown whoever speaks. Until then there is nothing of it to be seen.
 */
export class Crowd {
  #room;
  #gallery;
  /** Those whose pictures are pinned, by id. @type {Set<string>} */
  #pinned = new Set();
  /** By peer id. @type {Map<string, HTMLElement>} */
  #entries = new Map();
  #button = find("people-button", HTMLButtonElement);
  #dialog = find("people", HTMLDialogElement);
  #list = find("people-list", HTMLUListElement);
  /** @type {(() => void)[]} */
  #ends;

  /**
   * @param {Room} room
   * @param {Gallery} gallery
   */
  constructor(room, gallery) {
    this.#room = room;
    this.#gallery = gallery;
    this.#button.onclick = () => this.#dialog.showModal();
    this.#ends = [
      room.on("slotted", () => this.#begin()),
      room.on("peerJoined", ({ peer }) => this.#add(peer)),
      room.on("peerLeft", ({ peer }) => this.#remove(peer)),
      room.on("trackPublished", ({ peer, info }) => {
        if (this.#pinned.has(peer.id)) this.#pin(info, true);
      }),
      room.on("trackAdded", ({ peer }) => this.#update(peer)),
      room.on("trackRemoved", ({ peer }) => this.#update(peer)),
      room.on("speakers", () => {
        for (const peer of room.peers.values()) this.#describe(peer);
      }),
    ];
    if (room.slots !== null) this.#begin();
  }

  /** Whether its list is in front of all else. */
  get isOpen() {
    return this.#dialog.open;
  }

  close() {
    for (const end of this.#ends) end();
    this.#dialog.close();
    this.#button.hidden = true;
    this.#list.replaceChildren();
  }

  #begin() {
    this.#gallery.becomeCrowded();
    for (const peer of this.#room.peers.values()) this.#add(peer);
  }

  /** @param {Peer} peer */
  #add(peer) {
    if (this.#room.slots === null) return;
    const entry = clone("person-template");
    const name = nameWords(peer.name);
    part(entry, ".person-name", HTMLElement).textContent = name;
    const pin = part(entry, ".person-pin", HTMLButtonElement);
    pin.ariaLabel = pin.title = `Pin ${name}`;
    pin.onclick = () => this.#togglePin(peer);
    entry.dataset.peerId = peer.id;
    this.#entries.get(peer.id)?.remove();
    this.#entries.set(peer.id, entry);
    this.#list.append(entry);
    this.#update(peer);
  }

  /** @param {Peer} peer */
  #remove({ id }) {
    this.#pinned.delete(id);
    this.#entries.get(id)?.remove();
    this.#entries.delete(id);
    this.#count();
  }

  /** @param {Peer} peer */
  #togglePin(peer) {
    const pinned = !this.#pinned.has(peer.id);
    if (pinned) this.#pinned.add(peer.id);
    else this.#pinned.delete(peer.id);
    for (const track of peer.tracks.values()) this.#pin(track, pinned);
    this.#update(peer);
  }

  /**
   * @param {RemoteTrack} track
   * @param {boolean} pinned
   */
  #pin({ id, kind }, pinned) {
    if (kind === "video") this.#room.setQuality(id, pinned ? { pinned } : {});
  }

  /** @param {Peer} peer */
  #update(peer) {
    const entry = this.#entries.get(peer.id);
    if (entry === undefined) return;
    const pinned = this.#pinned.has(peer.id);
    this.#describe(peer);
    part(entry, ".person-pin", HTMLButtonElement).ariaPressed = String(pinned);
    this.#gallery.setPin(peer.id, pinned, () => this.#togglePin(peer));
    this.#count();
  }

  #count() {
    if (this.#room.slots === null) return;
    const hidden = [...this.#room.peers.values()].filter((peer) => !isShown(peer)).length;
    this.#button.textContent = hiddenWords(hidden);
    this.#button.ariaLabel = `People, ${hiddenWords(hidden).toLowerCase()}`;
    this.#button.hidden = false;
  }

  /**
   * Says in the list who speaks and who is not shown, in words as well as by colour.
   * @param {Peer} peer
   */
  #describe(peer) {
    const entry = this.#entries.get(peer.id);
    if (entry === undefined) return;
    const shown = isShown(peer);
    entry.dataset.shown = String(shown);
    entry.dataset.speaking = String(peer.speaking);
    part(entry, ".person-state", HTMLElement).textContent = personWords(peer.speaking, shown);
  }
}

/** @param {Peer} peer */
function isShown({ tracks }) {
  return [...tracks.values()].some(({ kind, track }) => kind === "video" && track !== null);
}
