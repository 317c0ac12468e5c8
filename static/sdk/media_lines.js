// @ts-check
/** @import { Kind, TrackInfo } from "./types.js" */
/** @import { Publication } from "./publication.js" */
import { SwitchboardError } from "./error.js";

/**
 * @typedef {object} ReceiveLine
 * @property {RTCRtpTransceiver} transceiver
 * @property {string | null} trackId null while the line is parked
 * @property {boolean} started whether the track was told to arrive
 */

/**
 * @typedef {object} SendLine
 * @property {RTCRtpTransceiver} transceiver
 * @property {Publication | null} publication null while the line is parked
 */

/** What a line that has no track yet is narrowed to. */
const PARKED_CODEC = { audio: "audio/opus", video: "video/vp8" };

/** What a publication ends by where the server has not said why. */
const NOT_TAKEN = new SwitchboardError("not-taken", "the server does not take the track");

/**
 * Which m-line carries which track. Callers say at any time what they want; m-lines change only in `prepare`, just before
 * an offer, so an answer always speaks of the assignment that was offered. A line whose track ended is parked `inactive`,
 * and once the server has answered that it is used again before a new one is added: there are never more lines than there
 * were tracks at the peak (P27).
 */
export class MediaLines {
  #connection;
  #codecs;
  /** Remote tracks that should arrive. @type {Map<string, TrackInfo>} */
  #wanted = new Map();
  /** @type {Set<Publication>} */
  #publications = new Set();
  /** By MID. @type {Map<string, SwitchboardError>} */
  #problems = new Map();
  /** @type {ReceiveLine[]} */
  #receiveLines = [];
  /** @type {SendLine[]} */
  #sendLines = [];

  /**
   * @param {RTCPeerConnection} connection
   * @param {string[] | undefined} codecs MIME types to receive and no others; undefined: those that tracks come in
   */
  constructor(connection, codecs) {
    this.#connection = connection;
    this.#codecs = codecs;
  }

  /** @param {TrackInfo} info */
  receive(info) {
    this.#wanted.set(info.id, info);
  }

  /** @param {string} trackId */
  release(trackId) {
    this.#wanted.delete(trackId);
  }

  /** @param {Publication} publication */
  publish(publication) {
    this.#publications.add(publication);
  }

  /**
   * Parks and assigns m-lines.
   * @returns {Promise<boolean>} whether all that is wanted has its line; else a line is just being parked: offer again
   */
  async prepare() {
    this.#park();
    let complete = true;
    const assigned = new Set(this.#receiveLines.map(({ trackId }) => trackId));
    for (const [trackId, info] of this.#wanted) {
      if (!assigned.has(trackId) && !this.#assignReceiver(info)) complete = false;
    }
    for (const publication of this.#publications) {
      if (publication.transceiver === null && !await this.#assignSender(publication)) complete = false;
    }
    // A client with nothing to carry connects too: the server lets one go that never does, and the first track finds an
    // open way.
    if (this.#receiveLines.length + this.#sendLines.length === 0) this.#addReceiveLine("audio", null);
    return complete;
  }

  #park() {
    for (const line of this.#receiveLines) {
      if (line.trackId === null || this.#wanted.has(line.trackId)) continue;
      line.trackId = null;
      line.started = false;
      line.transceiver.direction = "inactive";
    }
    for (const line of this.#sendLines) {
      if (!line.publication?.ended) continue;
      line.publication.transceiver = null;
      line.publication = null;
      line.transceiver.direction = "inactive";
    }
    for (const publication of this.#publications) {
      if (publication.ended) this.#publications.delete(publication);
    }
  }

  /**
   * @param {TrackInfo} info
   * @returns {boolean}
   */
  #assignReceiver(info) {
    const { kind, id: trackId } = info;
    const parked = this.#receiveLines.filter((line) => line.trackId === null && kindOf(line) === kind);
    const line = parked.find(isFree);
    if (line !== undefined) {
      line.trackId = trackId;
      line.transceiver.direction = "recvonly";
      narrow(line.transceiver, kind, this.#codecs ?? [info.codec]);
    } else if (parked.length === 0) this.#addReceiveLine(kind, info);
    return line !== undefined || parked.length === 0;
  }

  /**
   * @param {Kind} kind
   * @param {TrackInfo | null} info null for a parked line
   */
  #addReceiveLine(kind, info) {
    const direction = info === null ? "inactive" : "recvonly";
    const transceiver = this.#connection.addTransceiver(kind, { direction });
    narrow(transceiver, kind, this.#codecs ?? [info?.codec ?? PARKED_CODEC[kind]]);
    this.#receiveLines.push({ transceiver, trackId: info?.id ?? null, started: false });
  }

  /**
   * @param {Publication} publication
   * @returns {Promise<boolean>}
   */
  async #assignSender(publication) {
    const parked = this.#sendLines.filter((line) =>
      line.publication === null && kindOf(line) === publication.track.kind
    );
    const line = parked.find(isFree);
    if (line !== undefined) await reuse(line, publication);
    else if (parked.length === 0) this.#sendLines.push(this.#addSendLine(publication));
    return line !== undefined || parked.length === 0;
  }

  /**
   * @param {Publication} publication
   * @returns {SendLine}
   */
  #addSendLine(publication) {
    const { track, stream, maxBitrate } = publication;
    const sendEncodings = [maxBitrate === undefined ? {} : { maxBitrate }];
    const transceiver = this.#connection.addTransceiver(track, {
      direction: "sendonly",
      streams: [stream],
      sendEncodings,
    });
    publication.transceiver = transceiver;
    return { transceiver, publication };
  }

  /** The offer's `tracks`: which m-line takes which track, and what the published ones are. */
  describe() {
    const tracks = [];
    for (const { transceiver, trackId } of this.#receiveLines) {
      if (trackId !== null) tracks.push({ mid: transceiver.mid, trackId });
    }
    for (const { transceiver, publication } of this.#sendLines) {
      if (publication !== null) tracks.push({ mid: transceiver.mid, source: publication.source });
    }
    return tracks;
  }

  /**
   * The tracks that arrive since the last answer, each told once.
   * @returns {{ trackId: string, receiver: RTCRtpReceiver }[]}
   */
  takeStarted() {
    const started = [];
    for (const line of this.#receiveLines) {
      const { transceiver, trackId } = line;
      if (trackId === null || !this.#starts(line)) continue;
      line.started = true;
      started.push({ trackId, receiver: transceiver.receiver });
    }
    return started;
  }

  /** Whether `takeStarted` would give any. */
  get startsAny() {
    return this.#receiveLines.some((line) => this.#starts(line));
  }

  /** @param {ReceiveLine} line */
  #starts({ transceiver, trackId, started }) {
    return trackId !== null && !started && this.#wanted.has(trackId) && transceiver.currentDirection === "recvonly";
  }

  /**
   * Why the server takes an m-line of the offer that it answers next no further.
   * @param {string} mid
   * @param {SwitchboardError} error
   */
  handleProblem(mid, error) {
    this.#problems.set(mid, error);
  }

  /**
   * Accepts or ends what the last offer published.
   * @returns {boolean} whether any ended, so that its line is to be parked
   */
  settlePublications() {
    let ended = false;
    for (const publication of this.#pending()) {
      if (publication.transceiver?.currentDirection === "sendonly") publication.accept();
      else publication.end(this.#problems.get(publication.transceiver?.mid ?? "") ?? NOT_TAKEN);
      ended ||= publication.ended;
    }
    this.#problems.clear();
    return ended;
  }

  /**
   * Ends what the refused offer published.
   * @param {SwitchboardError} error
   * @returns {boolean} whether there was any
   */
  refusePublications(error) {
    this.#problems.clear();
    const pending = this.#pending();
    for (const publication of pending) publication.end(error);
    return pending.length > 0;
  }

  /** @param {SwitchboardError} error */
  close(error) {
    for (const publication of this.#publications) publication.end(error);
  }

  /** Publications that are in the offer and not answered. */
  #pending() {
    return [...this.#publications].filter(({ transceiver, settled }) => transceiver !== null && !settled);
  }
}

/** @param {{ transceiver: RTCRtpTransceiver }} line */
function kindOf({ transceiver }) {
  return transceiver.receiver.track.kind;
}

/**
 * Whether the server knows that the line is parked. Were it used again at once, an m-line would change its track without
 * ever having been inactive, and the server would take the new track for the old one.
 * @param {{ transceiver: RTCRtpTransceiver }} line
 */
function isFree({ transceiver }) {
  return transceiver.currentDirection === null || transceiver.currentDirection === "inactive";
}

/**
 * Sends another publication on a parked line.
 * @param {SendLine} line
 * @param {Publication} publication
 */
async function reuse(line, publication) {
  const { transceiver } = line;
  line.publication = publication;
  publication.transceiver = transceiver;
  transceiver.direction = "sendonly";
  transceiver.sender.setStreams(publication.stream);
  await transceiver.sender.replaceTrack(publication.track);
  const parameters = transceiver.sender.getParameters();
  for (const encoding of parameters.encodings) {
    if (publication.maxBitrate === undefined) delete encoding.maxBitrate;
    else encoding.maxBitrate = publication.maxBitrate;
  }
  await transceiver.sender.setParameters(parameters);
}

/**
 * Narrows an m-line to the wanted codecs and RTX: the offer is then a third as large. Where the browser has none of them
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
  if (preferred.length > 0) transceiver.setCodecPreferences([...preferred, ...named("video/rtx")]);
}
