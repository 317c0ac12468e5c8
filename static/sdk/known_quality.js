// @ts-check
/** @import { Quality } from "./types.js" */

/** What this client gets, as the server has told it message by message: each has the tracks that have changed (P91). */
export class KnownQuality {
  /** @type {Quality | null} */
  #all = null;

  /** Null before the first message. */
  get all() {
    return this.#all;
  }

  /**
   * @param {Quality} changes
   * @returns {Quality} all that is known by now
   */
  update(changes) {
    const tracks = new Map([...this.#all?.tracks ?? [], ...changes.tracks].map((track) => [track.trackId, track]));
    return this.#all = { ...changes, tracks: [...tracks.values()] };
  }

  /** It arrives no more, and is told anew where it comes back. @param {string} trackId */
  forget(trackId) {
    this.#keep((track) => track.trackId !== trackId);
  }

  /** Messages may have been lost: all tracks are told anew. */
  resume() {
    this.#keep(() => false);
  }

  /** @param {(track: import("./types.js").TrackQuality) => boolean} isKept */
  #keep(isKept) {
    if (this.#all !== null) this.#all = { ...this.#all, tracks: this.#all.tracks.filter(isKept) };
  }
}
