// @ts-check
/** @import { Peer, SpeakersMessage } from "./types.js" */

/** Who speaks in a room, as the server has told last. */
export class Speakers {
  /** The id of the peer that spoke last above all others. @type {string | null} */
  dominant = null;
  /** By peer id. @type {ReadonlySet<string>} */
  #active = new Set();

  /** @param {string} peerId */
  has(peerId) {
    return this.#active.has(peerId);
  }

  /**
   * @param {SpeakersMessage} message
   * @param {Iterable<Peer>} peers the others in the room, who are marked
   */
  handleMessage({ dominant, active }, peers) {
    this.dominant = dominant ?? null;
    this.#active = new Set(active.map(({ peerId }) => peerId));
    for (const peer of peers) peer.speaking = this.has(peer.id);
  }

  /** @param {Peer} peer that has left */
  forget(peer) {
    peer.speaking = false;
    if (this.dominant === peer.id) this.dominant = null;
  }
}
