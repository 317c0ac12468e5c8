// @ts-check
/** @import { SlotFilling, SlotOptions, TrackInfo } from "./types.js" */
/** @import { Publication } from "./publication.js" */
import { SwitchboardError } from "./error.js";
import { isFree, kindOf } from "./lines.js";
import { ReceiveLines } from "./receive_lines.js";
import { addSender, changeEncodings, shapeOf } from "./simulcast.js";

/**
 * @typedef {object} SendLine
 * @property {RTCRtpTransceiver} transceiver
 * @property {Publication | null} publication null while the line is parked
 * @property {string} shape of the encodings that it sends: a browser fixes it with the line
 */

/** What a publication ends by where the server has not said why. */
const NOT_TAKEN = new SwitchboardError("not-taken", "the server does not take the track");

/**
 * Which m-line carries which track. Callers say at any time what they want; m-lines change only in `prepare`, just before
 * an offer, so an answer always speaks of the assignment that was offered. A line whose track ended is parked `inactive`,
 * and once the server has answered that it is used again before a new one is added: of one kind, and of one shape of
 * encodings, there are never more lines than there were tracks at the peak (P27).
 */
export class MediaLines {
  #connection;
  #receiveLines;
  /** @type {Set<Publication>} */
  #publications = new Set();
  /** By MID. @type {Map<string, SwitchboardError>} */
  #problems = new Map();
  /** @type {SendLine[]} */
  #sendLines = [];

  /**
   * @param {RTCPeerConnection} connection
   * @param {string[] | undefined} codecs MIME types to receive and no others; undefined: those that tracks come in
   * @param {SlotOptions} [slots]
   */
  constructor(connection, codecs, slots) {
    this.#connection = connection;
    this.#receiveLines = new ReceiveLines(connection, codecs, slots);
  }

  /** How many slots there are of each kind; null while this client says itself what it receives. */
  get slots() {
    return this.#receiveLines.slots;
  }

  /**
   * @param {TrackInfo} info
   * @returns {boolean} whether an offer is to tell so
   */
  receive(info) {
    return this.#receiveLines.receive(info);
  }

  /**
   * @param {string} trackId
   * @returns {boolean} whether an offer is to tell so
   */
  release(trackId) {
    return this.#receiveLines.release(trackId);
  }

  /**
   * The server has put these tracks into slots.
   * @param {SlotFilling[]} fillings
   */
  fill(fillings) {
    this.#receiveLines.fill(fillings);
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
    let complete = this.#receiveLines.prepare();
    for (const publication of this.#publications) {
      // Lines are assigned one after the other, and a publication may end meanwhile.
      if (publication.transceiver !== null || publication.ended) continue;
      try {
        if (!await this.#assignSender(publication)) complete = false;
      } catch (cause) {
        // Other lines have taken it over meanwhile.
        if (!this.#publications.has(publication)) continue;
        // The others are offered all the same.
        publication.end(new SwitchboardError("offer-failed", "the browser cannot send the track so", { cause }));
      }
    }
    // A client with nothing to carry connects too: the server lets one go that never does, and the first track finds an
    // open way.
    if (this.#receiveLines.isEmpty && this.#sendLines.length === 0) this.#receiveLines.addParked();
    return complete;
  }

  #park() {
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
   * @param {Publication} publication
   * @returns {Promise<boolean>}
   */
  async #assignSender(publication) {
    const shape = shapeOf(publication.encodings);
    const parked = this.#sendLines.filter((line) =>
      line.publication === null && kindOf(line) === publication.track.kind && line.shape === shape
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
    const { track, stream, encodings } = publication;
    const transceiver = addSender(this.#connection, track, stream, encodings);
    publication.transceiver = transceiver;
    preferRed(transceiver, publication);
    return { transceiver, publication, shape: shapeOf(encodings) };
  }

  /**
   * The publication on an m-line.
   * @param {string} mid
   * @returns {Publication | null}
   */
  publicationOn(mid) {
    return this.#sendLines.find(({ transceiver }) => transceiver.mid === mid)?.publication ?? null;
  }

  /** The offer's `tracks`: which m-line takes which track or is a slot, and what the published ones are. */
  describe() {
    /** @type {object[]} */
    const tracks = this.#receiveLines.describe();
    for (const { transceiver, publication } of this.#sendLines) {
      if (publication !== null) tracks.push({ mid: transceiver.mid, source: publication.source });
    }
    return tracks;
  }

  /** The tracks that arrive no more although they go on, each told once. */
  takeStopped() {
    return this.#receiveLines.takeStopped();
  }

  /** The tracks that arrive since the last answer or the last filling of slots, each told once. */
  takeStarted() {
    return this.#receiveLines.takeStarted();
  }

  /** Whether `takeStarted` would give any. */
  get startsAny() {
    return this.#receiveLines.startsAny;
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

  /** The connection is lost: nothing arrives any more. */
  lose() {
    this.#receiveLines.lose();
  }

  /**
   * Publishes and receives what other lines did, which have nothing to carry any more.
   * @param {MediaLines} lost
   * @returns {Publication[]} those that the server had answered, and is to answer again
   */
  takeOver(lost) {
    this.#receiveLines.takeOver(lost.#receiveLines);
    this.#publications = new Set([...lost.#publications].filter(({ ended }) => !ended));
    lost.#publications.clear();
    return [...this.#publications].filter((publication) => publication.renew());
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
  preferRed(transceiver, publication);
  try {
    await transceiver.sender.replaceTrack(publication.track);
    await changeEncodings(transceiver.sender, publication.encodings);
  } catch (error) {
    line.publication = null;
    if (publication.transceiver === transceiver) publication.transceiver = null;
    transceiver.direction = "inactive";
    throw error;
  }
}

/** The m-lines on which RED stands first. @type {WeakSet<RTCRtpTransceiver>} */
const redundantLines = new WeakSet();

/**
 * Puts RED, which a browser sends only where it stands before the codec that it repeats, first or where it was.
 * @param {RTCRtpTransceiver} transceiver
 * @param {Publication} publication
 */
function preferRed(transceiver, { track, redundancy }) {
  // Where nothing changes the order of codecs stays: the application may have one of its own.
  if (track.kind !== "audio" || redundancy === redundantLines.has(transceiver)) return;
  if (redundancy) redundantLines.add(transceiver);
  else redundantLines.delete(transceiver);
  const codecs = redundancy ? RTCRtpSender.getCapabilities("audio")?.codecs ?? [] : [];
  const isRed = ({ mimeType = "" }) => mimeType.toLowerCase() === "audio/red";
  transceiver.setCodecPreferences([...codecs.filter(isRed), ...codecs.filter((codec) => !isRed(codec))]);
}
