// @ts-check
/** @import { Peer, Room, RoomEvent, RoomSummary, Status } from "./types.js" */
import { EventStreamReader } from "./event_stream.js";

/** Peers of a room that are asked for at once. */
const PEERS_PAGE = 1000;
const ROOMS_PAGE = 1000;

/** The server refused, or could not be asked: then the status is 0. */
export class ApiError extends Error {
  /**
   * @param {number} status
   * @param {string} code
   * @param {string} detail
   */
  constructor(status, code, detail) {
    super(detail);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
  }

  /** Whether the token is of no use. */
  get isAboutToken() {
    return this.status === 401 || this.status === 403;
  }
}

/** The admin API of the server that the page is from, by one token. */
export class Api {
  #token;

  /** @param {string} token */
  constructor(token) {
    this.#token = token;
  }

  /** @returns {Promise<Status>} */
  status() {
    return this.#json("GET", "status");
  }

  /** @returns {Promise<{ rooms: RoomSummary[], next?: string }>} the first of them, by their names */
  rooms() {
    return this.#json("GET", `rooms?limit=${ROOMS_PAGE}`);
  }

  /**
   * @param {string} room
   * @returns {Promise<Room>}
   */
  room(room) {
    return this.#json("GET", `${roomPath(room)}?limit=${PEERS_PAGE}`);
  }

  /**
   * @param {string} room
   * @param {string} peer
   * @returns {Promise<Peer>}
   */
  peer(room, peer) {
    return this.#json("GET", peerPath(room, peer));
  }

  /**
   * @param {string} room
   * @param {string} peer
   */
  async kick(room, peer) {
    await this.#ask("DELETE", peerPath(room, peer));
  }

  /** @param {string} room */
  async end(room) {
    await this.#ask("DELETE", roomPath(room));
  }

  /**
   * @param {string} room
   * @param {string} peer
   * @param {string} track
   * @param {boolean} muted
   */
  async mute(room, peer, track, muted) {
    await this.#ask("PUT", `${peerPath(room, peer)}/tracks/${encodeURIComponent(track)}/muted`, { muted });
  }

  /**
   * @param {string | undefined} room undefined for all rooms
   * @param {unknown} message
   */
  async message(room, message) {
    await this.#ask("POST", `${room === undefined ? "" : `${roomPath(room)}/`}messages`, { message });
  }

  /** @param {number} seconds */
  async drain(seconds) {
    await this.#ask("POST", "drain", { seconds });
  }

  /**
   * @param {string} room
   * @param {string} peer
   * @param {number} seconds
   * @returns {Promise<Blob>} a pcapng file
   */
  async capture(room, peer, seconds) {
    const response = await this.#ask("POST", `${peerPath(room, peer)}/capture`, { seconds });
    return await response.blob().catch(broken);
  }

  /**
   * Tells of what happens in rooms, until the server ends that or `signal` does.
   * @param {(event: RoomEvent) => void} tell
   * @param {AbortSignal} signal
   */
  async listen(tell, signal) {
    const response = await this.#ask("GET", "events", undefined, signal);
    const reader = new EventStreamReader();
    const pieces = /** @type {ReadableStream<Uint8Array<ArrayBuffer>>} */ (response.body);
    for await (const text of pieces.pipeThrough(new TextDecoderStream())) reader.read(text).forEach(tell);
  }

  /**
   * @param {string} method
   * @param {string} path
   */
  async #json(method, path) {
    return await (await this.#ask(method, path)).json().catch(broken);
  }

  /**
   * @param {string} method
   * @param {string} path below /api/
   * @param {unknown} [body]
   * @param {AbortSignal} [signal]
   */
  async #ask(method, path, body, signal) {
    const response = await fetch(new URL(`/api/${path}`, location.href), {
      method,
      headers: {
        Authorization: `Bearer ${this.#token}`,
        ...(body !== undefined && { "Content-Type": "application/json" }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    }).catch((error) => {
      throw new ApiError(0, "unreachable", `the server cannot be reached: ${error.message}`);
    });
    if (response.ok) return response;
    const { code = "unknown", detail = response.statusText } = await response.json().catch(() => ({}));
    throw new ApiError(response.status, code, detail);
  }
}

/**
 * The answer has begun, and does not end.
 * @param {Error} error
 * @returns {never}
 */
function broken({ message }) {
  throw new ApiError(0, "unreachable", `the answer broke off: ${message}`);
}

/** @param {string} room */
function roomPath(room) {
  return `rooms/${encodeURIComponent(room)}`;
}

/**
 * @param {string} room
 * @param {string} peer
 */
function peerPath(room, peer) {
  return `${roomPath(room)}/peers/${encodeURIComponent(peer)}`;
}
