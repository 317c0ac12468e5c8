// @ts-check
/** @import { Source } from "./types.js" */
import { SwitchboardError } from "./error.js";

/** A local track on its way to the server: what the transport knows of it. */
export class Publication {
  /** Set while an m-line carries it. @type {RTCRtpTransceiver | null} */
  transceiver = null;
  ended = false;
  /** Whether the server has answered it. */
  settled = false;
  /** @type {PromiseWithResolvers<void>} */
  #accepted = Promise.withResolvers();

  /**
   * @param {MediaStreamTrack} track
   * @param {Source} source
   * @param {MediaStream} stream
   * @param {number | undefined} maxBitrate bit/s
   * @param {boolean} [redundancy] sound goes as RED (RFC 2198)
   */
  constructor(track, source, stream, maxBitrate, redundancy = false) {
    this.track = track;
    this.source = source;
    this.stream = stream;
    this.maxBitrate = maxBitrate;
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
