// @ts-check
/** @import { LocalTrack } from "./publication.js" */
/** @import { Grants, JoinOptions, Peer, PublishOptions, RoomEvents, RoomState, Quality, ServerError, ServerMessage, Source, TrackMuted, TransportSink, WantedQuality, Welcome } from "./types.js" */
import { SwitchboardError } from "./error.js";
import { EventHub } from "./room_events.js";
import { KnownQuality } from "./known_quality.js";
import { watchNetwork } from "./network.js";
import { LocalTracks } from "./local_tracks.js";
import { Publication } from "./publication.js";
import { Qualities } from "./qualities.js";
import { RemotePeers } from "./remote_peers.js";
import { ResumingSocket } from "./resuming_socket.js";
import { neededFor, newStreams, streamOf } from "./sources.js";
import { Speakers } from "./speakers.js";
import { Transport } from "./transport.js";

/** A room that this client has joined. Made by `join`. */
export class Room {
  #peers = new RemotePeers({
    joined: (peer) => this.#events.emit("peerJoined", { peer }),
    left: (peer) => {
      this.#speakers.forget(peer);
      this.#events.emit("peerLeft", { peer });
    },
    published: (peer, info) => {
      this.#transport.receive(info);
      this.#events.emit("trackPublished", { peer, info });
    },
    muted: (peer, info) => this.#events.emit("trackMuted", { peer, info }),
    unpublished: (trackId) => {
      this.#transport.release(trackId);
      this.#qualities.forget(trackId);
      this.#quality.forget(trackId);
    },
    added: (event) => this.#events.emit("trackAdded", event),
    removed: (event) => {
      this.#quality.forget(event.info.id);
      this.#events.emit("trackRemoved", event);
    },
  });
  #localTracks = new LocalTracks();
  /** @type {RoomState} */
  #state = "connecting";
  /** @type {RoomState} */
  #transportState = "connecting";
  #localStreams = newStreams();
  #quality = new KnownQuality();
  #qualities = new Qualities((message) => this.#signaling.send(message));
  #events = new EventHub();
  #speakers = new Speakers();
  /** The last one. */
  #welcome;
  #signaling;
  #newTransport;
  #transport;
  #stopWatching;

  /**
   * @param {URL} url of the WebSocket
   * @param {WebSocket} socket that has joined
   * @param {Welcome} welcome
   * @param {JoinOptions} options
   */
  constructor(url, socket, welcome, options) {
    const { roomId, token, name } = options;
    this.#welcome = welcome;
    this.#signaling = new ResumingSocket(socket, welcome, { url, roomId, token, name }, {
      message: (message) => this.#handleMessage(message),
      away: () => {
        this.#transport.suspend();
        this.#updateState();
      },
      resumed: (welcome) => this.#handleResumed(welcome, options.iceServers ? undefined : welcome.iceServers),
      ended: (code, reason) => this.#end(code, reason),
    });
    /** @type {TransportSink} */
    const sink = {
      send: (message) => this.#signaling.send(message),
      trackStarted: (trackId, { track }) => this.#peers.show(trackId, track),
      trackStopped: (trackId) => this.#peers.hide(trackId),
      slotted: (slots) => this.#events.emit("slotted", slots),
      stateChanged: (state) => {
        this.#transportState = state;
        this.#updateState();
      },
      unanswered: () => this.#signaling.renew(),
      error: ({ code, message }) => this.#events.emit("error", { code, message }),
      failed: ({ code, message }) => this.#end(code, message),
    };
    /** @param {Welcome} welcome */
    this.#newTransport = ({ iceServers }) =>
      new Transport(options.iceServers ?? iceServers ?? [], options.codecs, sink, options.slots);
    this.#transport = this.#newTransport(welcome);
    for (const { tracks, ...info } of welcome.peers) {
      this.#peers.add(info);
      for (const track of tracks) this.#peers.addTrack(info.id, track);
    }
    this.#stopWatching = watchNetwork(() => {
      // A peer that never connected would not outlive its WebSocket (P14).
      if (this.#state !== "connecting") this.#signaling.renew();
      this.#transport.restart();
    });
    this.#publishFirst(options);
    this.#transport.start();
  }

  /** This client's own id; another one where it goes on at another server. */
  get peerId() {
    return this.#welcome.peerId;
  }

  /** Who this client is, by its token; undefined where that says nothing. */
  get identity() {
    return this.#welcome.identity;
  }

  /** What this client may do; undefined where no tokens are asked for, and it is all. @returns {Grants | undefined} */
  get grants() {
    return this.#welcome.grants;
  }

  /** Everyone else in the room, by id. @returns {ReadonlyMap<string, Peer>} */
  get peers() {
    return this.#peers.all;
  }

  /** Whether this client speaks, as the server hears it. */
  get speaking() {
    return this.#speakers.has(this.#welcome.peerId);
  }

  /** The id of the peer, perhaps this client's own, that spoke last above all others; null where nobody has. */
  get dominantSpeaker() {
    return this.#speakers.dominant;
  }

  /** What this client publishes. @returns {ReadonlySet<LocalTrack>} */
  get localTracks() {
    return this.#localTracks.all;
  }

  /** What this client got last, and why; null before the server said. */
  get quality() {
    return this.#quality.all;
  }

  /** @returns {RoomState} */
  get state() {
    return this.#state;
  }

  /**
   * @template {keyof RoomEvents} K
   * @param {K} name
   * @param {(event: RoomEvents[K]) => void} handler
   * @returns {() => void} ends the subscription
   */
  on(name, handler) {
    return this.#events.on(name, handler);
  }

  /**
   * Publishes a track; resolves when the server takes it.
   * @param {MediaStreamTrack} track
   * @param {PublishOptions} [options]
   * @returns {Promise<LocalTrack>}
   * @throws {SwitchboardError} `forbidden`, `closed`, `unpublished` meanwhile, or the server's code for refusing it, such as
   * `codec-unsupported` and `too-many-tracks`
   */
  async publish(track, options = {}) {
    if (this.#state === "closed") throw new SwitchboardError("closed", "the room is closed");
    const source = options.source ?? (track.kind === "audio" ? "microphone" : "camera");
    if (this.#welcome.grants?.publish.includes(neededFor(source)) === false) {
      throw new SwitchboardError("forbidden", `the token does not allow to publish ${source}`);
    }
    const stream = options.stream ?? this.#localStreams[streamOf(source)];
    const publication = new Publication(track, source, stream, options);
    const local = this.#localTracks.add(publication, () => this.#transport.unpublish(publication));
    try {
      await this.#transport.publish(publication);
    } catch (error) {
      this.#localTracks.remove(publication);
      throw error;
    }
    return local;
  }

  /**
   * Says what this client wants of a remote track, in place of what it said before. Each field of it goes before what
   * `observe` finds: `off: false` has a track sent that is out of sight.
   * @param {string} trackId
   * @param {WantedQuality} wanted
   */
  setQuality(trackId, wanted) {
    this.#qualities.say(trackId, wanted);
  }

  /**
   * Wants of a remote track what the element shows: its pixels on the display, and nothing while it is out of sight.
   * @param {string} trackId
   * @param {HTMLElement} element of several the largest counts
   * @returns {() => void} ends it; the end of the track does too
   */
  observe(trackId, element) {
    return this.#qualities.observe(trackId, element);
  }

  /** Leaves at once. The local tracks go on: they are the caller's. */
  leave() {
    this.#signaling.send({ type: "leave" });
    this.#end("left", "this client left");
  }

  /** How many slots there are of each kind; null in a room in which every track arrives. */
  get slots() {
    return this.#transport.slots;
  }

  /** The statistics of the connection to the server. */
  getStats() {
    return this.#transport.getStats();
  }

  /** @param {JoinOptions} options */
  #publishFirst({ stream, tracks = [] }) {
    const ofStream = stream?.getTracks().map((track) => ({ track, stream })) ?? [];
    for (const { track, ...options } of [...ofStream, ...tracks]) {
      this.publish(track, options).catch((/** @type {SwitchboardError} */ { code, message }) => {
        // Nobody waits for these, so a refusal is an event; what the caller ended itself is none.
        if (code === "unpublished" || code === "closed") return;
        // Whoever joins listens once `join` has resolved, and a refusal by this client itself comes before.
        setTimeout(() => this.#events.emit("error", { code, message }));
      });
    }
  }

  /** @param {ServerMessage} message */
  #handleMessage(message) {
    switch (message.type) {
      case "answer":
        this.#transport.handleAnswer(message);
        break;
      case "iceCandidate":
        this.#transport.handleCandidate(message.candidate);
        break;
      case "peerJoined":
        this.#events.emit("peerJoined", { peer: this.#peers.add(message.peer) });
        break;
      case "peerLeft":
        this.#peers.remove(message.peerId);
        break;
      case "trackPublished":
        this.#peers.addTrack(message.peerId, message.track);
        break;
      case "trackUnpublished":
        this.#peers.removeTrack(message.peerId, message.trackId);
        break;
      case "trackMuted":
        this.#handleMute(message);
        break;
      case "message":
        this.#events.emit("message", { message: message.message });
        break;
      case "moved":
        this.#events.emit("moved", { roomId: message.roomId });
        break;
      case "slots":
        this.#transport.handleSlots(message.slots);
        break;
      case "speakers":
        this.#speakers.handleMessage(message, this.peers.values());
        this.#events.emit("speakers", { dominant: this.#speakers.dominant, active: message.active });
        break;
      case "quality":
        this.#handleQuality(message);
        break;
      case "layers":
        this.#handleLayers(message.mid, message.active);
        break;
      case "error":
        this.#handleError(message);
    }
  }

  /** @param {{ type: "quality" } & Quality} message */
  #handleQuality({ type: _, ...quality }) {
    this.#events.emit("quality", this.#quality.update(quality));
  }

  /**
   * @param {string} mid
   * @param {string[]} active
   */
  #handleLayers(mid, active) {
    const publication = this.#transport.setActiveLayers(mid, active);
    const track = publication && this.#localTracks.of(publication);
    if (track) this.#events.emit("layers", { track, active });
  }

  /** @param {TrackMuted} message of another peer's track, or by its m-line of one of this client */
  #handleMute({ peerId, trackId, muted, mid }) {
    if (mid === undefined) return this.#peers.muteTrack(peerId, trackId, muted);
    const publication = this.#transport.setMuted(mid, muted);
    const track = publication && this.#localTracks.of(publication);
    if (track) this.#events.emit("muted", { track, muted });
  }

  /** @param {ServerError} error */
  #handleError({ code, message, replyTo, trackId, mid }) {
    // A track may be over before the server hears what its element shows: that is nobody's error. Of what it has asked for
    // itself the application is told.
    if (code === "unknown-track" && trackId !== undefined && !this.#qualities.hasSaid(trackId)) return;
    // An error about one m-line comes before the answer (P20); any other reply refuses the offer.
    const error = new SwitchboardError(code, message);
    if (mid !== undefined) this.#transport.handleProblem(mid, error);
    if (!this.#transport.handleRefusal(replyTo, error)) this.#events.emit("error", { code, message, trackId });
  }

  /**
   * @param {Welcome} welcome
   * @param {RTCIceServer[] | undefined} iceServers undefined where they stay as they are
   */
  #handleResumed(welcome, iceServers) {
    // Where it is another peer now (P117) the one that it was may not have left yet as others hear it.
    const peers = welcome.peers.filter(({ id }) => id !== this.#welcome.peerId);
    this.#welcome = welcome;
    this.#peers.reconcile({ ...welcome, peers });
    // Whoever was told what has changed may have left on it.
    if (this.#state === "closed") return;
    this.#quality.resume();
    if (welcome.media === "new") this.#renewTransport(welcome);
    else this.#transport.resume(iceServers);
    this.#qualities.resume();
    this.#updateState();
  }

  /**
   * Nothing of the media connection is left at the server: another one takes its place (P111).
   * @param {Welcome} welcome
   */
  #renewTransport(welcome) {
    const lost = this.#transport;
    lost.lose();
    // Whoever was told which tracks arrive no more may have left on it.
    if (this.#state === "closed") return;
    this.#transport = this.#newTransport(welcome);
    for (const publication of this.#transport.takeOver(lost)) this.#publishAgain(publication);
    this.#transport.start();
  }

  /** @param {Publication} publication that the server may refuse this time */
  async #publishAgain(publication) {
    try {
      await publication.accepted;
    } catch (error) {
      const { code, message } = /** @type {SwitchboardError} */ (error);
      if (code === "unpublished" || code === "closed") return;
      this.#localTracks.remove(publication);
      this.#events.emit("error", { code, message });
    }
  }

  /**
   * Ends everything, once: no timer, socket or connection outlives the room.
   * @param {string} code
   * @param {string} reason
   */
  #end(code, reason) {
    if (this.#state === "closed") return;
    this.#stopWatching();
    this.#signaling.close();
    this.#qualities.close();
    this.#transport.close();
    this.#setState("closed");
    this.#events.emit("closed", { code, reason });
  }

  /** Without signaling a connected room is not: it hears of nobody, and nobody of it. */
  #updateState() {
    const isLost = this.#signaling.away && this.#transportState === "connected";
    this.#setState(isLost ? "reconnecting" : this.#transportState);
  }

  /** @param {RoomState} state */
  #setState(state) {
    if (this.#state === state || this.#state === "closed") return;
    this.#state = state;
    this.#events.emit("stateChanged", { state });
  }
}
