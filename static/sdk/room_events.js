// @ts-check
/** @import { RoomEvents } from "./types.js" */

/** Tells whoever has subscribed of what happens in a room. */
export class EventHub {
  #target = new EventTarget();

  /**
   * @template {keyof RoomEvents} K
   * @param {K} name
   * @param {(event: RoomEvents[K]) => void} handler
   * @returns {() => void} ends the subscription
   */
  on(name, handler) {
    /** @param {Event} event */
    const listener = (event) => handler(/** @type {CustomEvent<RoomEvents[K]>} */ (event).detail);
    this.#target.addEventListener(name, listener);
    return () => this.#target.removeEventListener(name, listener);
  }

  /**
   * @template {keyof RoomEvents} K
   * @param {K} name
   * @param {RoomEvents[K]} detail
   */
  emit(name, detail) {
    this.#target.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
