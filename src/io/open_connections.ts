import { CLOSE_CODES, type CloseReason } from "../signaling/close_codes.ts";
import { ConnectionLimit, type ConnectionRefusal } from "../signaling/connection_limit.ts";
import type { ConnectSignaling, SignalingConnection, SignalingEndpoint } from "../signaling/connection.ts";
import type { Limits } from "../signaling/limits.ts";
import type { ErrorCode, ServerMessage } from "../signaling/messages.ts";
import type { Clock } from "./clock.ts";

export interface OpenConnectionsOptions {
  readonly limits: Limits;
  readonly clock: Clock;
  /** A client was refused, or sent away, by this code. */
  readonly refused: (code: ErrorCode) => void;
}

/** The WebSockets that are open, be a session behind them or not yet: counts them, and ends those that never join. */
export class OpenConnections {
  readonly #options: OpenConnectionsOptions;
  readonly #limit: ConnectionLimit<OpenConnection>;
  #timer: number | undefined;

  constructor(options: OpenConnectionsOptions) {
    this.#options = options;
    this.#limit = new ConnectionLimit(options.limits);
  }

  /** A request of a client with this IP address in text form, be it a handshake or not; undefined where it is allowed. */
  refuseRequest(address: string): ConnectionRefusal | undefined {
    return this.#limit.refuseRequest(address, this.#options.clock.now());
  }

  /** As `refuseRequest`, of the handshake of a WebSocket, for which there must be a place too. */
  refuseHandshake(address: string): ConnectionRefusal | undefined {
    return this.refuseRequest(address) ?? this.#limit.refuse(address);
  }

  /** `connect` for a client with this IP address, counted from when its WebSocket is open to when it has ended. */
  counted(address: string, connect: ConnectSignaling): ConnectSignaling {
    return (connection) => {
      const { clock } = this.#options;
      const open = new OpenConnection(connection, (joined) => {
        this.#limit.joined(joined);
        this.#disarmIfIdle();
      });
      const oldest = this.#limit.open(open, address, clock.now());
      if (oldest !== undefined) this.#sendAway(oldest, "too-many-connections", "too many WebSockets have not joined");
      this.#arm();
      const endpoint = open.endpoint = connect(open);
      return {
        handleMessage: (data) => endpoint.handleMessage(data),
        handleClose: (...how) => this.#closed(open, endpoint, how),
      };
    };
  }

  /** Tells those that have not joined that the server closes. */
  close(): void {
    this.#disarm();
    for (const open of this.#limit.waiting) this.#sendAway(open, "server-closing", "the server is shutting down");
  }

  #closed(open: OpenConnection, endpoint: SignalingEndpoint, how: Parameters<SignalingEndpoint["handleClose"]>): void {
    this.#limit.close(open);
    this.#disarmIfIdle();
    endpoint.handleClose(...how);
  }

  /** The deadlines are in the order in which the WebSockets came, so the timer for the first is never too late. */
  #arm(): void {
    const { clock } = this.#options;
    const nextMs = this.#limit.nextTimeout();
    if (nextMs === Infinity) return;
    this.#timer ??= clock.setTimeout(() => {
      this.#timer = undefined;
      const seconds = this.#options.limits.joinTimeout;
      for (const late of this.#limit.takeLate(clock.now())) {
        this.#sendAway(late, "join-timeout", `no join came within ${seconds} s`);
      }
      this.#arm();
    }, Math.max(0, nextMs - clock.now()));
  }

  #disarmIfIdle(): void {
    if (this.#limit.nextTimeout() === Infinity) this.#disarm();
  }

  #disarm(): void {
    if (this.#timer !== undefined) this.#options.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #sendAway(
    { connection, endpoint }: OpenConnection,
    code: CloseReason & ErrorCode,
    message: string,
  ): void {
    this.#options.refused(code);
    endpoint?.handleDismissal?.(code);
    const error: ServerMessage = { type: "error", code, message };
    connection.send(JSON.stringify(error));
    connection.close(CLOSE_CODES[code], code);
  }
}

/** A WebSocket, and whether its client has joined. */
class OpenConnection implements SignalingConnection {
  readonly connection: SignalingConnection;
  /** What listens to it; undefined as long as that is made. */
  endpoint: SignalingEndpoint | undefined;
  readonly #joined: (connection: OpenConnection) => void;

  constructor(connection: SignalingConnection, joined: (connection: OpenConnection) => void) {
    this.connection = connection;
    this.#joined = joined;
  }

  send(text: string): void {
    this.connection.send(text);
  }

  close(code: number, reason: string): void {
    this.connection.close(code, reason);
  }

  joined(): void {
    this.#joined(this);
  }
}
