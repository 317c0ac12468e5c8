// @ts-check
/** @import { Quality, Room, TrackQuality } from "../switchboard.js" */
import { clone, find, part, setToggle } from "./dom.js";
import { connectionWords, givenWords, nameWords, sentWords, wantedWords, watchedWords } from "./words.js";

const POLL_MS = 1_000;

/**
 * One encoding of an own track, as the browser counts it.
 * @typedef {object} SentEncoding
 * @property {string} rid empty where there is no simulcast
 * @property {number} [width]
 * @property {number} [height]
 * @property {number} [fps]
 * @property {number} bitsPerSecond
 */

/**
 * What an encoding had sent when the browser counted it, and what it sent until then.
 * @typedef {{ bytes: number, atMs: number, encoding: SentEncoding | null }} Count
 */

/** What this client gets of each track and why, and what it sends, in words and numbers: shown and hidden by a button. */
export class Stats {
  #room;
  #name;
  #panel = find("stats", HTMLElement);
  #summary = find("stats-summary", HTMLElement);
  #list = find("stats-list", HTMLElement);
  #button = find("stats-button", HTMLButtonElement);
  /** By the id of the browser's report. @type {Map<string, Count>} */
  #counted = new Map();
  #timer = 0;
  #end;

  /**
   * @param {Room} room
   * @param {string} name this client's own
   */
  constructor(room, name) {
    this.#room = room;
    this.#name = name;
    this.#end = room.on("quality", () => this.#show());
    this.#setOpen(false);
  }

  toggle() {
    this.#setOpen(this.#panel.hidden !== false);
  }

  close() {
    this.#end();
    this.#setOpen(false);
  }

  /** @param {boolean} open */
  #setOpen(open) {
    this.#panel.hidden = !open;
    setToggle(this.#button, { pressed: open, off: false });
    clearInterval(this.#timer);
    if (!open) return this.#list.replaceChildren();
    this.#timer = setInterval(() => this.#show(), POLL_MS);
    this.#show();
  }

  async #show() {
    if (this.#panel.hidden) return;
    const own = await this.#ownEncodings();
    if (this.#panel.hidden) return;
    const { quality } = this.#room;
    this.#summary.textContent = connectionWords(quality);
    this.#list.replaceChildren(...this.#received(quality), ...this.#sent(own));
  }

  /** @param {Quality | null} quality */
  #received(quality) {
    const entries = [];
    for (const peer of this.#room.peers.values()) {
      for (const { id, kind, source } of peer.tracks.values()) {
        const track = quality?.tracks.find(({ trackId }) => trackId === id);
        if (kind !== "video" || track === undefined) continue;
        const title = source === "screen" ? `${nameWords(peer.name)}: screen` : nameWords(peer.name);
        entries.push(entryOf(title, receivedLines(track)));
      }
    }
    return entries;
  }

  /** @param {SentEncoding[]} encodings of the own camera and screen */
  #sent(encodings) {
    const videos = [...this.#room.localTracks].filter(({ track }) => track.kind === "video");
    if (videos.length === 0) return [];
    const lines = encodings.map(sentWords);
    for (const { source, activeLayers } of videos) {
      if (activeLayers === null) continue;
      lines.push(watchedWords(source, activeLayers));
    }
    return [entryOf(`${nameWords(this.#name)} (you), sent`, lines)];
  }

  /** @returns {Promise<SentEncoding[]>} what is sent at present */
  async #ownEncodings() {
    /** @type {Map<string, Count>} */
    const counted = new Map();
    for (const report of (await this.#room.getStats()).values()) {
      if (report.type !== "outbound-rtp" || report.kind !== "video") continue;
      counted.set(report.id, countOf(report, this.#counted.get(report.id)));
    }
    this.#counted = counted;
    const encodings = [...counted.values()].flatMap(({ encoding }) => encoding ?? []);
    return encodings.sort((a, b) => (a.width ?? 0) - (b.width ?? 0));
  }
}

/**
 * @param {RTCOutboundRtpStreamStats & { rid?: string }} report
 * @param {Count} [before]
 * @returns {Count}
 */
function countOf(report, before) {
  const { bytesSent: bytes = 0, timestamp: atMs } = report;
  if (before === undefined) return { bytes, atMs, encoding: null };
  // A browser that is asked again at once gives the same report.
  if (atMs <= before.atMs) return before;
  const encoding = {
    rid: report.rid ?? "",
    width: report.frameWidth,
    height: report.frameHeight,
    fps: report.framesPerSecond,
    bitsPerSecond: 8000 * (bytes - before.bytes) / (atMs - before.atMs),
  };
  return { bytes, atMs, encoding };
}

/** @param {TrackQuality} track */
function receivedLines(track) {
  return [givenWords(track), wantedWords(track.wanted), `Why: ${track.reason}`];
}

/**
 * @param {string} title
 * @param {string[]} lines
 */
function entryOf(title, lines) {
  const entry = clone("stats-template");
  part(entry, ".stats-title", HTMLElement).textContent = title;
  for (const line of lines) {
    const item = document.createElement("p");
    item.textContent = line;
    entry.append(item);
  }
  return entry;
}
