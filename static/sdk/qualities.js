// @ts-check
/** @import { WantedQuality } from "./types.js" */
import { ElementView } from "./element_view.js";

/** Changes are gathered for so long: a window that is resized changes with each of its frames (P93). */
const GATHER_MS = 200;
/** Of all that one window shows: 25 a second are half of what a client may send in the long run (P4). */
const MESSAGE_MS = 40;
/** Half of what a client may send at once (P4). */
const MESSAGES_AT_ONCE = 100;
/** As the protocol has it. */
const MAX_PIXELS = 16_384;
/** What the server was told where that may be lost: no JSON. */
const UNKNOWN = "";

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
  /** Until then nothing more is told. */
  #pausedUntilMs = 0;

  /** @param {(message: object) => void} send */
  constructor(send) {
    this.#send = send;
  }

  /**
   * @param {string} trackId
   * @returns {boolean} whether the application has said what it wants of the track
   */
  hasSaid(trackId) {
    return this.#said.has(trackId);
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
    const views = this.#views.get(trackId);
    for (const view of views ?? []) view.close();
    // Whoever ends one of them later ends nothing.
    views?.clear();
    for (const map of [this.#said, this.#views, this.#told]) map.delete(trackId);
    this.#changed.delete(trackId);
  }

  /** There is another WebSocket: what was sent by the one before may be lost. */
  resume() {
    for (const trackId of this.#told.keys()) {
      this.#told.set(trackId, UNKNOWN);
      this.#note(trackId);
    }
  }

  close() {
    clearTimeout(this.#timer);
    for (const trackId of [...this.#said.keys(), ...this.#views.keys()]) this.forget(trackId);
  }

  /** @param {string} trackId */
  #note(trackId) {
    this.#changed.add(trackId);
    if (this.#timer === 0) this.#wait();
  }

  #wait() {
    this.#timer = setTimeout(() => this.#tell(), Math.max(GATHER_MS, this.#pausedUntilMs - performance.now()));
  }

  #tell() {
    this.#timer = 0;
    let count = 0;
    for (const trackId of this.#changed) {
      if (count === MESSAGES_AT_ONCE) break;
      this.#changed.delete(trackId);
      const wanted = { ...this.#shown(trackId), ...this.#said.get(trackId) };
      const text = JSON.stringify(wanted);
      // All is what the server gives by itself.
      if (text === (this.#told.get(trackId) ?? "{}")) continue;
      this.#told.set(trackId, text);
      this.#send({ type: "setQuality", trackId, ...wanted });
      count++;
    }
    this.#pausedUntilMs = performance.now() + count * MESSAGE_MS;
    if (this.#changed.size > 0) this.#wait();
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
