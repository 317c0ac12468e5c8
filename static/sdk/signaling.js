// @ts-check
/**
 * The WebSocket, up to the server's welcome.
 * @module
 */

/** @import { Greeting, ServerMessage, Token, Welcome } from "./types.js" */
import { SwitchboardError } from "./error.js";

/** Closes a WebSocket of which another one takes over the peer (P67): 1000 would be leaving. */
export const SUPERSEDED = 4001;

/** Why an attempt to resume is given up where no other one follows. */
export const LEAVING = new Error("this client leaves");

const WELCOME_TIMEOUT_MS = 15_000;

/**
 * @param {string | URL} url
 * @returns {URL}
 */
export function webSocketUrl(url) {
  const result = parseUrl(url);
  if (result === undefined || !/^(http|ws)s?:$/.test(result.protocol)) {
    throw new SwitchboardError("bad-url", `not the address of a server: ${url}`);
  }
  result.protocol = result.protocol.replace("http", "ws");
  if (result.pathname === "/") result.pathname = "/ws";
  result.hash = "";
  return result;
}

/** @param {string | URL} url */
function parseUrl(url) {
  try {
    return new URL(url);
  } catch {
    return undefined;
  }
}

/**
 * The token for the next WebSocket.
 * @param {Token | undefined} token
 * @param {AbortSignal} [signal] ends the wait for it
 * @param {number} [timeoutMs]
 * @returns {Promise<string | undefined>} undefined where there is none
 * @throws {SwitchboardError} `token-unavailable`; or the signal's reason
 */
export async function readToken(token, signal, timeoutMs = WELCOME_TIMEOUT_MS) {
  if (typeof token !== "function") return token || undefined;
  /** @type {PromiseWithResolvers<never>} */
  const { promise: ended, reject } = Promise.withResolvers();
  const abort = () => reject(signal?.reason);
  const timer = setTimeout(() => reject(new Error("not in time")), timeoutMs);
  signal?.addEventListener("abort", abort);
  try {
    return await Promise.race([token(), ended]);
  } catch (cause) {
    signal?.throwIfAborted();
    throw new SwitchboardError("token-unavailable", "no token for the server could be had", { cause });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}

/**
 * @param {URL} url
 * @param {string} [token] in the handshake, as pages can set no field and URLs are logged (P71)
 * @returns {WebSocket}
 */
export function openSocket(url, token) {
  if (token !== undefined && !/^[\w.-]+$/.test(token)) {
    throw new SwitchboardError("bad-token", "a token (JWT) has letters, digits, -, _ and . alone");
  }
  try {
    return new WebSocket(url, token === undefined ? [] : ["switchboard", `switchboard.bearer.${token}`]);
  } catch (cause) {
    // The only refusal left for a valid URL: ws from a page served by https.
    throw new SwitchboardError("not-secure", "a page served by https reaches a server only by https or wss", { cause });
  }
}

/**
 * Sends `join` and awaits the welcome; closes the socket where none comes.
 * @param {WebSocket} socket
 * @param {Greeting} options
 * @returns {Promise<Welcome>}
 */
export async function greet(socket, { roomId, name, resume, signal, timeoutMs = WELCOME_TIMEOUT_MS }) {
  /** @type {PromiseWithResolvers<Welcome>} */
  const { promise, resolve, reject } = Promise.withResolvers();
  const abort = () => reject(signal?.reason);
  const timer = setTimeout(
    () => reject(new SwitchboardError("server-unreachable", "the server did not reply in time")),
    timeoutMs,
  );
  signal?.addEventListener("abort", abort);
  socket.onopen = () => {
    socket.onclose = () => reject(new SwitchboardError("server-gone", "the server closed the connection"));
    socket.send(JSON.stringify({ type: "join", roomId, name: name || undefined, resume }));
  };
  socket.onclose = () => reject(new SwitchboardError("server-unreachable", "the server cannot be reached"));
  socket.onmessage = ({ data }) => {
    const message = parseMessage(data);
    if (message?.type === "welcome") resolve(message);
    if (message?.type === "error") reject(new SwitchboardError(message.code, message.message));
  };
  try {
    return await promise;
  } catch (error) {
    // The server may have resumed the peer just now: for the next attempt it stays, but who leaves has left.
    socket.close(resume === undefined || error === LEAVING ? 1000 : SUPERSEDED);
    throw error;
  } finally {
    socket.onopen = socket.onmessage = socket.onclose = null;
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}

/**
 * @param {unknown} data of a WebSocket message
 * @returns {ServerMessage | undefined} undefined where it is no JSON
 */
export function parseMessage(data) {
  try {
    return JSON.parse(String(data));
  } catch {
    return undefined;
  }
}
