import { getLogger } from "@logtape/logtape";
import { CLOSE_CODES, type CloseReason } from "../signaling/close_codes.ts";
import type { ConnectSignaling, SignalingConnection, SignalingEndpoint } from "../signaling/connection.ts";
import type { Grants } from "../signaling/grants.ts";
import type { ErrorCode, ServerMessage } from "../signaling/messages.ts";
import type { TokenResult, VerifyToken } from "./token_verifier.ts";

const log = getLogger(["switchboard", "signaling"]);

/** Characters that may wait for a token to be verified, at most. */
const MAX_HELD = 1024 * 1024;
/** What a message takes besides its characters. */
const MESSAGE_OVERHEAD = 1024;

/** As ConnectSignaling, for a client whose token allows this. */
export type ConnectGranted = (connection: SignalingConnection, grants: Grants) => SignalingEndpoint;

export interface TokenGateOptions {
  /** The client's IP address, for the log. */
  readonly address: string;
  readonly verify: VerifyToken;
  /** What the client brought; undefined for none. */
  readonly token: string | undefined;
  readonly connect: ConnectGranted;
  /** A client was refused, by this code. */
  readonly refused: (code: ErrorCode) => void;
}

/**
 * Lets a WebSocket that is open through to `connect` once its token is verified, with what it has sent meanwhile; all others
 * are told why, and closed. It is not done before the WebSocket opens: Deno never tells the end of a connection that was
 * lost while its handshake waited for an answer.
 */
export function behindToken(options: TokenGateOptions): ConnectSignaling {
  return (connection) => {
    const gate = new TokenGate(connection, options);
    options.verify(options.token).then((result) => gate.handleResult(result)).catch((error) => gate.handleFault(error));
    return gate;
  };
}

class TokenGate implements SignalingEndpoint {
  readonly #connection: SignalingConnection;
  readonly #options: TokenGateOptions;
  /** What came before the token was verified. */
  #held: (string | undefined)[] = [];
  #heldSize = 0;
  /** Who is behind the gate; undefined before it opens. */
  #endpoint: SignalingEndpoint | undefined;
  #ended = false;

  constructor(connection: SignalingConnection, options: TokenGateOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  handleMessage(data: string | undefined): void {
    if (this.#endpoint !== undefined) return this.#endpoint.handleMessage(data);
    this.#heldSize += MESSAGE_OVERHEAD + (data?.length ?? 0);
    if (this.#heldSize > MAX_HELD) this.#refuse("too-many", "too much was sent before the token was verified");
    else this.#held.push(data);
  }

  handleClose(code: number, wasClean: boolean): void {
    this.#ended = true;
    this.#held = [];
    this.#endpoint?.handleClose(code, wasClean);
  }

  handleResult(result: TokenResult): void {
    if (this.#ended) return;
    if (!result.ok) return this.#refuse(result.code, result.message);
    this.#endpoint = this.#options.connect(this.#connection, result.grants);
    for (const data of this.#held.splice(0)) {
      // A message may have had the connection closed: none comes after that.
      if (!this.#ended) this.#endpoint.handleMessage(data);
    }
  }

  /** A fault in the code above costs this connection, not the process. */
  handleFault(error: unknown): void {
    log.error("signaling failed; closing the connection", { error });
    this.#refuse("internal", "the server failed on this connection");
  }

  /** Browsers do not tell a page the status of a refused handshake: it learns the reason by a message and a close code. */
  #refuse(code: CloseReason & ErrorCode, message: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#held = [];
    this.#options.refused(code);
    log.debug("a WebSocket is refused, {code}: {message}", { address: this.#options.address, code, message });
    const error: ServerMessage = { type: "error", code, message };
    this.#connection.send(JSON.stringify(error));
    this.#connection.close(CLOSE_CODES[code], code);
  }
}
