// @ts-check
/** @import { Publication } from "./publication.js" */
import { LocalTrack } from "./publication.js";

/** What this client publishes, found by what its transport knows of it. */
export class LocalTracks {
  /** @type {Set<LocalTrack>} */
  #all = new Set();
  /** @type {WeakMap<Publication, LocalTrack>} */
  #byPublication = new WeakMap();

  /** @returns {ReadonlySet<LocalTrack>} */
  get all() {
    return this.#all;
  }

  /**
   * @param {Publication} publication
   * @param {() => Promise<void>} unpublish
   * @returns {LocalTrack}
   */
  add(publication, unpublish) {
    const local = new LocalTrack(publication, () => {
      this.remove(publication);
      return unpublish();
    });
    this.#all.add(local);
    this.#byPublication.set(publication, local);
    return local;
  }

  /** @param {Publication} publication */
  remove(publication) {
    const local = this.of(publication);
    if (local !== undefined) this.#all.delete(local);
  }

  /** @param {Publication} publication */
  of(publication) {
    return this.#byPublication.get(publication);
  }
}
