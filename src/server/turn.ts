import { createHmac } from "node:crypto";
import type { IceServer } from "./ice_links.ts";

/** A TURN server that shares a secret with this one, as coturn does with `use-auth-secret`. */
export interface TurnOptions {
  /** As in `turn:turn.example.org?transport=udp` (RFC 7065). */
  readonly urls: readonly string[];
  readonly secret: string;
  /** How long a peer's credentials are good for. Default: a day. */
  readonly lifetimeSeconds?: number;
}

const DAY_SECONDS = 86_400;

/**
 * The TURN server with credentials for one peer, by the scheme of draft-uberti-behave-turn-rest-00: the user name says
 * until when (Unix time in seconds) and for whom, the password is its HMAC-SHA1 under the shared secret, in base64. So
 * the TURN server needs to know no peer, and what a client tells on is of no use later.
 */
export function turnServer(
  { urls, secret, lifetimeSeconds = DAY_SECONDS }: TurnOptions,
  peerId: string,
  unixMs: number,
): IceServer {
  const username = `${Math.floor(unixMs / 1000) + lifetimeSeconds}:${peerId}`;
  return { urls, username, credential: createHmac("sha1", secret).update(username).digest("base64") };
}
