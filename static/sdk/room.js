// @ts-check
/** @import { Grants, JoinOptions, Peer, PeerInfo, PublishOptions, RoomEvents, RoomState, ServerError, ServerMessage, Source, TrackInfo, Welcome } from "./types.js" */
import { SwitchboardError } from "./error.js";
import { Meter } from "./meter.js";
import { watchNetwork } from "./network.js";
import { LocalTrack, Publication } from "./publication.js";
import { ResumingSocket } from "./resuming_socket.js";
import { Transport } from "./transport.js";

/** A room that this client has joined. Made by `join`. */
export class Room {
  /** @type {Map<string, Peer>} */
  #peers = new Map();
  /** @type {Set<LocalTrack>} */
  #localTracks = new Set();
  /** @type {RoomState} */
  #state = "connecting";
  /** @type {RoomState} */
  #transportState = "connecting";
  #localStreams = newStreams();
  #events = new EventTarget();
  #meter = new Meter(() => this.getStats());
  #peerId;
  #identity;
  #grants;
  #signaling;
  #transport;
  #stopWatching;

  /**
   * @param {URL} url of the WebSocket
   * @param {WebSocket} socket that has joined
   * @param {Welcome} welcome
   * @param {JoinOptions} options
   */
  constructor(url, socket, welcome, options) {
    const { roomId, token } = options;
    this.#peerId = welcome.peerId;
    this.#identity = welcome.identity;
    this.#grants = welcome.grants;
    this.#signaling = new ResumingSocket(socket, welcome, { url, roomId, token }, {
      message: (message) => this.#handleMessage(message),
      away: () => {
        this.#transport.suspend();
        this.#updateState();
      },
      resumed: (welcome) => this.#handleResumed(welcome, options.iceServers ? undefined : welcome.iceServers),
      ended: (code, reason) => this.#end(code, reason),
    });
    this.#transport = new Transport(options.iceServers ?? welcome.iceServers ?? [], options.codecs, {
      send: (message) => this.#signaling.send(message),
      trackStarted: (trackId, receiver) => this.#handleTrackStarted(trackId, receiver),
      stateChanged: (state) => {
        this.#transportState = state;
        this.#updateState();
      },
      unanswered: () => this.#signaling.renew(),
      error: ({ code, message }) => this.#emit("error", { code, message }),
      failed: ({ code, message }) => this.#end(code, message),
    });
    for (const { tracks, ...info } of welcome.peers) {
      const peer = this.#addPeer(info);
      for (const track of tracks) this.#addTrack(peer, track);
    }
    this.#stopWatching = watchNetwork(() => {
      // A peer that never connected would not outlive its WebSocket (P14).
      if (this.#state !== "connecting") this.#signaling.renew();
      this.#transport.restart();
    });
    this.#publishFirst(options);
    this.#transport.start();
  }

  /** This client's own id. */
  get peerId() {
    return this.#peerId;
  }

  /** Who this client is, by its token; undefined where that says nothing. */
  get identity() {
    return this.#identity;
  }

  /** What this client may do; undefined where no tokens are asked for, and it is all. @returns {Grants | undefined} */
  get grants() {
    return this.#grants;
  }

  /** Everyone else in the room, by id. @returns {ReadonlyMap<string, Peer>} */
  get peers() {
    return this.#peers;
  }

  /** What this client publishes. @returns {ReadonlySet<LocalTrack>} */
  get localTracks() {
    return this.#localTracks;
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
    /** @param {Event} event */
    const listener = (event) => handler(/** @type {CustomEvent<RoomEvents[K]>} */ (event).detail);
    this.#events.addEventListener(name, listener);
    return () => this.#events.removeEventListener(name, listener);
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
    if (this.#grants?.publish.includes(neededFor(source)) === false) {
      throw new SwitchboardError("forbidden", `the token does not allow to publish ${source}`);
    }
    const stream = options.stream ?? this.#localStreams[streamOf(source)];
    const publication = new Publication(track, source, stream, options.maxBitrate);
    /** @type {LocalTrack} */
    const local = new LocalTrack(publication, () => this.#unpublish(local, publication));
    this.#localTracks.add(local);
    try {
      await this.#transport.publish(publication);
    } catch (error) {
      this.#localTracks.delete(local);
      throw error;
    }
    if (source === "microphone") this.#meterLocal(publication);
    return local;
  }

  /** Leaves at once. The local tracks go on: they are the caller's. */
  leave() {
    this.#signaling.send({ type: "leave" });
    this.#end("left", "this client left");
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
        setTimeout(() => this.#emit("error", { code, message }));
      });
    }
  }

  /**
   * @param {LocalTrack} local
   * @param {Publication} publication
   * @returns {Promise<void>}
   */
  #unpublish(local, publication) {
    this.#localTracks.delete(local);
    if (publication.source === "microphone") this.#meter.remove(this.#peerId);
    return this.#transport.unpublish(publication);
  }

  /** @param {Publication} publication */
  #meterLocal(publication) {
    if (publication.ended) return;
    this.#meter.add(this.#peerId, () => publication.track, (level, active) => {
      this.#emit("speaking", { peer: null, local: true, level, active });
    });
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
        this.#emit("peerJoined", { peer: this.#addPeer(message.peer) });
        break;
      case "peerLeft":
        this.#handlePeerLeft(message.peerId);
        break;
      case "trackPublished":
        this.#addTrack(this.#peers.get(message.peerId), message.track);
        break;
      case "trackUnpublished":
        this.#removeTrack(this.#peers.get(message.peerId), message.trackId);
        break;
      case "error":
        this.#handleError(message);
    }
  }

  /** @param {ServerError} error */
  #handleError({ code, message, replyTo, trackId, mid }) {
    // An error about one m-line comes before the answer (P20); any other reply refuses the offer.
    const error = new SwitchboardError(code, message);
    if (mid !== undefined) this.#transport.handleProblem(mid, error);
    if (!this.#transport.handleRefusal(replyTo, error)) this.#emit("error", { code, message, trackId });
  }

  /**
   * What happened while the WebSocket was away is what the welcome has and this room has not, and the other way round.
   * @param {Welcome} welcome
   * @param {RTCIceServer[] | undefined} iceServers undefined where they stay as they are
   */
  #handleResumed(welcome, iceServers) {
    const present = new Map(welcome.peers.map(({ id, tracks }) => [id, new Set(tracks.map(({ id }) => id))]));
    for (const peer of [...this.#peers.values()]) {
      const tracks = present.get(peer.id);
      if (tracks === undefined) this.#handlePeerLeft(peer.id);
      else for (const id of [...peer.tracks.keys()]) if (!tracks.has(id)) this.#removeTrack(peer, id);
    }
    for (const { tracks, ...info } of welcome.peers) {
      const known = this.#peers.get(info.id);
      const peer = known ?? this.#addPeer(info);
      if (known === undefined) this.#emit("peerJoined", { peer });
      for (const track of tracks) if (!peer.tracks.has(track.id)) this.#addTrack(peer, track);
    }
    this.#transport.resume(iceServers);
    this.#updateState();
  }

  /** @param {PeerInfo} info */
  #addPeer({ id, name = "", identity }) {
    /** @type {Peer} */
    const peer = { id, name, identity, tracks: new Map(), streams: newStreams() };
    this.#peers.set(id, peer);
    return peer;
  }

  /** @param {string} peerId */
  #handlePeerLeft(peerId) {
    const peer = this.#peers.get(peerId);
    if (peer === undefined) return;
    for (const trackId of [...peer.tracks.keys()]) this.#removeTrack(peer, trackId);
    this.#peers.delete(peerId);
    this.#emit("peerLeft", { peer });
  }

  /**
   * @param {Peer | undefined} peer
   * @param {TrackInfo} info
   */
  #addTrack(peer, info) {
    if (peer === undefined) return;
    peer.tracks.set(info.id, { ...info, track: null });
    this.#transport.receive(info);
  }

  /**
   * @param {Peer | undefined} peer
   * @param {string} trackId
   */
  #removeTrack(peer, trackId) {
    const info = peer?.tracks.get(trackId);
    if (peer === undefined || info === undefined) return;
    peer.tracks.delete(trackId);
    this.#transport.release(trackId);
    this.#meter.remove(trackId);
    if (info.track === null) return;
    const stream = peer.streams[streamOf(info.source)];
    stream.removeTrack(info.track);
    this.#emit("trackRemoved", { peer, track: info.track, stream, info });
  }

  /**
   * @param {string} trackId
   * @param {RTCRtpReceiver} receiver
   */
  #handleTrackStarted(trackId, receiver) {
    const peer = [...this.#peers.values()].find(({ tracks }) => tracks.has(trackId));
    const info = peer?.tracks.get(trackId);
    if (peer === undefined || info === undefined) return;
    const stream = peer.streams[streamOf(info.source)];
    info.track = receiver.track;
    stream.addTrack(receiver.track);
    if (info.source === "microphone") {
      this.#meter.add(trackId, () => receiver.track, (level, active) => {
        this.#emit("speaking", { peer, local: false, level, active });
      });
    }
    this.#emit("trackAdded", { peer, track: receiver.track, stream, info });
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
    this.#meter.close();
    this.#transport.close();
    this.#setState("closed");
    this.#emit("closed", { code, reason });
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
    this.#emit("stateChanged", { state });
  }

  /**
   * @template {keyof RoomEvents} K
   * @param {K} name
   * @param {RoomEvents[K]} detail
   */
  #emit(name, detail) {
    this.#events.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

function newStreams() {
  return { camera: new MediaStream(), screen: new MediaStream() };
}

/**
 * What a token must allow for it.
 * @param {Source} source
 * @returns {"audio" | "video" | "screen"}
 */
function neededFor(source) {
  if (source === "microphone") return "audio";
  return source === "camera" ? "video" : "screen";
}

/**
 * @param {Source} source
 * @returns {"camera" | "screen"}
 */
function streamOf(source) {
  return source === "camera" || source === "microphone" ? "camera" : "screen";
}
