import { getLogger } from "@logtape/logtape";
import type { ConnectSignaling, SignalingConnection, SignalingEndpoint } from "../signaling/connection.ts";
import type { ConnectionRefusal } from "../signaling/connection_limit.ts";
import { readHandshake } from "./bearer.ts";
import { originWords } from "./origins.ts";
import { PROBLEM_TYPE, problemBody, type ProblemDetails, type ProblemStatus } from "./problem.ts";

const log = getLogger(["switchboard", "signaling"]);

/** Seconds after which a client that answers no ping is lost. */
const IDLE_TIMEOUT = 30;
/** Bytes that may wait for a client to read them. */
const MAX_BUFFERED = 4 * 1024 * 1024;
/** Milliseconds in which what a client has sent before it hears of the close arrives, and is dropped. */
const CLOSE_DELAY = 20;
/** RFC 6455 section 5.5: a control frame carries 125 bytes, and two of them are the code. */
const MAX_REASON = 123;

/** Close codes of RFC 6455 section 7.4.1 and of its IANA registry. */
const ABNORMAL_CLOSURE = 1006;
const INTERNAL_ERROR = 1011;
const TRY_AGAIN_LATER = 1013;

/** Answers a WebSocket handshake of a client with this IP address. `connect` is called once the connection is open; not at all for another request. */
export function upgradeSignaling(request: Request, address: string, connect: ConnectSignaling): Response {
  if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") return upgradeRequired();
  const upgrade = tryUpgrade(request);
  if (upgrade === undefined) return new Response("This WebSocket handshake is not complete\n", { status: 400 });
  serveSignaling(upgrade.socket, address, connect);
  return upgrade.response;
}

/** A page of this origin may not: before a WebSocket is made, as RFC 6455 section 10.2 has it. */
export function refuseOrigin(origin: string): Response {
  return refuse(403, { code: "origin-not-allowed", detail: originWords(origin) });
}

/** There are too many of these: before a WebSocket is made. */
export function refuseHandshake({ code, message, isOfNetwork, retryAfterSeconds }: ConnectionRefusal): Response {
  const retryAfter = { "Retry-After": String(retryAfterSeconds) };
  return refuse(isOfNetwork ? 429 : 503, { code, detail: message }, retryAfter);
}

function refuse(status: ProblemStatus, details: ProblemDetails, more: Readonly<Record<string, string>> = {}): Response {
  const headers = { ...more, "Content-Type": PROBLEM_TYPE, "X-Content-Type-Options": "nosniff" };
  return Response.json(problemBody(status, details), { status, headers });
}

/** RFC 9110 section 15.5.22. */
function upgradeRequired(): Response {
  const text = "This is the signaling endpoint: connect to it with a WebSocket (ws: or wss:)\n";
  return new Response(text, { status: 426, headers: { Upgrade: "websocket", "X-Content-Type-Options": "nosniff" } });
}

function tryUpgrade(request: Request): Deno.WebSocketUpgrade | undefined {
  try {
    const { protocol } = readHandshake(request.headers);
    return Deno.upgradeWebSocket(request, { idleTimeout: IDLE_TIMEOUT, ...(protocol !== undefined && { protocol }) });
  } catch (error) {
    // What a client may do wrong in its handshake. Anything else is a fault of ours.
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** Joins a WebSocket that is about to open to the endpoint that `connect` makes for it. */
function serveSignaling(socket: WebSocket, address: string, connect: ConnectSignaling): void {
  const connection = new WebSocketConnection(socket);
  socket.binaryType = "arraybuffer";
  socket.onopen = () => connection.open(connect);
  socket.onmessage = ({ data }) => connection.receive(typeof data === "string" ? data : undefined);
  socket.onerror = (event) => log.debug("WebSocket failed", { address, reason: errorMessage(event) });
  // Deno says 0 where the connection broke, and 1001 where no ping was answered: only a closing handshake has a code.
  socket.onclose = ({ code, wasClean }) => connection.handleClose(wasClean ? code : ABNORMAL_CLOSURE, wasClean);
}

class WebSocketConnection implements SignalingConnection {
  readonly #socket: WebSocket;
  /** Undefined before it opens and after it ended: Deno can tell of one end twice. */
  #endpoint: SignalingEndpoint | undefined;
  #closing = false;
  #closeTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  open(connect: ConnectSignaling): void {
    this.#guard(() => this.#endpoint = connect(this));
  }

  receive(data: string | undefined): void {
    if (!this.#closing) this.#guard(() => this.#endpoint?.handleMessage(data));
  }

  handleClose(code: number, wasClean: boolean): void {
    clearTimeout(this.#closeTimer);
    this.#end(code, wasClean);
  }

  #end(code: number, wasClean: boolean): void {
    this.#closing = true;
    const endpoint = this.#endpoint;
    this.#endpoint = undefined;
    this.#guard(() => endpoint?.handleClose(code, wasClean));
  }

  send(text: string): void {
    if (this.#closing || this.#socket.readyState !== WebSocket.OPEN) return;
    if (this.#socket.bufferedAmount > MAX_BUFFERED) this.#close(TRY_AGAIN_LATER, "slow client", false);
    else this.#socket.send(text);
  }

  close(code: number, reason: string): void {
    this.#close(code, reason, true);
  }

  /** The endpoint hears of it soon, not when the client answers: one that does not read never does. */
  #close(code: number, reason: string, wasClean: boolean): void {
    if (this.#closing) return;
    this.#closing = true;
    // A message that comes in while Deno closes makes it cut the connection off, with the close frame not sent.
    this.#closeTimer = setTimeout(() => this.#socket.close(code, cut(reason)), CLOSE_DELAY);
    queueMicrotask(() => this.#end(code, wasClean));
  }

  /** A fault in the code above costs this connection, not the process. */
  #guard(call: () => void): void {
    try {
      call();
    } catch (error) {
      log.error("signaling failed; closing the connection", { error });
      this.#close(INTERNAL_ERROR, "internal error", false);
    }
  }
}

/** The longest beginning of the text that fits into a close frame. */
function cut(reason: string): string {
  const { read } = new TextEncoder().encodeInto(reason, new Uint8Array(MAX_REASON));
  return reason.slice(0, read);
}

function errorMessage(event: Event): string {
  return event instanceof ErrorEvent ? event.message : "";
}
