// @ts-check
/** @import { SendEncoding, Source } from "./types.js" */
import { SwitchboardError } from "./error.js";

/** A local track on its way to the server: what the transport knows of it. */
export class Publication {
  /** Set while an m-line carries it. @type {RTCRtpTransceiver | null} */
  transceiver = null;
  ended = false;
  /** Whether the server has answered it. */
  settled = false;
  /** RIDs of the simulcast encodings that anybody receives; null where the server has not said. @type {string[] | null} */
  activeLayers = null;
  /** Parameters of a sender are changed one after the other. @type {Promise<void>} */
  #changing = Promise.resolve();
  /** @type {PromiseWithResolvers<void>} */
  #accepted = Promise.withResolvers();

  /**
   * @param {MediaStreamTrack} track
   * @param {Source} source
   * @param {MediaStream} stream
   * @param {SendEncoding[]} encodings
   * @param {boolean} [redundancy] sound goes as RED (RFC 2198)
   */
  constructor(track, source, stream, encodings, redundancy = false) {
    this.track = track;
    this.source = source;
    this.stream = stream;
    this.encodings = encodings;
    this.redundancy = redundancy;
  }

  /** Resolves when the server takes the track, rejects with a SwitchboardError when it does not. */
  get accepted() {
    return this.#accepted.promise;
  }

  accept() {
    this.settled = true;
    this.#accepted.resolve();
  }

  /**
   * Has the encoder make these of its simulcast encodings, by RID, and no others.
   * @param {string[]} active
   */
  setActiveLayers(active) {
    this.activeLayers = active;
    this.#changing = this.#changing.then(() => this.#applyLayers());
  }

  async #applyLayers() {
    const sender = this.transceiver?.sender;
    if (sender === undefined || this.activeLayers === null || this.ended) return;
    const parameters = sender.getParameters();
    for (const encoding of parameters.encodings) {
      if (encoding.rid) encoding.active = this.activeLayers.includes(encoding.rid);
    }
    try {
      await sender.setParameters(parameters);
    } catch (error) {
      // Whatever changed them meanwhile, or ended the track, leaves all encodings on: it costs bits and no picture.
      if (!(error instanceof DOMException)) throw error;
    }
  }

  /** @param {SwitchboardError} reason for whoever still waits to be accepted */
  end(reason) {
    this.settled = true;
    this.ended = true;
    this.#accepted.reject(reason);
  }
}

/** A published track. Made by `room.publish`. */
export class LocalTrack {
  #publication;
  #unpublish;

  /**
   * @param {Publication} publication
   * @param {() => Promise<void>} unpublish
   */
  constructor(publication, unpublish) {
    this.#publication = publication;
    this.#unpublish = unpublish;
  }

  get track() {
    return this.#publication.track;
  }

  get source() {
    return this.#publication.source;
  }

  /** RIDs of its simulcast encodings that anybody receives; null where there is no simulcast, or nobody has said. */
  get activeLayers() {
    return this.#publication.activeLayers;
  }

  get muted() {
    return !this.track.enabled;
  }

  /** Sends silence or black instead. The device stays open. */
  mute() {
    this.track.enabled = false;
  }

  unmute() {
    this.track.enabled = true;
  }

  /**
   * Sends another track of the same kind under the same id, muted if this one is.
   * @param {MediaStreamTrack} track
   * @throws {SwitchboardError} `unpublished`
   */
  async replace(track) {
    if (this.#publication.ended) throw new SwitchboardError("unpublished", "the track is not published any more");
    track.enabled = this.track.enabled;
    this.#publication.track = track;
    await this.#publication.transceiver?.sender.replaceTrack(track);
  }

  /** Ends the publication: the others are told. The track itself goes on. */
  unpublish() {
    return this.#unpublish();
  }
}
