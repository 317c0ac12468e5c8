import type { ErrorCode } from "./messages.ts";

/** The sending side of one client's signaling connection. Neither method throws; both do nothing once it is closed. */
export interface SignalingConnection {
  /** Queues one text message. A client that does not read what is queued for it is closed with 1013. */
  send(text: string): void;
  /** Closes with a code of RFC 6455 section 7.4. A reason over 123 bytes of UTF-8 is cut. */
  close(code: number, reason: string): void;
  /** The client has joined, or resumed. Left out where nobody asks. */
  joined?(): void;
}

/** What listens to one client. */
export interface SignalingEndpoint {
  /** One whole message; undefined where it was a binary frame. None comes after a close, whichever side closed. */
  handleMessage(data: string | undefined): void;
  /**
   * Comes exactly once, and never from inside a call of `send` or `close`. `wasClean` says that there was a closing
   * handshake, or that `close` was called here; a connection lost in any other way has code 1006 (RFC 6455 section 7.1.5),
   * or the code that the server itself gave up with.
   */
  handleClose(code: number, wasClean: boolean): void;
  /** The server sends the client away before it has joined; the close follows. Left out where nobody asks. */
  handleDismissal?(code: ErrorCode): void;
}

/** Called when a client's connection opens. */
export type ConnectSignaling = (connection: SignalingConnection) => SignalingEndpoint;
