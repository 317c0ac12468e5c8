// @ts-check
/** @import { Source } from "../switchboard.js" */
import { find } from "./dom.js";
import { fitTiles, personAspect } from "./layout.js";
import { Tile } from "./tile.js";

export const GAP = 12;
const MIN_TILE_WIDTH = 132;
const SCREEN_ASPECT = 16 / 9;

/** The tiles of everyone in the room, and on the stage the screens they share. */
export class Gallery {
  /** By peer id, with `screen:` before it for a shared screen. @type {Map<string, Tile>} */
  #tiles = new Map();
  /** Where the picture of a slot is shown, by the id of its MediaStreamTrack: whoever comes into it comes there. */
  #places = new Map();
  /** Whether there are more people than tiles: only those are shown whose picture arrives. */
  #crowded = false;
  #people = find("gallery", HTMLElement);
  #stage = find("stage", HTMLElement);
  #soundBlocked;
  #observer = new ResizeObserver((entries) => {
    for (const { target } of entries) this.#layOut(target === this.#stage ? this.#stage : this.#people);
  });

  /** @param {() => void} soundBlocked */
  constructor(soundBlocked) {
    this.#soundBlocked = soundBlocked;
    this.#observer.observe(this.#people);
    this.#observer.observe(this.#stage);
  }

  /**
   * @param {string} peerId
   * @param {string} name
   * @param {boolean} [self]
   */
  addPerson(peerId, name, self = false) {
    this.#add(peerId, new Tile({ peerId, name, self }, this.#soundBlocked), this.#people);
  }

  /**
   * A person is another peer from now on.
   * @param {string} before
   * @param {string} peerId
   */
  renamePerson(before, peerId) {
    const tile = this.#tiles.get(before);
    if (tile === undefined) return;
    this.#tiles.delete(before);
    this.#tiles.set(peerId, tile);
    tile.element.dataset.peerId = peerId;
  }

  /** @param {string} peerId */
  removePerson(peerId) {
    this.#remove(peerId);
    this.#remove(keyOf(peerId, "screen"));
  }

  /**
   * @param {string} peerId
   * @param {string} name
   * @param {Source} source
   * @param {MediaStreamTrack} track
   */
  showTrack(peerId, name, source, track) {
    const key = keyOf(peerId, source);
    // A screen's sound may come before its picture.
    if (isScreen(source) && !this.#tiles.has(key)) {
      this.#add(key, new Tile({ peerId, name, source: "screen" }, this.#soundBlocked), this.#stage);
    }
    const tile = this.#tiles.get(key);
    if (track.kind === "audio") return tile?.setAudio(track);
    tile?.setVideo(track);
    if (!this.#crowded || tile === undefined) return;
    const place = this.#places.get(track.id) ?? this.#places.size + 1;
    this.#places.set(track.id, place);
    tile.element.style.order = tile.element.dataset.self === "true" ? "0" : String(place);
    this.#showThoseWithPictures();
  }

  /**
   * @param {string} peerId
   * @param {Source} source
   */
  hideTrack(peerId, source) {
    const key = keyOf(peerId, source);
    if (source === "screen") this.#remove(key);
    else if (source === "camera") this.#tiles.get(key)?.setVideo(null);
    else this.#tiles.get(key)?.setAudio(null);
    if (this.#crowded) this.#showThoseWithPictures();
  }

  /** From now on there are more people than tiles. */
  becomeCrowded() {
    this.#crowded = true;
    this.#showThoseWithPictures();
  }

  /**
   * Offers to pin the pictures of a person.
   * @param {string} peerId
   * @param {boolean} pinned
   * @param {() => void} toggle
   */
  setPin(peerId, pinned, toggle) {
    for (const key of [peerId, keyOf(peerId, "screen")]) this.#tiles.get(key)?.setPin(pinned, toggle);
  }

  /** Tiles without a picture stay for their sound, which is played only there. */
  #showThoseWithPictures() {
    for (const { element, hasVideo } of this.#tiles.values()) {
      element.hidden = element.dataset.self === "false" && !hasVideo;
    }
    this.#layOutAll();
  }

  /**
   * What shows the picture of a track.
   * @param {string} peerId
   * @param {Source} source
   */
  videoOf(peerId, source) {
    return this.#tiles.get(keyOf(peerId, source))?.video;
  }

  /**
   * @param {string} peerId
   * @param {Source} source
   * @param {boolean} paused the network has no room for the picture
   */
  setPaused(peerId, source, paused) {
    this.#tiles.get(keyOf(peerId, source))?.setPaused(paused);
  }

  /** @param {ReadonlySet<string>} peerIds of those who speak */
  setSpeaking(peerIds) {
    for (const [key, tile] of this.#tiles) tile.setSpeaking(peerIds.has(key));
  }

  /**
   * @param {string} peerId
   * @param {boolean} muted
   */
  setMuted(peerId, muted) {
    this.#tiles.get(peerId)?.setMuted(muted);
  }

  /** Starts the sound that the browser held back; to be called from a click. */
  playSound() {
    for (const tile of this.#tiles.values()) tile.playSound();
  }

  close() {
    this.#observer.disconnect();
    for (const key of [...this.#tiles.keys()]) this.#remove(key);
  }

  /**
   * @param {string} key
   * @param {Tile} tile
   * @param {HTMLElement} area
   */
  #add(key, tile, area) {
    this.#tiles.get(key)?.remove();
    this.#tiles.set(key, tile);
    area.append(tile.element);
    if (this.#crowded) this.#showThoseWithPictures();
    else this.#layOutAll();
  }

  /** @param {string} key */
  #remove(key) {
    this.#tiles.get(key)?.remove();
    this.#tiles.delete(key);
    this.#layOutAll();
  }

  #layOutAll() {
    this.#stage.hidden = countShown(this.#stage) === 0;
    this.#layOut(this.#stage);
    this.#layOut(this.#people);
  }

  /** @param {HTMLElement} area */
  #layOut(area) {
    const count = countShown(area);
    const { width, height } = contentSize(area);
    if (count === 0 || width <= 0 || height <= 0) return;
    const aspect = area === this.#stage ? SCREEN_ASPECT : personAspect(count, width / height);
    const tileWidth = fitTiles(count, aspect, { width, height, gap: GAP, minWidth: MIN_TILE_WIDTH });
    area.style.setProperty("--tile-gap", `${GAP}px`);
    area.style.setProperty("--tile-width", `${tileWidth}px`);
    area.style.setProperty("--tile-aspect", String(aspect));
  }
}

/** @param {Source} source */
function isScreen(source) {
  return source === "screen" || source === "screenAudio";
}

/**
 * @param {string} peerId
 * @param {Source} source
 */
function keyOf(peerId, source) {
  return isScreen(source) ? `screen:${peerId}` : peerId;
}

/** @param {HTMLElement} area */
function countShown(area) {
  return [...area.children].filter((child) => child instanceof HTMLElement && !child.hidden).length;
}

/** @param {HTMLElement} area */
function contentSize(area) {
  const style = getComputedStyle(area);
  return {
    width: area.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight),
    height: area.clientHeight - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom),
  };
}
