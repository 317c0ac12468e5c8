import type { RandomSource } from "../sfu/random.ts";
import type { PeerId } from "../sfu/types.ts";
import type { Participant } from "./participant.ts";

/** 192 bits: whoever knows a token speaks for its peer. */
const SECRET_LENGTH = 32;
/** Ends the peer id that a token begins with; no id has it. */
const SEPARATOR = ".";

/** Is told of a token that may be of a peer at another node, by whoever brought it in vain. */
export type UnknownToken = (roomId: string, token: string, identity: string | undefined) => void;

/** A peer that can be picked up, and the secrets of the two tokens that do it. */
interface Place {
  readonly participant: Participant;
  /** Of the token that was used last; at first, of the only one. */
  used: string;
  /** Of the newest token. The welcome that carried it may be lost: it ends the one before only once it is used. */
  issued: string;
}

/** What a valid token gives. */
export interface Redeemed {
  readonly participant: Participant;
  /** The next one. */
  readonly token: string;
}

/**
 * Tokens by which a client that lost its WebSocket speaks for its peer again (rules P65, P66). A token is a peer id, which
 * finds the place, and a secret, which is compared in constant time: nothing is learned by guessing. What is kept is two
 * secrets for each peer, as long as the peer lasts.
 */
export class Resumption {
  readonly #random: RandomSource;
  readonly #unknown: UnknownToken;
  readonly #places = new Map<PeerId, Place>();

  /** `unknown` is left out where there are no other nodes. */
  constructor(random: RandomSource, unknown: UnknownToken = () => {}) {
    this.#random = random;
    this.#unknown = unknown;
  }

  /** Peers that can be resumed. */
  get size(): number {
    return this.#places.size;
  }

  /** Makes a peer resumable; returns its first token. */
  issue(participant: Participant): string {
    const secret = this.#random.text(SECRET_LENGTH);
    const { id } = participant.peer;
    this.#places.set(id, { participant, used: secret, issued: secret });
    return id + SEPARATOR + secret;
  }

  /**
   * Takes a token for the peer that it is of; undefined where it is unknown, used up, or of a peer in another room or with
   * another identity.
   */
  redeem(roomId: string, token: string, identity?: string): Redeemed | undefined {
    const place = this.#find(roomId, token, identity);
    if (place === undefined) {
      if (!this.#places.has(peerIdOf(token))) this.#unknown(roomId, token, identity);
      return undefined;
    }
    place.used = secretOf(token);
    place.issued = this.#random.text(SECRET_LENGTH);
    return { participant: place.participant, token: place.participant.peer.id + SEPARATOR + place.issued };
  }

  /** The peer that `redeem` would give, with its tokens as they are. */
  find(roomId: string, token: string, identity?: string): Participant | undefined {
    return this.#find(roomId, token, identity)?.participant;
  }

  /** The peer has left: its tokens are worth nothing. */
  forget({ peer }: Participant): void {
    this.#places.delete(peer.id);
  }

  #find(roomId: string, token: string, identity: string | undefined): Place | undefined {
    const place = this.#places.get(peerIdOf(token));
    if (place === undefined || place.participant.room.id !== roomId) return undefined;
    if (place.participant.peer.identity !== identity) return undefined;
    const secret = secretOf(token);
    const valid = [isSame(secret, place.used), isSame(secret, place.issued)];
    return valid.includes(true) ? place : undefined;
  }
}

function peerIdOf(token: string): PeerId {
  return token.slice(0, token.indexOf(SEPARATOR));
}

function secretOf(token: string): string {
  return token.slice(token.indexOf(SEPARATOR) + 1);
}

/** Takes as long for a secret that differs in its first character as for one that differs in its last. */
function isSame(secret: string, expected: string): boolean {
  let difference = secret.length ^ expected.length;
  for (let i = 0; i < expected.length; i++) difference |= secret.charCodeAt(i) ^ expected.charCodeAt(i);
  return difference === 0;
}
