/** What a client offers as a subprotocol beside its token, and the server takes: a token is nothing to be answered. */
const PROTOCOL = "switchboard";
const TOKEN_PREFIX = "switchboard.bearer.";

/** The token of a request's Authorization field (RFC 6750 section 2.1); undefined where it has none. */
export function bearerToken(authorization: string | undefined): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
}

/** What a WebSocket's handshake says of who opens it. */
export interface Handshake {
  /** Undefined where there is none, or more than one (RFC 6750 section 2). */
  readonly token: string | undefined;
  /** The subprotocol to answer; undefined for none. */
  readonly protocol: string | undefined;
}

/** Browsers let a page set no field but the subprotocols; other clients set Authorization (rule P71). */
export function readHandshake(headers: Headers): Handshake {
  const offered = (headers.get("Sec-WebSocket-Protocol") ?? "").split(",").map((name) => name.trim());
  const tokens = offered.filter((name) => name.startsWith(TOKEN_PREFIX)).map((name) => name.slice(TOKEN_PREFIX.length));
  const field = bearerToken(headers.get("Authorization") ?? undefined);
  const all = field === undefined ? tokens : [field, ...tokens];
  return {
    token: all.length === 1 ? all[0] : undefined,
    protocol: offered.includes(PROTOCOL) ? PROTOCOL : undefined,
  };
}
