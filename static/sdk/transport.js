// @ts-check
/** @import { Answer, RoomState, SlotFilling, SlotOptions, TrackInfo, TransportSink } from "./types.js" */
/** @import { Publication } from "./publication.js" */
import { SwitchboardError } from "./error.js";
import { MediaLines } from "./media_lines.js";

/** How long track events are gathered before one offer serves them all. */
const GATHER_MS = 100;
const ANSWER_TIMEOUT_MS = 15_000;
/** In a call an offer that is not answered for so long is the first sign of a WebSocket that is dead. */
const REPEAT_MS = 5_000;
/** The same, where media is lost as well: most likely the network is another one. */
const LOST_REPEAT_MS = 2_000;
/** ICE often mends a short interruption by itself; after this long it is restarted. */
const DISCONNECTED_MS = 3_000;
const RESTART_INTERVAL_MS = 5_000;
/** The server lets a silent peer go after 30 s (P15): more attempts would find nobody. */
const MAX_RESTARTS = 6;
/**
 * Firefox (153, and before) looks for the tracks to keep in sync when it applies an answer, but only then learns of their
 * streams: sound and picture are in sync from the next answer on, at which the decoders begin anew.
 */
const SYNCS_AT_NEXT_ANSWER = navigator.userAgent.includes("Firefox/");

/** The RTCPeerConnection and its offers, of which one is in flight at most. */
export class Transport {
  #sink;
  #connection;
  #lines;
  #offers = 0;
  /** The id of the offer in flight. @type {string | null} */
  #offerId = null;
  /** The offer in flight, from when it is made until its answer comes. @type {object | null} */
  #unanswered = null;
  /** Whether the offer in flight was not answered once already. */
  #repeated = false;
  /** Whether there is no way to the server: what is due waits for it. */
  #away = false;
  /** Whether the next offer restarts ICE. */
  #restartsIce = false;
  /** Whether anything has changed that no offer tells yet. */
  #changed = false;
  /** Whether slots were told of. */
  #slotted = false;
  #connectedOnce = false;
  #restarts = 0;
  #closed = false;
  #gatherTimer = 0;
  #answerTimer = 0;
  #recoveryTimer = 0;

  /**
   * @param {RTCIceServer[]} iceServers
   * @param {string[] | undefined} codecs MIME types to receive and no others; undefined: those that tracks come in
   * @param {TransportSink} sink
   * @param {SlotOptions} [slots]
   */
  constructor(iceServers, codecs, sink, slots) {
    this.#sink = sink;
    this.#connection = new RTCPeerConnection({ iceServers, bundlePolicy: "max-bundle" });
    this.#lines = new MediaLines(this.#connection, codecs, slots);
    this.#connection.onconnectionstatechange = () => this.#handleConnectionState();
    this.#connection.onicecandidate = ({ candidate }) => {
      if (candidate !== null) sink.send({ type: "iceCandidate", candidate: candidate.toJSON() });
    };
  }

  /** @param {TrackInfo} info */
  receive(info) {
    if (this.#lines.receive(info)) this.#negotiate();
  }

  /** @param {string} trackId */
  release(trackId) {
    if (this.#lines.release(trackId)) this.#negotiate();
  }

  /** How many slots there are of each kind; null while this client says itself what it receives. */
  get slots() {
    return this.#lines.slots;
  }

  /** @param {SlotFilling[]} fillings */
  handleSlots(fillings) {
    if (this.#closed) return;
    this.#lines.fill(fillings);
    this.#tellTracks();
  }

  #tellTracks() {
    for (const trackId of this.#lines.takeStopped()) this.#sink.trackStopped(trackId);
    for (const { trackId, receiver } of this.#lines.takeStarted()) this.#sink.trackStarted(trackId, receiver);
  }

  /**
   * @param {Publication} publication
   * @returns {Promise<void>} resolves when the server takes it
   */
  publish(publication) {
    this.#lines.publish(publication);
    this.#negotiate();
    return publication.accepted;
  }

  /** @param {Publication} publication */
  async unpublish(publication) {
    if (publication.ended) return;
    // Also while another connection is made, which would publish it again.
    publication.end(new SwitchboardError("unpublished", "the track was unpublished"));
    if (this.#closed) return;
    this.#negotiate();
    await publication.transceiver?.sender.replaceTrack(null);
  }

  /**
   * @param {string} mid
   * @param {string[]} active
   * @returns {Publication | null} what was published there, which makes these of its encodings and no others from now on
   */
  setActiveLayers(mid, active) {
    const publication = this.#lines.publicationOn(mid);
    publication?.setActiveLayers(active);
    return publication;
  }

  /**
   * @param {string} mid of an m-line that publishes
   * @param {boolean} muted
   * @returns {Publication | undefined} what it publishes; undefined where that is no news, as it may be told again
   */
  setMuted(mid, muted) {
    const publication = this.#lines.publicationOn(mid);
    if (!publication || publication.mutedByServer === muted) return undefined;
    publication.mutedByServer = muted;
    return publication;
  }

  getStats() {
    return this.#connection.getStats();
  }

  /** The first offer, which needs no gathering: all that is in the room is known. */
  start() {
    clearTimeout(this.#gatherTimer);
    this.#gatherTimer = 0;
    this.#negotiate(0);
  }

  /** Something changed: an offer follows, after the one in flight. */
  #negotiate(delayMs = GATHER_MS) {
    this.#changed = true;
    if (this.#closed || this.#away || this.#offerId !== null || this.#gatherTimer !== 0) return;
    this.#gatherTimer = setTimeout(() => {
      this.#gatherTimer = 0;
      if (!this.#away) this.#offer();
    }, delayMs);
  }

  async #offer() {
    const id = String(++this.#offers);
    this.#offerId = id;
    this.#changed = false;
    try {
      if (!await this.#lines.prepare()) this.#changed = true;
      if (this.#restartsIce) this.#connection.restartIce();
      this.#restartsIce = false;
      await this.#connection.setLocalDescription();
    } catch (cause) {
      this.handleRefusal(id, new SwitchboardError("offer-failed", "the browser could not make an offer", { cause }));
      return;
    }
    if (this.#closed) return;
    this.#tellTracks();
    const { slots } = this.#lines;
    if (slots !== null && !this.#slotted) {
      this.#slotted = true;
      this.#sink.slotted(slots);
    }
    const sdp = this.#connection.localDescription?.sdp;
    this.#unanswered = { type: "offer", id, sdp, tracks: this.#lines.describe() };
    this.#repeated = false;
    if (!this.#away) this.#sendOffer(this.#unanswered);
  }

  /** @param {object} offer */
  #sendOffer(offer) {
    this.#sink.send(offer);
    if (this.#repeated || !this.#connectedOnce) return this.#awaitAnswer();
    this.#answerTimer = setTimeout(() => {
      this.#repeated = true;
      // Where there is no other WebSocket to be had nobody sends the offer again.
      this.#awaitAnswer();
      this.#sink.unanswered();
    }, this.#state() === "connected" ? REPEAT_MS : LOST_REPEAT_MS);
  }

  #awaitAnswer() {
    this.#answerTimer = setTimeout(() => {
      this.#sink.failed(new SwitchboardError("server-gone", "the server did not answer"));
    }, ANSWER_TIMEOUT_MS);
  }

  /** The signaling is lost. Media goes on as long as its own connection does. */
  suspend() {
    this.#away = true;
    clearTimeout(this.#answerTimer);
    clearTimeout(this.#recoveryTimer);
  }

  /**
   * There is signaling again: the offer that was not answered is repeated (P68), and what waited is offered.
   * @param {RTCIceServer[]} [iceServers] by credentials that last longer, for the next restart of ICE
   */
  resume(iceServers) {
    // Whoever was told what had happened meanwhile may have left on it.
    if (this.#closed) return;
    this.#away = false;
    if (iceServers) this.#connection.setConfiguration({ ...this.#connection.getConfiguration(), iceServers });
    if (this.#unanswered !== null) this.#sendOffer(this.#unanswered);
    this.#restarts = 0;
    const { connectionState } = this.#connection;
    if (connectionState === "disconnected" || connectionState === "failed") this.#recover(0);
    if (this.#changed) this.#negotiate();
  }

  /** The network may be another one: a way for media is sought there, while it goes on by the one that there is. */
  restart() {
    this.#restartsIce = true;
    this.#negotiate(0);
  }

  /** @param {Answer} answer */
  async handleAnswer({ id, sdp }) {
    if (id === undefined || id !== this.#offerId || this.#unanswered === null) return;
    clearTimeout(this.#answerTimer);
    this.#unanswered = null;
    try {
      await this.#apply({ type: "answer", sdp });
    } catch (cause) {
      this.handleRefusal(id, new SwitchboardError("bad-answer", "the browser could not use the answer", { cause }));
      return;
    }
    if (this.#closed) return;
    this.#tellTracks();
    if (this.#lines.settlePublications()) this.#changed = true;
    this.#offerDone();
  }

  /** @param {{ type: "answer", sdp: string }} answer */
  async #apply(answer) {
    await this.#connection.setRemoteDescription(answer);
    if (!SYNCS_AT_NEXT_ANSWER || !this.#lines.startsAny) return;
    await this.#connection.setLocalDescription();
    await this.#connection.setRemoteDescription(answer);
  }

  /**
   * The answer to come leaves an m-line of the offer in flight out.
   * @param {string} mid
   * @param {SwitchboardError} error
   */
  handleProblem(mid, error) {
    this.#lines.handleProblem(mid, error);
  }

  /**
   * The offer in flight came to nothing: what it published is refused, what it asked for waits for the next offer.
   * @param {string | undefined} replyTo
   * @param {SwitchboardError} error
   * @returns {boolean} whether the error is about the offer in flight
   */
  handleRefusal(replyTo, error) {
    if (this.#closed || replyTo === undefined || replyTo !== this.#offerId) return false;
    clearTimeout(this.#answerTimer);
    this.#unanswered = null;
    // Without what was refused the rest may pass; without anything to leave out, the same offer would fail again.
    if (this.#lines.refusePublications(error)) this.#changed = true;
    this.#sink.error(error);
    this.#rollBack();
    return true;
  }

  async #rollBack() {
    try {
      const pending = this.#connection.signalingState === "have-local-offer";
      if (pending) await this.#connection.setLocalDescription({ type: "rollback" });
    } catch (cause) {
      if (!this.#closed) {
        this.#sink.failed(new SwitchboardError("offer-failed", "the offer cannot be undone", { cause }));
      }
      return;
    }
    this.#offerDone();
  }

  #offerDone() {
    this.#offerId = null;
    if (this.#changed) this.#negotiate();
  }

  /** @param {RTCIceCandidateInit} candidate */
  async handleCandidate(candidate) {
    try {
      await this.#connection.addIceCandidate(candidate);
    } catch (cause) {
      if (this.#closed) return;
      this.#sink.error(
        new SwitchboardError("bad-candidate", "the browser refused a candidate of the server", { cause }),
      );
    }
  }

  #handleConnectionState() {
    const state = this.#connection.connectionState;
    if (state === "connected") {
      this.#connectedOnce = true;
      this.#restarts = 0;
      clearTimeout(this.#recoveryTimer);
    }
    if (state === "disconnected") this.#recover(DISCONNECTED_MS);
    if (state === "failed") this.#recover(0);
    this.#reportState();
  }

  /**
   * Restarts ICE after the delay, and again until it connects or the server has let this client go.
   * @param {number} delayMs
   */
  #recover(delayMs) {
    clearTimeout(this.#recoveryTimer);
    if (this.#away) return;
    this.#recoveryTimer = setTimeout(() => {
      if (this.#restarts === MAX_RESTARTS) {
        this.#sink.failed(new SwitchboardError("transport-failed", "no media connection to the server could be made"));
        return;
      }
      this.#restarts++;
      this.restart();
      this.#recover(RESTART_INTERVAL_MS);
    }, delayMs);
  }

  #reportState() {
    if (!this.#closed) this.#sink.stateChanged(this.#state());
  }

  /** @returns {RoomState} */
  #state() {
    if (this.#connection.connectionState === "connected") return "connected";
    return this.#connectedOnce ? "reconnecting" : "connecting";
  }

  /** Nothing of the connection is left at the server (P111): it ends, and what came by it arrives no more. */
  lose() {
    this.#disconnect();
    this.#lines.lose();
    this.#tellTracks();
  }

  /**
   * Publishes and receives, over a connection of its own, what a transport did that has lost its own.
   * @param {Transport} lost
   * @returns {Publication[]} those that the server had answered, and is to answer again
   */
  takeOver(lost) {
    this.#connectedOnce = lost.#connectedOnce;
    this.#slotted = lost.#slotted;
    this.#reportState();
    return this.#lines.takeOver(lost.#lines);
  }

  #disconnect() {
    this.#closed = true;
    clearTimeout(this.#gatherTimer);
    clearTimeout(this.#answerTimer);
    clearTimeout(this.#recoveryTimer);
    this.#connection.onconnectionstatechange = this.#connection.onicecandidate = null;
    this.#connection.close();
  }

  close() {
    this.#disconnect();
    this.#lines.close(new SwitchboardError("closed", "the room was closed"));
  }
}
