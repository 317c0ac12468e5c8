// @ts-check
/**
 * One peer of the page's own, with one connection.
 * @module
 */

/** @import { ServerMessage, Welcome } from "../sdk/types.js" */
import { SwitchboardError } from "../sdk/error.js";
import { greet, openSocket, parseMessage } from "../sdk/signaling.js";

const REPLY_MS = 10_000;

/** A WebSocket that has joined. */
export class Session {
  #socket;
  /** What the server said. */
  welcome;

  /**
   * @param {WebSocket} socket
   * @param {Welcome} welcome
   */
  constructor(socket, welcome) {
    this.#socket = socket;
    this.welcome = welcome;
  }

  /**
   * @param {URL} url of the WebSocket
   * @param {string} roomId
   * @param {string} [token]
   * @returns {Promise<Session>}
   * @throws {SwitchboardError}
   */
  static async join(url, roomId, token) {
    const socket = openSocket(url, token);
    return new Session(socket, await greet(socket, { roomId, name: "doctor" }));
  }

  /**
   * @param {string} sdp of an offer
   * @returns {Promise<string>} that of the answer
   * @throws {SwitchboardError}
   */
  async offer(sdp) {
    /** @type {PromiseWithResolvers<string>} */
    const { promise, resolve, reject } = Promise.withResolvers();
    const timer = setTimeout(() => reject(new SwitchboardError("server-gone", "no answer to an offer")), REPLY_MS);
    this.#socket.onmessage = ({ data }) => {
      const message = parseMessage(data);
      if (message?.type === "answer") resolve(message.sdp);
      if (message?.type === "error") reject(new SwitchboardError(message.code, message.message));
    };
    this.#socket.onclose = () => reject(new SwitchboardError("server-gone", "the server closed the connection"));
    this.#socket.send(JSON.stringify({ type: "offer", sdp, id: 1 }));
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  leave() {
    this.#socket.close(1000);
  }
}
