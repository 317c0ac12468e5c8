// @ts-check
/** @import { Peer, PeerInfo, RemotePeersSink, RemoteTrack, TrackInfo, Welcome } from "./types.js" */
import { newStreams, streamOf } from "./sources.js";

/** Everyone else in the room, what they publish, and which of it arrives. */
export class RemotePeers {
  #sink;
  /** @type {Map<string, Peer>} */
  #peers = new Map();

  /** @param {RemotePeersSink} sink */
  constructor(sink) {
    this.#sink = sink;
  }

  /** By id. @returns {ReadonlyMap<string, Peer>} */
  get all() {
    return this.#peers;
  }

  /**
   * @param {PeerInfo} info
   * @returns {Peer}
   */
  add({ id, name = "", identity }) {
    /** @type {Peer} */
    const peer = { id, name, identity, speaking: false, tracks: new Map(), streams: newStreams() };
    this.#peers.set(id, peer);
    return peer;
  }

  /** @param {string} peerId of one that has left */
  remove(peerId) {
    const peer = this.#peers.get(peerId);
    if (peer === undefined) return;
    for (const trackId of [...peer.tracks.keys()]) this.removeTrack(peerId, trackId);
    this.#peers.delete(peerId);
    this.#sink.left(peer);
  }

  /**
   * @param {string} peerId
   * @param {TrackInfo} info
   */
  addTrack(peerId, info) {
    const peer = this.#peers.get(peerId);
    if (peer === undefined) return;
    const track = { muted: false, ...info, track: null };
    peer.tracks.set(info.id, track);
    this.#sink.published(peer, track);
  }

  /**
   * @param {string} peerId
   * @param {string} trackId
   * @param {boolean} muted
   */
  muteTrack(peerId, trackId, muted) {
    const peer = this.#peers.get(peerId);
    const info = peer?.tracks.get(trackId);
    if (peer === undefined || info === undefined || info.muted === muted) return;
    info.muted = muted;
    this.#sink.muted(peer, info);
  }

  /**
   * @param {string} peerId
   * @param {string} trackId
   */
  removeTrack(peerId, trackId) {
    const peer = this.#peers.get(peerId);
    const info = peer?.tracks.get(trackId);
    if (peer === undefined || info === undefined) return;
    peer.tracks.delete(trackId);
    this.#sink.unpublished(trackId);
    this.#hide(peer, info);
  }

  /**
   * What happened while the WebSocket was away is what the welcome has and this room has not, and the other way round.
   * @param {Welcome} welcome
   */
  reconcile({ peers }) {
    const present = new Map(peers.map(({ id, tracks }) => [id, new Set(tracks.map(({ id }) => id))]));
    for (const { id, tracks: known } of [...this.#peers.values()]) {
      const tracks = present.get(id);
      if (tracks === undefined) this.remove(id);
      else for (const trackId of [...known.keys()]) if (!tracks.has(trackId)) this.removeTrack(id, trackId);
    }
    for (const { tracks, ...info } of peers) {
      const known = this.#peers.get(info.id);
      const peer = known ?? this.add(info);
      if (known === undefined) this.#sink.joined(peer);
      for (const track of tracks) {
        if (peer.tracks.has(track.id)) this.muteTrack(info.id, track.id, track.muted ?? false);
        else this.addTrack(info.id, track);
      }
    }
  }

  /**
   * A track arrives.
   * @param {string} trackId
   * @param {MediaStreamTrack} track
   */
  show(trackId, track) {
    const peer = this.#ownerOf(trackId);
    const info = peer?.tracks.get(trackId);
    if (peer === undefined || info === undefined) return;
    const stream = peer.streams[streamOf(info.source)];
    info.track = track;
    stream.addTrack(track);
    this.#sink.added({ peer, track, stream, info });
  }

  /** A track goes on and arrives no more. @param {string} trackId */
  hide(trackId) {
    const peer = this.#ownerOf(trackId);
    const info = peer?.tracks.get(trackId);
    if (peer !== undefined && info !== undefined) this.#hide(peer, info);
  }

  /**
   * @param {Peer} peer
   * @param {RemoteTrack} info
   */
  #hide(peer, info) {
    const { track } = info;
    if (track === null) return;
    const stream = peer.streams[streamOf(info.source)];
    stream.removeTrack(track);
    info.track = null;
    this.#sink.removed({ peer, track, stream, info });
  }

  /** @param {string} trackId */
  #ownerOf(trackId) {
    return [...this.#peers.values()].find(({ tracks }) => tracks.has(trackId));
  }
}
