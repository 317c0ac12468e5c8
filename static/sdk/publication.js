// @ts-check
/** @import { PublishOptions, Source } from "./types.js" */
import { SwitchboardError } from "./error.js";
import { changeEncodings, encodingsOf, shapeOf } from "./simulcast.js";

/** A local track on its way to the server: what the transport knows of it. */
export class Publication {
  /** Set while an m-line carries it. @type {RTCRtpTransceiver | null} */
  transceiver = null;
  ended = false;
  /** Whether the server has answered it. */
  settled = false;
  /** Whether whoever runs the server has nothing of it forwarded. */
  mutedByServer = false;
  /** RIDs of the simulcast encodings that anybody receives; null where the server has not said. @type {string[] | null} */
  activeLayers = null;
  /** Parameters of a sender are changed one after the other. @type {Promise<void>} */
  #changing = Promise.resolve();
  /** @type {PromiseWithResolvers<void>} */
  #accepted = Promise.withResolvers();
  #options;

  /**
   * @param {MediaStreamTrack} track
   * @param {Source} source
   * @param {MediaStream} stream
   * @param {PublishOptions} options
   */
  constructor(track, source, stream, options) {
    this.track = track;
    this.source = source;
    this.stream = stream;
    this.encodings = encodingsOf(track, source, options);
    /** Whether sound goes as RED (RFC 2198). */
    this.redundancy = options.redundancy ?? false;
    this.#options = options;
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
    this.#changeEncodings();
  }

  /**
   * Sends another track of the same kind, with its own limits where it would have as many encodings as the one before.
   * @param {MediaStreamTrack} track
   */
  async replace(track) {
    this.track = track;
    const encodings = encodingsOf(track, this.source, this.#options);
    if (this.transceiver === null || shapeOf(encodings) === shapeOf(this.encodings)) this.encodings = encodings;
    const { transceiver } = this;
    try {
      await transceiver?.sender.replaceTrack(track);
    } catch (error) {
      // Another m-line carries it by now, and the new track with it.
      if (transceiver === this.transceiver) throw error;
    }
    await this.#changeEncodings();
  }

  #changeEncodings() {
    this.#changing = this.#changing.then(async () => {
      const sender = this.transceiver?.sender;
      if (sender === undefined || this.ended) return;
      try {
        await changeEncodings(sender, this.encodings, this.activeLayers);
      } catch (error) {
        // They stay as they are until the server says the next time what is received: until then an encoding may be sent
        // in vain, or be missing, for which subscribers get another one.
        if (!(error instanceof DOMException)) throw error;
      }
    });
    return this.#changing;
  }

  /**
   * Its m-line is lost, and another one is to carry it.
   * @returns {boolean} whether the server had answered it, and is to do so again; else whoever waits goes on waiting
   */
  renew() {
    const isAgain = this.settled;
    this.transceiver = this.activeLayers = null;
    this.mutedByServer = false;
    this.encodings = encodingsOf(this.track, this.source, this.#options);
    this.settled = false;
    if (isAgain) this.#accepted = Promise.withResolvers();
    return isAgain;
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

  /** Whether whoever runs the server has nothing of it forwarded to anybody. */
  get mutedByServer() {
    return this.#publication.mutedByServer;
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
    await this.#publication.replace(track);
  }

  /** Ends the publication: the others are told. The track itself goes on. */
  unpublish() {
    return this.#unpublish();
  }
}
