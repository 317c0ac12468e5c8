// @ts-check
/** @import { Kind, SlotFilling, SlotOptions, TrackInfo } from "./types.js" */
import { isFree, kindOf } from "./lines.js";

/**
 * @typedef {object} ReceiveLine
 * @property {RTCRtpTransceiver} transceiver
 * @property {string | null} trackId null while the line is parked, and while a slot is empty
 * @property {boolean} started whether the track was told to arrive
 * @property {boolean} slot whether the server says which track it carries
 */

/** What a line that has no track yet is narrowed to. */
const PARKED_CODEC = { audio: "audio/opus", video: "video/vp8" };

/** With more videos than that a screen is full, and each join would cost everyone else an offer. */
const DEFAULT_SLOTS = { video: 25, audio: 8, beyond: 25 };
/** @type {readonly Kind[]} */
const KINDS = ["audio", "video"];

/**
 * The m-lines that receive. In a small room each track has its own. In a large one the server says which tracks arrive, by
 * slots (P98): lines that stay as they are, whoever comes and goes. Those that carry tracks already become slots.
 */
export class ReceiveLines {
  #connection;
  #codecs;
  #slots;
  #slotted = false;
  /** What the lines of the slots are narrowed to. @type {Record<Kind, string[]>} */
  #slotCodecs = { audio: [], video: [] };
  /** Remote tracks that should arrive. @type {Map<string, TrackInfo>} */
  #wanted = new Map();
  /** @type {ReceiveLine[]} */
  #lines = [];
  /** Tracks that arrive no more, since it was asked last. @type {string[]} */
  #stopped = [];

  /**
   * @param {RTCPeerConnection} connection
   * @param {string[] | undefined} codecs MIME types to receive and no others; undefined: those that tracks come in
   * @param {SlotOptions | undefined} slots
   */
  constructor(connection, codecs, slots) {
    this.#connection = connection;
    this.#codecs = codecs;
    this.#slots = { ...DEFAULT_SLOTS, ...(slots && { beyond: -1, ...slots }) };
  }

  /** How many slots there are of each kind; null while this client says itself what it receives. */
  get slots() {
    return this.#slotted ? { video: this.#slots.video, audio: this.#slots.audio } : null;
  }

  get isEmpty() {
    return this.#lines.length === 0;
  }

  /**
   * @param {TrackInfo} info
   * @returns {boolean} whether an offer is to tell so
   */
  receive(info) {
    this.#wanted.set(info.id, info);
    return !this.#isSlotted(info.kind) || !this.#isInSlotCodecs(info);
  }

  /**
   * @param {string} trackId
   * @returns {boolean} whether an offer is to tell so
   */
  release(trackId) {
    this.#wanted.delete(trackId);
    const line = this.#lines.find((line) => line.trackId === trackId);
    if (line === undefined) return !this.#slotted;
    if (!line.slot) return true;
    empty(line);
    return false;
  }

  /**
   * The server has put these tracks into slots.
   * @param {SlotFilling[]} fillings
   */
  fill(fillings) {
    for (const { mid, trackId = null } of fillings) {
      const line = this.#lines.find(({ slot, transceiver }) => slot && transceiver.mid === mid);
      if (line === undefined || line.trackId === trackId) continue;
      this.#stop(line);
      line.trackId = trackId;
    }
  }

  /** The connection is lost: nothing arrives any more. */
  lose() {
    for (const line of this.#lines) this.#stop(line);
  }

  /**
   * Wants what other lines wanted, in slots or not.
   * @param {ReceiveLines} lost
   */
  takeOver(lost) {
    this.#wanted = new Map(lost.#wanted);
    this.#slotted = lost.#slotted;
  }

  /**
   * Parks and assigns m-lines, just before an offer.
   * @returns {boolean} whether all that is wanted has its line; else a line is just being parked
   */
  prepare() {
    this.#slotted ||= this.#infosOf("video").length > this.#slots.beyond;
    for (const kind of KINDS) if (this.#isSlotted(kind)) this.#prepareSlots(kind);
    this.#park();
    let complete = true;
    const assigned = new Set(this.#lines.map(({ trackId }) => trackId));
    for (const [trackId, info] of this.#wanted) {
      if (this.#isSlotted(info.kind) || assigned.has(trackId)) continue;
      if (!this.#assign(info)) complete = false;
    }
    return complete;
  }

  /** Adds a line that carries nothing. */
  addParked() {
    this.#add("audio", "inactive", PARKED_CODEC.audio);
  }

  /** For the offer's `tracks`: which m-line takes which track, or is a slot. */
  describe() {
    const tracks = [];
    for (const { transceiver: { mid }, trackId, slot } of this.#lines) {
      if (slot) tracks.push({ mid, slot });
      else if (trackId !== null) tracks.push({ mid, trackId });
    }
    return tracks;
  }

  /**
   * The tracks that arrive no more although they go on, each told once.
   * @returns {string[]}
   */
  takeStopped() {
    return this.#stopped.splice(0);
  }

  /**
   * The tracks that arrive since the last answer or the last filling of slots, each told once.
   * @returns {{ trackId: string, receiver: RTCRtpReceiver }[]}
   */
  takeStarted() {
    const started = [];
    for (const line of this.#lines) {
      const { transceiver, trackId } = line;
      if (trackId === null || !this.#starts(line)) continue;
      line.started = true;
      started.push({ trackId, receiver: transceiver.receiver });
    }
    return started;
  }

  /** Whether `takeStarted` would give any. */
  get startsAny() {
    return this.#lines.some((line) => this.#starts(line));
  }

  /** @param {ReceiveLine} line */
  #starts({ transceiver, trackId, started }) {
    return trackId !== null && !started && this.#wanted.has(trackId) && transceiver.currentDirection === "recvonly";
  }

  /** @param {Kind} kind */
  #infosOf(kind) {
    return [...this.#wanted.values()].filter((info) => info.kind === kind);
  }

  /** @param {Kind} kind */
  #isSlotted(kind) {
    return this.#slotted && this.#slots[kind] > 0;
  }

  /** @param {TrackInfo} info */
  #isInSlotCodecs({ kind, codec }) {
    return this.#codecs !== undefined || this.#slotCodecs[kind].includes(codec);
  }

  /**
   * Has each slot its line, and all of them offer what the tracks of the room come in.
   * @param {Kind} kind
   */
  #prepareSlots(kind) {
    const lines = this.#lines.filter((line) => kindOf(line) === kind);
    const missing = this.#slots[kind] - lines.filter(({ slot }) => slot).length;
    const usable = lines.filter((line) => !line.slot && (line.trackId !== null || isFree(line)));
    for (const line of usable.slice(0, missing)) {
      this.#stop(line);
      line.slot = true;
      line.transceiver.direction = "recvonly";
    }
    for (let i = usable.length; i < missing; i++) this.#add(kind, "recvonly", PARKED_CODEC[kind]).slot = true;
    const found = this.#infosOf(kind).map(({ codec }) => codec);
    const codecs = [...new Set([...this.#slotCodecs[kind], PARKED_CODEC[kind], ...found])];
    if (missing <= 0 && codecs.length === this.#slotCodecs[kind].length) return;
    this.#slotCodecs[kind] = codecs;
    for (const line of this.#lines) {
      if (line.slot && kindOf(line) === kind) narrow(line.transceiver, kind, this.#codecs ?? codecs);
    }
  }

  /** @param {ReceiveLine} line whose track arrives no more */
  #stop(line) {
    if (line.started && line.trackId !== null) this.#stopped.push(line.trackId);
    empty(line);
  }

  #park() {
    for (const line of this.#lines) {
      if (line.trackId === null || line.slot) continue;
      const ended = !this.#wanted.has(line.trackId);
      if (!ended && !this.#isSlotted(kindOf(line))) continue;
      // Of a track that has ended everybody was told.
      if (ended) empty(line);
      else this.#stop(line);
      line.transceiver.direction = "inactive";
    }
  }

  /**
   * @param {TrackInfo} info
   * @returns {boolean}
   */
  #assign(info) {
    const { kind, id: trackId } = info;
    const parked = this.#lines.filter((line) => line.trackId === null && !line.slot && kindOf(line) === kind);
    const line = parked.find(isFree);
    if (line !== undefined) {
      line.trackId = trackId;
      line.transceiver.direction = "recvonly";
      narrow(line.transceiver, kind, this.#codecs ?? [info.codec]);
    } else if (parked.length === 0) this.#add(kind, "recvonly", info.codec).trackId = trackId;
    return line !== undefined || parked.length === 0;
  }

  /**
   * @param {Kind} kind
   * @param {"recvonly" | "inactive"} direction
   * @param {string} codec
   * @returns {ReceiveLine}
   */
  #add(kind, direction, codec) {
    const transceiver = this.#connection.addTransceiver(kind, { direction });
    narrow(transceiver, kind, this.#codecs ?? [codec]);
    const line = { transceiver, trackId: null, started: false, slot: false };
    this.#lines.push(line);
    return line;
  }
}

/** @param {ReceiveLine} line */
function empty(line) {
  line.trackId = null;
  line.started = false;
}

/**
 * Narrows an m-line to the wanted codecs, RTX and RED: the offer is then a third as large. Where the browser has none of them
 * the m-line stays as it is, and the server says what is missing.
 * @param {RTCRtpTransceiver} transceiver
 * @param {Kind} kind
 * @param {string[]} wanted MIME types
 */
function narrow(transceiver, kind, wanted) {
  const codecs = RTCRtpReceiver.getCapabilities(kind)?.codecs ?? [];
  /** @param {string} mimeType */
  const named = (mimeType) => codecs.filter((codec) => codec.mimeType.toLowerCase() === mimeType.toLowerCase());
  const preferred = wanted.flatMap(named);
  if (preferred.length === 0) return;
  transceiver.setCodecPreferences([...preferred, ...named(kind === "video" ? "video/rtx" : "audio/red")]);
}
