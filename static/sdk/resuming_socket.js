// @ts-check
/** @import { ResumingSocketOptions, ServerMessage, SignalingSink, Welcome } from "./types.js" */
import { SwitchboardError } from "./error.js";
import { greet, LEAVING, openSocket, parseMessage, readToken, SUPERSEDED } from "./signaling.js";

/** All attempts to come back take so long at most: the server keeps the peer no longer (P14). */
const LIMIT_MS = 30_000;
/** An attempt is given up, as on a network that swallows what is sent. */
const ATTEMPT_MS = 8_000;
/** Before the second attempt; twice that before the next, and so on. The first comes at once. */
const PAUSE_MS = 500;
const MAX_PAUSE_MS = 5_000;
/** In this time at most all clients of a server that ends have begun to go elsewhere. */
const MAX_SPREAD_MS = 10_000;

/** What the server closes with, or says before, where the peer is over. @type {Record<number, [code: string, reason: string]>} */
const FINAL_CODES = {
  1000: ["server-gone", "the server closed the connection"],
  1001: ["server-closing", "the server is shutting down"],
  1008: ["too-many", "this client sent too many messages"],
  1011: ["internal", "the server failed on this client"],
  4000: ["transport-failed", "the media connection to the server was lost"],
  [SUPERSEDED]: ["superseded", "another connection speaks for this client"],
  4002: ["replaced", "somebody else with this identity has joined"],
  4004: ["kicked", "somebody has had this client leave"],
  4005: ["room-ended", "somebody has ended the room"],
};

/** Errors behind which the server closes the WebSocket; `resume-failed` is one on a WebSocket that has resumed. */
const LAST_WORDS = new Set([...Object.values(FINAL_CODES).map(([code]) => code), "resume-failed"]);

/** @type {[code: string, reason: string]} */
const LOST = ["server-gone", "the connection to the server was lost"];

/** The server has another peer of this identity: that may be this client itself. */
const DUPLICATE = "duplicate-identity";

/** Why an attempt is given up for a better one. */
const NETWORK_CHANGED = new Error("the network has changed");

/** Attempts that failed in one of these ways are repeated. */
const TRANSIENT = ["server-unreachable", "server-gone", "auth-unavailable", "token-unavailable", "no-capacity"];

/** Joins that were refused in one of these ways may be taken a moment later. */
const CROWDED = ["server-draining", "too-many-joins"];

/** Whether a server that led this client to another room takes it there at another time. @param {string} code */
const isForGood = (code) => !TRANSIENT.includes(code) && !CROWDED.includes(code);

/**
 * The signaling of one room, over as many WebSockets as it takes: where one is lost the peer is resumed by another one
 * (P65). What is sent meanwhile is not kept.
 */
export class ResumingSocket {
  #options;
  #sink;
  #socket;
  #token;
  /** With which the WebSocket of now has resumed the peer. @type {string | undefined} */
  #usedToken;
  /** Attempts by the same token that came to nothing: the server may hear of them after the one that succeeded. */
  #failures = 0;
  #away = false;
  #closed = false;
  /** The error with which the server announced the end. @type {[code: string, reason: string] | undefined} */
  #lastWords;
  /** Ends the attempt under way, or the pause before the next one. */
  #attempt = new AbortController();
  /** On its way to another server: ends that. @type {AbortController | undefined} */
  #move;
  /** A WebSocket waits for its welcome elsewhere. */
  #isJoining = false;
  /** Somebody with this identity has joined meanwhile. @type {[code: string, reason: string] | undefined} */
  #replaced;
  /** Whether other servers have the room as well. */
  #isShared;
  /** The room that the server has moved this client to, until it is on its way there. @type {string | undefined} */
  #movedTo;
  /** When the server of now is gone, as far as it has said. */
  #endsMs = Infinity;

  /**
   * @param {WebSocket} socket that has joined
   * @param {Welcome} welcome
   * @param {ResumingSocketOptions} options
   * @param {SignalingSink} sink
   */
  constructor(socket, welcome, options, sink) {
    this.#options = options;
    this.#sink = sink;
    this.#token = welcome.resume;
    this.#isShared = welcome.shared === true;
    this.#socket = this.#listen(socket);
  }

  /** Whether there is no way to the server just now. */
  get away() {
    return this.#away;
  }

  /** @param {object} message */
  send(message) {
    if (!this.#away && this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  /** The WebSocket is perhaps dead without a sign of it: another one takes over. */
  renew() {
    if (this.#closed || !this.#token) return;
    // Its peer has left: by the room of before nobody could come back.
    if (this.#movedTo !== undefined) this.#goTo(this.#movedTo);
    else if (this.#away) this.#attempt.abort(NETWORK_CHANGED);
    else this.#lose();
  }

  /** Leaves, where there is a way to the server. Nothing is told afterwards. */
  close() {
    this.#closed = true;
    this.#attempt.abort(LEAVING);
    this.#move?.abort(LEAVING);
    this.#forget(1000);
  }

  /** @param {WebSocket} socket */
  #listen(socket) {
    socket.onmessage = ({ data }) => this.#handleMessage(parseMessage(data));
    socket.onclose = ({ code, reason }) => this.#handleClose(code, reason);
    return socket;
  }

  /** @param {ServerMessage | undefined} message */
  #handleMessage(message) {
    if (message === undefined) return;
    // Not all clients of a server at once.
    if (message.type === "draining") void this.#moveWithin(message.seconds, spread(message.seconds));
    if (message.type === "moved") this.#movedTo = message.roomId;
    if (message.type === "error" && LAST_WORDS.has(message.code)) this.#lastWords = [message.code, message.message];
    this.#sink.message(message);
  }

  /**
   * @param {number} socketCode
   * @param {string} reason
   */
  #handleClose(socketCode, reason) {
    if (this.#movedTo !== undefined) return this.#goTo(this.#movedTo);
    if (socketCode === SUPERSEDED && this.#failures > 0) return this.#takeBack();
    // A server in a hurry may be gone before its close frame came; what it said before tells as much, or more.
    const final = this.#lastWords ?? FINAL_CODES[socketCode];
    // Perhaps by this client itself, which joins elsewhere just now: the welcome tells.
    if (this.#isJoining && final?.[0] === "replaced") this.#replaced = final;
    else if (final !== undefined) this.#end(final[0], reason || final[1]);
    else if (!this.#token) this.#sink.ended(...LOST);
    else this.#lose();
  }

  /** @param {number} code */
  #forget(code) {
    this.#socket.onmessage = this.#socket.onclose = null;
    this.#socket.close(code);
  }

  /** An attempt that was given up has arrived late, as if another client had come. Its token, used last, counts still (P66). */
  #takeBack() {
    const failures = this.#failures - 1;
    this.#token = this.#usedToken;
    this.#lose();
    this.#failures = failures;
  }

  /**
   * @param {string} code
   * @param {string} reason
   */
  #end(code, reason) {
    this.#move?.abort();
    this.#sink.ended(code, reason);
  }

  #lose() {
    this.#failures = 0;
    // Whoever comes back is told of the end again.
    this.#move?.abort();
    // 1000 would be leaving.
    this.#forget(SUPERSEDED);
    this.#away = true;
    this.#sink.away();
    this.#comeBack(performance.now() + LIMIT_MS);
  }

  /** @param {number} deadline */
  async #comeBack(deadline) {
    for (let failures = 0; !this.#closed;) {
      await pause(failures, deadline, this.#beginAttempt());
      if (this.#closed) return;
      if (performance.now() >= deadline) return this.#sink.ended(...LOST);
      let welcome;
      try {
        welcome = await this.#resume(this.#beginAttempt());
      } catch (error) {
        if (this.#closed) return;
        const isFinal = error instanceof SwitchboardError && !TRANSIENT.includes(error.code);
        if (isFinal && !this.#canMove(error.code)) return this.#sink.ended(error.code, error.message);
        if (isFinal) return this.#moveWithin((Math.min(this.#endsMs, deadline) - performance.now()) / 1000, PAUSE_MS);
        this.#failures++;
        failures = error === NETWORK_CHANGED ? 0 : failures + 1;
        continue;
      }
      return this.#sink.resumed(welcome);
    }
  }

  /** The peer has left by the server's will: this client joins the other room, as another peer (P136). @param {string} roomId */
  #goTo(roomId) {
    this.#movedTo = undefined;
    this.#options = { ...this.#options, roomId };
    this.#forget(SUPERSEDED);
    this.#away = true;
    this.#sink.away();
    if (!this.#closed) this.#moveWithin(LIMIT_MS / 1000, 0, isForGood);
  }

  /**
   * The server is gone in so many seconds, or already: joins by another WebSocket, which a load balancer leads to another
   * server, and leaves by this one (P117).
   * @param {number} seconds
   * @param {number} longestMs until the first attempt
   * @param {(code: string) => boolean} [isFinal] whether nobody else would take it who is refused so
   */
  async #moveWithin(seconds, longestMs, isFinal = () => false) {
    const deadline = this.#endsMs = performance.now() + seconds * 1000;
    this.#move?.abort();
    const { signal } = this.#move = new AbortController();
    await wait(Math.random() * longestMs, signal);
    for (let failures = 0; !signal.aborted; failures++) {
      await pause(failures, deadline, signal);
      if (signal.aborted || performance.now() >= deadline) break;
      try {
        return this.#settle(await this.#joinAnew(signal));
      } catch (error) {
        if (!signal.aborted && error instanceof SwitchboardError) {
          if (isFinal(error.code)) return this.#sink.ended(error.code, error.message);
          if (error.code === DUPLICATE) this.#leaveFirst();
        }
      }
      if (this.#replaced !== undefined && !this.#closed) return this.#sink.ended(...this.#replaced);
    }
    // Who has left has nothing to go back to.
    if (this.#away && !signal.aborted) this.#sink.ended(...LOST);
    if (this.#move?.signal === signal) this.#move = undefined;
  }

  /**
   * Whether who cannot come back goes on elsewhere: another server answers in place of the one that it was at, which ends or
   * has ended (P117, P118).
   * @param {string} code
   */
  #canMove(code) {
    return code === "resume-failed" && (this.#isShared || this.#endsMs < Infinity);
  }

  /** @param {AbortSignal} signal */
  async #joinAnew(signal) {
    const { url, roomId, name, token } = this.#options;
    const freshToken = await readToken(token, signal, ATTEMPT_MS);
    signal.throwIfAborted();
    const socket = openSocket(url, freshToken);
    this.#isJoining = true;
    try {
      return { socket, welcome: await greet(socket, { roomId, name, signal, timeoutMs: ATTEMPT_MS }) };
    } finally {
      this.#isJoining = false;
    }
  }

  /** @param {{ socket: WebSocket, welcome: Welcome }} joined as another peer */
  #settle({ socket, welcome }) {
    this.#move = this.#replaced = undefined;
    this.#endsMs = Infinity;
    this.#forget(1000);
    this.#lastWords = undefined;
    this.#failures = 0;
    this.#usedToken = undefined;
    this.#token = welcome.resume;
    this.#socket = this.#listen(socket);
    this.#away = false;
    this.#sink.resumed({ ...welcome, media: "new" });
  }

  /** The room takes nobody twice. */
  #leaveFirst() {
    if (this.#away) return;
    this.#forget(1000);
    this.#away = true;
    this.#sink.away();
  }

  #beginAttempt() {
    this.#attempt = new AbortController();
    return this.#attempt.signal;
  }

  /**
   * @param {AbortSignal} signal
   * @returns {Promise<Welcome>}
   */
  async #resume(signal) {
    const { url, roomId, token } = this.#options;
    const freshToken = await readToken(token, signal, ATTEMPT_MS);
    signal.throwIfAborted();
    const socket = openSocket(url, freshToken);
    const welcome = await greet(socket, { roomId, resume: this.#token, signal, timeoutMs: ATTEMPT_MS });
    if (this.#closed) {
      socket.close(1000);
      throw new SwitchboardError("closed", "the room was closed meanwhile");
    }
    this.#usedToken = this.#token;
    this.#token = welcome.resume;
    this.#socket = this.#listen(socket);
    this.#away = false;
    return welcome;
  }
}

/**
 * Waits before an attempt; a signal cuts it short. Chance keeps the clients of a proxy that was restarted from coming all
 * at once, each time.
 * @param {number} attempts that failed until now
 * @param {number} deadline
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
function pause(attempts, deadline, signal) {
  if (attempts === 0) return Promise.resolve();
  const longest = Math.min(PAUSE_MS * 2 ** (attempts - 1), MAX_PAUSE_MS);
  return wait(Math.min(longest * (0.5 + Math.random() / 2), deadline - performance.now()), signal);
}

/**
 * @param {number} ms
 * @param {AbortSignal} signal cuts it short
 * @returns {Promise<void>}
 */
function wait(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** The part of so many seconds in which those who are to go begin, in ms. @param {number} seconds */
function spread(seconds) {
  return Math.min(seconds * 100, MAX_SPREAD_MS);
}
