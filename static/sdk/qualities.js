// @ts-check
/** @import { WantedQuality } from "./types.js" */
import { ElementView } from "./element_view.js";

/** Changes are gathered for so long: a window that is resized changes with each of its frames (P93). */
const GATHER_MS = 200;
/** As the protocol has it. */
const MAX_PIXELS = 16_384;

/** What this client wants of remote tracks: what the application says, and what the elements show that it names. */
export class Qualities {
  #send;
  /** Of the application. @type {Map<string, WantedQuality>} */
  #said = new Map();
  /** @type {Map<string, Set<ElementView>>} */
  #views = new Map();
  /** What the server was told, as JSON. @type {Map<string, string>} */
  #told = new Map();
  /** Of which the server may have to be told. @type {Set<string>} */
  #changed = new Set();
  #timer = 0;

  /** @param {(message: object) => void} send */
  constructor(send) {
    this.#send = send;
  }

  /**
   * @param {string} trackId
   * @param {WantedQuality} wanted in place of what was said before
   */
  say(trackId, wanted) {
    this.#said.set(trackId, wanted);
    this.#note(trackId);
  }

  /**
   * @param {string} trackId
   * @param {HTMLElement} element
   * @returns {() => void} ends it
   */
  observe(trackId, element) {
    const views = this.#views.get(trackId) ?? new Set();
    this.#views.set(trackId, views);
    const view = new ElementView(element, () => this.#note(trackId));
    views.add(view);
    this.#note(trackId);
    return () => {
      view.close();
      if (!views.delete(view)) return;
      if (views.size === 0 && this.#views.get(trackId) === views) this.#views.delete(trackId);
      this.#note(trackId);
    };
  }

  /** The track is over. @param {string} trackId */
  forget(trackId) {
    for (const view of this.#views.get(trackId) ?? []) view.close();
    for (const map of [this.#said, this.#views, this.#told]) map.delete(trackId);
    this.#changed.delete(trackId);
  }

  /** There is another WebSocket: what was sent by the one before may be lost. */
  resume() {
    this.#told.clear();
    for (const trackId of [...this.#said.keys(), ...this.#views.keys()]) this.#note(trackId);
  }

  close() {
    clearTimeout(this.#timer);
    for (const trackId of [...this.#said.keys(), ...this.#views.keys()]) this.forget(trackId);
  }

  /** @param {string} trackId */
  #note(trackId) {
    this.#changed.add(trackId);
    if (this.#timer === 0) this.#timer = setTimeout(() => this.#tell(), GATHER_MS);
  }

  #tell() {
    this.#timer = 0;
    for (const trackId of this.#changed) {
      const wanted = { ...this.#shown(trackId), ...this.#said.get(trackId) };
      const text = JSON.stringify(wanted);
      // All is what the server gives by itself.
      if (text === (this.#told.get(trackId) ?? "{}")) continue;
      this.#told.set(trackId, text);
      this.#send({ type: "setQuality", trackId, ...wanted });
    }
    this.#changed.clear();
  }

  /**
   * What the largest of the elements in sight takes; nothing where none is named.
   * @param {string} trackId
   * @returns {WantedQuality}
   */
  #shown(trackId) {
    const views = this.#views.get(trackId);
    if (views === undefined) return {};
    const sizes = [...views].filter(({ visible }) => visible).map(({ size }) => size);
    const width = Math.min(MAX_PIXELS, Math.max(0, ...sizes.map((size) => size.width)));
    const height = Math.min(MAX_PIXELS, Math.max(0, ...sizes.map((size) => size.height)));
    return width > 0 && height > 0 ? { width, height } : { off: true };
  }
}
