// @ts-check
import { clone, part } from "./dom.js";
import { initials, nameWords } from "./words.js";

/**
 * @typedef {object} TileOptions
 * @property {string} peerId
 * @property {string} name
 * @property {boolean} [self]
 * @property {"camera" | "screen"} [source]
 */

/** One person, or one shared screen: picture or initials, sound, name. */
export class Tile {
  /** @readonly */
  element = clone("tile-template");
  #video = part(this.element, ".tile-video", HTMLVideoElement);
  #audio = part(this.element, ".tile-audio", HTMLAudioElement);
  #badge = part(this.element, ".tile-muted", SVGElement);
  #pin = part(this.element, ".tile-pin", HTMLButtonElement);
  #paused = part(this.element, ".tile-paused", HTMLElement);
  #soundBlocked;

  /**
   * @param {TileOptions} options
   * @param {() => void} soundBlocked called where the browser plays no sound before the user has clicked
   */
  constructor({ peerId, name, self = false, source = "camera" }, soundBlocked) {
    this.#soundBlocked = soundBlocked;
    const label = labelOf(name, self, source);
    Object.assign(this.element.dataset, { peerId, source, self: String(self), video: "off", speaking: "false" });
    this.element.ariaLabel = label;
    part(this.element, ".tile-name", HTMLElement).textContent = label;
    this.#pin.ariaLabel = this.#pin.title = `Pin ${label}`;
    const avatar = part(this.element, ".avatar", HTMLElement);
    avatar.textContent = initials(name);
    avatar.style.setProperty("--hue", String(hueOf(peerId)));
    // Sound is the audio element's: a video element without sound may always play.
    this.#video.muted = true;
    this.#video.addEventListener("loadeddata", () => {
      this.element.dataset.video = "on";
    });
  }

  get hasVideo() {
    return this.#video.srcObject !== null;
  }

  /**
   * Offers to pin it, or shows that it is pinned.
   * @param {boolean} pinned
   * @param {() => void} toggle
   */
  setPin(pinned, toggle) {
    this.#pin.hidden = false;
    this.#pin.ariaPressed = String(pinned);
    this.#pin.onclick = toggle;
  }

  /** @param {MediaStreamTrack | null} track */
  setVideo(track) {
    this.element.dataset.video = "off";
    this.setPaused(false);
    this.#video.srcObject = track && new MediaStream([track]);
  }

  /** What shows the picture. */
  get video() {
    return this.#video;
  }

  /** @param {boolean} paused */
  setPaused(paused) {
    this.#paused.hidden = !paused;
  }

  /** @param {MediaStreamTrack | null} track */
  setAudio(track) {
    this.#audio.srcObject = track && new MediaStream([track]);
    if (track !== null) this.playSound();
  }

  async playSound() {
    if (this.#audio.srcObject === null) return;
    try {
      await this.#audio.play();
    } catch (error) {
      // Anything else means that the track was taken away meanwhile.
      if (error instanceof DOMException && error.name === "NotAllowedError") this.#soundBlocked();
    }
  }

  /** @param {boolean} active */
  setSpeaking(active) {
    this.element.dataset.speaking = String(active);
    // No live region: whoever listens to the call hears who speaks, and to the tile when it is asked for.
    this.element.ariaDescription = active ? "speaking" : null;
  }

  /** @param {boolean} muted */
  setMuted(muted) {
    this.#badge.toggleAttribute("hidden", !muted);
  }

  remove() {
    this.setVideo(null);
    this.setAudio(null);
    this.element.remove();
  }
}

/**
 * @param {string} name
 * @param {boolean} self
 * @param {"camera" | "screen"} source
 */
function labelOf(name, self, source) {
  if (source === "screen") return self ? "Your screen" : `${nameWords(name)}: screen`;
  return self ? `${nameWords(name)} (you)` : nameWords(name);
}

/**
 * A colour for an avatar, always the same for one peer.
 * @param {string} text
 * @returns {number} degrees
 */
function hueOf(text) {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (hash * 31 + text.charCodeAt(i)) % 65521;
  // The golden angle: ids that differ little have colours that differ much.
  return Math.round(hash * 137.5) % 360;
}
