// @ts-check
/** @import { Grants, JoinOptions, Peer, PeerInfo, PublishOptions, RemoteTrack, RoomEvents, RoomState, ServerError, ServerMessage, Source, SpeakersMessage, TrackInfo, Welcome } from "./types.js" */
import { SwitchboardError } from "./error.js";
import { watchNetwork } from "./network.js";
import { LocalTrack, Publication } from "./publication.js";
import { ResumingSocket } from "./resuming_socket.js";
import { neededFor, newStreams, streamOf } from "./sources.js";
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
  /** Who speaks, by peer id; this client may be one of them. @type {ReadonlySet<string>} */
  #speaking = new Set();
  /** @type {string | null} */
  #dominantSpeaker = null;
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
      trackStopped: (trackId) => this.#handleTrackStopped(trackId),
      slotted: (slots) => this.#emit("slotted", slots),
      stateChanged: (state) => {
        this.#transportState = state;
        this.#updateState();
      },
      unanswered: () => this.#signaling.renew(),
      error: ({ code, message }) => this.#emit("error", { code, message }),
      failed: ({ code, message }) => this.#end(code, message),
    }, options.slots);
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

  /** Whether this client speaks, as the server hears it. */
  get speaking() {
    return this.#speaking.has(this.#peerId);
  }

  /** The id of the peer, perhaps this client's own, that spoke last above all others; null where nobody has. */
  get dominantSpeaker() {
    return this.#dominantSpeaker;
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
   * @throws {SwitchboardError} `forbidden`, `codec-unsupported`, `closed`, `unpublished` meanwhile, or the server's code for
   * refusing
   */
  async publish(track, options = {}) {
    if (this.#state === "closed") throw new SwitchboardError("closed", "the room is closed");
    const source = options.source ?? (track.kind === "audio" ? "microphone" : "camera");
    if (this.#grants?.publish.includes(neededFor(source)) === false) {
      throw new SwitchboardError("forbidden", `the token does not allow to publish ${source}`);
    }
    const stream = options.stream ?? this.#localStreams[streamOf(source)];
    const publication = new Publication(track, source, stream, options.maxBitrate, options.redundancy);
    /** @type {LocalTrack} */
    const local = new LocalTrack(publication, () => this.#unpublish(local, publication));
    this.#localTracks.add(local);
    try {
      await this.#transport.publish(publication);
    } catch (error) {
      this.#localTracks.delete(local);
      throw error;
    }
    return local;
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

  /**
   * Has a track in a slot whoever speaks, or no longer so. Of several, those that were pinned last come first.
   * @param {string} trackId
   * @param {boolean} pinned
   */
  setPinned(trackId, pinned) {
    this.#signaling.send({ type: "setQuality", trackId, pinned });
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
    return this.#transport.unpublish(publication);
  }

  /** @param {SpeakersMessage} message */
  #handleSpeakers({ dominant, active }) {
    this.#speaking = new Set(active.map(({ peerId }) => peerId));
    this.#dominantSpeaker = dominant ?? null;
    for (const peer of this.#peers.values()) peer.speaking = this.#speaking.has(peer.id);
    this.#emit("speakers", { dominant: this.#dominantSpeaker, active });
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
      case "slots":
        this.#transport.handleSlots(message.slots);
        break;
      case "speakers":
        this.#handleSpeakers(message);
        break;
      case "error":
        this.#handleError(message);
    }
  }

  /** @param {ServerError} error */
  #handleError({ code, message, replyTo, trackId }) {
    // An error about one track comes besides the answer; any other reply refuses the offer (P20).
    const refused = trackId === undefined &&
      this.#transport.handleRefusal(replyTo, new SwitchboardError(code, message));
    if (!refused) this.#emit("error", { code, message, trackId });
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
    const peer = { id, name, identity, speaking: false, tracks: new Map(), streams: newStreams() };
    this.#peers.set(id, peer);
    return peer;
  }

  /** @param {string} peerId */
  #handlePeerLeft(peerId) {
    const peer = this.#peers.get(peerId);
    if (peer === undefined) return;
    for (const trackId of [...peer.tracks.keys()]) this.#removeTrack(peer, trackId);
    this.#peers.delete(peerId);
    peer.speaking = false;
    if (this.#dominantSpeaker === peerId) this.#dominantSpeaker = null;
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
    this.#hideTrack(peer, info);
  }

  /**
   * A track arrives no more.
   * @param {Peer} peer
   * @param {RemoteTrack} info
   */
  #hideTrack(peer, info) {
    const { track } = info;
    if (track === null) return;
    const stream = peer.streams[streamOf(info.source)];
    stream.removeTrack(track);
    info.track = null;
    this.#emit("trackRemoved", { peer, track, stream, info });
  }

  /** @param {string} trackId of a track that goes on, in no slot */
  #handleTrackStopped(trackId) {
    const peer = this.#ownerOf(trackId);
    const info = peer?.tracks.get(trackId);
    if (peer !== undefined && info !== undefined) this.#hideTrack(peer, info);
  }

  /** @param {string} trackId */
  #ownerOf(trackId) {
    return [...this.#peers.values()].find(({ tracks }) => tracks.has(trackId));
  }

  /**
   * @param {string} trackId
   * @param {RTCRtpReceiver} receiver
   */
  #handleTrackStarted(trackId, receiver) {
    const peer = this.#ownerOf(trackId);
    const info = peer?.tracks.get(trackId);
    if (peer === undefined || info === undefined) return;
    const stream = peer.streams[streamOf(info.source)];
    info.track = receiver.track;
    stream.addTrack(receiver.track);
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
